"""How the versions of a checklist share columns, and when they get separate ones."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    Section,
    Text,
)
from app.exports.answers.columns import ExportedVersion, Extra, Layout, lay_out

FIELD = Field(
    id="insulation",
    type=FieldType.NUMBER,
    label=Text(en="Insulation", pt="Isolação"),
    limits=Limits(unit="MΩ", min=1),
)


def version(number: int, *fields: Field) -> ExportedVersion:
    definition = Definition(
        languages=(Language.EN, Language.PT),
        header=Header(code="A", title=Text(en="A")),
        sections=(Section(id="s", title=Text(en="Section"), fields=fields),),
    )
    return ExportedVersion(uuid4(), number, definition)


def changed(field: Field, **parts: object) -> Field:
    return Field.model_validate({**field.model_dump(exclude_defaults=True), **parts})


def shape(layout: Layout) -> list[tuple[str, tuple[int, ...]]]:
    return [
        (f"{column.field.id}{':' + column.cell if column.cell else ''}", column.versions)
        for column in layout.columns
    ]


@pytest.mark.parametrize(
    ("parts", "columns"),
    [
        ({}, 1),
        ({"hint": {"en": "Use 500 V"}}, 1),
        ({"limits": {"unit": "MΩ", "min": "100"}}, 1),
        ({"required": False}, 1),
        ({"label": {"en": "INSULATION.", "pt": "Resistência"}}, 1),
        ({"label": {"en": "Resistance", "pt": "Isolacao"}}, 1),
        ({"label": {"pt": "Isolação"}}, 1),
        ({"label": {"en": "Insulation L1", "pt": "Isolação L1"}}, 2),
        ({"limits": {"unit": "kΩ", "min": "1"}}, 2),
        ({"limits": None}, 2),
        ({"type": "text", "limits": None}, 2),
    ],
)
def test_a_field_keeps_its_column_while_its_meaning_is_the_same(parts, columns):
    first, second = version(1, FIELD), version(2, changed(FIELD, **parts))
    layout = lay_out([first, second], {})
    assert len(layout.columns) == columns
    indexes = {layout.column_indexes[one.id, FIELD.id, None, None] for one in (first, second)}
    assert len(indexes) == columns
    assert [column.is_split for column in layout.columns] == [columns > 1] * columns
    if columns == 2:
        assert shape(layout) == [("insulation", (2,)), ("insulation", (1,))]


def test_a_reverted_change_shares_the_first_column():
    other = changed(FIELD, limits={"unit": "kΩ"})
    layout = lay_out([version(1, FIELD), version(2, other), version(3, FIELD)], {})
    assert shape(layout) == [("insulation", (1, 3)), ("insulation", (2,))]


def test_the_newest_version_gives_the_order_and_older_fields_keep_their_place():
    a, b, c, d = (Field(id=one, type=FieldType.TEXT, label=Text(en=one.upper())) for one in "abcd")
    layout = lay_out([version(1, a, b, c), version(2, d, c, a)], {})
    assert [column.field.id for column in layout.columns] == ["d", "c", "a", "b"]


def test_a_note_has_no_column():
    note = Field(id="note", type=FieldType.NOTE, label=Text(en="Mind"), required=False)
    assert shape(lay_out([version(1, note, FIELD)], {})) == [("insulation", (1,))]


def table(*columns: str, unit: str = "µΩ") -> Field:
    def options(words: tuple[str, ...]) -> tuple[Option, ...]:
        return tuple(Option(id=one.lower(), label=Text(en=one)) for one in words)

    return Field(
        id="poles",
        type=FieldType.TABLE,
        label=Text(en="Poles"),
        limits=Limits(unit=unit),
        rows=options(("A", "B")),
        columns=options(columns),
    )


def test_each_cell_of_a_table_has_a_column_and_new_ones_join_the_old():
    layout = lay_out([version(1, table("Before")), version(2, table("Before", "After"))], {})
    assert shape(layout) == [
        ("poles:a:before", (1, 2)),
        ("poles:a:after", (2,)),
        ("poles:b:before", (1, 2)),
        ("poles:b:after", (2,)),
    ]


def test_a_cell_with_a_changed_heading_gets_its_own_column():
    other = changed(table("Before"), columns=[{"id": "before", "label": {"en": "After"}}])
    layout = lay_out([version(1, table("Before")), version(2, other)], {})
    assert len(layout.columns) == 4 and all(column.is_split for column in layout.columns)


def test_details_have_columns_if_any_version_has_them():
    first, second = version(1, FIELD), version(2, FIELD)
    extras = {
        (first.id, FIELD.id): frozenset({Extra.COMMENT}),
        (second.id, FIELD.id): frozenset({Extra.TYPED}),
    }
    layout = lay_out([first, second], extras)
    assert [column.extra for column in layout.columns] == [None, Extra.TYPED, Extra.COMMENT]
    for one in (first, second):
        assert layout.column_indexes[one.id, FIELD.id, None, Extra.COMMENT] == 2
    # The number has a unit, the comment has none.
    assert [column.unit for column in layout.columns] == ["MΩ", None, None]
