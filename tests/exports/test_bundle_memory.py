"""The memory and time of a project's evidence bundle, in a separate process, and its recovery after
SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.config import ROOT
from app.exports.bundle.jobs import BUNDLING
from app.exports.bundle.service import request_project_bundle
from app.extensions import db
from app.jobs import runner
from app.models import Actor, Bundle, Report, WorkState
from app.reports.completing.service import submit_report
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.checking import a_pdf
from tests.support.many_reports import CHILD, run_apart
from tests.support.stored import put_bytes, storage

# BUNDLE_REPORTS=300 is the promised size; a tenth of it is enough to tell a list from a stream.
REPORTS, PHOTOS = int(os.environ.get("BUNDLE_REPORTS", "20")), 10
PHOTO_BYTES, PDF_BYTES = 300_000, 1_000_000
# The files of 20 reports alone have 80 MB.
MOST_MB, MOST_MORE_MB = 500, 60
SETTINGS = (
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


@pytest.fixture(scope="module")
def site(tmp_path_factory, cast) -> Iterator[tuple[Flask, Actor, UUID]]:
    """(app, ana, project) with many completed reports, on a separate database and storage."""
    with app_alone(tmp_path_factory.mktemp("site"), job_lease_seconds=5) as app:
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        with app.app_context(), tenant_scope(cast.acme):
            version, project = scenarios.a_checklist(ana), scenarios.a_project(ana)
            project_id, random = project.id, Random(9)
            for _turn in range(REPORTS):
                complete_one(ana, version, project, random)
        yield app, ana, project_id


def complete_one(ana: Actor, version: Any, project: Any, random: Random) -> Report:
    """Completed by the service, with a snapshot; the bytes of photos and PDF are noise."""
    report = scenarios.a_report(ana, version=version, project=project)
    scenarios.all_answers(report, ana)
    for position in range(PHOTOS):
        data = random.randbytes(PHOTO_BYTES)
        field_id = ("enclosure", "cable_entry")[position % 2]
        scenarios.a_photo(report, field_id, ana, data=data, position=position // 2)
    scenarios.a_valid_signature(report, "technician", ana)
    submit_report(report_id=report.id, actor=ana)
    db.session.commit()
    put_pdf(report, ana, random.randbytes(PDF_BYTES))
    return report


def put_pdf(report: Report, ana: Actor, data: bytes) -> None:
    digest = a_pdf(report, ana, data)
    put_bytes(f"t/{report.tenant_id}/pdf/{digest}.pdf", data)


def settings_of(app: Flask) -> dict[str, Any]:
    return {name: app.config[name.upper()] for name in SETTINGS}


def request(app: Flask, cast: Any, ana: Actor, project_id: UUID) -> UUID:
    with app.app_context(), tenant_scope(cast.acme):
        bundle_id: UUID = request_project_bundle(project_id=project_id, actor=ana).id
        db.session.commit()
        return bundle_id


def row_of(app: Flask, cast: Any, bundle_id: UUID) -> Bundle:
    with app.app_context(), tenant_scope(cast.acme):
        return db.session.scalars(select(Bundle).where(Bundle.id == bundle_id)).one()


def test_a_project_stays_within_memory_bounds(site, cast, record_property) -> None:
    app, ana, project_id = site
    bundle_id = request(app, cast, ana, project_id)
    before, most, seconds = run_apart(settings_of(app), BUNDLING.name, bundle_id)
    bundle = row_of(app, cast, bundle_id)
    assert (bundle.state, bundle.error) == (WorkState.DONE, None)
    # For each report a PDF, three texts at most, and its photos; and the verifier.
    assert bundle.progress_total >= REPORTS * (PHOTOS + 2)
    measured = (
        f"{REPORTS} reports, {REPORTS * PHOTOS} photos, {(bundle.byte_size or 0) >> 20} MiB:"
        f" {before} MB before, {most} MB at most, {seconds:.1f} s"
    )
    record_property("took", measured)
    sys.stdout.write(measured + "\n")
    assert most < MOST_MB and most - before < MOST_MORE_MB, measured


def test_another_worker_finishes_the_bundle_of_a_killed_one(site, cast, tmp_path: Path) -> None:
    """SIGKILL while files are copied: after the lease expires, another process makes the bundle."""
    app, ana, project_id = site
    bundle_id = request(app, cast, ana, project_id)
    given = json.dumps([settings_of(app), BUNDLING.name, str(bundle_id), False], default=str)
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
    child.stdin.write(given)
    child.stdin.close()
    until = time.monotonic() + 120
    while not row_of(app, cast, bundle_id).progress_done and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    half = row_of(app, cast, bundle_id)
    assert half.state is WorkState.RUNNING and 0 < half.progress_done < half.progress_total
    with app.app_context(), tenant_scope(cast.acme):
        db.session.execute(update(Bundle).values(lease_until=half.created_at))
        db.session.commit()
        runner.run(BUNDLING.name, str(bundle_id))
        db.session.rollback()
        bundle = db.session.scalars(select(Bundle).where(Bundle.id == bundle_id)).one()
        assert (bundle.state, bundle.fence) == (WorkState.DONE, 2)
        with storage().open(str(bundle.storage_key)) as file, zipfile.ZipFile(file) as zipped:
            assert zipped.testzip() is None
            photos = [one for one in zipped.namelist() if one.startswith("photos/")]
            assert len(photos) == REPORTS * PHOTOS
