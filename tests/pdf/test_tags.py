"""The tags of the PDFs: what a screen reader is told, in every layout and at every size."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pdfua
import pikepdf
import pytest

from app.layouts import Layout
from app.pdf.context import (
    Measurement,
    MeasurementTable,
    PhotoTotals,
    PrintedText,
    Question,
    Section,
    TableRow,
)
from app.pdf.engine import render_pdf
from app.pdf.settings import PdfSettings
from tests.pdf import samples
from tests.pdf.layouts import Printing
from tests.pdf.tree import Tags, read_tags

# They share renders of the samples.
pytestmark = pytest.mark.xdist_group("layouts")

ReadTags = Callable[..., Tags]
HEADINGS = ("H1", "H2", "H3")
ALL = pytest.mark.parametrize("layout", Layout)


@pytest.fixture(scope="module")
def tags_of(in_layout: Printing) -> ReadTags:
    return cache(lambda layout, name="big": read_tags(in_layout(name, layout)[1]))


@ALL
def test_all_that_is_drawn_is_tagged_or_an_artifact(tags_of: ReadTags, layout: Layout) -> None:
    tags = tags_of(layout)
    listed = [mark for _, mark in tags.document.leaves()]
    assert tags.loose == 0
    assert len(listed) == len(set(listed)), "each content belongs to one element"
    assert set(listed) == tags.words.keys()
    assert tags.artifacts, "head and foot"


@ALL
def test_headings_step_down_one_level_at_a_time(tags_of: ReadTags, layout: Layout) -> None:
    levels = [int(one.role[1]) for one in tags_of(layout).document.find(*HEADINGS)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert levels.count(2) >= 7


@ALL
def test_tables_of_data_have_header_cells_and_layout_tables_are_none(
    tags_of: ReadTags, layout: Layout
) -> None:
    tables = tags_of(layout).document.find("Table")
    # Details, information, two registers with a head, evidence, and the measured tables.
    assert len(tables) >= 5 + 3
    for table in tables:
        heads = table.find("TH")
        assert heads and {head.scope for head in heads} <= {"Row", "Column"}
        assert {row.role for row in table.children} == {"TR"}
        assert {cell.role for row in table.children for cell in row.children} <= {"TH", "TD"}
    # A question of the classic layout is set by a table, as is the cover: neither is data.
    within = {id(one) for table in tables for one in table.descendants()}
    titles = [one for one in tags_of(layout).document.find("H1") if id(one) in within]
    assert titles == []


@ALL
def test_lists_have_items_with_bodies(tags_of: ReadTags, layout: Layout) -> None:
    lists = tags_of(layout).document.find("L")
    assert len(lists) == 2, "standards and planning requirements"
    for one in lists:
        assert one.children and all(item.role == "LI" for item in one.children)
        assert all([part.role for part in item.children] == ["LBody"] for item in one.children)


@ALL
def test_every_picture_has_an_alternative_text(
    tags_of: ReadTags, in_layout: Printing, layout: Layout
) -> None:
    sample, _ = in_layout("big", layout)
    spoken = [one.alt for one in tags_of(layout).document.find("Figure")]
    assert all(spoken)
    for photo in sample.context.photos():
        named = (f"Photo {photo.number}:", f"Photo {photo.number}.")
        (words,) = [one for one in spoken if one.startswith(named) or one == named[0][:-1]]
        assert photo.caption in words


@ALL
def test_the_second_language_is_named_wherever_it_stands(
    tags_of: ReadTags, in_layout: Printing, layout: Layout
) -> None:
    tags, (sample, pdf) = tags_of(layout), in_layout("big", layout)
    with pikepdf.open(pdf) as opened:
        assert str(opened.Root.Lang) == "en"
    named = [one for one in tags.document.descendants() if one.lang]
    assert {one.lang for one in named} == {"pt"}
    # At least each question's second label.
    found = len(named) + tags.languages.total()
    assert found > len([q for q in sample.context.questions() if q.label.second])
    assert tags.languages.keys() <= {"pt"}
    assert all(list(one.leaves()) for one in named)
    single = tags_of(layout, "small")
    assert not [one for one in single.document.descendants() if one.lang]
    assert not single.languages


@ALL
def test_pages_are_read_in_their_order(tags_of: ReadTags, layout: Layout) -> None:
    pages = [page for _, (page, _) in tags_of(layout).document.leaves()]
    assert pages == sorted(pages)


def a_long_table(rows: int = 120) -> Question:
    cells = tuple(TableRow(PrintedText(f"L{n}"), (Measurement(str(n)),)) for n in range(rows))
    return Question(
        "t", "1.1", PrintedText("Rows"), table=MeasurementTable((PrintedText("V"),), cells)
    )


@ALL
def test_a_table_over_several_pages_is_one_whose_repeated_heads_are_not_read(
    tmp_path: Path, layout: Layout
) -> None:
    section = Section("s", "1", PrintedText("Long"), (a_long_table(),))
    context = samples.bare_context(sections=(section,), settings=PdfSettings(layout=layout))
    render_pdf(context, {}, tmp_path / "out.pdf")
    document = read_tags(tmp_path / "out.pdf").document
    (table,) = [one for one in document.find("Table") if len(one.children) > 100]
    assert len({page for _, (page, _) in table.leaves()}) > 1
    assert len(table.children) == 121
    assert len([row for row in table.children if row.find("TH")]) == 1


def test_a_report_of_many_pages_is_tagged_too(tmp_path: Path) -> None:
    sample = samples.photo_report(tmp_path / "photos", 2)
    photo = sample.context.photos()[0]
    photos = tuple(replace(photo, number=f"1.1-{n}") for n in range(1, 321))
    question = Question("q", "1.1", PrintedText("Photographs"), verdict="ok", photos=photos)
    context = replace(
        sample.context,
        sections=(Section("s", "1", PrintedText("Album"), (question,)),),
        info=(),
        photo_totals=PhotoTotals(good=320),
        settings=PdfSettings(layout=Layout.PHOTOGRAPHIC),
    )
    made = render_pdf(context, sample.files, tmp_path / "out.pdf")
    assert made.pages > 150
    tags = read_tags(tmp_path / "out.pdf")
    assert len(tags.document.find("Figure")) == 320
    assert tags.loose == 0


@ALL
@pytest.mark.parametrize("name", ["small", "big"])
def test_another_checker_finds_nothing_but_that_no_claim_is_made(
    in_layout: Printing, layout: Layout, name: str
) -> None:
    """pdfua checks 16 of the 106 rules; the file claims no conformance, which it remarks."""
    found = pdfua.validate(str(in_layout(name, layout)[1])).findings
    assert [one.rule_id for one in found] == ["UA-28-004"]


def test_no_pdf_claims_conformance(in_layout: Printing) -> None:
    with pikepdf.open(in_layout("big", Layout.CLASSIC)[1]) as opened:
        assert "/Metadata" not in opened.Root
