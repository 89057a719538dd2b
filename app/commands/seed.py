"""The demo companies: two tenants with people, brand and reports in every state, created once.

`make run` seeds an empty database. A database with any other company is not changed. A seed that
was interrupted leaves a mark, and the next one makes what is missing.
"""

from __future__ import annotations

import io
import os
import secrets
import tempfile
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import click
from flask.cli import with_appcontext
from PIL import Image, ImageDraw
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.auth.guessable import is_guessable
from app.branding.service import Brand, brand_tenant
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
from app.commands.progress import track
from app.config import ROOT
from app.extensions import db
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.logo import make_initials_logo
from app.jobs.runner import run as run_work
from app.models import (
    Account,
    Actor,
    Invitation,
    Project,
    ProjectGrant,
    Report,
    ReportStatus,
    Role,
    Superadmin,
    Version,
)
from app.photos.jobs import CHECKING
from app.platform.queries import find_tenant_id, list_tenants
from app.platform.service import create_superadmin, create_tenant
from app.reports.lifecycle import archive_report, discard_report
from app.rows import own_tenant
from app.team.inviting import InvitationFacts, invite_person
from app.team.service import create_account
from app.tenancy import platform_scope, tenant_scope
from app.watching import Watch

SEEDER = Actor("demo seed")
# Board number, share of answered questions, and what happens to the report afterwards.
REPORTS = (
    (4, 0.5, ""),
    (5, 0.2, "discard"),
    (6, 1, "complete"),
    (7, 1, "complete"),
    (8, 1, "archive"),
)
PASSWORD_FILE = ROOT / "instance" / "demo_password"
# Exists from the first company until everything is made.
UNFINISHED_FILE = ROOT / "instance" / "demo_unfinished"


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Create the demo companies, unless there is any company, or finish an interrupted seed."""
    seed_demo()


def seed_demo() -> None:
    """The same for other commands."""
    existing = {line.slug for line in list_tenants()}
    if existing and not (UNFINISHED_FILE.exists() and existing <= {NORTHWIND.slug, ATLAS.slug}):
        return
    click.echo("Making the demo companies")
    password = _demo_password()
    UNFINISHED_FILE.touch()
    for company in (NORTHWIND, ATLAS):
        make_company(company, password)
    _make_superadmin(password)
    UNFINISHED_FILE.unlink()


def _make_superadmin(password: str) -> None:
    email, name = SUPERADMIN
    with platform_scope() as session:
        if not _has(select(Superadmin.id).where(Superadmin.email == email), session):
            create_superadmin(session, email=email, name=name, password=password, actor=SEEDER)
            session.commit()


def _has(rows: Select[Any], session: Session | None = None) -> bool:
    return (session or db.session()).execute(rows.limit(1)).first() is not None


def demo_logins() -> list[str]:
    """The logins of the demo companies; empty if the seed never ran."""
    if not PASSWORD_FILE.exists() or NORTHWIND.slug not in {one.slug for one in list_tenants()}:
        return []
    emails = [f"{p.key}@{c.domain}" for c in (NORTHWIND, ATLAS) for p in PEOPLE]
    return [*emails, SUPERADMIN[0], f"password of all: {PASSWORD_FILE.read_text()}"]


def _demo_password() -> str:
    """Generated once per installation: with a known password, anybody on the network could log
    in."""
    if not PASSWORD_FILE.exists():
        PASSWORD_FILE.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(_draw_password())
    return PASSWORD_FILE.read_text()


def _draw_password() -> str:
    """One that people may have: eight digits would be refused as common."""
    password = f"laudo-{secrets.token_hex(4)}"
    return _draw_password() if is_guessable(password) else password


def make_company(company: Company, password: str) -> None:
    """Make the company. If an interrupted seed made a part of it, make the rest."""
    with tenant_scope(find_tenant_id(company.slug) or _make_tenant(company)):
        _make_people(company, password)
        if own_tenant().logo_key is None:
            _brand(company)
        if not _has(select(Project.id)):
            db.session.add(new_demo_project())
            db.session.commit()
        if not _has(select(ProjectGrant.id)):
            _grant_viewer()
        if not _has(select(Invitation.id)):
            _invite_example(company)
        _make_reports()


def _make_tenant(company: Company) -> UUID:
    with platform_scope() as session:
        tenant_id = create_tenant(
            session,
            name=company.name,
            slug=company.slug,
            locale=company.locale,
            time_zone=company.time_zone,
            actor=SEEDER,
        ).id
        session.commit()
    return tenant_id


def _make_people(company: Company, password: str) -> None:
    """An operator creates the admin, as in any company; the admin creates everybody else."""
    actor = SEEDER
    for person in PEOPLE:
        email = f"{person.key}@{company.domain}"
        if _has(select(Account.id).where(Account.email == email)):
            actor = demo_actor(ADMIN)
            continue
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


def _invite_example(company: Company) -> None:
    """One open invitation, as an example in the list of people."""
    facts = InvitationFacts(
        email=f"newcomer@{company.domain}", name="Nadia Newcomer", role=Role.TECHNICIAN
    )
    invite_person(facts=facts, actor=demo_actor(ADMIN))
    db.session.commit()


def _make_reports() -> None:
    """Make reports: a draft, one half filled, one discarded, one passed, one failed, one
    archived."""
    manager = demo_actor(MANAGER)
    made = _titles_made(manager)
    first = _job(Random(7))  # noqa: S311
    _use_demo_checklist(first)
    if _title(3) not in made:
        first.start(_title(3), "QGBT-03")
    missing = [report for report in REPORTS if _title(report[0]) not in made]
    for number, share, what in track(missing, "Making reports", unit="reports"):
        job = _job(Random(number))  # noqa: S311
        job.use_checklist(first.checklist_id, first.definition)
        job.start(_title(number), f"QGBT-0{number}")
        job.answer(share=share, flawless=number in (6, 8))
        if what == "discard":
            discard_report(report_id=job.report_id, actor=manager)
            db.session.commit()
        elif what:
            _finish(job)
        if what == "archive":
            archive_report(report_id=job.report_id, actor=manager)
            db.session.commit()


def _title(number: int) -> str:
    return f"Board QGBT-0{number}, start-up"


def _titles_made(manager: Actor) -> set[str]:
    """The titles of the reports that an earlier seed finished. Discards what it left half made."""
    endings = {_title(number): what for number, _share, what in REPORTS}
    made = set()
    for report in db.session.scalars(select(Report)).all():
        ending = endings.get(report.title, "")
        if ending == "archive" and report.status is ReportStatus.COMPLETED:
            archive_report(report_id=report.id, actor=manager)
        elif ending and report.is_open:
            discard_report(report_id=report.id, actor=manager)
        db.session.commit()
        if ending == "discard" or report.discarded_at is None:
            made.add(report.title)
    return made


def _use_demo_checklist(job: Job) -> None:
    """Publish the demo's checklist, if an earlier seed did not."""
    published = select(Version).where(Version.published_at.is_not(None)).limit(1)
    if version := db.session.scalars(published).one_or_none():
        job.use_checklist(version.checklist_id, version.definition)
    else:
        job.import_checklist(demo_workbook(), "low-voltage-board.xlsx")


def _job(rng: Random) -> Job:
    actors = demo_actor(MANAGER), demo_actor(TECHNICIAN)
    return Job(*actors, rng, demo_site(), read_photos=_read_in_process)


def _read_in_process(report_id: UUID, watch: Watch) -> None:
    """Do the worker's job in this process: the seed runs before any worker."""
    checks = [check.id for check in list_checks(report_id)]
    for check_id in watch(checks, "Reading photos", unit="photos"):
        run_work(CHECKING.name, str(check_id))


def _finish(job: Job) -> None:
    with tempfile.TemporaryDirectory(prefix="laudo-seed-") as folder:
        job.photograph(draw_pictures(Path(folder), job.rng))
    job.sign()
    job.submit()


def draw_pictures(folder: Path, rng: Random) -> list[Path]:
    """Draw stand-ins for photos of a board, so that the demo shows no real site."""
    made = []
    for number in range(6):
        picture = Image.new("RGB", (1280, 960), (96, 104, 112))
        pen = ImageDraw.Draw(picture)
        for column in range(4):
            left = 60 + column * 300
            shade = rng.randint(150, 215)
            pen.rectangle(
                (left, 80, left + 270, 900),
                fill=(shade, shade, shade + 5),
                width=4,
                outline=(60, 66, 72),
            )
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
