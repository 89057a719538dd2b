"""The demo's upload while the machine is too busy to read a workbook."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pytest

from app.checklists.service import WorkbookRefused
from app.commands.demo import job as demo
from app.commands.demo.cast import Site
from app.models import Actor, Role

MANAGER = Actor("Marcos Manager", Role.MANAGER)


class Uploads:
    """Refuses the first uploads; counts all."""

    def __init__(self, refusals: int, *, is_busy: bool) -> None:
        self.refusals, self.is_busy, self.count = refusals, is_busy, 0

    def __call__(self, **_given: object) -> SimpleNamespace:
        self.count += 1
        if self.count <= self.refusals:
            raise WorkbookRefused((), is_busy=self.is_busy)
        return SimpleNamespace(id=None)


@pytest.fixture
def job(monkeypatch):
    monkeypatch.setattr(demo, "STEP_SECONDS", 0)
    monkeypatch.setattr(demo, "db", SimpleNamespace(session=SimpleNamespace(rollback=lambda: None)))
    return demo.Job(MANAGER, MANAGER, Random(1), Site(None, None, None))


@pytest.mark.parametrize(
    ("refusals", "is_busy", "uploads"),
    [(2, True, 3), (demo.BUSY_UPLOADS, True, demo.BUSY_UPLOADS), (1, False, 1)],
)
def test_only_a_busy_machine_is_tried_again(job, monkeypatch, refusals, is_busy, uploads):
    sent = Uploads(refusals, is_busy=is_busy)
    monkeypatch.setattr(demo, "draft_from_workbook", sent)
    if refusals < uploads:
        job._draft(b"", "board.xlsx")
    else:
        with pytest.raises(WorkbookRefused):
            job._draft(b"", "board.xlsx")
    assert sent.count == uploads
