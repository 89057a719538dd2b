"""Has a picture cleaned in a process of its own, so that pages never hold one against a decoder.

Logos, and the images of signatures. Imports no image library. The child sees no setting and no
secret of ours, and runs under limits of memory and time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.slow_work import slow_work

MAX_LOGO_BYTES = 5 << 20
REFUSED = 3
"""The child's exit status for a file that is no logo."""
BLANK = 4
"""Its exit status for a signature without ink."""

_APP = Path(__file__).resolve().parents[1]
# The package's own __init__ loads Flask and all that the app is made of: a second of somebody's
# time at each signature. The child needs the modules that draw, and takes the package empty.
_CHILD = """
import sys, types
package = sys.modules["app"] = types.ModuleType("app")
package.__path__ = [sys.argv[1]]
from app.imaging.logo import main
raise SystemExit(main(sys.argv[2] == "signature"))
"""
_SECONDS = 20


class UnsupportedLogo(ValueError):
    """The file is no JPEG or PNG, is too large, or is damaged; the message says which."""


class BlankSignature(ValueError):
    """The picture shows no ink, or no more than a dot."""


class CleaningFailed(RuntimeError):
    """The child ended in a way that says nothing about the logo."""


@slow_work
def clean_logo_apart(data: bytes) -> bytes:
    """Return what `logo.clean_logo` makes of a file, computed in a child process.

    Raises `UnsupportedLogo`, and `CleaningFailed` when the child itself did not work.
    """
    return _clean_apart(data, "logo")


@slow_work
def clean_signature_apart(data: bytes) -> bytes:
    """Return the picture of a signature, cleaned alike; `BlankSignature` when it shows no ink."""
    return _clean_apart(data, "signature")


def _clean_apart(data: bytes, kind: str) -> bytes:
    if len(data) > MAX_LOGO_BYTES:
        raise UnsupportedLogo(f"more than {MAX_LOGO_BYTES} bytes")
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(_APP), kind],
            input=data,
            capture_output=True,
            cwd=_APP.parent,
            env={"PATH": os.defpath},
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnsupportedLogo("it takes too long to read") from error
    if done.returncode == REFUSED or done.returncode < 0:  # refused, or killed by a limit
        raise UnsupportedLogo(done.stderr.decode(errors="replace")[-200:])
    if done.returncode == BLANK:
        raise BlankSignature
    if done.returncode:
        raise CleaningFailed(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout
