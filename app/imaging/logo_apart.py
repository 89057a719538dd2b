"""Has a picture cleaned in a process of its own, so that pages never hold one against a decoder.

Logos, and the images of signatures. Imports no image library.
"""

from __future__ import annotations

from app.apart import Apart, Limits, TooHeavy
from app.slow_work import slow_work

MAX_LOGO_BYTES = 5 << 20
REFUSED = 3
"""The child's exit status for a file that is no logo."""

CHILD = Apart(
    "app.imaging.logo:main",
    # Enough for the largest logo at four bytes a pixel and three copies of it.
    Limits(memory_bytes=1 << 30, cpu_seconds=10, seconds=20),
    at_once=4,
    patience=3,
)


class UnsupportedLogo(ValueError):
    """The file is no JPEG or PNG, is too large, or is damaged; the message says which."""


class CleaningFailed(RuntimeError):
    """The child ended in a way that says nothing about the logo."""


@slow_work
def clean_logo_apart(data: bytes) -> bytes:
    """Return what `logo.clean_logo` makes of a file, computed in a child process.

    Raises `UnsupportedLogo`, `Busy`, and `CleaningFailed` when the child itself did not work.
    """
    if len(data) > MAX_LOGO_BYTES:
        raise UnsupportedLogo(f"more than {MAX_LOGO_BYTES} bytes")
    try:
        done = CHILD.run(data)
    except TooHeavy as error:
        raise UnsupportedLogo(f"too much {error.limit} to read") from error
    if done.status == REFUSED or done.status < 0:  # refused, or killed by what it read
        raise UnsupportedLogo(done.complaint[-200:])
    if done.status:
        raise CleaningFailed(done.complaint[-2000:])
    return done.output
