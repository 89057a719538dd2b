"""The real stack in a fresh folder, with people to log in and a checklist to fill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.auth.passwords import hash_password
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    PhotoMode,
    PhotoPolicy,
    Section,
    Text,
)
from app.extensions import db
from app.models import Account, Role
from bench.load.options import Options
from tests.faults.site import Site, running_site
from tests.support import scenarios
from tests.support.cast import PASSWORD

SECTIONS, FIELDS_EACH = 4, 10
TRACED = Path(__file__).with_name("traced.py")
PHOTO_FIELD = "photos"
NO_PHOTOS = PhotoPolicy(mode=PhotoMode.NONE, max=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """`site` runs gunicorn as gunicorn.conf.py has it, the relay and the workers."""

    site: Site
    checklist_id: UUID
    project_id: UUID

    def errand(self, options: Options, first: int, ledger: str) -> dict[str, str]:
        """The environment of the locust process; people from number `first` on log in."""
        return {
            "LOAD_URL": self.site.url,
            "LOAD_FIRST_PERSON": str(first),
            "LOAD_CHECKLIST_ID": str(self.checklist_id),
            "LOAD_PROJECT_ID": str(self.project_id),
            "LOAD_LEDGER": ledger,
            "LOAD_FIELDS": " ".join(field_ids()),
            "LOAD_PHOTO_FIELD": PHOTO_FIELD,
            "LOAD_PASSWORD": PASSWORD,
            "ALBUM": str(options.album),
            "PHOTO_SIZE": options.photo_size,
            "SUBMIT_EVERY": str(options.submit_every),
            "IS_PATIENT": str(options.is_patient),
        }


@contextmanager
def open_stage(options: Options, people: int) -> Iterator[Stage]:
    """Start everything, with `people` technicians of one company; stop it after the block.

    One company is the hard case, because its audit chain serialises entries. A proxy is trusted
    for the IP address, as behind a load balancer, and log-ins are limited as by default.
    """
    settings = {"WEB_CONCURRENCY": "2", "PROXY_HOPS": "1", "LOGIN_TRIES_PER_MINUTE": "5"}
    if options.trace:
        settings["GUNICORN_CMD_ARGS"] = f"--config {TRACED}"
        settings["LOAD_TRACE"] = str(options.trace_file)
        options.trace_file.unlink(missing_ok=True)
    with running_site(**settings) as site:
        for number in range(2, options.workers + 1):
            site.start("worker", f"worker-{number}")
        yield furnish(site, people)


def furnish(site: Site, people: int) -> Stage:
    """Add the technicians and what they work on."""
    with site.acting(site.cast.ana) as actor:
        _hire(people)
        version = scenarios.a_checklist(actor, a_definition())
        project = scenarios.a_project(actor)
        return Stage(site, version.checklist_id, project.id)


def field_ids() -> list[str]:
    """The fields that people autosave into."""
    return [
        f"s{section}_f{turn}"
        for section in range(SECTIONS)
        for turn in range(FIELDS_EACH)
        if (section, turn) != (0, 0)
    ]


def a_definition() -> Definition:
    """40 fields, none required, so that a report can be submitted at any moment."""
    sections = tuple(
        Section(
            id=f"s{section}",
            title=_both(f"Section {section}"),
            fields=tuple(_field(section, turn) for turn in range(FIELDS_EACH)),
        )
        for section in range(SECTIONS)
    )
    return scenarios.a_definition(
        code="LOAD", info_fields=(), sections=sections, signature_roles=()
    )


def _field(section: int, turn: int) -> Field:
    if (section, turn) == (0, 0):
        return Field(
            id=PHOTO_FIELD,
            type=FieldType.VERDICT,
            required=False,
            label=_both("The panel as it was found"),
            photos=PhotoPolicy(max=50),
        )
    return Field(
        id=f"s{section}_f{turn}",
        type=FieldType.TEXT,
        required=False,
        photos=NO_PHOTOS,
        comment=CommentPolicy.OFF,
        label=_both(f"Reading {turn} of section {section}"),
    )


def _both(words: str) -> Text:
    return Text(en=words, pt=words)


def _hire(people: int) -> None:
    # One hash for all: the cost of a log-in is in verifying it.
    password_hash = hash_password(PASSWORD)
    db.session.add_all(
        Account(
            email=f"load{number}@acme.test",
            name=f"Technician {number}",
            role=Role.TECHNICIAN,
            password_hash=password_hash,
        )
        for number in range(people)
    )
    db.session.commit()
