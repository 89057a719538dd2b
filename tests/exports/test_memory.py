"""The memory and time of an export of many reports, in a separate process, and its recovery after
SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select, update

from app.config import ROOT
from app.exports.answers.jobs import MAKING
from app.exports.answers.service import get_export, request_export
from app.extensions import db
from app.jobs import runner
from app.models import Actor, AnswerExport, AnswerFormat, WorkState
from app.reports.listing.filters import ReportFilter
from app.tenancy import tenant_scope
from tests.support.alone import app_alone
from tests.support.many_reports import CHILD, add_reports, run_apart
from tests.support.stored import storage

# EXPORT_REPORTS=1000 is the promised size; a tenth of it is enough to tell a list from a stream.
REPORTS, FIELDS, PHOTOS = int(os.environ.get("EXPORT_REPORTS", "200")), 100, 3
# The modules alone take 185 MB.
MOST_MB, MOST_MORE_MB = 230, 30


def settings_of(app) -> dict[str, Any]:
    names = (
        "secret_key",
        "base_url",
        "database_url",
        "platform_database_url",
        "redis_url",
        "storage_dir",
        "mail_dir",
        "job_lease_seconds",
        "testing",
    )
    return {name: app.config[name.upper()] for name in names}


@pytest.fixture(scope="module")
def town(tmp_path_factory, cast):
    """(app, ana) with many reports, on a separate database and storage."""
    with app_alone(tmp_path_factory.mktemp("town"), job_lease_seconds=5) as app:
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        with app.app_context(), tenant_scope(cast.acme):
            add_reports(ana, reports=REPORTS, fields=FIELDS, photos=PHOTOS)
        yield app, ana


def request_as(app, cast, ana, format: AnswerFormat) -> UUID:
    with app.app_context(), tenant_scope(cast.acme):
        export_id = request_export(
            criteria=ReportFilter(),
            filters={},
            format=format,
            locale="en",
            time_zone="UTC",
            most=50_000,
            actor=ana,
        ).id
        db.session.commit()
        return export_id


def row_of(app, cast, export_id: UUID) -> AnswerExport:
    with app.app_context(), tenant_scope(cast.acme):
        return db.session.scalars(select(AnswerExport).where(AnswerExport.id == export_id)).one()


@pytest.mark.parametrize("format", AnswerFormat)
def test_an_export_of_many_reports_stays_within_memory_bounds(town, cast, format, record_property):
    app, ana = town
    export_id = request_as(app, cast, ana, format)
    before, most, seconds = run_apart(settings_of(app), MAKING.name, export_id)
    export = row_of(app, cast, export_id)
    assert (export.state, export.error) == (WorkState.DONE, None)
    assert (export.counts["reports"], export.counts["photos"]) == (REPORTS, REPORTS * PHOTOS)
    measured = (
        f"{format}: {before} MB before, {most} MB at most, {seconds:.1f} s, {export.byte_size} B"
    )
    record_property("took", measured)
    assert most < MOST_MB and most - before < MOST_MORE_MB, measured


def test_another_worker_finishes_the_export_of_a_killed_one(town, cast, tmp_path):
    """SIGKILL while rows are written: after the lease expires, another process makes the file, and
    its numbers are numeric cells."""
    app, ana = town
    export_id = request_as(app, cast, ana, AnswerFormat.XLSX)
    settings = json.dumps([settings_of(app), MAKING.name, str(export_id), False], default=str)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert child.stdin
    child.stdin.write(settings)
    child.stdin.close()
    until = time.monotonic() + 240
    while not row_of(app, cast, export_id).progress_done and time.monotonic() < until:
        time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    half = row_of(app, cast, export_id)
    assert half.state is WorkState.RUNNING and 0 < half.progress_done < REPORTS
    with app.app_context(), tenant_scope(cast.acme):
        db.session.execute(update(AnswerExport).values(lease_until=half.created_at))
        db.session.commit()
        runner.run(MAKING.name, str(export_id))
        db.session.rollback()
        export = get_export(export_id, person=ana)
        assert (export.state, export.fence) == (WorkState.DONE, 2)
        with storage().open(str(export.storage_key)) as file:
            page = openpyxl.load_workbook(file, read_only=True)["BULK"]
            head, *lines = page.iter_rows(values_only=True)
    assert len(lines) == REPORTS
    numbers = [at for at, words in enumerate(head) if "[" in str(words)]
    assert len(numbers) > FIELDS // 5
    values = [line[at] for line in lines for at in numbers if line[at] is not None]
    assert len(values) == REPORTS * FIELDS // 5
    assert all(isinstance(value, int | float) for value in values)
