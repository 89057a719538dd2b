"""Validates the redirect target after the login: only a path on this host is accepted."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

MAX_LENGTH = 2000
# Browsers drop control characters and read a backslash as a slash.
UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")


def safe_next(value: str | None) -> str | None:
    """The path to redirect to, or None for anything but a plain path on this host.

    Checks the value as given and after unquoting it once and twice.
    """
    if not value or len(value) > MAX_LENGTH:
        return None
    once = unquote(value)
    return value if all(_is_local_path(one) for one in (value, once, unquote(once))) else None


def _is_local_path(value: str) -> bool:
    if not value.startswith("/") or value.startswith("//") or UNSAFE.search(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
