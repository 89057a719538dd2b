"""Routes of PDFs: request, progress, download and its file name, access rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry, Document, PhotoVerdict, Report, WorkState
from app.storage import object_key
from tests.support.markup import without_token
from tests.support.pictures import sha256_of
from tests.support.scenarios import a_grant, a_photo, a_report, completed
from tests.support.stored import put_bytes

HX = {"HX-Request": "true"}
PDF = b"%PDF-1.7 for the test"


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as actor:
        return a_report(actor, number="ATS-0042", title='Main: "switch" / board Ω').id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def finish(acting, cast, report_id):
    with acting(cast.tess) as actor:
        completed(db.session.scalars(select(Report).where(Report.id == report_id)).one(), actor)


def a_document(acting, cast, report_id, **columns) -> UUID:
    """A document in any state; a finished one has stored bytes."""
    columns = {"is_preview": True, **columns}
    if columns.get("state") is WorkState.DONE:
        digest = sha256_of(PDF)
        key = object_key(cast.acme, "pdf", digest, ".pdf")
        columns |= {
            "storage_key": key,
            "sha256": digest,
            "byte_size": len(PDF),
            "pages": 3,
            "photos_printed": 2,
            "photos_quarantined": 1,
            "finished_at": datetime.now(UTC),
            "render_seconds": 1.0,
        }
    with acting(cast.tess) as actor:
        if "storage_key" in columns:
            put_bytes(columns["storage_key"], PDF)
        document = Document(report_id=report_id, requested_by=actor.account_id, **columns)
        db.session.add(document)
        db.session.commit()
        return document.id


def documents(acting, person) -> list[Document]:
    with acting(person):
        return list(db.session.scalars(select(Document).order_by(Document.created_at)))


class TestAsking:
    def test_makes_a_preview_of_an_open_report(self, acting, cast, tess, report_id):
        answer = tess.post(f"/reports/{report_id}/documents")
        (document,) = documents(acting, cast.tess)
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/documents/{document.id}"
        assert document.is_preview
        assert document.state is WorkState.QUEUED
        with acting(cast.tess):
            entries = [entry.action for entry in db.session.scalars(select(AuditEntry))]
            assert entries == ["document.requested"]

    def test_twice_is_once(self, acting, cast, tess, report_id):
        first = tess.post(f"/reports/{report_id}/documents", headers=HX)
        second = tess.post(f"/reports/{report_id}/documents", headers=HX)
        assert without_token(first.text) == without_token(second.text)
        assert len(documents(acting, cast.tess)) == 1

    @pytest.mark.parametrize(("seconds", "interval"), [(0, 400), (6, 1000), (60, 2000)])
    def test_the_page_asks_less_often_the_longer_it_waits(
        self, acting, cast, tess, report_id, seconds, interval
    ):
        queued_at = datetime.now(UTC) - timedelta(seconds=seconds)
        document_id = a_document(acting, cast, report_id, queued_at=queued_at)
        status = tess.get(f"/documents/{document_id}", headers=HX)
        assert f'hx-trigger="every {interval}ms"' in status.text

    def test_a_finished_report_gets_its_final_pdf(self, acting, cast, tess, report_id):
        finish(acting, cast, report_id)
        tess.post(f"/reports/{report_id}/documents")
        assert not documents(acting, cast.tess)[0].is_preview

    def test_a_preview_in_the_making_gives_way_to_the_final_pdf(
        self, acting, cast, tess, report_id
    ):
        preview = a_document(acting, cast, report_id, state=WorkState.RUNNING, fence=1)
        finish(acting, cast, report_id)
        tess.post(f"/reports/{report_id}/documents")
        old, new = documents(acting, cast.tess)
        assert (old.id, old.state, old.error) == (preview, WorkState.FAILED, "superseded")
        # The worker of the preview can no longer publish it.
        assert old.fence == 2
        assert (new.state, new.is_preview) == (WorkState.QUEUED, False)
        told = tess.get(f"/documents/{preview}", headers=HX).text
        assert "final PDF replaces it" in told
        assert "Try again" not in told
        assert tess.post(f"/documents/{preview}/retry").status_code == 409

    def test_after_one_is_done_another_may_be_made(self, acting, cast, tess, report_id):
        a_document(acting, cast, report_id, state=WorkState.DONE)
        tess.post(f"/reports/{report_id}/documents")
        assert len(documents(acting, cast.tess)) == 2


class TestStatus:
    def test_page_and_fragment_agree(self, acting, cast, tess, report_id):
        document_id = a_document(acting, cast, report_id)
        page = tess.get(f"/documents/{document_id}").text
        fragment = tess.get(f"/documents/{document_id}", headers=HX).text
        assert fragment.strip().startswith('<section class="document panel stack"')
        assert fragment.strip() in page

    def test_shows_the_place_in_the_queue(self, acting, cast, tess, report_id):
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        for _other in range(2):
            with acting(cast.tess) as actor:
                other = a_report(actor).id
            a_document(acting, cast, other, queued_at=hour_ago)
        document_id = a_document(acting, cast, report_id)
        assert "Number 3 in the queue." in tess.get(f"/documents/{document_id}").text

    @pytest.mark.parametrize(
        ("stage", "words"),
        [
            (None, "Collecting data"),
            ("photos", "Preparing photos: 7 of 9"),
            ("reading", "Placing photos: 7 of 9"),
            ("layout", "Laying out page 7"),
            ("drawing", "Rendering pages: 7 of 9"),
            ("writing", "Writing the file"),
        ],
    )
    def test_shows_real_progress(self, acting, cast, tess, report_id, stage, words):
        document_id = a_document(
            acting,
            cast,
            report_id,
            state=WorkState.RUNNING,
            progress_stage=stage,
            progress_done=7,
            progress_total=9,
        )
        shown = tess.get(f"/documents/{document_id}", headers=HX).text
        assert words in shown
        assert 'max="9" value="7"' in shown

    def test_stops_when_it_is_done(self, acting, cast, tess, report_id):
        document_id = a_document(acting, cast, report_id, state=WorkState.DONE)
        shown = tess.get(f"/documents/{document_id}", headers=HX).text
        assert "hx-trigger" not in shown
        assert "3 pages" in shown
        assert "2 photos" in shown
        assert "1 in quarantine" in shown
        assert sha256_of(PDF)[:12] in shown
        assert f"/documents/{document_id}/download" in shown

    @pytest.mark.parametrize("code", ["too_large", "gave_up", "ZeroDivisionError", None])
    def test_a_failure_says_why_and_offers_another_try(self, acting, cast, tess, report_id, code):
        document_id = a_document(acting, cast, report_id, state=WorkState.FAILED, error=code)
        shown = tess.get(f"/documents/{document_id}", headers=HX).text
        assert "hx-trigger" not in shown
        assert 'role="alert"' in shown
        assert f'hx-post="/documents/{document_id}/retry"' in shown
        assert "ZeroDivision" not in shown

    def test_a_preview_counts_the_photos_that_it_is_too_early_for(
        self, acting, cast, tess, report_id
    ):
        with acting(cast.tess) as actor:
            report = db.session.scalars(select(Report)).one()
            a_photo(report, "enclosure", actor, verdict=None)
            a_photo(report, "enclosure", actor, verdict=PhotoVerdict.GOOD)
        document_id = a_document(acting, cast, report_id)
        shown = tess.get(f"/documents/{document_id}", headers=HX).text
        assert "1 photo is still being read" in shown

    def test_the_panel_shows_the_newest_first_and_what_to_do(self, acting, cast, tess, report_id):
        url = f"/reports/{report_id}/documents/panel"
        assert "No PDF of this report has been generated" in tess.get(url).text
        old = a_document(acting, cast, report_id, state=WorkState.DONE)
        new = a_document(acting, cast, report_id)
        shown = tess.get(url).text
        assert shown.index(str(new)) < shown.index(str(old))
        assert "Generate preview" in shown

    @pytest.mark.parametrize("refused", [1, 7])
    def test_the_last_one_that_was_made_stays_in_reach(
        self, acting, cast, tess, report_id, refused
    ):
        """Even if many newer ones failed, on the report's page and on the page of a failed one."""
        good = a_document(acting, cast, report_id, state=WorkState.DONE)
        for _try in range(refused):
            failed = a_document(
                acting, cast, report_id, state=WorkState.FAILED, error="evidence_differs"
            )
        download = f'href="/documents/{good}/download"'
        for url in (f"/reports/{report_id}", f"/reports/{report_id}/documents/panel"):
            assert tess.get(url).text.count(download) == 1, url
        page = tess.get(f"/documents/{failed}").text
        assert download in page and "Last PDF generated on" in page
        assert "Last PDF generated" not in tess.get(f"/documents/{good}").text


class TestRetry:
    def test_makes_a_new_document(self, acting, cast, tess, report_id):
        failed = a_document(acting, cast, report_id, state=WorkState.FAILED, error="gave_up")
        answer = tess.post(f"/documents/{failed}/retry")
        _old, new = documents(acting, cast.tess)
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/documents/{new.id}"
        assert new.state is WorkState.QUEUED

    def test_twice_is_once(self, acting, cast, tess, report_id):
        failed = a_document(acting, cast, report_id, state=WorkState.FAILED)
        for _click in range(2):
            assert tess.post(f"/documents/{failed}/retry", headers=HX).status_code == 200
        assert len(documents(acting, cast.tess)) == 2

    def test_of_what_is_done_is_refused(self, acting, cast, tess, report_id):
        done = a_document(acting, cast, report_id, state=WorkState.DONE)
        assert tess.post(f"/documents/{done}/retry", headers=HX).status_code == 409


class TestDownload:
    def test_is_named_after_the_report_and_inert(self, acting, cast, tess, report_id):
        finish(acting, cast, report_id)
        document_id = a_document(acting, cast, report_id, state=WorkState.DONE, is_preview=False)
        answer = tess.get(f"/documents/{document_id}/download", follow_redirects=True)
        assert answer.data == PDF
        assert answer.headers["Content-Type"] == "application/pdf"
        disposition = answer.headers["Content-Disposition"]
        assert 'filename="ATS-0042-R0-Main switch board' in disposition
        assert "filename*=UTF-8''ATS-0042-R0-Main%20switch%20board%20%CE%A9.pdf" in disposition
        assert "/" not in disposition.split("filename")[1].split(";")[0]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["ETag"] == f'"{sha256_of(PDF)}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_a_preview_says_so_in_its_name(self, acting, cast, tess, report_id):
        document_id = a_document(acting, cast, report_id, state=WorkState.DONE)
        answer = tess.get(f"/documents/{document_id}/download", follow_redirects=True)
        assert "ATS-0042-R0-PREVIEW-Main" in answer.headers["Content-Disposition"]

    def test_of_what_is_not_ready_is_refused(self, acting, cast, tess, report_id):
        document_id = a_document(acting, cast, report_id)
        assert (
            tess.get(f"/documents/{document_id}/download", follow_redirects=True).status_code == 409
        )


class TestViewers:
    @pytest.fixture
    def vera(self, acting, cast, client_of, report_id):
        with acting(cast.tess):
            project_id = db.session.scalars(
                select(Report.project_id).where(Report.id == report_id)
            ).one()
            a_grant(cast.vera.id, project_id)
        return client_of(cast.vera)

    def test_download_the_final_pdf_but_no_preview(self, acting, cast, vera, report_id):
        preview = a_document(acting, cast, report_id, state=WorkState.DONE)
        finish(acting, cast, report_id)
        final = a_document(acting, cast, report_id, state=WorkState.DONE, is_preview=False)
        assert vera.get(f"/documents/{final}/download", follow_redirects=True).data == PDF
        assert vera.get(f"/documents/{preview}/download", follow_redirects=True).status_code == 404
        assert vera.get(f"/documents/{preview}").status_code == 404
        panel = vera.get(f"/reports/{report_id}/documents/panel").text
        assert str(final) in panel
        assert str(preview) not in panel
        assert "<form" not in panel

    def test_see_nothing_of_an_open_report_and_ask_for_nothing(self, acting, cast, vera, report_id):
        assert vera.get(f"/reports/{report_id}/documents/panel").status_code == 404
        assert vera.post(f"/reports/{report_id}/documents").status_code == 403


PATHS = [("GET", ""), ("GET", "/download"), ("POST", "/retry")]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_strangers_find_nothing(acting, cast, client_of, anonymous, report_id, method, path):
    document_id = a_document(acting, cast, report_id, state=WorkState.DONE)
    url = f"/documents/{document_id}{path}"
    assert client_of(cast.otto).open(url, method=method).status_code == 404
    assert client_of(cast.tom).open(url, method=method).status_code == 404
    assert anonymous.open(url, method=method).status_code == 303
    assert anonymous.open(url, method=method, headers=HX).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("GET", "/panel")])
def test_strangers_ask_for_nothing(acting, cast, client_of, anonymous, report_id, method, path):
    url = f"/reports/{report_id}/documents{path}"
    assert client_of(cast.otto).open(url, method=method).status_code == 404
    assert client_of(cast.tom).open(url, method=method).status_code == 404
    assert anonymous.open(url, method=method).status_code == 303
    assert documents(acting, cast.tess) == []
