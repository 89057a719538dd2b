"""Who is logged in: the person behind the session cookie, bound to their tenant.

The cookie carries a random token, the database only its hash, so that a session can be revoked
at once and a stolen table signs nobody in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, UserMixin, current_user, logout_user
from sqlalchemy import and_, func, select, update

from app import logs
from app.auth.queries import has_second_factor, is_open
from app.errors import DomainError
from app.extensions import db, login_manager
from app.models import (
    Account,
    Role,
    Superadmin,
    SuperadminSession,
    SupportAccess,
    Tenant,
)
from app.tenancy import (
    bind_tenant,
    call_definer,
    may_write,
    only_read,
    platform_scope,
    release_tenant,
)

PLATFORM_PREFIX = "p."
# Where the cookie keeps the state between a right password and the second step.
HALF_WAY = "half_way"
SEEN_AGAIN = timedelta(minutes=5)


class SignedOut(DomainError):
    """You are logged out. Log in again; what you typed is kept."""

    status = 401


class SecondFactorDue(DomainError):
    """Your company asks its admins for a second factor. Set yours up on the page of your account,
    then send this again."""

    status = 403


@dataclass(frozen=True, slots=True)
class SupportLook:
    """A superadmin's open look into one company, until its time is over or somebody ends it."""

    access_id: UUID
    tenant_id: UUID
    company: str
    reason: str
    expires_at: datetime


@dataclass
class Identity(UserMixin):  # type: ignore[misc]
    """The signed-in person, as `current_user`. `tenant` is None for a superadmin only, and not
    even for one who looks into a company: there `account_id` is still the superadmin's.

    `owes_second_factor` is true for an admin whose company demands one until it is set up.
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
    support: SupportLook | None = None
    owes_second_factor: bool = False

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
        """Whether this is a superadmin on a page of the company that they look into."""
        return self.support is not None and self.tenant is not None


class Anonymous(AnonymousUserMixin):  # type: ignore[misc]
    tenant = None
    support = None
    is_support = False
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
    person = _identity(token, found.session_id, account, tenant)
    is_asked = tenant.admins_need_two_factor and account.role is Role.ADMIN
    person.owes_second_factor = is_asked and not has_second_factor(account.id)
    return person


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
    if found.seen_at < datetime.now(UTC) - SEEN_AGAIN:
        _note_use(found.id)
    identity = _identity(token, found.id, person, None)
    if access is None:
        return identity
    identity.support = SupportLook(
        access.id, access.tenant_id, company, access.reason, access.expires_at
    )
    return _look_inside(identity, access.tenant_id) if _is_a_companys_page() else identity


def _note_use(session_id: UUID) -> None:
    """As `find_account_session` does for a tenant's people."""
    mine = update(SuperadminSession).where(SuperadminSession.id == session_id)
    with platform_scope() as platform, platform.begin():
        platform.execute(mine.values(seen_at=func.now()))


def _is_a_companys_page() -> bool:
    """Whether a superadmin has no business there but a look; their own pages stay their own."""
    view = current_app.view_functions.get(request.endpoint or "")
    guard = getattr(view, "guard", frozenset({"public"}))
    return request.endpoint == "home.index" or not guard & {"public", Role.SUPERADMIN}


def _look_inside(identity: Identity, tenant_id: UUID) -> Identity:
    """What an admin of the company sees; nothing of it can be written, in the database neither."""
    g.tenant_token = bind_tenant(tenant_id)
    g.reading_token = only_read()
    tenant = db.session.scalars(select(Tenant)).one()
    db.session.expunge(tenant)
    return replace(identity, name=f"{identity.name} (support)", role=Role.ADMIN, tenant=tenant)


def _bind() -> Response | None:
    """Load the person first thing, so that the tenant is bound before any view or guard.

    Who owes a second factor gets no further than to the page that sets one up.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if not view or request.endpoint == "static" or getattr(view, "impersonal", False):
        return None
    if not current_user.is_authenticated:
        return None
    logs.add(account_id=current_user.account_id)
    if current_user.owes_second_factor and not getattr(view, "even_unproven", False):
        return _lead_to_second_factor()
    return None


def _lead_to_second_factor() -> Response:
    if asked_by_script():
        raise SecondFactorDue
    return redirect(url_for("auth.second_factor"), code=303)  # type: ignore[return-value]


def remember(token: str) -> None:
    """Put the token of a new session into the cookie; nothing of the old one stays in it."""
    session.clear()
    session.permanent = True
    session["_user_id"] = token  # where Flask-Login looks for it


def remember_half_way(sealed: str) -> None:
    """Put the half-way state of a login (half_way.py) into the cookie, in place of all else."""
    if current_user.is_authenticated:
        logout_user()
    session.clear()
    session[HALF_WAY] = sealed


def forget() -> None:
    """Empty the cookie and make the rest of this request nobody's."""
    logout_user()
    session.clear()


def _release(_error: BaseException | None = None) -> None:
    reading = g.pop("reading_token", None)
    if reading is not None:
        may_write(reading)
    token = g.pop("tenant_token", None)
    if token is not None:
        release_tenant(token)


def asked_by_script() -> bool:
    """Whether a page is open that must keep what was typed into it."""
    return bool(request.htmx) or request.headers.get("X-Requested-With") == "fetch"  # type: ignore[attr-defined]


def unauthorized() -> Response:
    """A page goes to the login and comes back; a fragment gets 401 and keeps what was typed."""
    if asked_by_script():
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
