"""A definition written as an XLSForm: other programs accept it, and it comes back as it was."""

from __future__ import annotations

from io import BytesIO

from hypothesis import HealthCheck, Phase, given, settings
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from app.definition.importing import read_any
from app.definition.logic.dependencies import names_of
from app.definition.logic.parsing import parse_calculation, parse_condition
from app.definition.samples import SAMPLES
from app.definition.schema import Definition, FieldType, Option, Section, Text
from app.definition.xlsform.writer import write_form
from tests.definition.builders import definition, field
from tests.definition.definitions import definitions

# Shrinking one example of many converts hundreds of forms and takes minutes.
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def come_back(definition: Definition) -> None:
    data = write_form(definition)
    reading = read_any(data, filename_stem="any")
    assert reading.problems == ()
    assert reading.definition == definition


@given(definitions())
@settings(QUICK, max_examples=60)
def test_any_definition_comes_back(definition: Definition) -> None:
    come_back(definition)


@given(definitions())
@settings(QUICK, max_examples=25)
def test_another_program_accepts_any_definition(definition: Definition) -> None:
    data = write_form(definition)
    form = convert(BytesIO(data), file_type=".xlsx").xform
    assert "<h:html" in form


def test_the_samples_come_back_and_are_accepted() -> None:
    for sample in SAMPLES.values():
        come_back(sample)
        assert convert(BytesIO(write_form(sample)), file_type=".xlsx").xform


def test_the_sheets_can_be_read_by_people() -> None:
    book = load_workbook(BytesIO(write_form(next(iter(SAMPLES.values())))))
    assert book.sheetnames == ["survey", "choices", "settings", "laudo"]
    assert [cell.value for cell in book["survey"][1]][:4] == [
        "type",
        "name",
        "label::English (en)",
        "label::Português (pt)",
    ]


def test_conditions_are_written_for_other_programs_too() -> None:
    whole = with_logic()
    data = write_form(whole)
    rows = {row[1].value: row for row in load_workbook(BytesIO(data))["survey"].iter_rows()}
    heads = [cell.value for cell in rows["name"]]
    found = {
        (name, column): cell.value
        for name, row in rows.items()
        for column, cell in zip(heads, row, strict=True)
        if column in ("relevant", "required", "calculation") and cell.value
    }
    assert found["ratio", "relevant"] == "(${present}) = ('yes')"
    assert found["tests", "relevant"] == "not((${present}) = ('no'))"
    assert found["ratio", "required"] == "(${volts}) > (100)"
    assert found["double", "calculation"] == "(${volts}) * (2)"
    assert convert(BytesIO(data), file_type=".xlsx").xform
    come_back(whole)


def with_logic() -> Definition:
    present = field(
        "present", type=FieldType.SELECT_ONE, options=choices("yes", "no"), source_name="present"
    )
    whole = definition(
        present,
        field("volts", type=FieldType.NUMBER),
        field("ratio", type=FieldType.NUMBER),
        field("double", type=FieldType.NUMBER),
    )
    names = names_of(whole)
    main = whole.sections[0]
    asked, volts, ratio, double = main.fields
    shown = parse_condition('{present} = "yes"', names)
    demanded = parse_condition("{volts} > 100", names)
    twice = parse_calculation("{volts} * 2", names, double)
    tests = Section(
        id="tests",
        title=main.title,
        fields=(
            ratio.model_copy(update={"shown_when": shown, "required_when": demanded}),
            double.model_copy(update={"calculation": twice}),
        ),
        shown_when=parse_condition('not {present} = "no"', names),
    )
    first = main.model_copy(update={"fields": (asked, volts)})
    return whole.model_copy(update={"sections": (first, tests)})


def choices(*ids: str) -> tuple[Option, ...]:
    return tuple(Option(id=one, label=Text(en=one)) for one in ids)


def test_no_text_becomes_a_formula() -> None:
    trap = Text(en="=1+1", pt="@SUM(A1)")
    whole = definition(field("q", label=trap, hint=trap, source_name="=2+2"))
    book = load_workbook(BytesIO(write_form(whole)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "=1+1" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if cell.data_type == "n" and cell.value is not None]
