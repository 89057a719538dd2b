"""Letters that PDFs cannot print are reported with their cell, and no letter is lost."""

from __future__ import annotations

import pytest

from app.definition.workbook.letters import MAX_NOTED, MORE_UNPRINTABLE
from app.definition.workbook.shown import plain_text
from tests.definition.builders import read
from tests.support.sentences import SENTENCES, UNPRINTABLE

HEADER = ("Section", "Question", "Type")


@pytest.mark.parametrize("name", UNPRINTABLE)
def test_cells_with_such_letters_are_named(name: str) -> None:
    rows = [HEADER, ("Doors", f"Door {UNPRINTABLE[name]}", "verdict"), ("Doors", "Lock", "verdict")]
    result = read({"Checklist": rows})
    assert result.problems == ()
    assert result.definition is not None
    assert [note.cell for note in result.notices] == ["B2"]
    said = str(result.notices[0].sentence)
    assert said.startswith("PDFs cannot print these characters") and "U+" in said


@pytest.mark.parametrize("name", SENTENCES)
def test_packaged_scripts_need_no_notice(name: str) -> None:
    result = read({"Checklist": [HEADER, ("Doors", SENTENCES[name], "verdict")]})
    assert result.problems == result.notices == ()
    assert result.definition is not None
    (field,) = result.definition.all_fields()
    assert SENTENCES[name] in (field.label.en, field.label.pt)


def test_cells_outside_the_definition_need_no_notice() -> None:
    rows = [(*HEADER, "Memo"), ("Doors", "Door", "verdict", "mine 😀")]
    cells = [note.sentence.msgid for note in read({"Checklist": rows}).notices]
    assert len(cells) == 1 and "PDFs" not in cells[0]  # of the unknown column


def test_a_long_list_ends() -> None:
    rows = [HEADER, *(("Doors", f"Door {number} 😀", "verdict") for number in range(60))]
    notices = read({"Checklist": rows}).notices
    assert len(notices) == MAX_NOTED + 1
    assert notices[-1].sentence.msgid == MORE_UNPRINTABLE


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("در بسته می\u200cشود", "در بسته می\u200cشود"),
        ("क्\u200dष", "क्\u200dष"),
        ("Do\u200cor\u200d", "Door"),
        ("Door\u200b \u200d1", "Door 1"),
    ],
)
def test_joiners_are_kept_where_a_script_needs_them(typed: str, kept: str) -> None:
    assert plain_text(typed) == kept
