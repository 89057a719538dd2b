"""A definition written as an XLSForm: other programs accept it, and it comes back as it was."""

from __future__ import annotations

from io import BytesIO

from hypothesis import HealthCheck, Phase, given, settings
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from app.definition.importing import read_any
from app.definition.samples import SAMPLES
from app.definition.schema import Definition
from app.definition.xlsform.writer import write_form
from tests.definition.any_definition import definitions

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
    for definition in SAMPLES.values():
        come_back(definition)
        assert convert(BytesIO(write_form(definition)), file_type=".xlsx").xform


def test_the_sheets_can_be_read_by_people() -> None:
    book = load_workbook(BytesIO(write_form(next(iter(SAMPLES.values())))))
    assert book.sheetnames == ["survey", "choices", "settings", "laudo"]
    assert [cell.value for cell in book["survey"][1]][:4] == [
        "type",
        "name",
        "label::English (en)",
        "label::Português (pt)",
    ]
