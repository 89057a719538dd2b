"""Browsers in which a person has logged in before; their login attempts are counted separately.

An attacker who guesses passwords for an e-mail uses up that account's daily allowance. This locks
out browsers that are new to the account, but not those that its owner uses. A password reset by
e-mail also makes a browser known, so that the owner can log in on such a day.

The cookie grants no access: it only gives its holder a separate, equally limited allowance.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData

from app.models import Account, Superadmin
from app.signing import KNOWN_BROWSER

# Two marks per person. Many people may share a tablet; the most recent ones stay known.
MAX_ACCOUNTS = 40


def find(subject: str) -> str | None:
    """This browser's id if `subject` (an e-mail or an account id) has logged in with it."""
    browser, known = _read()
    return browser if _mark(subject) in known else None


def remember(person: Account | Superadmin) -> None:
    """Mark this browser as the person's, with a cookie in the response to this request."""
    browser, known = _read()
    subjects = (person.email, str(person.id))
    marks = list(dict.fromkeys([*map(_mark, subjects), *known]))[:MAX_ACCOUNTS]
    sealed = KNOWN_BROWSER.sign([browser, marks])
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(),
            sealed,
            KNOWN_BROWSER.seconds,
            secure=is_secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    """The browser's id (new if it has none) and the marks of the people who logged in."""
    try:
        browser, known = KNOWN_BROWSER.read(request.cookies.get(_cookie(), ""))
    except BadData:
        return secrets.token_urlsafe(12), []
    return browser, known


def _mark(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def _cookie() -> str:
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"
