"""Many reports of three versions of one checklist, inserted in bulk; and a child process that
exports
them and measures the cost."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert

from app.config import ROOT
from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    Section,
    Text,
)
from app.extensions import db
from app.models import (
    Actor,
    Answer,
    Photo,
    PhotoPlacement,
    PhotoReading,
    PhotoSource,
    PhotoVerdict,
    Report,
    ReportStatus,
    Version,
)
from app.tenancy import require_tenant
from tests.support import scenarios

PER_SECTION = 20
TYPES = (FieldType.VERDICT, FieldType.NUMBER, FieldType.TEXT, FieldType.DATE, FieldType.SELECT_MANY)
OPTIONS = tuple(
    Option(id=one, label=Text(en=one.title(), pt=f"{one} pt")) for one in ("lamp", "fan", "heater")
)


def a_field(at: int, unit: str) -> Field:
    kind = TYPES[at % len(TYPES)]
    return Field(
        id=f"f{at}",
        type=kind,
        label=Text(en=f"Question {at}", pt=f"Pergunta {at}"),
        options=OPTIONS if kind is FieldType.SELECT_MANY else (),
        limits=Limits(unit=unit, min=1, max=900) if kind is FieldType.NUMBER else None,
    )


def a_version(number: int, fields: int) -> Definition:
    """Version 2 has other units in a fifth of its numbers; version 3 has one more field."""
    every = [
        a_field(at, "kΩ" if number == 2 and at % 25 == 1 else "MΩ")
        for at in range(fields + (number == 3))
    ]
    return Definition(
        languages=(Language.EN, Language.PT),
        header=Header(code="BULK", title=Text(en="Bulk inspection")),
        sections=tuple(
            Section(
                id=f"s{at}",
                title=Text(en=f"Section {at // PER_SECTION + 1}"),
                fields=tuple(every[at : at + PER_SECTION]),
            )
            for at in range(0, len(every), PER_SECTION)
        ),
    )


def an_answer(field: Field, turn: int) -> Any:
    match field.type:
        case FieldType.VERDICT:
            return "not_ok" if turn % 50 == 0 else "ok"
        case FieldType.NUMBER:
            number = f"{turn % 1000}.{turn % 7}"
            return {"text": number.replace(".", ","), "decimal": number.removesuffix(".0")}
        case FieldType.DATE:
            return f"2026-{turn % 12 + 1:02}-{turn % 28 + 1:02}"
        case FieldType.SELECT_MANY:
            return ["lamp", "fan"] if turn % 2 else ["heater"]
    return f"Measured by hand, nothing found at terminal {turn}"


def add_reports(actor: Actor, *, reports: int, fields: int, photos: int) -> None:
    """Add and commit the reports. Call it inside a tenant scope."""
    first = scenarios.a_checklist(actor, a_version(1, fields))
    versions = [first]
    for number in (2, 3):
        body = a_version(number, fields).model_dump(mode="json", exclude_defaults=True)
        versions.append(
            Version(
                checklist_id=first.checklist_id,
                number=number,
                body=body,
                published_at=datetime.now(UTC),
                published_by=actor.account_id,
            )
        )
    db.session.add_all(versions)
    db.session.commit()
    project = scenarios.a_project(actor, "Data hall", client="Acme Client")
    plan = [(version.id, version.definition) for version in versions]
    for at in range(reports):
        version_id, definition = plan[at % 3]
        _add_report(actor, at, version_id, definition, project.id, photos)
        if at % 100 == 99:
            db.session.commit()
    db.session.commit()


def _add_report(
    actor: Actor, at: int, version_id: UUID, definition: Definition, project_id: UUID, photos: int
) -> None:
    report_id, now = uuid4(), datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(hours=at)
    db.session.execute(
        insert(Report).values(
            tenant_id=require_tenant(),
            id=report_id,
            version_id=version_id,
            project_id=project_id,
            number=f"BULK-{at:05}",
            title=f"Board {at}",
            started_by=actor.account_id,
            assignee_id=actor.account_id,
            status=ReportStatus.IN_PROGRESS,
            started_at=now,
        )
    )
    every = list(definition.all_fields())
    db.session.execute(
        insert(Answer),
        [
            {
                "tenant_id": require_tenant(),
                "report_id": report_id,
                "field_id": field.id,
                "value": an_answer(field, at + turn),
                "answered_by": actor.account_id,
                "answered_at": now,
                "comment": "Seen twice" if (at + turn) % 40 == 0 else "",
            }
            for turn, field in enumerate(every)
        ],
    )
    for turn in range(photos):
        _add_photo(actor, report_id, every[turn * 5].id, turn)


def _add_photo(actor: Actor, report_id: UUID, field_id: str, turn: int) -> None:
    photo_id, digest, tenant = uuid4(), uuid4().hex * 2, require_tenant()
    db.session.execute(
        insert(Photo).values(
            tenant_id=tenant,
            id=photo_id,
            report_id=report_id,
            client_id=uuid4(),
            sha256=digest,
            byte_size=2_000_000,
            media_type="image/jpeg",
            storage_key=f"t/{tenant}/orig/{digest}",
            source=PhotoSource.CAMERA,
            latitude="-23.550520",
            longitude="-46.633308",
            accuracy_m=12,
            uploaded_by=actor.account_id,
        )
    )
    db.session.execute(
        insert(PhotoPlacement).values(
            tenant_id=tenant,
            report_id=report_id,
            photo_id=photo_id,
            field_id=field_id,
            position=turn,
            caption=f"Terminal {turn}",
        )
    )
    db.session.execute(
        insert(PhotoReading).values(
            tenant_id=tenant,
            photo_id=photo_id,
            verdict=PhotoVerdict.GOOD,
            parser_version="t",
            taken_at="2026-06-01T09:00:00",
            taken_offset="-03:00",
            exif={"Make": "x" * 2_000},
        )
    )


# What a worker's child does with one wake-up. VmHWM, because ru_maxrss inherits the peak of the
# parent process.
CHILD = """
import json, re, sys, time
from pathlib import Path
from app import create_app
from app.config import Settings
settings, kind, work_id, is_warm = json.load(sys.stdin)
app = create_app(Settings(_env_file=None, **settings))
from app.jobs import runner
if is_warm:
    from app.jobs.registry import Late, list_kinds
    from app.pdf.engine import warm_up
    with app.app_context():
        for one in list_kinds():
            if isinstance(one.perform, Late):
                one.perform.load()
    warm_up()
def peak(name):
    status = Path("/proc/self/status").read_text()
    return int(re.search(name + r":\\s+(\\d+) kB", status)[1]) // 1024
before, started = peak("VmRSS"), time.monotonic()
with app.app_context():
    runner.run(kind, work_id)
print(json.dumps([before, peak("VmHWM"), time.monotonic() - started]))
"""


def run_apart(
    settings: dict[str, Any], kind: str, work_id: UUID, *, is_warm: bool = False
) -> tuple[int, int, float]:
    """Run one row of work in a process; returns MB before the work, peak MB, and seconds."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps([settings, kind, str(work_id), is_warm], default=str),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, most, seconds = json.loads(done.stdout.splitlines()[-1])
    return before, most, seconds
