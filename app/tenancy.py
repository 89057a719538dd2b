"""Tenant isolation: two locks, one key.

The key is a ContextVar set by `tenant_scope`. Lock 1 adds the tenant to every ORM statement and
checks every flush. Lock 2 passes the key to PostgreSQL when a transaction begins, and row-level
security repeats the check. Without a bound tenant, both locks give an error or no rows, never all
rows. Look-ups before the tenant is known call the SECURITY DEFINER functions listed here. Platform
pages use `platform_scope`, with a role of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from typing import Any, cast
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import (
    Connection,
    Engine,
    Result,
    TextClause,
    TextualSelect,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)

from app import logs
from app.extensions import db

_tenant: ContextVar[UUID | None] = ContextVar("laudo_tenant", default=None)
_is_read_only: ContextVar[bool] = ContextVar("laudo_only_reads", default=False)


class NoTenantBound(RuntimeError):
    """Tenant data was requested outside a tenant scope."""


class ForeignTenant(RuntimeError):
    """A row of one tenant was about to be written in the scope of another."""


class TenantOwned:
    """Mixin of every model that belongs to a tenant; the locks apply to its subclasses."""

    tenant_id: Mapped[UUID] = mapped_column(nullable=False)


def require_tenant() -> UUID:
    """The bound tenant. Raises NoTenantBound outside a scope."""
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise NoTenantBound("no tenant is bound; open a tenant_scope first")
    return tenant_id


def bind_tenant(tenant_id: UUID) -> Token[UUID | None]:
    """Bind for the rest of a request; undo with `release_tenant`. Elsewhere use `tenant_scope`.

    Drops the session first: its identity map would return objects without any SQL, and an open
    transaction has the old key.
    """
    db.session.remove()
    return _tenant.set(tenant_id)


def release_tenant(token: Token[UUID | None]) -> None:
    db.session.remove()
    _tenant.reset(token)


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """Bind `tenant_id` inside the block, with a new session on entry and exit."""
    token = bind_tenant(tenant_id)
    try:
        yield
    finally:
        release_tenant(token)


def set_read_only() -> Token[bool]:
    """Make the database refuse all writes of later sessions; undo with `reset_read_only`."""
    db.session.remove()
    return _is_read_only.set(True)


def reset_read_only(token: Token[bool]) -> None:
    db.session.remove()
    _is_read_only.reset(token)


# --- lock 1: the ORM ---------------------------------------------------------------------


def _add_tenant_criteria(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return  # the loading statement's criteria apply to its objects
    owned = any(issubclass(mapper.class_, TenantOwned) for mapper in state.all_mappers)
    if not owned and not (state.is_select or state.is_update or state.is_delete):
        return
    tenant_id = _tenant.get()
    if tenant_id is None:
        if owned:
            raise NoTenantBound("a statement on tenant data ran with no tenant bound")
        return
    state.statement = state.statement.options(
        with_loader_criteria(
            TenantOwned,
            lambda cls: cls.tenant_id == tenant_id,
            include_aliases=True,
            propagate_to_loaders=True,
        )
    )


def _stamp_new_rows(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, TenantOwned) and row.tenant_id is None:
            row.tenant_id = require_tenant()
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) and row.tenant_id != require_tenant():
            raise ForeignTenant(f"{type(row).__name__} belongs to another tenant")


def execute_plain(statement: TextClause | TextualSelect, **values: Any) -> Result[Any]:
    """Execute SQL text that loads no objects. Lock 1 cannot add its criteria to text, so the text
    itself compares the tenant of each table with `:tenant_id` (a policy test reads it).

    Raises NoTenantBound, and ValueError for a text that names no tenant.
    """
    plain = statement.element if isinstance(statement, TextualSelect) else statement
    if ":tenant_id" not in cast(TextClause, plain).text:
        raise ValueError("a plain statement on tenant data must compare :tenant_id")
    return db.session.execute(statement, {"tenant_id": require_tenant(), **values})


# --- lock 2: the database ----------------------------------------------------------------

_SET_KEY = text("select set_config('app.tenant_id', :tenant, true)")
_READ_ONLY = text("set transaction read only")


def _hand_over_key(
    _session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    if not transaction.nested:  # a savepoint inherits the setting
        tenant_id = _tenant.get()
        connection.execute(_SET_KEY, {"tenant": str(tenant_id) if tenant_id else ""})
        if _is_read_only.get():
            connection.execute(_READ_ONLY)


# --- before a tenant is known --------------------------------------------------------------

DEFINER_FUNCTIONS = {
    "find_account_by_email": "(p_email text)",
    "find_identity": "(p_token_hash text)",
    # The release before this one calls it: it can go with the next.
    "find_account_session": "(p_token_hash text)",
    "find_invitation": "(p_id uuid)",
    "find_password_reset": "(p_id uuid)",
    "find_passkey": "(p_credential_id text)",
    "feed_due_work": "(p_kind text, p_limit integer, p_attempts integer, p_pause interval)",
    "pick_due_work": "(p_kind text, p_id uuid, p_attempts integer)",
    # Only the release before calls it: its workers run on until they are replaced.
    "find_work_tenant": "(p_kind text, p_id uuid)",
    "find_oldest_queued_document": "()",
    "count_work": "()",
    "count_render_seconds": "(p_bounds double precision[])",
    "find_migration": "()",
    # The public address of a report, /v/<token>.
    "find_checked_report": "(p_token text)",
    "count_anchors": "()",
    # The link of a witness, /w/<token>.
    "find_witness": "(p_token_hash text)",
    # Reads the bound tenant only. A plain query could not use the index under RLS (ADR 0024).
    "find_photos_near": (
        "(p_latitude double precision, p_longitude double precision, p_radius_m double precision)"
    ),
    # For the same reason (ADR 0040).
    "find_photos_by_words": "(p_words bigint[], p_least integer, p_most integer)",
}


# For the platform's pages; only the platform role may call it.
PLATFORM_FUNCTIONS = ("count_usage",)


def call_definer(function: str, **arguments: Any) -> list[Any]:
    """The rows of one of the SECURITY DEFINER functions, in a separate session.

    Raises KeyError for a function that is not listed.
    """
    DEFINER_FUNCTIONS[function]
    names = ", ".join(f"{name} => :{name}" for name in arguments)
    with (
        Session(db.engine, join_transaction_mode="create_savepoint") as session,
        session.begin(),
    ):
        return list(session.execute(text(f"select * from {function}({names})"), arguments))


# --- the platform --------------------------------------------------------------------------


@contextmanager
def platform_scope() -> Iterator[Session]:
    """A session of the role `laudo_platform`: tenants, accounts and usage, never content.

    The caller commits. Objects loaded here must not leave the block attached.
    """
    engine: Engine = current_app.extensions["laudo_platform_engine"]
    with Session(engine, expire_on_commit=False) as session:
        yield session


def _platform_engine(app: Flask) -> Engine:
    options = {
        **app.config["SQLALCHEMY_ENGINE_OPTIONS"],
        "pool_size": 2,
        "max_overflow": 1,
    }
    return create_engine(app.config["PLATFORM_DATABASE_URL"], **options)


class UnsafeDatabaseRole(RuntimeError):
    """The application's database role can bypass row-level security."""


def check_app_role() -> None:
    """Connect once, so that a process with an unsafe role fails at startup.

    Raises UnsafeDatabaseRole. An unreachable database is ignored: the next request reports it.
    """
    with suppress(OperationalError), db.engine.connect():
        pass


def _reject_privileged_role(connection: Any, _record: object) -> None:
    """Refuse connections of a role that is a superuser, bypasses RLS or owns tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolname, rolsuper or rolbypassrls or exists("
            " select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relowner = r.oid and n.nspname = 'public')"
            " from pg_roles r where rolname = current_user"
        )
        role, is_privileged = cursor.fetchone()
    connection.rollback()
    if is_privileged:
        raise UnsafeDatabaseRole(
            f"DATABASE_URL logs in as {role!r}, which is superuser, has BYPASSRLS or owns"
            " tables. Use the laudo_app role that `flask up` makes."
        )


def init_app(app: Flask) -> None:
    """Install both locks on the session and create the platform's connection pool."""
    if not event.contains(db.session, "do_orm_execute", _add_tenant_criteria):
        event.listen(db.session, "do_orm_execute", _add_tenant_criteria)
        event.listen(db.session, "before_flush", _stamp_new_rows)
        event.listen(db.session, "after_begin", _hand_over_key)
    logs.add_source("tenant_id", _tenant.get)
    with app.app_context():
        event.listen(db.engine, "connect", _reject_privileged_role)
    app.extensions["laudo_platform_engine"] = _platform_engine(app)
