"""A workbook read in a child: the same reading, and a sentence whatever the child does."""

from __future__ import annotations

import logging
import re
import resource
import time
from dataclasses import replace

import pytest

from app.definition.workbook import apart, read_workbook, read_workbook_apart, sample_workbook
from tests.definition.builders import (
    FOUR_HEADER,
    GOOD,
    SHEET,
    definition,
    field,
    repacked,
    rows_of_cells,
    with_more,
    workbook,
)

ROWS = [FOUR_HEADER, ("A", "q", "Text", None)]


@pytest.mark.parametrize("data", [GOOD, sample_workbook()], ids=["small", "sample"])
def test_it_is_the_same_reading(data: bytes) -> None:
    for known in (None, definition(field("old"))):
        there = read_workbook_apart(data, filename_stem="ação ✓", known=known)
        assert there == read_workbook(data, filename_stem="ação ✓", known=known)
        assert there.definition


def test_problems_and_notices_keep_their_words_for_the_translator() -> None:
    for sheets in ({"S": [FOUR_HEADER, ("A", "q", "Nonsense", None)]}, {"S": ROWS, "T": ROWS}):
        data = workbook(sheets)
        there = read_workbook_apart(data, filename_stem="x")
        here = read_workbook(data, filename_stem="x")
        assert there.problems + there.notices
        for found, wanted in zip(
            there.problems + there.notices, here.problems + here.notices, strict=True
        ):
            assert (found.sheet, found.cell) == (wanted.sheet, wanted.cell)
            assert found.sentence.msgid == wanted.sentence.msgid
            assert dict(found.sentence.params) == dict(wanted.sentence.params)


def test_what_is_no_workbook_at_all_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.CHILD, "function", "no.such:module")
    for data in (b"", b"%PDF-1.7", bytes(10 * 1024 * 1024 + 1)):
        assert read_workbook_apart(data, filename_stem="x") == read_workbook(
            data, filename_stem="x"
        )


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("hang", "too busy"),
        ("spin", "takes longer than"),
        ("eat", "MB of memory"),
        ("be_killed", "MB of memory"),
        ("crash", "failed"),
        ("fall", "failed"),
        ("flood", "failed"),
        ("babble", "failed"),
        ("be_silent", "failed"),
    ],
)
def test_whatever_the_child_does_is_a_sentence(
    act: str, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(apart.CHILD, "function", f"tests.misbehaving:{act}")
    quick = replace(apart.LIMITS, cpu_seconds=1, seconds=1.0 if act == "hang" else 60)
    monkeypatch.setattr(apart.CHILD, "limits", quick)
    with caplog.at_level(logging.WARNING, apart.log.name):
        reading = read_workbook_apart(GOOD, filename_stem="x")
    assert reading.definition is None
    [problem] = reading.problems
    assert words in str(problem.sentence) and "to a new one" in str(problem.sentence)
    assert len(caplog.records) == 1


def test_the_limits_leave_an_answer_within_five_seconds() -> None:
    limits = apart.LIMITS
    assert limits.cpu_seconds < limits.seconds < 5
    assert apart.CHILD.patience <= 1  # and its wait counts as time: app/apart.py


@pytest.mark.parametrize("rows", [998, 2_001], ids=["read", "refused"])
def test_this_process_hardly_works_for_it(rows: int) -> None:
    data = with_more(SHEET, b"</sheetData>", rows_of_cells(rows))
    data = repacked(data, lambda name, part: re.sub(rb"<dimension[^>]*>", b"", part))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    assert read_workbook_apart(data, filename_stem="x").problems
    here = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert here < (after.ru_utime - before.ru_utime) / 4
