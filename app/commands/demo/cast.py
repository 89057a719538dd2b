"""The demo companies and their people, and how a command acts as one of these people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from app.contact import Contact
from app.extensions import db
from app.models import Account, Actor, Project, Role


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    slug: str
    domain: str
    locale: str
    time_zone: str
    colours: tuple[str, str, str]
    contact: Contact


@dataclass(frozen=True, slots=True)
class DemoPerson:
    key: str
    name: str
    role: Role


NORTHWIND = Company(
    "Northwind Commissioning",
    "northwind",
    "northwind.example",
    "en",
    "America/Sao_Paulo",
    ("#155e75", "#334155", "#94a3b8"),
    Contact(
        address="Av. Paulista 1578, São Paulo",
        phone="+55 11 5555 0100",
        email="office@northwind.example",
        website="https://www.northwind.example",
        tax_number="11.222.333/0001-81",
    ),
)
ATLAS = Company(
    "Atlas Engenharia",
    "atlas",
    "atlas.example",
    "pt_BR",
    "America/Sao_Paulo",
    ("#9a3412", "#44403c", "#a8a29e"),
    Contact(
        address="Rua da Quitanda 86, Rio de Janeiro",
        phone="+55 21 5555 0200",
        email="contato@atlas.example",
        website="https://www.atlas.example",
        tax_number="11.444.777/0001-61",
    ),
)
ADMIN = "admin"
MANAGER = "manager"
TECHNICIAN = "technician"
PEOPLE = (
    DemoPerson(ADMIN, "Alice Admin", Role.ADMIN),
    DemoPerson(MANAGER, "Marcos Manager", Role.MANAGER),
    DemoPerson(TECHNICIAN, "Teresa Technician", Role.TECHNICIAN),
    DemoPerson("technician2", "Tiago Technician", Role.TECHNICIAN),
    DemoPerson("viewer", "Viola Viewer", Role.VIEWER),
)
SUPERADMIN = ("superadmin@laudo.example", "Sofia Superadmin")
PROJECT = "Campinas data hall B"


def demo_actor(key: str) -> Actor:
    """The actor of one of the demo people of the bound tenant."""
    account = db.session.scalars(select(Account).where(Account.email.startswith(f"{key}@"))).one()
    return Actor(account.name, account.role, account.id)


@dataclass(frozen=True, slots=True)
class Site:
    """The demo project in plain values, usable outside any session."""

    project_id: UUID
    latitude: Decimal | None
    longitude: Decimal | None


def demo_site() -> Site:
    project = db.session.scalars(select(Project).where(Project.name == PROJECT)).one()
    return Site(project.id, project.latitude, project.longitude)


def new_demo_project() -> Project:
    return Project(
        name=PROJECT,
        client="Northwind Data Centers",
        client_contact=Contact(
            phone="+55 19 5555 0300", email="operations@datacenters.example"
        ).overrides(),
        address="Rodovia Dom Pedro I, km 118, Campinas",
        latitude=Decimal("-22.907104"),
        longitude=Decimal("-47.063240"),
    )
