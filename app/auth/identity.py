"""Loads the person behind the session cookie and binds their tenant.

The cookie carries a random token and the database only its hash, so a session can be revoked at
once and a stolen table is of no use for logging in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, UserMixin, current_user, logout_user
from sqlalchemy import and_, func, select, update

from app import logs
from app.auth.queries import is_open
from app.errors import DomainError
from app.extensions import db, login_manager
from app.models import (
    Role,
    Superadmin,
    SuperadminSession,
    SupportAccess,
    Tenant,
)
from app.rows import own_tenant, row_from_json
from app.tenancy import (
    bind_tenant,
    call_definer,
    platform_scope,
    release_tenant,
    reset_read_only,
    set_read_only,
)
from app.web.fragments import asked_by_script

PLATFORM_PREFIX = "p."
# Cookie key of the state between a correct password and the second step.
HALF_WAY = "half_way"
SEEN_UPDATE_INTERVAL = timedelta(minutes=5)


class SignedOut(DomainError):
    """You are logged out. Log in again; what you typed is saved."""

    status = 401


class SecondFactorDue(DomainError):
    """Your company requires a second factor for admins. Set yours up on your account page, then
    submit again."""

    status = 403


@dataclass(frozen=True, slots=True)
class OpenSupportAccess:
    """A superadmin's current support access to one company, until it expires or is ended."""

    access_id: UUID
    tenant_id: UUID
    company: str
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSupport:
    """A support access that is open now, as the company sees it."""

    id: UUID
    superadmin_name: str
    reason: str
    expires_at: datetime


@dataclass
class Identity(UserMixin):  # type: ignore[misc]
    """The signed-in person, available as `current_user`.

    `tenant` is None only for a superadmin on the platform's own pages. On the pages of a company
    that they have support access to, `tenant` is the company; `account_id` is still theirs.
    `owes_second_factor` is true for an admin without the second factor that the company requires.
    `visits` are the support accesses that are open to a member's company, oldest first.
    """

    token: str
    session_id: UUID
    account_id: UUID
    email: str
    name: str
    role: Role
    locale: str | None
    time_zone: str | None
    tenant: Tenant | None
    support: OpenSupportAccess | None = None
    owes_second_factor: bool = False
    visits: Sequence[OpenSupport] = ()

    def get_id(self) -> str:
        return self.token

    @property
    def id(self) -> UUID:
        return self.account_id

    @property
    def tenant_id(self) -> UUID | None:
        return self.tenant.id if self.tenant else None

    @property
    def is_support(self) -> bool:
        """Whether this is a superadmin on a page of the company they have support access to."""
        return self.support is not None and self.tenant is not None


class Anonymous(AnonymousUserMixin):  # type: ignore[misc]
    tenant = None
    support = None
    is_support = False
    role = None


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def load_identity(token: str) -> Identity | None:
    """Load the person behind a cookie's token and bind the tenant for the rest of the request."""
    if token.startswith(PLATFORM_PREFIX):
        return _load_superadmin(token)
    rows = call_definer("find_identity", p_token_hash=token_hash(token))
    if not rows:
        return None
    found, role = rows[0], Role(rows[0].role)
    tenant = row_from_json(Tenant, found.company)
    g.tenant_token = bind_tenant(tenant.id)
    is_asked = tenant.admins_need_two_factor and role is Role.ADMIN
    return Identity(
        token=token,
        session_id=found.session_id,
        account_id=found.account_id,
        email=found.email,
        name=found.name,
        role=role,
        locale=found.locale,
        time_zone=found.time_zone,
        tenant=tenant,
        owes_second_factor=is_asked and not found.has_second_factor,
        visits=[
            OpenSupport(UUID(id), name, reason, datetime.fromisoformat(expires_at))
            for id, name, reason, expires_at in found.visits
        ],
    )


def _load_superadmin(token: str) -> Identity | None:
    with platform_scope() as platform:
        row = platform.execute(
            select(SuperadminSession, Superadmin, SupportAccess, Tenant.name)
            .join(Superadmin, Superadmin.id == SuperadminSession.superadmin_id)
            .outerjoin(
                SupportAccess,
                and_(
                    SupportAccess.id == SuperadminSession.support_access_id,
                    SupportAccess.tenant_id == SuperadminSession.support_tenant_id,
                    SupportAccess.superadmin_id == Superadmin.id,
                    SupportAccess.ended_at.is_(None),
                    SupportAccess.expires_at > func.clock_timestamp(),
                ),
            )
            .outerjoin(Tenant, Tenant.id == SupportAccess.tenant_id)
            .where(
                SuperadminSession.token_hash == token_hash(token),
                is_open(SuperadminSession),
                Superadmin.is_active,
            )
        ).one_or_none()
    if row is None:
        return None
    found, person, access, company = row
    if found.seen_at < datetime.now(UTC) - SEEN_UPDATE_INTERVAL:
        _update_seen_at(found.id)
    identity = Identity(
        token=token,
        session_id=found.id,
        account_id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        locale=person.locale,
        time_zone=person.time_zone,
        tenant=None,
    )
    if access is None:
        return identity
    identity.support = OpenSupportAccess(
        access.id, access.tenant_id, company, access.reason, access.expires_at
    )
    return _with_support_access(identity, access.tenant_id) if _is_company_page() else identity


def _update_seen_at(session_id: UUID) -> None:
    """Does for superadmins what `find_identity` does for a tenant's people."""
    mine = update(SuperadminSession).where(SuperadminSession.id == session_id)
    with platform_scope() as platform, platform.begin():
        platform.execute(mine.values(seen_at=func.now()))


def _is_company_page() -> bool:
    """Whether the page belongs to a company, where a superadmin may only read."""
    view = current_app.view_functions.get(request.endpoint or "")
    guard = getattr(view, "guard", frozenset({"public"}))
    return request.endpoint == "home.index" or not guard & {"public", Role.SUPERADMIN}


def _with_support_access(identity: Identity, tenant_id: UUID) -> Identity:
    """The identity with an admin's view of the company; the database refuses all writes."""
    g.tenant_token = bind_tenant(tenant_id)
    g.reading_token = set_read_only()
    tenant = own_tenant()
    db.session.expunge(tenant)
    return replace(identity, name=f"{identity.name} (support)", role=Role.ADMIN, tenant=tenant)


def _bind() -> Response | None:
    """Load the person first, so that the tenant is bound before any view or guard runs.

    A person who owes a second factor is sent to the page that sets one up.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if not view or request.endpoint == "static" or getattr(view, "impersonal", False):
        return None
    if not current_user.is_authenticated:
        return None
    logs.add(account_id=current_user.account_id)
    if current_user.owes_second_factor and not getattr(view, "even_without_second_factor", False):
        return _lead_to_second_factor()
    return None


def _lead_to_second_factor() -> Response:
    if asked_by_script():
        raise SecondFactorDue
    return redirect(url_for("auth.second_factor"), code=303)  # type: ignore[return-value]


def remember(token: str) -> None:
    """Put the token of a new session into the cookie and drop everything else in it."""
    session.clear()
    session.permanent = True
    session["_user_id"] = token  # where Flask-Login looks for it


def remember_half_way(sealed: str) -> None:
    """Put the half-way state of a login (half_way.py) into the cookie and drop everything else."""
    if current_user.is_authenticated:
        logout_user()
    session.clear()
    session[HALF_WAY] = sealed


def forget() -> None:
    """Clear the session; the rest of the request is anonymous."""
    logout_user()
    session.clear()


def _release(_error: BaseException | None = None) -> None:
    reading = g.pop("reading_token", None)
    if reading is not None:
        reset_read_only(reading)
    token = g.pop("tenant_token", None)
    if token is not None:
        release_tenant(token)


def unauthorized() -> Response:
    """Redirect a page request to the login and back; a fragment gets 401 and keeps its input."""
    if asked_by_script():
        raise SignedOut
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=here), code=303)  # type: ignore[return-value]


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.anonymous_user = Anonymous
    login_manager.user_loader(load_identity)
    login_manager.unauthorized_handler(unauthorized)
    # Binding a session to the IP address would log a phone out when it changes networks.
    login_manager.session_protection = None
    app.before_request(_bind)
    app.teardown_request(_release)
