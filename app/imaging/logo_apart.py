"""Has a picture cleaned in a process of its own, so that pages never hold one against a decoder.

Logos, and the images of signatures. Imports no image library.
"""

from __future__ import annotations

from app.apart import Apart, Limits, TooHeavy
from app.slow_work import slow_work

MAX_LOGO_BYTES = 5 << 20
REFUSED = 3
"""The child's exit status for a file that is no logo."""
BLANK = 4
"""Its exit status for a signature without ink."""

# Enough for the largest logo at four bytes a pixel and three copies of it.
_LIMITS = Limits(memory_bytes=1 << 30, cpu_seconds=10, seconds=20)
LOGOS = Apart("app.imaging.logo:main", _LIMITS, at_once=2, patience=3)
SIGNATURES = Apart("app.imaging.logo:main_of_signature", _LIMITS, at_once=4, patience=3)


class UnsupportedLogo(ValueError):
    """The file is no JPEG or PNG, is too large, or is damaged; the message says which."""


class BlankSignature(ValueError):
    """The picture shows no ink, or no more than a dot."""


class CleaningFailed(RuntimeError):
    """The child ended in a way that says nothing about the logo."""


@slow_work
def clean_logo_apart(data: bytes) -> bytes:
    """Return what `logo.clean_logo` makes of a file, computed in a child process.

    Raises `UnsupportedLogo`, `Busy`, and `CleaningFailed` when the child itself did not work.
    """
    return _clean_apart(data, LOGOS)


@slow_work
def clean_signature_apart(data: bytes) -> bytes:
    """Return the picture of a signature, cleaned alike; `BlankSignature` when it shows no ink."""
    return _clean_apart(data, SIGNATURES)


def _clean_apart(data: bytes, child: Apart) -> bytes:
    if len(data) > MAX_LOGO_BYTES:
        raise UnsupportedLogo(f"more than {MAX_LOGO_BYTES} bytes")
    try:
        done = child.run(data)
    except TooHeavy as error:
        raise UnsupportedLogo(f"too much {error.limit} to read") from error
    if done.status == REFUSED or done.status < 0:  # refused, or killed by what it read
        raise UnsupportedLogo(done.complaint[-200:])
    if done.status == BLANK:
        raise BlankSignature
    if done.status:
        raise CleaningFailed(done.complaint[-2000:])
    return done.output
