"""The fixed cast: one tenant with every role, a second tenant's admin, a superadmin.

They are committed once into the model database, so they exist in every test.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.auth.passwords import hash_password
from app.extensions import db
from app.models import Account, Role, Superadmin, Tenant
from app.tenancy import platform_scope, tenant_scope

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    id: UUID
    tenant_id: UUID | None
    email: str
    name: str
    role: Role


@dataclass(frozen=True)
class Cast:
    """Ana to Vera work for Acme; Otto administers Other; Sam runs the platform."""

    ana: Person  # admin
    max: Person  # manager
    tess: Person  # technician
    tom: Person  # technician
    vera: Person  # viewer
    otto: Person  # admin of the other tenant
    sam: Person  # superadmin

    @property
    def acme(self) -> UUID:
        assert self.ana.tenant_id
        return self.ana.tenant_id

    @property
    def other(self) -> UUID:
        assert self.otto.tenant_id
        return self.otto.tenant_id


ACME = {
    "ana": ("Ana Admin", Role.ADMIN),
    "max": ("Max Manager", Role.MANAGER),
    "tess": ("Tess Technician", Role.TECHNICIAN),
    "tom": ("Tom Técnico", Role.TECHNICIAN),
    "vera": ("Vera Viewer", Role.VIEWER),
}


def make_cast(app: Flask) -> None:
    """Commit the cast; run once, on the model database."""
    password_hash = hash_password(PASSWORD)
    with app.app_context():
        with platform_scope() as session:
            acme = Tenant(name="Acme Commissioning", slug="acme")
            other = Tenant(name="Other Works", slug="other")
            sam = Superadmin(email="sam@laudo.test", name="Sam Super", password_hash=password_hash)
            session.add_all([acme, other, sam])
            session.commit()
        with tenant_scope(acme.id):
            for key, (name, role) in ACME.items():
                email = f"{key}@acme.test"
                db.session.add(
                    Account(email=email, name=name, role=role, password_hash=password_hash)
                )
            db.session.commit()
        with tenant_scope(other.id):
            db.session.add(
                Account(
                    email="otto@other.test",
                    name="Otto Other",
                    role=Role.ADMIN,
                    password_hash=password_hash,
                )
            )
            db.session.commit()


def load_cast(app: Flask) -> Cast:
    people: dict[str, Person] = {}
    with app.app_context():
        with platform_scope() as session:
            tenants = session.scalars(select(Tenant)).all()
            sam = session.scalars(select(Superadmin)).one()
            people["sam"] = Person(sam.id, None, sam.email, sam.name, Role.SUPERADMIN)
        for tenant in tenants:
            with tenant_scope(tenant.id):
                for one in db.session.scalars(select(Account)):
                    key = one.email.split("@")[0]
                    people[key] = Person(one.id, one.tenant_id, one.email, one.name, one.role)
    return Cast(**{field.name: people[field.name] for field in fields(Cast)})
