"""The real worker process: forked children, limits, photos and a PDF, on committed rows."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from types import SimpleNamespace
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError
from sqlalchemy import select

from app.config import ROOT
from app.documents.service import request_document
from app.extensions import db
from app.jobs.worker import AUTOGROUP, ForkingWorker, _is_forked
from app.models import Actor, Document, PhotoReading, PhotoVerdict, WorkState
from app.photos.service import Upload, add_photo
from app.reports.queries import get_report
from app.storage import receive
from app.tenancy import tenant_scope
from tests.support.cast import load_cast
from tests.support.pictures import a_jpeg, a_truncated_jpeg
from tests.support.scenarios import a_report, all_answers

WORKER = """
import json, sys
from app import create_app
from app.config import Settings
from app.jobs.worker import work
work(create_app(Settings(_env_file=None, **json.loads(sys.argv[1]))), burst=True)
"""

# Prints the kind of each job that the worker forks for, and for each job whether it sees what the
# job before it kept in `g`.
NOTING = (
    """
from flask import g
from app.jobs.worker import ForkingWorker
fork, perform = ForkingWorker.fork_work_horse, ForkingWorker.perform_job
def note(self, job, queue):
    print(job.args[0], flush=True)
    fork(self, job, queue)
def keep(self, *given):
    print("kept" in g, flush=True)
    g.kept = True
    return perform(self, *given)
ForkingWorker.fork_work_horse, ForkingWorker.perform_job = note, keep
"""
    + WORKER
)
# Prints the niceness of the worker, of its reading child and of its session, first as the leader of
# the session, then beside its leader.
GIVING_WAY = """
import os
from app.imaging.child import run_limited
from app.jobs.worker import AUTOGROUP, _give_way
for is_leader in (True, False):
    if os.fork() == 0:
        os.setsid()
        if not is_leader and os.fork():
            os.wait()
            os._exit(0)
        _give_way(5)
        print(os.nice(0), run_limited(os.nice, 0), AUTOGROUP.read_text().split()[-1], flush=True)
        os._exit(0)
    os.wait()
"""


def test_forked_children_make_photos_and_pdf(alone):
    app, settings = alone
    tess = load_cast(app).tess
    actor = Actor(tess.name, tess.role, tess.id)
    with app.app_context(), tenant_scope(tess.tenant_id):
        report = a_report(actor)
        report_id = report.id
        all_answers(report, actor)
        for data in (a_jpeg(), a_truncated_jpeg()):
            with receive(io.BytesIO(data)) as received:
                add_photo(
                    report_id=report_id,
                    field_id="enclosure",
                    upload=Upload(received, client_id=uuid4()),
                    actor=actor,
                )
            db.session.commit()
        run_worker(settings)
        verdicts = sorted(db.session.scalars(select(PhotoReading.verdict)))
        assert verdicts == [PhotoVerdict.GOOD, PhotoVerdict.QUARANTINED]
        document_id = request_document(get_report(report_id, person=actor), actor=actor).id
        db.session.commit()
        run_worker(settings)
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
        assert document.error is None
        assert document.state is WorkState.DONE
        assert (document.photos_printed, document.photos_quarantined) == (1, 1)
        assert document.progress_stage == "writing"


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel knows no groups of sessions")
def test_a_worker_and_its_children_give_way_with_its_session_if_it_leads_one():
    done = subprocess.run(
        [sys.executable, "-c", GIVING_WAY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    own = str(os.nice(0) + 5)
    said = [line.split() for line in done.stdout.splitlines()]
    assert said == [[own, own, "5"], [own, own, "0"]]


def test_the_worker_reads_photos_itself_and_then_forks_for_a_pdf(alone):
    """The PDF's child gets no connection that the worker used for the photos before, and no job
    sees what the one before it kept."""
    app, settings = alone
    tess = load_cast(app).tess
    actor = Actor(tess.name, tess.role, tess.id)
    with app.app_context(), tenant_scope(tess.tenant_id):
        report = a_report(actor)
        report_id = report.id
        for _ in range(2):
            with receive(io.BytesIO(a_jpeg())) as received:
                add_photo(
                    report_id=report_id,
                    field_id="enclosure",
                    upload=Upload(received, client_id=uuid4()),
                    actor=actor,
                )
            db.session.commit()
        document_id = request_document(get_report(report_id, person=actor), actor=actor).id
        db.session.commit()
        printed = Counter(run_worker(settings, NOTING).splitlines())
        # Two photos are read, and compared when nothing else waits.
        assert printed == {"document": 1, "False": 5}
        assert len(db.session.scalars(select(PhotoReading.id)).all()) == 2
        state = select(Document.state).where(Document.id == document_id)
        assert db.session.scalar(state) is WorkState.DONE


class Beating:
    """A worker's heart alone. The first beat finds no Redis."""

    job_monitoring_interval = 0.01

    def __init__(self) -> None:
        self.beats, self.again = 0, threading.Event()

    def heartbeat(self) -> None:
        self.beats += 1
        if self.beats == 1:
            raise ConnectionError("Redis is away")
        self.again.set()


def test_a_worker_shows_that_it_lives_while_it_works_itself():
    worker = Beating()
    with ForkingWorker._beating(worker):  # type: ignore[arg-type]
        assert worker.again.wait(10)
    beats = worker.beats
    time.sleep(0.05)
    assert worker.beats == beats, "it beats on after the work"


@pytest.mark.parametrize(
    ("arguments", "is_forked"),
    [
        (("photo_check", "id"), False),
        (("document", "id"), True),
        (("of a later release", "id"), True),
        ((), True),
    ],
)
def test_only_photos_are_not_forked_for(app, arguments, is_forked):
    with app.app_context():
        assert _is_forked(SimpleNamespace(args=arguments)) is is_forked  # type: ignore[arg-type]


def run_worker(settings, script: str = WORKER) -> str:
    """Returns what the worker prints."""
    values = settings.model_dump(mode="json")
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(values)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
