"""XLSForms of other programs: what each construct becomes, and what is listed as left out."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pytest

from app.definition.importing import read_any
from app.definition.schema import Definition, Field, FieldType, Language, PhotoMode, Text
from app.definition.workbook.sandbox import LIMITS
from app.definition.xlsform.leftout import SENTENCES, Construct
from app.definition.xlsform.reading import FormReading
from tests.support.forms import a_form

Rows = Sequence[Sequence[object]]
HEAD = ("type", "name", "label")
YES_NO = (("list_name", "name", "label"), ("yn", "y", "Yes"), ("yn", "n", "No"))
TEXT = ("text", "t", "The text")


def read(
    *survey: Sequence[object],
    head: Sequence[object] = HEAD,
    choices: Rows = YES_NO,
    languages: Sequence[str] | None = None,
    **sheets: Rows,
) -> FormReading:
    data = a_form(survey=(head, *survey), choices=choices, **sheets)
    reading = read_any(data, filename_stem="my form", languages=languages)
    assert isinstance(reading, FormReading)
    return reading


def made(reading: FormReading) -> Definition:
    assert reading.problems == ()
    assert reading.definition
    return reading.definition


def listed(reading: FormReading) -> Counter[str]:
    assert reading.form
    return Counter(one.construct.value for one in reading.form.left_out)


def places(reading: FormReading, construct: Construct) -> list[tuple[str, str]]:
    assert reading.form
    return [(one.cell, one.name) for one in reading.form.left_out if one.construct is construct]


def one_field(*row: object, head: Sequence[object] = HEAD, **sheets: Rows) -> Field:
    [field] = made(read(row, head=head, **sheets)).all_fields()
    return field


@pytest.mark.parametrize(
    ("words", "kind", "also"),
    [
        ("text", FieldType.TEXT, {}),
        ("string", FieldType.TEXT, {}),
        ("integer", FieldType.NUMBER, {"whole_number": 1}),
        ("int", FieldType.NUMBER, {"whole_number": 1}),
        ("decimal", FieldType.NUMBER, {}),
        ("date", FieldType.DATE, {}),
        ("time", FieldType.TIME, {}),
        ("note", FieldType.NOTE, {}),
        ("barcode", FieldType.TEXT, {"barcode": 1}),
        ("acknowledge", FieldType.VERDICT, {"acknowledge": 1}),
        ("trigger", FieldType.VERDICT, {"acknowledge": 1}),
        ("select_one yn", FieldType.SELECT_ONE, {}),
        ("select one yn", FieldType.SELECT_ONE, {}),
        ("Select_One  yn", FieldType.SELECT_ONE, {}),
        ("select1 yn", FieldType.SELECT_ONE, {}),
        ("select_multiple yn", FieldType.SELECT_MANY, {}),
        ("select all that apply from yn", FieldType.SELECT_MANY, {}),
        ("image", FieldType.TEXT, {"photo": 1}),
        ("photo", FieldType.TEXT, {"photo": 1}),
    ],
)
def test_types_with_a_counterpart(words: str, kind: FieldType, also: dict[str, int]) -> None:
    reading = read((words, "q", "Question"))
    [field] = made(reading).all_fields()
    assert (field.type, field.id, field.source_name) == (kind, "q", "q")
    assert field.label == Text(en="Question") and not field.required
    unused = {} if field.options else {"unused_list": 1}
    assert listed(reading) == Counter(also | unused)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("geopoint", Construct.PLACE),
        ("geotrace", Construct.PLACE),
        ("geoshape", Construct.PLACE),
        ("start-geopoint", Construct.PLACE),
        ("audio", Construct.MEDIA),
        ("video", Construct.MEDIA),
        ("file", Construct.MEDIA),
        ("background-audio", Construct.MEDIA),
        ("calculate", Construct.CALCULATED),
        ("hidden", Construct.CALCULATED),
        ("rank yn", Construct.RANKING),
        ("start", Construct.RECORDED),
        ("end", Construct.RECORDED),
        ("today", Construct.RECORDED),
        ("username", Construct.RECORDED),
        ("deviceid", Construct.RECORDED),
        ("audit", Construct.RECORDED),
        ("csv-external", Construct.OUTSIDE_DATA),
        ("xml-external", Construct.OUTSIDE_DATA),
        ("osm yn", Construct.OUTSIDE_DATA),
        ("select_one_from_file towns.csv", Construct.OUTSIDE_CHOICES),
        ("select_multiple_from_file towns.xml", Construct.OUTSIDE_CHOICES),
        ("select_one_external towns", Construct.OUTSIDE_CHOICES),
        ("select_one ${pump}", Construct.OUTSIDE_CHOICES),
        ("hologram", Construct.UNKNOWN_TYPE),
        ("select_nothing yn", Construct.UNKNOWN_TYPE),
        (None, Construct.NO_TYPE),
    ],
)
def test_types_without_a_counterpart_are_listed(words: str | None, why: Construct) -> None:
    reading = read(TEXT, (words, "q", "Question"))
    assert [field.id for field in made(reading).all_fields()] == ["t"]
    [(cell, name)] = places(reading, why)
    assert cell == "A3" and name == "q"


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        ("relevant", "${t} = 'x'", Construct.RELEVANT),
        ("relevance", "${t} = 'x'", Construct.RELEVANT),
        ("bind::relevant", "${t} = 'x'", Construct.RELEVANT),
        ("required", "string-length(${t}) > 3", Construct.REQUIRED_WHEN),
        ("constraint", "regex(., '[0-9]+')", Construct.CONSTRAINT),
        ("constraint_message", "No.", Construct.MESSAGE),
        ("required_message", "Answer it.", Construct.MESSAGE),
        ("calculation", "pulldata('a', 'b', 'c', ${t})", Construct.CALCULATION),
        ("default", "x", Construct.DEFAULT),
        ("read_only", "yes", Construct.READ_ONLY),
        ("choice_filter", "a = ${t}", Construct.CHOICE_FILTER),
        ("parameters", "randomize=true", Construct.PARAMETERS),
        ("appearance", "minimal", Construct.APPEARANCE),
        ("image", "a.png", Construct.PICTURE),
        ("media::audio", "a.mp3", Construct.PICTURE),
        ("repeat_count", "3", Construct.REPEAT_COUNT),
        ("guidance_hint", "Look twice", Construct.GUIDANCE),
    ],
)
def test_columns_without_a_counterpart_are_listed_by_cell(
    column: str, text: str, why: Construct
) -> None:
    reading = read((*TEXT, text), head=(*HEAD, column))
    [field] = made(reading).all_fields()
    assert not field.required
    assert places(reading, why) == [("D2", "t")]


def test_unknown_columns_and_settings_and_sheets_are_listed_once() -> None:
    reading = read(
        (*TEXT, "x"),
        ("text", "u", "Other", "y"),
        head=(*HEAD, "my notes"),
        settings=(("form_title", "form_id", "style"), ("Pump house", "pump_1", "pages")),
        entities=(("dataset",), ("trees",)),
    )
    header = made(reading).header
    assert (header.title, header.code, header.source_name) == (
        Text(en="Pump house"),
        "PUMP_1",
        "pump_1",
    )
    assert places(reading, Construct.UNKNOWN_COLUMN) == [("D1", "my notes")]
    assert places(reading, Construct.SETTING) == [("C2", "style")]
    assert places(reading, Construct.SHEET) == [("A1", "")]


def test_required_hints_and_long_text() -> None:
    head = (*HEAD, "required", "hint", "guidance_hint", "appearance")
    field = one_field("text", "q", "Q", "TRUE", "Small", "More", "multiline", head=head)
    assert field.type is FieldType.LONG_TEXT and field.required
    assert field.hint == Text(en="Small\nMore")


@pytest.mark.parametrize(
    ("kind", "rule", "bounds"),
    [
        ("integer", ". >= 1 and . <= 5", ("1", "5")),
        ("integer", ".>0 and .<10", ("1", "9")),
        ("decimal", "0.5 <= .", ("0.5", None)),
        ("decimal", ". <= -1.5", (None, "-1.5")),
        ("decimal", ". >= ${low}", None),
        ("decimal", "not(. < 1", None),
    ],
)
def test_simple_constraints_become_limits(
    kind: str, rule: str, bounds: tuple[str | None, str | None] | None
) -> None:
    reading = read((kind, "q", "Q", rule), head=(*HEAD, "constraint"))
    [field] = made(reading).all_fields()
    if bounds is None:
        assert field.limits is None
        assert places(reading, Construct.CONSTRAINT) == [("D2", "q")]
    else:
        low, high = (one and Decimal(one) for one in bounds)
        assert field.limits and (field.limits.min, field.limits.max) == (low, high)
        assert places(reading, Construct.LIMITS) == [("D2", "q")]


def test_a_range_has_limits() -> None:
    field = one_field(
        "range", "q", "Q", "start=1 end=5 step=1", head=(*HEAD, "parameters"), choices=()
    )
    assert field.limits and (field.limits.min, field.limits.max) == (1, 5)


def test_date_and_time_become_two_questions() -> None:
    date, time = made(read(("dateTime", "when", "When"))).all_fields()
    assert (date.id, date.type) == ("when", FieldType.DATE)
    assert (time.id, time.type) == ("when_time", FieldType.TIME)
    assert time.label.en == "When (time)"


def test_pictures_and_signatures() -> None:
    head = (*HEAD, "required", "appearance")
    definition = made(
        read(
            ("image", "plate", "Nameplate", "yes", None),
            ("image", "sign", "Inspector", "yes", "signature"),
            head=head,
        )
    )
    [field] = definition.all_fields()
    assert (field.photos.mode, field.photos.min, field.required) == (PhotoMode.REQUIRED, 1, False)
    [role] = definition.signature_roles
    assert (role.id, role.label.en, role.required) == ("sign", "Inspector", True)


@pytest.mark.parametrize("end", ["or_other", "or other", "or specify other"])
def test_other_answers(end: str) -> None:
    choice, text = made(read((f"select_one yn {end}", "q", "Q"))).all_fields()
    assert [option.label.en for option in choice.options] == ["Yes", "No", "Other"]
    assert (text.id, text.type, text.required) == ("q_other", FieldType.TEXT, False)


def test_groups_become_sections() -> None:
    definition = made(
        read(
            ("text", "before", "Before"),
            ("begin group", "a", "Panel"),
            ("text", "a1", "One"),
            ("begin_group", "b", "Doors"),
            ("text", "b1", "Two"),
            ("end_group",),
            ("text", "a2", "Three"),
            ("end group",),
            ("begin_group", "layout"),
            ("text", "after", "After"),
            ("end_group",),
        )
    )
    sections = [
        (section.id, section.title.en, [field.id for field in section.fields])
        for section in definition.sections
    ]
    assert sections == [
        ("questions", "Questions", ["before"]),
        ("a", "Panel", ["a1"]),
        ("b", "Panel › Doors", ["b1"]),
        ("a_2", "Panel", ["a2"]),
        ("questions_2", "Questions", ["after"]),
    ]


def test_the_questions_of_a_repeat_are_asked_once() -> None:
    reading = read(
        ("begin repeat", "pump", "Pump"), ("text", "tag", "Tag"), ("end repeat",), choices=()
    )
    assert [section.title.en for section in made(reading).sections] == ["Pump"]
    assert places(reading, Construct.REPEAT) == [("A2", "pump")]


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ((("begin group", "g", "G"), TEXT), ["A2"]),
        ((TEXT, ("end group",)), ["A3"]),
        ((("begin repeat", "g", "G"), TEXT, ("end group",)), ["A4"]),
        ((("select_one none", "q", "Q"),), ["A2"]),
        ((("select_one", "q", "Q"),), ["A2"]),
        ((("text", None, "Q"),), ["A2"]),
        ((("geopoint", "q", "Q"),), [""]),
        ((), [""]),
    ],
)
def test_faults_stop_the_import_and_name_the_cell(rows: Rows, cells: list[str]) -> None:
    reading = read(*rows)
    assert reading.definition is None
    assert [problem.cell for problem in reading.problems] == cells


def test_groups_too_deep_stop_the_import() -> None:
    reading = read(*[("begin group", f"g{n}", "G") for n in range(400)], TEXT)
    assert "inside one another" in str(reading.problems[0].sentence)


def test_choices_with_traps() -> None:
    choices = (
        ("list_name", "name", "label", "image", "town"),
        ("yn", 1, "Yes", "y.png", None),
        ("yn", 1, "Again", None, "x"),
        ("yn", "two words", None, None, None),
        (None, "loose", "Loose", None, None),
        ("single", "s", "Only", None, None),
        ("unused", "u", "Unused", None, None),
    )
    reading = read(("select_one yn", "q", "Q"), ("select_one single", "r", "R"), choices=choices)
    [field] = made(reading).all_fields()
    assert [(one.id, one.source_name, one.label.en) for one in field.options] == [
        ("o_1", "1", "Yes"),
        ("o_1_2", "1", "Again"),
        ("two_words", "two words", "two words"),
    ]
    assert listed(reading) == {
        "same_choice": 1,
        "loose_choice": 1,
        "few_choices": 1,
        "unused_list": 1,
        "picture": 1,
        "no_label": 1,
        "unknown_column": 1,
    }


def test_a_long_list_is_left_out() -> None:
    choices = [("list_name", "name", "label"), *(("big", f"c{n}", f"C {n}") for n in range(501))]
    reading = read(TEXT, ("select_one big", "q", "Q"), choices=choices)
    assert places(reading, Construct.MANY_CHOICES) == [("A3", "q")]


def test_names_and_labels_with_traps() -> None:
    reading = read(
        ("text", "Q-1.a", None),
        ("text", "Q-1.a", "Same name"),
        ("text", "9", "Digit"),
        ("text", "long", "x" * 2_500),
        ("note", "n", "You said ${9} and ${nobody}"),
    )
    fields = list(made(reading).all_fields())
    assert [field.id for field in fields] == ["q_1_a", "q_1_a_2", "f_9", "long", "n"]
    assert fields[0].label.en == "Q-1.a"
    assert len(fields[3].label.en or "") <= 2_000
    assert fields[4].label.en == "You said [Digit] and [nobody]"
    found = listed(reading)
    for construct in ("no_label", "same_name", "cut", "reference"):
        assert found[construct] == 1


def test_disabled_rows_and_blank_rows() -> None:
    reading = read((*TEXT, None), (), ("text", "u", "Off", "yes"), head=(*HEAD, "disabled"))
    assert [field.id for field in made(reading).all_fields()] == ["t"]
    assert places(reading, Construct.DISABLED) == [("A4", "u")]


def test_old_names_of_columns_and_single_colons() -> None:
    head = ("command", "tag", "label:English", "label:Portuguese", "bind:required")
    definition = made(read(("text", "q", "Name", "Nome", "yes"), head=head))
    [field] = definition.all_fields()
    assert field.label == Text(en="Name", pt="Nome") and field.required
    assert definition.languages == (Language.EN, Language.PT)


NINE = (
    "English (en)",
    "Português (pt)",
    "Français (fr)",
    "Español (es)",
    "العربية (ar)",
    "Kiswahili (sw)",
    "हिन्दी (hi)",
    "বাংলা (bn)",
    "ខ្មែរ (km)",
)


def nine(languages: Sequence[str] | None = None) -> FormReading:
    head = ("type", "name", *(f"label::{one}" for one in NINE))
    row = ("text", "q", *(f"Text {one}" for one in NINE))
    settings = (("default_language",), ("English (en)",))
    return read(row, head=head, languages=languages, settings=settings)


def test_a_person_chooses_among_nine_languages() -> None:
    reading = nine()
    assert reading.form and [one.name for one in reading.form.languages] == list(NINE)
    assert reading.form.chosen == ("english(en)", "português(pt)")
    assert listed(reading)["language"] == 7
    [field] = made(nine(["km", "Português (pt)"])).all_fields()
    assert field.label == Text(en="Text ខ្មែរ (km)", pt="Text Português (pt)")
    assert made(nine(["pt", "en"])).languages == (Language.PT, Language.EN)


@pytest.mark.parametrize(
    ("languages", "words"),
    [
        (["de"], "no language"),
        (["en", "fr"], "cannot be chosen together"),
        (["en", "en"], "at most two"),
        (["en", "pt", "fr"], "at most two"),
    ],
)
def test_languages_that_cannot_be_chosen(languages: list[str], words: str) -> None:
    reading = nine(languages)
    assert reading.definition is None
    assert re.search(words, str(reading.problems[0].sentence))


def test_missing_translations_are_listed() -> None:
    head = ("type", "name", "label::English (en)", "label::Português (pt)")
    reading = read(("text", "q", "Name", None), ("text", "r", None, "Só aqui"), head=head)
    first, second = made(reading).all_fields()
    assert (first.label, second.label) == (Text(en="Name"), Text(pt="Só aqui"))
    assert len(places(reading, Construct.TRANSLATION)) == 2


def test_a_column_without_a_language_is_the_default_one() -> None:
    head = ("type", "name", "label", "label::Português (pt)")
    row = ("text", "q", "Name", "Nome")
    settings = (("default_language",), ("English (en)",))
    definition = made(read(row, head=head, settings=settings))
    assert definition.languages == (Language.EN, Language.PT)
    portuguese = read(("text", "q", "Tensão de alimentação do quadro"))
    assert made(portuguese).languages == (Language.PT,)


def test_each_construct_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Construct)


def test_a_thousand_rows_in_nine_languages() -> None:
    head = ("type", "name", *(f"{what}::{one}" for what in ("label", "hint") for one in NINE))
    rows = [("select_one yn", f"q{n}", *(f"{n} {one}" for one in NINE * 2)) for n in range(1_000)]
    assert len(list(made(read(*rows, head=head)).all_fields())) == 1_000
    more = read(*rows, TEXT, head=head)
    assert more.definition is None and "1000 fields" in str(more.problems[0].sentence)


# Forms that pass the guard and ask for as much work as they can.
HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "groups": lambda: a_form(survey=(HEAD, *[("begin group", f"g{n}", "G") for n in range(4_000)])),
    "selects": lambda: a_form(
        survey=(HEAD, *[("select_one big", f"q{n}", "Q") for n in range(4_000)]),
        choices=(("list_name", "name", "label"), *[("big", f"c{n}", "C") for n in range(499)]),
    ),
    "rules": lambda: a_form(
        survey=(
            ("type", "name", "label", "constraint"),
            *[("integer", f"q{n}", "Q", f"{LONG_RULE}1") for n in range(1_500)],
        )
    ),
    "columns": lambda: a_form(
        survey=(
            ("type", "name", *(f"label::{n}" for n in range(190))),
            *[("text", f"q{n}", *("x",) * 190) for n in range(500)],
        )
    ),
}
LONG_RULE = "".join(f"${{q{n}}} or " for n in range(500))[:3_900]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_forms_end_in_time(name: str) -> None:
    data = HOSTILE[name]()
    before = time.process_time()
    read_any(data, filename_stem=name)
    # The child may use four seconds; a busy machine makes each of them up to twice as long.
    assert time.process_time() - before < 2 * LIMITS.cpu_seconds
