"""Every field type is complete; the tests read the table of types, so they cover new types too."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

import pytest
from jinja2 import Environment, nodes

from app.definition.assessment import AssessedField, assess
from app.definition.fields import KINDS, kind_of
from app.definition.fields.kind import FieldKind, Reader
from app.definition.judging import AnswerFacts
from app.definition.measured import InvalidAnswer
from app.definition.samples import SAMPLES
from app.definition.schema import Definition, Field, FieldType, Language
from app.definition.workbook import read_workbook, sample_workbook
from app.definition.workbook.grammar import parse_type
from app.words import VERDICTS
from tests.definition.builders import definition

TEMPLATES = Path(__file__).resolve().parents[2] / "app/templates/components/fields"
TODAY = date(2026, 3, 31)
READER = Reader((Language.EN, Language.PT), Language.EN, str, VERDICTS.english.__getitem__)
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)


@cache
def downloaded() -> Definition:
    """The sample workbook that users download and fill in."""
    read = read_workbook(sample_workbook(), filename_stem="sample").definition
    assert read is not None
    return read


def sample_fields(kind: FieldKind) -> list[Field]:
    fields = (field for one in (downloaded(), *SAMPLES.values()) for field in one.all_fields())
    return [field for field in fields if field.type is kind.type]


def examples(kind: FieldKind, *, wrong: bool = False) -> list[tuple[Field, object]]:
    """The fields of the samples, each with an answer in the form that `parse` takes."""
    found = [
        (field, kind.example(field, Random(seed), TODAY, wrong=wrong))
        for field in sample_fields(kind)
        for seed in range(3)
    ]
    return [(field, "Some words" if raw is None else raw) for field, raw in found]


def test_the_table_has_every_type_in_its_order() -> None:
    assert list(KINDS) == list(FieldType)
    assert all(kind.type is name for name, kind in KINDS.items())


@EACH
def test_it_has_a_template_for_form_and_reading(kind: FieldKind) -> None:
    tree = Environment(autoescape=True).parse((TEMPLATES / f"{kind.type}.html").read_text())
    macros = {one.name: [arg.name for arg in one.args] for one in tree.find_all(nodes.Macro)}
    assert macros["form"] == ["field", "answer", "languages", "judged"]
    assert macros["read"] == ["one", "languages"]


def test_every_template_of_a_type_has_its_type() -> None:
    named = {path.stem for path in TEMPLATES.glob("[!_]*.html")}
    assert named == set(KINDS)


@EACH
def test_it_is_in_the_sample_workbook(kind: FieldKind) -> None:
    assert any(field.type is kind.type for field in downloaded().all_fields())


@EACH
def test_its_workbook_names_are_unique(kind: FieldKind) -> None:
    names = kind.workbook_words.split("|")
    assert {parse_type(name) for name in names} == {kind.type}
    others = [one.workbook_words.split("|") for one in KINDS.values() if one is not kind]
    assert not set(names) & {name for words in others for name in words}


@EACH
def test_its_definition_can_be_stored_and_read_back(kind: FieldKind) -> None:
    for field in sample_fields(kind):
        whole = definition(field)
        stored = json.loads(json.dumps(whole.model_dump(mode="json", exclude_defaults=True)))
        assert Definition.model_validate(stored) == whole


@EACH
def test_an_answer_survives_the_round_trip(kind: FieldKind) -> None:
    """Typed, parsed, stored, parsed again, assessed, read and printed."""
    for field, raw in examples(kind):
        if not field.is_question:
            with pytest.raises(InvalidAnswer):
                kind.parse(field, raw)
            continue
        value = kind.parse(field, raw)
        assert value is not None
        stored = json.loads(json.dumps(value))
        assert kind.parse(field, stored) == kind.without_doubts(field, value)
        one = AssessedField(field, AnswerFacts(value))
        assert one.is_answered and not one.is_na
        assert set(one.judgements) == {key for key, _reading in kind.readings(field, value)}
        assert kind.read(field, value, READER)
        assert kind.cell(field, value, READER)
        assert kind.print(field, value) or one.judgements or kind.is_verdict_type


@EACH
def test_a_blank_answer_is_no_answer(kind: FieldKind) -> None:
    for field in sample_fields(kind):
        assert all(kind.parse(field, blank) is None for blank in (None, "", [], {}))
        assert not AssessedField(field).is_answered
        assert AssessedField(field).verdict is None


@EACH
def test_the_form_shows_again_what_was_typed(kind: FieldKind) -> None:
    """From the texts that a form sends; the form also shows a rejected text again."""
    for _field, raw in examples(kind):
        if isinstance(raw, dict):
            continue  # each cell has its own name
        texts = raw if isinstance(raw, list) else [raw]
        sent = kind.from_form(["earlier", *texts])
        assert sent == (["earlier", *texts] if isinstance(raw, list) else raw)
        assert kind.from_form([]) in (None, [])
        drawn = kind.as_typed(sent)
        assert drawn == sent or drawn == {"text": sent}


@EACH
def test_a_wrong_answer_is_an_exception(kind: FieldKind) -> None:
    for field, raw in examples(kind, wrong=True):
        can_be_wrong = kind.is_verdict_type or (field.limits and field.limits.bounded)
        if not field.is_question or not can_be_wrong:
            continue
        facts = AnswerFacts(kind.parse(field, raw))
        assert [one.field_id for one in assess(definition(field), {field.id: facts}).exceptions]


def test_a_note_asks_nothing() -> None:
    for field in sample_fields(KINDS[FieldType.NOTE]):
        assert not AssessedField(field, AnswerFacts("x", "said", "because")).is_answered
        assert kind_of(field).is_na(field, AnswerFacts(na_reason="because")) is False
