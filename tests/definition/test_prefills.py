"""Which fields of a workbook the report prefills: named in a column, never guessed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.definition.prefills import SOURCES
from app.definition.samples import SAMPLES
from app.definition.schema import (
    Definition,
    FieldType,
    Prefill,
    RolePrefill,
    Text,
)
from app.definition.workbook import prefills, read_workbook, sample_workbook
from tests.definition.builders import (
    FOUR_HEADER,
    RICH_HEADER,
    definition,
    field,
    problems_of,
    read,
    read_rich,
)

INFO = ("Label (EN)", "Label (PT)", "Type", "Filled from")
ROLES = ("Role (EN)", "Role (PT)", "Filled from")
ROW = ("A / B", "Clean", "Limpo", "verdict")


def read_info(*rows: tuple[object, ...], header: tuple[str, ...] = INFO):
    return read_rich(ROW, Info_fields=[header, *rows])


@pytest.mark.parametrize("prefill", Prefill)
def test_every_prefill_has_a_workbook_name_a_label_and_a_type(prefill: Prefill) -> None:
    (kind, *_others) = sorted(one for one in FieldType if prefill.fits(one))
    result = read_info(("Any", "Algo", kind.value, prefills.workbook_name(prefill)))
    assert result.problems == result.notices == ()
    assert result.definition and result.definition.info_fields[0].prefill is prefill
    assert SOURCES[prefill]


@pytest.mark.parametrize(
    ("words", "prefill"),
    [
        ("Cliente", Prefill.CLIENT),
        ("TAG do equipamento", Prefill.TAG),
        ("Endereço", Prefill.ADDRESS),
        ("Técnico", Prefill.TECHNICIAN),
        ("Número do relatório", Prefill.REPORT_NUMBER),
        ("no", None),
        ("–", None),
    ],
)
def test_words_of_both_languages(words: str, prefill: Prefill | None) -> None:
    for name in ("Filled from", "Preenchido com", "Prefill", "Pré-preenchido"):
        result = read_info(("Any", "Algo", "text", words), header=(*INFO[:3], name))
        assert result.definition, result.problems
        assert result.definition.info_fields[0].prefill is prefill


def test_both_forms_of_the_workbook_have_the_column() -> None:
    rich = [(*RICH_HEADER, "Filled from"), ("A / B", "Who", "Quem", "text", *[None] * 9, "client")]
    four = [(*FOUR_HEADER, "Filled from"), ("A", "Who", "Text", None, "client")]
    for rows in (rich, four):
        result = read({"Checklist": rows})
        assert result.definition, result.problems
        assert result.definition.sections[0].fields[0].prefill is Prefill.CLIENT


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        (
            "text",
            "weather",
            '"weather" is not something a report can fill in. Write one of: client, project',
        ),
        ("text", "start date", '"start date" does not fit this type'),
        ("date", "client", '"client" does not fit this type'),
        ("verdict", "client", '"client" does not fit this type'),
        ("note", "client", '"client" does not fit this type'),
    ],
)
def test_an_invalid_prefill_is_a_problem_at_its_cell(kind: str, words: str, said: str) -> None:
    [(cell, sentence)] = problems_of(read_info(("Any", "Algo", kind, words)))
    assert cell == "D2" and sentence.startswith(said)


def test_a_role_can_be_prefilled_with_the_signed_in_person() -> None:
    result = read_rich(
        ROW,
        Signatures=[
            ROLES,
            ("Done by", "Gerado por", "me"),
            ("Seen by", "Visto por", "eu"),
            ("Client", "Cliente", None),
            ("Technician", "Técnico", "no"),
        ],
    )
    assert result.problems == result.notices == () and result.definition
    found = [role.prefill for role in result.definition.signature_roles]
    assert found == [RolePrefill.ME, RolePrefill.ME, None, None]
    [(cell, sentence)] = problems_of(read_rich(ROW, Signatures=[ROLES, ("By", "Por", "you")]))
    assert cell == "C2" and sentence.startswith('"you" is not understood here. Write me')


def test_a_matching_label_gets_a_suggestion_but_no_prefill() -> None:
    result = read_rich(
        ROW,
        Info_fields=[
            INFO[:3],
            ("Client", "Cliente", "text"),
            ("Site", "Endereço", "long text"),
            ("Client", "Cliente", "number"),
            ("Client's wish", "Desejo", "text"),
        ],
        Signatures=[ROLES[:2], ("Technician", "Técnico"), ("Client", "Cliente")],
    )
    assert result.definition
    assert not any(field.prefill for field in result.definition.all_fields())
    assert not any(role.prefill for role in result.definition.signature_roles)
    notices = [(note.sheet, note.cell, str(note.sentence)) for note in result.notices]
    assert [one[:2] for one in notices] == [
        ("Info fields", "A2"),
        ("Info fields", "A3"),
        ("Signatures", "A2"),
    ]
    assert notices[0][2].startswith(
        '"Client" can be filled in from the report itself. Write "client"'
    )
    assert notices[1][2].startswith(
        '"Endereço" can be filled in from the report itself. Write "address"'
    )
    assert notices[2][2].startswith('"Technician" can be filled in with the name of the person')
    silenced = read_info(("Client", "Cliente", "text", "no"))
    assert silenced.notices == () and silenced.definition


def test_the_column_accepts_every_suggestion() -> None:
    for name in prefills._NAMED:
        for kind in FieldType:
            suggestion = prefills.suggest(Text(en=name), kind)
            if suggestion:
                word = str(suggestion.params["word"])
                assert prefills.parse_prefill(word, kind) is prefills._NAMED[name]


def test_the_sample_shows_it_and_a_stored_definition_reads_back() -> None:
    result = read_workbook(sample_workbook(), filename_stem="sample")
    assert result.definition
    found = {field.id: field.prefill for field in result.definition.info_fields}
    assert Prefill.CLIENT in found.values() and Prefill.TAG in found.values()
    for one in (result.definition, *SAMPLES.values()):
        assert any(role.prefill for role in one.signature_roles)
        stored = one.model_dump(mode="json", exclude_defaults=True)
        assert Definition.model_validate(stored) == one


def test_an_older_definition_has_no_prefill_and_stores_none() -> None:
    old = definition(field("a", FieldType.TEXT))
    assert "prefill" not in str(old.model_dump(mode="json", exclude_defaults=True))


def test_a_definition_rejects_a_prefill_that_its_type_cannot_hold() -> None:
    with pytest.raises(ValidationError, match="start date fills date fields"):
        field("a", FieldType.TEXT, prefill="start_date")
    with pytest.raises(ValidationError, match="start date fills date fields"):
        field("a", FieldType.NUMBER, prefill="client")
