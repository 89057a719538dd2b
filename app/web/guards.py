"""Who may call a route. Every view carries exactly one guard; a policy test reads them.

A guard answers an anonymous visitor with the login (a page) or 401 (a fragment), a role that is
not on its list with 403, and writes of a company that can only be read with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.errors import NotAllowed
from app.models import TENANT_ROLES, Actor, Role
from app.web.read_only import SupportReadsOnly, refuse_write

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, ResponseReturnValue]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MEMBERS = TENANT_ROLES
SIGNED_IN = (Role.SUPERADMIN, *TENANT_ROLES)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that anybody may call."""
    view.guard = frozenset({"public"})  # type: ignore[attr-defined]
    return view


def impersonal(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that needs nobody's session: no person is looked up before it runs."""
    view.impersonal = True  # type: ignore[attr-defined]
    return public(view)


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
            return view(*args, **kwargs)

        guarded.guard = allowed  # type: ignore[attr-defined]
        guarded.even_unproven = even_unproven  # type: ignore[attr-defined]
        return guarded

    return decorate


def _refuse_write(even_suspended: bool) -> None:
    if current_user.is_support:
        raise SupportReadsOnly
    if not even_suspended:
        refuse_write(current_user.tenant)


def current_actor() -> Actor:
    """The signed-in person as services and the audit know them."""
    return Actor(
        name=current_user.name,
        role=current_user.role,
        account_id=current_user.account_id,
        ip=request.remote_addr or "",
        request_id=request.environ.get("laudo.request_id", ""),
    )
