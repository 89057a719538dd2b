"""Who may call a route. Every view carries exactly one guard; a policy test reads them.

A guard answers an anonymous visitor with the login (a page) or 401 (a fragment), a role that is
not on its list with 403, and writes of a company that can only be read with a sentence. Whoever may
write is asked for the form's token after all that: the token may stand in the body, and a body is
read only of somebody who may send one.
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
from app.web.read_only import SupportReadsOnly, find_reason, refuse_write

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, ResponseReturnValue]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MEMBERS = TENANT_ROLES
SIGNED_IN = (Role.SUPERADMIN, *TENANT_ROLES)
# Of a form that anybody may send; the worker has all of one before a thread does (web_worker.py).
STRANGERS_BYTES = 64 * 1024


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Let anybody call this view, and send it a small form."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if request.method not in SAFE_METHODS:
            request.max_content_length = STRANGERS_BYTES
            if "Transfer-Encoding" in request.headers:
                abort(411)
            _check_token()
        return view(*args, **kwargs)

    guarded.guard = frozenset({"public"})  # type: ignore[attr-defined]
    return guarded


def impersonal(view: Callable[P, R]) -> Callable[P, R]:
    """Let anybody call this view, which needs no session: no person is looked up before it runs."""
    guarded = public(view)
    guarded.impersonal = True  # type: ignore[attr-defined]
    return guarded


def requires(
    *roles: Role, even_suspended: bool = False, even_unproven: bool = False
) -> Callable[[View[P]], View[P]]:
    """Let only these roles in; `even_suspended` is for what a company that can only be read may
    still write: one's own account, logging out, the export of everything. `even_unproven` is for
    what an admin needs who must set up a second factor before anything else (identity.py)."""
    allowed = frozenset(roles)

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
            if current_user.role not in allowed:
                raise NotAllowed
            if request.method not in SAFE_METHODS:
                _refuse_write(even_suspended)
                _check_token()
            return view(*args, **kwargs)

        guarded.guard = allowed  # type: ignore[attr-defined]
        guarded.even_unproven = even_unproven  # type: ignore[attr-defined]
        guarded.even_suspended = even_suspended  # type: ignore[attr-defined]
        return guarded

    return decorate


def is_write_refused(view: Callable[..., Any]) -> bool:
    """Whether the signed-in person's company takes nothing through this view just now.

    A superadmin's own pages stay theirs while they look into a company.
    """
    guard = getattr(view, "guard", frozenset({"public"}))
    if current_user.is_support:
        return not guard & {"public", Role.SUPERADMIN}
    if "public" in guard or getattr(view, "even_suspended", False):
        return False
    return find_reason(current_user.tenant) is not None


def _refuse_write(even_suspended: bool) -> None:
    if current_user.is_support:
        raise SupportReadsOnly
    if not even_suspended:
        refuse_write(current_user.tenant)


def _check_token() -> None:
    """Read the form that was sent, at last, and compare its token with the session's."""
    if request.content_length is None or request.content_length > STRANGERS_BYTES:
        # A slow phone may take minutes to send it: neither a connection nor a transaction waits.
        db.session.rollback()
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def current_actor() -> Actor:
    """The signed-in person as services and the audit know them."""
    return Actor(
        name=current_user.name,
        role=current_user.role,
        account_id=current_user.account_id,
        ip=request.remote_addr or "",
        request_id=request.environ.get("laudo.request_id", ""),
    )
