"""Reading a workbook in a child: the same result, and a message for every failure of the child."""

from __future__ import annotations

import logging
import re
import resource
import time
from dataclasses import replace
from typing import Any

import pytest

from app.definition.workbook import (
    WorkbookReading,
    read_workbook,
    read_workbook_in_sandbox,
    sample_workbook,
    sandbox,
)
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


def read_when_free(data: bytes, **given: Any) -> WorkbookReading:
    """Ask again, as people are told to, while the machine is too busy to read it in time."""
    for _try in range(20):
        reading = read_workbook_in_sandbox(data, **given)
        if not reading.is_busy:
            return reading
    return reading


@pytest.mark.parametrize("data", [GOOD, sample_workbook()], ids=["small", "sample"])
def test_it_is_the_same_reading(data: bytes) -> None:
    for known in (None, definition(field("old"))):
        there = read_when_free(data, filename_stem="ação ✓", known=known)
        assert there == read_workbook(data, filename_stem="ação ✓", known=known)
        assert there.definition


def test_problems_and_notices_keep_their_words_for_the_translator() -> None:
    for sheets in ({"S": [FOUR_HEADER, ("A", "q", "Nonsense", None)]}, {"S": ROWS, "T": ROWS}):
        data = workbook(sheets)
        there = read_when_free(data, filename_stem="x")
        here = read_workbook(data, filename_stem="x")
        assert there.problems + there.notices
        for found, expected in zip(
            there.problems + there.notices, here.problems + here.notices, strict=True
        ):
            assert (found.sheet, found.cell) == (expected.sheet, expected.cell)
            assert found.sentence.msgid == expected.sentence.msgid
            assert dict(found.sentence.params) == dict(expected.sentence.params)


def test_a_file_that_is_not_a_workbook_starts_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.CHILD, "function", "no.such:module")
    for data in (b"", b"%PDF-1.7", bytes(10 * 1024 * 1024 + 1)):
        assert read_workbook_in_sandbox(data, filename_stem="x") == read_workbook(
            data, filename_stem="x"
        )


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("hang", "too busy"),
        ("spin", "takes longer than"),
        ("allocate", "MB of memory"),
        ("be_killed", "MB of memory"),
        ("crash", "could not be read"),
        ("fall", "could not be read"),
        ("flood", "could not be read"),
        ("write_stdout", "could not be read"),
        ("be_silent", "could not be read"),
    ],
)
def test_every_failure_of_the_child_gives_a_message(
    act: str, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sandbox.CHILD, "function", f"tests.support.misbehaving:{act}")
    # Only the limit that the act exceeds is low: a busy machine reaches another one first.
    cpu_seconds, seconds = 1 if act == "spin" else 30, 1.0 if act == "hang" else 60
    quick = replace(sandbox.LIMITS, cpu_seconds=cpu_seconds, seconds=seconds)
    monkeypatch.setattr(sandbox.CHILD, "limits", quick)
    with caplog.at_level(logging.WARNING, sandbox.log.name):
        reading = read_workbook_in_sandbox(GOOD, filename_stem="x")
    assert reading.definition is None
    [problem] = reading.problems
    assert words in str(problem.sentence) and "to a new workbook" in str(problem.sentence)
    assert len(caplog.records) == 1


def test_the_limits_leave_an_answer_within_five_seconds() -> None:
    limits = sandbox.LIMITS
    assert limits.cpu_seconds < limits.seconds < 5
    assert sandbox.CHILD.patience <= 1  # waiting for a slot counts as time: app/sandbox.py


@pytest.mark.parametrize("rows", [998, 2_001], ids=["read", "refused"])
def test_the_web_process_uses_little_processor_time(rows: int) -> None:
    data = with_more(SHEET, b"</sheetData>", rows_of_cells(rows))
    data = repacked(data, lambda name, part: re.sub(rb"<dimension[^>]*>", b"", part))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    assert read_workbook_in_sandbox(data, filename_stem="x").problems
    here = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert here < (after.ru_utime - before.ru_utime) / 4
