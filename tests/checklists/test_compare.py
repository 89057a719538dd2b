"""The difference between two versions: every setting of every part, what moved, and in words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checklists.compare import Mark, compare, moved
from app.checklists.settings import SETTINGS, told
from app.definition.fields import KINDS
from app.definition.schema import (
    CommentPolicy,
    Field,
    FieldType,
    Language,
    Limits,
    Option,
    PhotoMode,
    PhotoPolicy,
    Prefill,
    RolePrefill,
    SignatureDue,
    SignatureRole,
    Text,
)
from tests.support import scenarios

WHOLE = scenarios.a_definition()
VISUAL, TESTS = WHOLE.sections


def changed(part, **values):
    return part.model_copy(update=values)


def with_field(field_id: str, **values):
    """The definition with other settings of one field."""
    sections = tuple(
        changed(
            section,
            fields=tuple(
                changed(one, **values) if one.id == field_id else one for one in section.fields
            ),
        )
        for section in WHOLE.sections
    )
    info = tuple(changed(one, **values) if one.id == field_id else one for one in WHOLE.info_fields)
    return changed(WHOLE, sections=sections, info_fields=info)


def shown(words) -> str:
    if isinstance(words, tuple):
        return ", ".join(map(str, words))
    return format(words, "f") if isinstance(words, Decimal) else str(words)


def differences(old, new) -> list[tuple[str, str, str, str, str]]:
    """Every detail as (part, mark, setting, before, after)."""
    found = compare(old, new)
    parts = [one for section in found.sections for one in (section.own, *section.fields) if one]
    lines = [("cover", "changed", one) for one in found.cover]
    lines += [
        (one.id, one.mark, detail) for one in (*parts, *found.roles) for detail in one.details
    ]
    return [
        (part, str(mark), str(one.name), shown(one.old), shown(one.new))
        for part, mark, one in lines
    ]


def test_every_setting_has_words():
    """A setting without a line would be told by its name in the code."""
    for part, tellers in SETTINGS.items():
        assert set(part.model_fields) == set(tellers), part


def test_the_same_definition_compares_as_empty():
    assert compare(WHOLE, scenarios.a_definition()).is_empty
    assert compare(WHOLE, scenarios.a_definition()).count == 0


# (field, other settings, the name, before, after)
FIELD_CHANGES = [
    ("enclosure", {"label": Text(en="Case", pt="Invólucro sem danos")}, "Question", "Enclosure free of damage", "Case"),
    ("enclosure", {"label": Text(en="Enclosure free of damage")}, "Question", "Invólucro sem danos", ""),
    ("enclosure", {"hint": Text(en="Doors", pt="Portas, prensa-cabos e pintura")}, "Hint", "Doors, glands and paint", "Doors"),
    ("enclosure", {"type": FieldType.TEXT}, "Type", "OK, Not OK, N.A.", "text"),
    ("enclosure", {"required": False}, "Answer", "required", "optional"),
    ("enclosure", {"comment": CommentPolicy.OFF}, "Comment", "comment required when Not OK", "no comment"),
    (
        "cable_entry",
        {"photos": PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=5, gps_required=True)},
        "Photos",
        "photos optional, at most 20",
        "photos required, at least 2, at most 5, with GPS position",
    ),
    ("insulation", {"limits": Limits(unit="GΩ", min=Decimal(100))}, "Unit", "MΩ", "GΩ"),
    ("insulation", {"limits": Limits(unit="MΩ", min=Decimal("1E+3"))}, "Minimum", "100", "1000"),
    ("insulation", {"limits": Limits(unit="MΩ", min=Decimal(100), max=Decimal(900))}, "Maximum", "", "900"),
    ("contact_resistance", {"rows": (Option(id="a", label=Text(en="L1", pt="Fase A")), Option(id="b", label=Text(en="Phase B", pt="Fase B")))}, "Row", "Phase A", "L1"),
    ("customer", {"prefill": Prefill.CLIENT}, "Filled in automatically", "", "project client"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field_id", "settings", "name", "before", "after"),
    FIELD_CHANGES,
    ids=[f"{one[0]}-{next(iter(one[1]))}" for one in FIELD_CHANGES],
)
def test_a_setting_of_a_field_is_told_in_words(field_id, settings, name, before, after):
    new = with_field(field_id, **settings)
    assert differences(WHOLE, new) == [(field_id, "changed", name, before, after)]


def test_a_bound_of_zero_is_no_missing_bound():
    new = with_field("insulation", limits=Limits(unit="MΩ", min=Decimal(0)))
    assert differences(WHOLE, new) == [("insulation", "changed", "Minimum", "100", "0")]


def test_the_answers_to_choose_are_told_by_what_became_of_each():
    entry = WHOLE.field("cable_entry")
    top, bottom = entry.options
    left = Option(id="left", label=Text(en="Left", pt="Esquerda"))
    new = with_field(
        "cable_entry", options=(bottom, changed(top, label=Text(en="Roof", pt="Por cima")), left)
    )
    assert differences(WHOLE, new) == [
        ("cable_entry", "changed", "Answer to choose", "Top", "Roof"),
        ("cable_entry", "changed", "Answer to choose", "", "Left"),
        ("cable_entry", "changed", "Answer to choose", "", "Esquerda"),
        ("cable_entry", "changed", "Order", "Top / Por cima, Bottom / Por baixo", "Bottom / Por baixo, Roof / Por cima, Left / Esquerda"),
    ]  # fmt: skip


def test_a_field_that_moves_is_neither_added_nor_removed():
    enclosure, *rest = VISUAL.fields
    inside = changed(WHOLE, sections=(changed(VISUAL, fields=(*rest, enclosure)), TESTS))
    assert differences(WHOLE, inside) == [("enclosure", "moved", "Position", "1", "4")]
    across = changed(
        WHOLE,
        sections=(
            changed(VISUAL, fields=tuple(rest)),
            changed(TESTS, fields=(enclosure, *TESTS.fields)),
        ),
    )
    assert differences(WHOLE, across) == [
        ("enclosure", "moved", "Section", "Visual, Visual", "Tests, Ensaios")
    ]


def test_sections_are_told_when_they_are_renamed_moved_added_and_removed():
    other = changed(TESTS, id="other", title=Text(en="Other"), fields=())
    new = changed(
        WHOLE,
        sections=(changed(TESTS, title=Text(en="Trials", pt="Ensaios")), other, VISUAL),
    )
    assert ("tests", "changed", "Title", "Tests", "Trials") in differences(WHOLE, new)
    assert ("tests", "changed", "Position", "2", "1") in differences(WHOLE, new)
    assert ("other", "added", "Title", "", "Other") in differences(WHOLE, new)
    gone = compare(WHOLE, changed(WHOLE, sections=(VISUAL,))).sections
    assert [(one.own.mark, {field.mark for field in one.fields}) for one in gone] == [
        (Mark.REMOVED, {Mark.REMOVED})
    ]


def test_signature_roles_and_the_cover_are_told():
    technician, client = WHOLE.signature_roles
    witness = SignatureRole(id="witness", label=Text(en="Witness"))
    header = changed(WHOLE.header, category=None, reference_standards=("IEC 60947-6-1", "NBR 5410"))
    new = changed(
        WHOLE,
        languages=(Language.PT,),
        header=header,
        signature_roles=(
            changed(technician, prefill=RolePrefill.ME, due=SignatureDue.APPROVAL),
            witness,
        ),
    )
    assert differences(WHOLE, new) == [
        ("cover", "changed", "Languages", "English, Portuguese", "Portuguese"),
        ("cover", "changed", "Reference standards", "IEC 60947-6-1", "IEC 60947-6-1, NBR 5410"),
        ("cover", "changed", "Category", "Electrical", ""),
        ("technician", "changed", "Filled in automatically", "", "name of the person who is logged in"),
        ("technician", "changed", "Due", "before the submit", "at the approval"),
        ("witness", "added", "Role", "", "Witness"),
        ("witness", "added", "Answer", "", "required"),
        ("witness", "added", "Due", "", "before the submit"),
    ]  # fmt: skip
    assert compare(WHOLE, new).roles[-1].mark is Mark.REMOVED
    assert compare(WHOLE, new).roles[-1].id == client.id


def test_every_type_has_a_name():
    for kind in KINDS:
        field = changed(WHOLE.field("started_at"), type=kind)
        assert str(told(Field.model_construct(**dict(field)))[("type",)].words)


@given(st.lists(st.integers(0, 30), unique=True), st.randoms())
def test_the_fewest_ids_are_told_as_moved(numbers, chance):
    old = [str(one) for one in numbers]
    new = [*old[: len(old) * 2 // 3], "new"]
    chance.shuffle(new)
    out_of_order = moved(old, new)
    assert out_of_order <= set(old) & set(new)
    staying = [one for one in new if one in old and one not in out_of_order]
    assert [one for one in old if one in staying] == staying
    if [one for one in old if one in new] == [one for one in new if one in old]:
        assert not out_of_order


def test_one_that_goes_to_the_end_is_the_only_one_that_moved():
    assert moved(list("abcdef"), list("bcdefa")) == {"a"}
    assert moved(list("abcdef"), list("fabcde")) == {"f"}
