"""Who may call a route. Every view has exactly one guard; a policy test checks this.

A guard redirects an anonymous visitor to the login (401 for a fragment), answers a role that is not
listed with 403, and refuses writes in a read-only company with a message. The CSRF token is checked
last: it may be in the body, and a body is read only if the sender is allowed to send one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.errors import NotAllowed
from app.extensions import csrf, db
from app.models import TENANT_ROLES, Actor, Role
from app.web.read_only import SupportReadsOnly, check_writable, find_reason

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, ResponseReturnValue]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MEMBERS = TENANT_ROLES
SIGNED_IN = (Role.SUPERADMIN, *TENANT_ROLES)
# Limit of a form on a public route. The worker receives such a form before a thread gets it
# (web_worker.py).
MAX_ANONYMOUS_BYTES = 64 * 1024


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this view and send it a small form."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if request.method not in SAFE_METHODS:
            request.max_content_length = MAX_ANONYMOUS_BYTES
            if "Transfer-Encoding" in request.headers:
                abort(411)
            _check_token()
        return view(*args, **kwargs)

    guarded.guard = frozenset({"public"})  # type: ignore[attr-defined]
    return guarded


def impersonal(view: Callable[P, R]) -> Callable[P, R]:
    """Let anyone call this view as nobody: neither session nor person is loaded, not even by a
    template that asks for the current user, or by the page of an error (web/impersonal.py)."""

    guarded = public(view)
    guarded.impersonal = True  # type: ignore[attr-defined]
    return guarded


def unlisted(view: Callable[P, R]) -> Callable[P, R]:
    """Like `impersonal`; besides, no search engine lists the page, and its address is passed on to
    no other site."""
    guarded = impersonal(view)
    guarded.unlisted = True  # type: ignore[attr-defined]
    return guarded


def requires(
    *roles: Role, even_suspended: bool = False, even_without_second_factor: bool = False
) -> Callable[[View[P]], View[P]]:
    """Admit only these roles.

    `even_suspended` is for writes that a read-only company may still make: the user's own account,
    logout, the full export. `even_without_second_factor` is for views that an admin needs who must
    first set up a second factor (identity.py).
    """
    allowed = frozenset(roles)

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
            if current_user.role not in allowed:
                raise NotAllowed
            if request.method not in SAFE_METHODS:
                _check_writable(even_suspended)
                _check_token()
            return view(*args, **kwargs)

        guarded.guard = allowed  # type: ignore[attr-defined]
        guarded.even_without_second_factor = even_without_second_factor  # type: ignore[attr-defined]
        guarded.even_suspended = even_suspended  # type: ignore[attr-defined]
        return guarded

    return decorate


def is_write_refused(view: Callable[..., Any]) -> bool:
    """Whether this view refuses writes at the moment because the user's company is read-only.

    A superadmin with support access can still write on the platform's pages.
    """
    guard = getattr(view, "guard", frozenset({"public"}))
    if current_user.is_support:
        return not guard & {"public", Role.SUPERADMIN}
    if "public" in guard or getattr(view, "even_suspended", False):
        return False
    return find_reason(current_user.tenant) is not None


def _check_writable(even_suspended: bool) -> None:
    if current_user.is_support:
        raise SupportReadsOnly
    if not even_suspended:
        check_writable(current_user.tenant)


def _check_token() -> None:
    """Read the form, now that it is allowed, and compare its token with the session's."""
    if request.content_length is None or request.content_length > MAX_ANONYMOUS_BYTES:
        # A slow phone may take minutes to send it; release the connection and transaction first.
        db.session.rollback()
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def current_actor() -> Actor:
    """The signed-in person as an Actor for services and the audit."""
    return Actor(
        name=current_user.name,
        role=current_user.role,
        account_id=current_user.account_id,
        ip=request.remote_addr or "",
        request_id=request.environ.get("laudo.request_id", ""),
    )
