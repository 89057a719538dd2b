"""Requesting work: once, again, and in place of an older row."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app import logs
from app.extensions import db
from app.jobs import queue, work
from app.models import BrandPreview, Document, PhotoCheck, WorkState
from tests.support.scenarios import a_report


@pytest.fixture
def woken(monkeypatch):
    seen = []
    monkeypatch.setattr(queue, "enqueue", lambda kind, work_id: seen.append((kind.name, work_id)))
    return seen


@pytest.fixture
def values(acting, cast):
    """The values of a document, in the scope of the technician who requests it."""
    with acting(cast.tess) as actor:
        yield {
            "report_id": a_report(actor).id,
            "requested_by": actor.account_id,
            "is_preview": True,
        }


def settle(document: Document) -> None:
    db.session.execute(
        update(Document).where(Document.id == document.id).values(state=WorkState.FAILED)
    )


def state_of(document: Document) -> tuple[WorkState, str | None, int]:
    row = select(Document.state, Document.error, Document.fence).where(Document.id == document.id)
    return tuple(db.session.execute(row).one())


def test_the_second_request_gets_the_open_row_and_wakes_nobody_again(values, woken):
    first, is_new = work.ask_once(Document, values)
    again, is_new_again = work.ask_once(Document, values)
    assert (again.id, is_new, is_new_again) == (first.id, True, False)
    db.session.commit()
    assert woken == [("document", first.id)]


def test_an_open_row_that_gives_way_is_superseded(values, woken):
    first, _is_new = work.ask_once(Document, values)
    newer, is_new = work.ask_once(Document, values, gives_way=lambda row: row.id == first.id)
    assert is_new and newer.id != first.id
    assert state_of(first) == (WorkState.FAILED, work.SUPERSEDED, 1)
    assert state_of(newer) == (WorkState.QUEUED, None, 0)


def test_a_row_that_settles_during_the_request_is_replaced(values, monkeypatch):
    first, _is_new = work.ask_once(Document, values)
    look, looks = work._lock_open, []

    def look_late(model, values):
        looks.append(settle(first))
        return look(model, values)

    monkeypatch.setattr(work, "_lock_open", look_late)
    newer, is_new = work.ask_once(Document, values)
    assert is_new and newer.id != first.id and len(looks) == 1


def test_ask_once_requires_the_unique_index(values):
    with pytest.raises(LookupError, match="brand_previews"):
        work.ask_once(BrandPreview, {"requested_by": values["requested_by"], "settings": {}})


def test_only_open_rows_are_superseded(values):
    first, _is_new = work.ask_once(Document, values)
    settle(first)
    work.supersede(Document, Document.id == first.id)
    assert state_of(first) == (WorkState.FAILED, None, 0)


def test_only_failed_work_is_queued_again_with_all_attempts(bench, woken):
    assert not work.requeue(PhotoCheck, PhotoCheck.id == bench.work_id)
    bench.change(state=WorkState.FAILED, attempts=5, error="gave_up", fence=3)
    bench.age("fed_at", 1)
    assert work.requeue(PhotoCheck, PhotoCheck.id == bench.work_id)
    db.session.commit()
    row = bench.row()
    assert (row.state, row.attempts, row.error, row.fed_at) == (WorkState.QUEUED, 0, None, None)
    assert row.fence == 3  # so a worker that still holds it publishes nothing
    assert woken == [("photo_check", bench.work_id)]


@pytest.mark.parametrize("given, kept", [("request-0042", True), ("two words", False), ("", False)])
def test_work_names_the_request_that_asked_for_it_last(values, given, kept):
    with logs.context(request_id=given):
        row, _is_new = work.ask_once(Document, values)
        assert row.request_id == (given if kept else None)
    settle(row)
    with logs.context(request_id="another-request"):
        assert work.requeue(Document, Document.id == row.id)
    asked_by = select(Document.request_id).where(Document.id == row.id)
    assert db.session.scalar(asked_by) == "another-request"
