"""Browsers in which somebody logged in before: their tries are counted apart from everybody's.

Whoever types wrong passwords at another person's e-mail uses up that account's day. This shuts out
the browsers that are new to the account, and not those that its owner works with. A new password
by e-mail makes a browser known too: it is the owner's way in on such a day.

The cookie opens nothing: who has it may guess as often as before, and no oftener.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.models import Account, Superadmin

SECONDS = 180 * 24 * 3600
# Two a person: a tablet goes through many hands, those of last stay known.
MOST = 40


def find(subject: str) -> str | None:
    """This browser's id if `subject` (an e-mail, or the id of an account) logged in with it."""
    browser, known = _read()
    return browser if _mark(subject) in known else None


def remember(person: Account | Superadmin) -> None:
    """Let this browser be known to have been theirs, from the answer to this request on."""
    browser, known = _read()
    subjects = (person.email, str(person.id))
    marks = list(dict.fromkeys([*map(_mark, subjects), *known]))[:MOST]
    sealed = _signer().dumps([browser, marks])
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(), sealed, SECONDS, secure=is_secure, httponly=True, samesite="Lax"
        )
        return response


def _read() -> tuple[str, list[str]]:
    """The browser's id, a new one where it has none, and the marks of who logged in."""
    try:
        browser, known = _signer().loads(request.cookies.get(_cookie(), ""), max_age=SECONDS)
    except BadData:
        return secrets.token_urlsafe(12), []
    return browser, known


def _mark(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def _cookie() -> str:
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.secret_key or "",
        salt="laudo.known-browser",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
