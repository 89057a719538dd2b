"""The demo companies: two tenants with people, brand and reports in every state, made once.

`make run` seeds an empty database; a database with any company is left alone.
"""

from __future__ import annotations

import io
import os
import secrets
import tempfile
from pathlib import Path
from random import Random
from uuid import UUID

import click
from flask.cli import with_appcontext
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.commands.demo.cast import (
    ADMIN,
    ATLAS,
    MANAGER,
    NORTHWIND,
    PEOPLE,
    SUPERADMIN,
    TECHNICIAN,
    Company,
    demo_actor,
    demo_site,
    new_demo_project,
)
from app.commands.demo.job import Job, list_checks
from app.commands.demo.workbook import demo_workbook
from app.company.service import Brand, brand_tenant
from app.config import ROOT
from app.extensions import db
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.logo import make_initials_logo
from app.jobs.runner import run as run_work
from app.models import Account, Actor, ProjectGrant, Role
from app.photos.service import KIND
from app.platform.queries import list_tenants
from app.platform.service import create_superadmin, create_tenant
from app.reports.service import archive_report, discard_report
from app.team.inviting import InvitationFacts, invite_person
from app.team.service import create_account
from app.tenancy import platform_scope, tenant_scope

SEEDER = Actor("demo seed")
PASSWORD_FILE = ROOT / "instance" / "demo_password"


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Make the demo companies where there is no company yet."""
    seed_demo()


def seed_demo() -> None:
    """The same for other commands; returns at once where any company exists."""
    if list_tenants():
        return
    click.echo("Making the demo companies")
    password = _demo_password()
    for company in (NORTHWIND, ATLAS):
        _make_company(company, password)
    with platform_scope() as session:
        email, name = SUPERADMIN
        create_superadmin(session, email=email, name=name, password=password, actor=SEEDER)
        session.commit()


def demo_logins() -> list[str]:
    """Who may log in to the demo companies; empty where the seed never ran."""
    if not PASSWORD_FILE.exists() or NORTHWIND.slug not in {one.slug for one in list_tenants()}:
        return []
    emails = [f"{p.key}@{c.domain}" for c in (NORTHWIND, ATLAS) for p in PEOPLE]
    return [*emails, SUPERADMIN[0], f"password of all: {PASSWORD_FILE.read_text()}"]


def _demo_password() -> str:
    """Made once per installation: a known password would be an open door on any network."""
    if not PASSWORD_FILE.exists():
        PASSWORD_FILE.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"laudo-{secrets.token_hex(4)}")
    return PASSWORD_FILE.read_text()


def _make_company(company: Company, password: str) -> None:
    with platform_scope() as session:
        tenant = create_tenant(
            session,
            name=company.name,
            slug=company.slug,
            locale=company.locale,
            time_zone=company.time_zone,
            actor=SEEDER,
        )
        tenant_id = tenant.id
        session.commit()
    with tenant_scope(tenant_id):
        _make_people(company, password)
        _brand(company)
        db.session.add(new_demo_project())
        db.session.commit()
        _grant_viewer()
        _invite_somebody(company)
        _make_reports()


def _make_people(company: Company, password: str) -> None:
    """The admin comes from outside, as in any company; everybody else is the admin's doing."""
    actor = SEEDER
    for person in PEOPLE:
        email = f"{person.key}@{company.domain}"
        account = create_account(
            email=email, name=person.name, role=person.role, password=password, actor=actor
        )
        if person.role is Role.ADMIN:
            actor = Actor(account.name, account.role, account.id)
    db.session.commit()


def _brand(company: Company) -> None:
    fonts = Fonts.from_folder(FONT_FOLDER)
    accent, second, third = company.colours
    brand = Brand(
        logo=make_initials_logo(company.name, accent, fonts=fonts),
        second_logo=make_initials_logo("Northwind Data Centers", second, fonts=fonts),
        accent=accent,
        second=second,
        third=third,
        contact_parts=company.contact,
    )
    brand_tenant(brand, actor=demo_actor(ADMIN))
    db.session.commit()


def _grant_viewer() -> None:
    viewer = db.session.scalars(select(Account).where(Account.role == Role.VIEWER)).one()
    db.session.add(ProjectGrant(account_id=viewer.id, project_id=demo_site().project_id))
    db.session.commit()


def _invite_somebody(company: Company) -> None:
    """One invitation that waits, so that the list of people shows what one looks like."""
    facts = InvitationFacts(
        email=f"newcomer@{company.domain}", name="Nadia Newcomer", role=Role.TECHNICIAN
    )
    invite_person(facts=facts, actor=demo_actor(ADMIN))
    db.session.commit()


def _make_reports() -> None:
    """A draft, one half filled, one discarded, one passed, one failed, one archived."""
    manager = demo_actor(MANAGER)
    first = _job(Random(7))  # noqa: S311
    first.import_checklist(demo_workbook(), "low-voltage-board.xlsx")
    first.start("Board QGBT-03, start-up", "QGBT-03")
    for number, share, what in ((4, 0.5, ""), (5, 0.2, "discard"), (6, 1, "complete"),
                                (7, 1, "complete"), (8, 1, "archive")):  # fmt: skip
        job = _job(Random(number))  # noqa: S311
        job.use_checklist(first.checklist_id, first.definition)
        job.start(f"Board QGBT-0{number}, start-up", f"QGBT-0{number}")
        job.answer(share=share, flawless=number in (6, 8))
        if what == "discard":
            discard_report(report_id=job.report_id, actor=manager)
            db.session.commit()
        elif what:
            _finish(job)
        if what == "archive":
            archive_report(report_id=job.report_id, actor=manager)
            db.session.commit()


def _job(rng: Random) -> Job:
    actors = demo_actor(MANAGER), demo_actor(TECHNICIAN)
    return Job(*actors, rng, demo_site(), read_photos=_read_here)


def _read_here(report_id: UUID) -> None:
    """The worker's job in this process: the seed runs before any worker does."""
    for check_id in [check.id for check in list_checks(report_id)]:
        run_work(KIND, str(check_id))


def _finish(job: Job) -> None:
    with tempfile.TemporaryDirectory(prefix="laudo-seed-") as folder:
        job.photograph(_pictures(Path(folder), job.rng))
    job.sign()
    job.submit()


def _pictures(folder: Path, rng: Random) -> list[Path]:
    """Drawn stand-ins for photos of a board: nobody's real site is in the demo."""
    made = []
    for number in range(6):
        picture = Image.new("RGB", (1280, 960), (96, 104, 112))
        pen = ImageDraw.Draw(picture)
        for column in range(4):
            left = 60 + column * 300
            shade = rng.randint(150, 215)
            pen.rectangle((left, 80, left + 270, 900), fill=(shade, shade, shade + 5), width=4,
                          outline=(60, 66, 72))  # fmt: skip
            pen.ellipse((left + 110, 180, left + 160, 230), fill=rng.choice(LAMPS))
            pen.rectangle((left + 60, 300, left + 210, 420), fill=(30, 34, 38))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=88)
        path = folder / f"board-{number}.jpg"
        path.write_bytes(buffer.getvalue())
        made.append(path)
    return made


LAMPS = ((40, 160, 70), (190, 50, 40), (210, 160, 40))
COMMANDS = (seed,)
