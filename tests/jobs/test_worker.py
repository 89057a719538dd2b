"""The real worker process: forked children, limits, photos and a PDF, on committed rows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from uuid import uuid4

from sqlalchemy import select

from app.config import ROOT
from app.documents.service import request_document
from app.extensions import db
from app.models import Actor, Document, PhotoReading, PhotoVerdict, WorkState
from app.photos.service import Upload, add_photo
from app.reports.queries import get_report
from app.storage import receive
from app.tenancy import tenant_scope
from tests.cast import load_cast
from tests.pictures import a_jpeg, a_truncated_jpeg
from tests.scenarios import a_report, all_answers

WORKER = """
import json, sys
from app import create_app
from app.config import Settings
from app.jobs.worker import work
work(create_app(Settings(_env_file=None, **json.loads(sys.argv[1]))), burst=True)
"""


def test_photos_and_pdf_are_made_by_forked_children(alone):
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


def run_worker(settings) -> None:
    values = settings.model_dump(mode="json")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, json.dumps(values)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
