"""Cleans images in a separate process, so that no decoder blocks or harms a web worker.

For logos and the images of signatures. Imports no image library.
"""

from __future__ import annotations

from app.sandbox import Busy, ChildLimits, ExceededLimit, IsolatedFunction, TooHeavy
from app.slow_work import slow_work

MAX_LOGO_BYTES = 5 << 20
REFUSED = 3
"""The child's exit status for a file that is no logo."""
BLANK = 4
"""Its exit status for a signature without ink."""

# Enough for the largest logo at four bytes a pixel and three copies of it.
_LIMITS = ChildLimits(memory_bytes=1 << 30, cpu_seconds=10, seconds=20)
LOGOS = IsolatedFunction("app.imaging.logo:main", _LIMITS, at_once=2, patience=3)
SIGNATURES = IsolatedFunction("app.imaging.logo:main_of_signature", _LIMITS, at_once=4, patience=3)


class UnsupportedLogo(ValueError):
    """The file is not a JPEG or PNG, is too large, or is damaged; the message says which."""


class BlankSignature(ValueError):
    """The picture shows no ink, or no more than a dot."""


class CleaningFailed(RuntimeError):
    """The child failed for a reason that is not the logo."""


@slow_work
def clean_logo_sandbox(data: bytes) -> bytes:
    """Run `logo.clean_logo` in a child process and return its result.

    Raises `UnsupportedLogo`, `Busy`, and `CleaningFailed` if the child itself failed.
    """
    return _clean_in_sandbox(data, LOGOS)


@slow_work
def clean_signature_in_sandbox(data: bytes) -> bytes:
    """Clean the image of a signature in the same way; also raises `BlankSignature`."""
    return _clean_in_sandbox(data, SIGNATURES)


def _clean_in_sandbox(data: bytes, child: IsolatedFunction) -> bytes:
    if len(data) > MAX_LOGO_BYTES:
        raise UnsupportedLogo(f"more than {MAX_LOGO_BYTES} bytes")
    try:
        done = child.run(data)
    except TooHeavy as error:
        # More than twice the processor time has passed: the machine is slow, not the file.
        if error.limit is ExceededLimit.TIME:
            raise Busy from error
        raise UnsupportedLogo(f"too much {error.limit} to read") from error
    if done.status == REFUSED or done.status < 0:  # rejected, or killed while reading
        raise UnsupportedLogo(done.complaint[-200:])
    if done.status == BLANK:
        raise BlankSignature
    if done.status:
        raise CleaningFailed(done.complaint[-2000:])
    return done.output
