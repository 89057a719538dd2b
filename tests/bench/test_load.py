"""The criteria of `make load`: percentiles, slopes, unique photos, lost saves."""

from __future__ import annotations

import io
import subprocess
import sys
from hashlib import sha256
from random import Random
from uuid import uuid4

import pytest
from PIL import Image

from bench.load import ledger, proof, tables
from bench.load.photos import with_unique_bytes
from bench.load.processes import Usage, Watch
from tests.support.pictures import a_jpeg


def a_request(ms: float, kind: str = "autosave", trouble: str | None = None, at: float = 0):
    return {"kind": kind, "ms": ms, "trouble": trouble, "status": 200, "at": at}


def test_percentiles_and_failures_are_reported_by_kind():
    lines = [a_request(ms) for ms in range(1, 101)] + [a_request(9, "page", "500: no")]
    saves, pages = tables.kinds(lines)
    assert (saves.name, saves.count, saves.p50, saves.p95, saves.longest) == (
        "autosave",
        100,
        51,
        96,
        100,
    )
    assert pages.failed == 1 and "500: no" in tables.requests_table([saves, pages])
    assert tables.is_met([saves]) and not tables.is_met([saves, pages])


def test_only_requests_between_the_two_times_count():
    (kind,) = tables.kinds([a_request(1, at=10), a_request(500, at=20)], since=5, until=20)
    assert (kind.count, kind.longest) == (1, 1)


@pytest.mark.parametrize(("growth", "flat"), [(0.5, True), (5, False)])
def test_growing_memory_is_detected(growth, flat):
    usage = Usage(memory=[(60.0 * minute, 100 + growth * minute) for minute in range(10)])
    assert usage.slope() == pytest.approx(growth)
    assert tables.is_flat({"web": usage}, settled=0) is flat
    for other in ("people", "postgresql"):
        assert tables.is_flat({other: usage}, settled=0), f"{other} is not judged"


@pytest.mark.parametrize(("held", "within"), [(0, False), (599, True), (601, False)])
def test_the_web_is_judged_by_the_peaks_of_the_kernel(held, within):
    assert tables.is_within({"web": Usage(most=1, high_water=held)}) is within


def test_a_peak_between_two_samples_is_seen():
    script = "import sys; held = b'x' * 200_000_000; del held; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline()
        with Watch({"web": process.pid}, every=60) as watch:
            pass
        process.communicate(b"\n")
    assert watch.usage["web"].most < 190 < watch.usage["web"].high_water


def test_each_upload_has_unique_bytes_and_the_same_pixels():
    picture, chance = a_jpeg(), Random(1)
    sent = [with_unique_bytes(picture, chance) for _ in range(3)]
    assert len({sha256(one).digest() for one in sent}) == 3
    pixels = {Image.open(io.BytesIO(one)).convert("RGB").tobytes() for one in (picture, *sent)}
    assert len(pixels) == 1


class Answers:
    """A site that answers the two queries of the proof from rows."""

    def __init__(self, entries, answers):
        self._rows = {"audit_entries": entries, "from answers": answers}

    def ask(self, statement, *_values):
        return next(rows for words, rows in self._rows.items() if words in statement)


@pytest.mark.parametrize(
    ("entries", "answers", "is_safe"),
    [
        ([("c", "r", "f", "v", 2)], [("r", "f", "v", 2)], True),
        ([("c", "r", "f", "v", 2)], [("r", "f", "later", 3)], True),
        ([("c", "r", "f", "v", 2)], [("r", "f", "other", 2)], False),
        ([("c", "r", "f", "v", 2)], [("r", "f", "before", 1)], False),
        ([("c", "r", "f", "v", 2)] * 2, [("r", "f", "v", 2)], False),
        ([], [("r", "f", "v", 2)], False),
        ([("c", "r", "f", "v", 2)], [], False),
    ],
)
def test_a_save_is_safe_only_in_the_history_once_and_as_the_answer_or_before_it(
    entries, answers, is_safe
):
    acknowledged = {"report": "r", "field": "f", "client_id": "c", "value": "v", "version": 2}
    assert (proof._wrong_saves(Answers(entries, answers), [acknowledged]) == []) is is_safe


def test_the_ledger_returns_its_lines(tmp_path):
    path = tmp_path / "ledger.jsonl"
    acknowledged = str(uuid4())
    book = ledger.Ledger(path)
    book.note("save", client_id=acknowledged)
    book.note("request", kind="page", ms=1.0)
    assert [line["client_id"] for line in ledger.lines(path, "save")] == [acknowledged]
    assert [line["kind"] for line in ledger.lines(path, "request")] == ["page"]
