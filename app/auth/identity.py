"""Who is logged in: the person behind the session cookie, bound to their tenant.

The cookie carries a random token, the database only its hash, so that a session can be revoked
at once and a stolen table signs nobody in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, UserMixin, current_user, logout_user
from sqlalchemy import func, select, text

from app import logs
from app.errors import DomainError
from app.extensions import db, login_manager
from app.models import Account, Role, Superadmin, SuperadminSession, Tenant
from app.tenancy import bind_tenant, call_definer, platform_scope, release_tenant

PLATFORM_PREFIX = "p."


class SignedOut(DomainError):
    """You are logged out. Log in again; what you typed is kept."""

    status = 401


@dataclass
class Identity(UserMixin):  # type: ignore[misc]
    """The signed-in person, as `current_user`. `tenant` is None for a superadmin only."""

    token: str
    session_id: UUID
    account_id: UUID
    email: str
    name: str
    role: Role
    locale: str | None
    time_zone: str | None
    tenant: Tenant | None

    def get_id(self) -> str:
        return self.token

    @property
    def id(self) -> UUID:
        return self.account_id

    @property
    def tenant_id(self) -> UUID | None:
        return self.tenant.id if self.tenant else None


class Anonymous(AnonymousUserMixin):  # type: ignore[misc]
    tenant = None
    role = None


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def load_identity(token: str) -> Identity | None:
    """The person behind a cookie's token; binds the tenant for the rest of the request."""
    if token.startswith(PLATFORM_PREFIX):
        return _load_superadmin(token)
    rows = call_definer("find_account_session", p_token_hash=token_hash(token))
    if not rows:
        return None
    found = rows[0]
    g.tenant_token = bind_tenant(found.tenant_id)
    account = db.session.scalars(select(Account).where(Account.id == found.account_id)).one()
    tenant = db.session.scalars(select(Tenant)).one()
    db.session.expunge(tenant)
    return _identity(token, found.session_id, account, tenant)


def _identity(
    token: str, session_id: UUID, person: Account | Superadmin, tenant: Tenant | None
) -> Identity:
    return Identity(
        token=token,
        session_id=session_id,
        account_id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        locale=person.locale,
        time_zone=person.time_zone,
        tenant=tenant,
    )


def _load_superadmin(token: str) -> Identity | None:
    with platform_scope() as platform:
        row = platform.execute(
            select(SuperadminSession, Superadmin)
            .join(Superadmin, Superadmin.id == SuperadminSession.superadmin_id)
            .where(
                SuperadminSession.token_hash == token_hash(token),
                SuperadminSession.revoked_at.is_(None),
                SuperadminSession.created_at > func.now() - text("interval '12 hours'"),
                Superadmin.is_active,
            )
        ).one_or_none()
    return _identity(token, row[0].id, row[1], None) if row else None


def _bind() -> None:
    """Load the person first thing, so that the tenant is bound before any view or guard."""
    view = current_app.view_functions.get(request.endpoint or "")
    if not view or request.endpoint == "static" or getattr(view, "impersonal", False):
        return
    if current_user.is_authenticated:
        logs.add(account_id=current_user.account_id)


def remember(token: str) -> None:
    """Put the token of a new session into the cookie; nothing of the old one stays in it."""
    session.clear()
    session.permanent = True
    session["_user_id"] = token  # where Flask-Login looks for it


def forget() -> None:
    """Empty the cookie and make the rest of this request nobody's."""
    logout_user()
    session.clear()


def _release(_error: BaseException | None = None) -> None:
    token = g.pop("tenant_token", None)
    if token is not None:
        release_tenant(token)


def unauthorized() -> Response:
    """A page goes to the login and comes back; a fragment gets 401 and keeps what was typed."""
    if request.htmx or request.headers.get("X-Requested-With") == "fetch":  # type: ignore[attr-defined]
        raise SignedOut
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=here), code=303)  # type: ignore[return-value]


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.anonymous_user = Anonymous
    login_manager.user_loader(load_identity)
    login_manager.unauthorized_handler(unauthorized)
    # Tying a session to the browser's address would log a phone out when it changes networks.
    login_manager.session_protection = None
    app.before_request(_bind)
    app.teardown_request(_release)
