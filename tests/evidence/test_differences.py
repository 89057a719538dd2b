"""The words for differences from what was recorded; each must be clear on its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.evidence import recorded, verification
from app.evidence.differences import FACTS, STATES, describe, describe_in_english
from app.evidence.verification import Difference, Part
from tests.support.scenarios import a_definition

# Facts that verification.py compares one by one.
FOUND = ("status", "body", "audit_hash", "storage_key")


def compared() -> Iterator[str]:
    """Every fact that is compared between snapshot, rows, entries and files."""
    yield from (*recorded.REPORT, *recorded.PEOPLE, "project", "equipment", "outcome")
    yield recorded.ADDRESS
    yield from (*recorded.DEFINITION, "hash")
    yield from (*recorded.ANSWER, "answered_by", recorded.CARRIED)
    yield from (
        *recorded.PHOTO,
        "photo",
        "position_reason",
        "uploaded_by",
        "browser_position_at",
        "pictures",
        "reading_exif",
    )
    yield from (f"browser_{name}" for name in recorded.PLACE)
    yield from (f"reading_{name}" for name in ("verdict", "notes", *recorded.READING))
    yield from (f"reading_{name}" for name in recorded.PLACE)
    yield from (*recorded.REMOVED, *recorded.SIGNATURE, "taken_by", recorded.WITNESS)
    yield from (*verification.MADE, *FOUND)


@pytest.mark.parametrize("name", sorted(set(compared())))
def test_each_fact_is_told_in_plain_words(name: str) -> None:
    words = describe_in_english(Difference(Part.REPORT, "", (name,)))
    assert words == f"The report itself: differs in {FACTS[name]}"
    assert FACTS[name].split()[0] in ("the", "how", "whether", "which", "where", "what"), (
        "a word alone says nothing: name what of the thing it is"
    )


def test_no_words_are_left_over() -> None:
    assert set(FACTS) - set(compared()) == set()
    assert set(FACTS) & set(STATES) == set()


def test_a_line_names_the_question_and_what_of_it(app) -> None:
    answer = Difference(Part.ANSWER, "insulation", ("comment", "value", "answered_by"))
    definition = a_definition()
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert describe(answer, definition) == (
            'The answer to "Insulation resistance": differs in the answer\'s comment,'
            " the answer's value, the person who answered"
        )
    with app.test_request_context(headers={"Accept-Language": "pt-BR"}):
        assert "value" not in describe(answer, definition)
    whole = describe_in_english(Difference(Part.DOCUMENT, "0a1b", ("pages", "report")))
    assert whole == "PDF 0a1b: not requested by this report, differs in the number of pages"
    later = describe_in_english(Difference(Part.PHOTO, "0a1b", ("colour", "missing")))
    assert later == "Photo 0a1b: missing, differs in colour"
