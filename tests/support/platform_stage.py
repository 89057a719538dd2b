"""A stage for acts of the platform: two roles really commit, so each module has its own
database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.database_roles import OWNER
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import PlatformAuditEntry, Tenant
from app.tenancy import platform_scope, tenant_scope
from tests.conftest import signed_in_client
from tests.support import servers as test_servers
from tests.support.alone import app_alone
from tests.support.cast import Cast, Person


@dataclass
class Stage:
    """A separate installation with the cast of the model database."""

    app: Flask
    cast: Cast
    database: str
    folder: Path

    def client(self, person: Person) -> FlaskClient:
        return signed_in_client(self.app, person)

    def tenant(self, tenant_id: UUID) -> Tenant | None:
        with self.app.app_context(), platform_scope() as session:
            return session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one_or_none()

    def change(self, tenant_id: UUID, **columns: Any) -> None:
        with self.app.app_context(), platform_scope() as session:
            tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
            for name, value in columns.items():
                setattr(tenant, name, value)
            session.commit()

    @contextmanager
    def inside(self, tenant_id: UUID) -> Iterator[None]:
        with self.app.app_context(), tenant_scope(tenant_id):
            yield

    def chain(self, tenant_id: UUID, object_type: str, object_id: UUID) -> list[Any]:
        """(action, actor's role, facts) of the company's entries about one object."""
        with self.inside(tenant_id):
            return [
                (one.action, one.facts["actor"]["role"], one.facts["facts"])
                for one in list_entries(object_type, object_id)
            ]

    def platform_actions(self, tenant_id: UUID) -> list[str]:
        with self.app.app_context(), platform_scope() as session:
            return list(
                session.scalars(
                    select(PlatformAuditEntry.action)
                    .where(PlatformAuditEntry.tenant_id == tenant_id)
                    .order_by(PlatformAuditEntry.created_at)
                )
            )

    def owner_url(self) -> str:
        return test_servers.current().url(OWNER, self.database)

    def flask(self, *arguments: str, fails: bool = False, owner: str | None = None) -> str:
        environment = {"MIGRATION_DATABASE_URL": owner or self.owner_url()}
        done = self.app.test_cli_runner().invoke(args=arguments, env=environment)
        assert (done.exit_code != 0) is fails, (done.output, done.exception)
        return done.output


def stage(cast: Cast, folder: Path, **settings: object) -> Iterator[Stage]:
    with app_alone(folder, **settings) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        app.config["RATELIMIT_ENABLED"] = False
        with app.app_context():
            database = db.engine.url.database or ""
        yield Stage(app, cast, database, folder)
