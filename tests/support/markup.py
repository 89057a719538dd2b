"""Pages and fragments, without what differs from one answer to the next."""

from __future__ import annotations

import re

TOKEN = re.compile(r'(name="csrf[-_]token" (?:content|value)=")[^"]+')


def without_token(html: str) -> str:
    """The markup with an empty CSRF token, which contains the second in which it was made."""
    return TOKEN.sub(r"\1", html)
