"""The five layouts: each complete, reproducible, told apart by its pages, and well broken."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pypdfium2
import pytest

from app.layouts import Layout, layout_of
from app.pdf.context import (
    Measurement,
    MeasurementTable,
    PhotoTotals,
    PrintedText,
    Question,
    ReportContext,
    Section,
    TableRow,
)
from app.pdf.engine import render_pdf
from app.pdf.markup import page_words
from app.pdf.proof import drawn_images
from app.pdf.settings import PageFormat, PdfSettings, layout_in_force
from tests.pdf import samples
from tests.pdf.layouts import NAMES, Printing, laid_out, texts_of
from tests.pdf.reading import bookmarks, page_texts, squeezed
from tests.pdf.tree import Element, read_tags
from tests.support.alternatives import alternatives

# They share renders of the samples.
pytestmark = pytest.mark.xdist_group("layouts")

ALL = pytest.mark.parametrize("layout", Layout)
FOOT = 15.5 / 25.4 * 72  # points: below it are the words that every page has
EACH = pytest.mark.parametrize("name", [*NAMES, "one of everything"])


@ALL
def test_the_same_report_gives_the_same_bytes(
    in_layout: Printing, tmp_path: Path, layout: Layout
) -> None:
    sample, first = in_layout("big", layout)
    render_pdf(laid_out(sample, layout), sample.files, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == first.read_bytes()


@ALL
@EACH
def test_every_word_of_the_report_is_in_every_layout(
    in_layout: Printing, name: str, layout: Layout
) -> None:
    sample, pdf = in_layout(name, layout)
    pages = page_texts(pdf)
    read = (*pages, without_frames(sample.context, pages), *alternatives(pdf.read_bytes()))
    said = squeezed(" ".join(read))
    numbers = [
        one.number
        for section in sample.context.sections
        for one in section.questions
        if not one.is_note
    ]
    texts = [*texts_of(sample.context), *numbers]
    missing = [text for text in texts if squeezed(text) not in said]
    assert missing == []


def without_frames(context: ReportContext, pages: list[str]) -> str:
    """The pages as one text without heads and feet, which would interrupt what two pages share."""
    own = (context.report.title, f"{context.full_number} · {context.project.name}")
    bare = []
    for number, page in enumerate(pages, start=1):
        words = squeezed(page)
        for frame in (*own, page_words(context, number, len(pages)), context.settings.footer):
            words = words.replace(squeezed(frame), "")
        bare.append(words)
    return "".join(bare)


@ALL
@EACH
def test_every_photo_is_drawn_once(in_layout: Printing, name: str, layout: Layout) -> None:
    sample, pdf = in_layout(name, layout)
    placed = Counter(
        hashlib.sha256(sample.files[photo.key].read_bytes()).hexdigest()
        for photo in sample.context.photos()
    )
    assert drawn_images(pdf) == placed


@ALL
@EACH
def test_no_heading_stands_alone_at_the_foot_of_a_page(
    in_layout: Printing, name: str, layout: Layout
) -> None:
    leaves = list(read_tags(in_layout(name, layout)[1]).document.leaves())
    assert _left_alone(leaves) == []


def _left_alone(leaves: list[tuple[Element, tuple[int, int]]]) -> list[int]:
    """The pages whose last words are a heading, and what follows it is on the next page."""
    pairs = itertools.pairwise(leaves)
    return [
        page
        for (element, (page, _)), (_, (next_page, _)) in pairs
        if element.role.startswith("H") and next_page != page
    ]


@ALL
def test_headings_keep_with_their_questions_wherever_the_page_ends(
    tmp_path: Path, layout: Layout
) -> None:
    """So many short sections of uneven length that some headings come to the foot of a page."""
    context = samples.bare_context(
        sections=tuple(map(a_short_section, range(1, 71))), settings=PdfSettings(layout=layout)
    )
    render_pdf(context, {}, tmp_path / "out.pdf")
    leaves = list(read_tags(tmp_path / "out.pdf").document.leaves())
    assert len(page_texts(tmp_path / "out.pdf")) > 8
    assert _left_alone(leaves) == []


def a_short_section(place: int) -> Section:
    chance = Random(place)
    questions = tuple(
        Question(
            f"q{place}_{n}",
            f"{place}.{n}",
            PrintedText("Is it? " * chance.randint(1, 30)),
            verdict="ok",
        )
        for n in range(1, chance.randint(2, 5))
    )
    return Section(f"s{place}", str(place), PrintedText(f"Section {place}"), questions)


@ALL
def test_a_table_repeats_its_head_on_every_page(tmp_path: Path, layout: Layout) -> None:
    rows = tuple(TableRow(PrintedText(f"Bay{n:03}"), (Measurement(str(n)),)) for n in range(150))
    table = MeasurementTable((PrintedText("Measured"),), rows)
    question = Question("t", "1.1", PrintedText("Voltage"), table=table)
    section = Section("s", "1", PrintedText("Tests"), (question,))
    context = samples.bare_context(sections=(section,), settings=PdfSettings(layout=layout))
    render_pdf(context, {}, tmp_path / "out.pdf")
    pages = [text for text in page_texts(tmp_path / "out.pdf") if "Bay" in text]
    assert len(pages) > 1
    assert all("Measured" in text for text in pages)


@ALL
def test_no_head_of_a_table_is_alone_at_the_foot_of_a_page(tmp_path: Path, layout: Layout) -> None:
    """Tables of one to six rows after none, one or two plain questions, so that some begin near
    the foot of a page."""
    asked = tuple(one for n in range(45) for one in (*plain_ones(n), a_short_table(n)))
    section = Section("s", "1", PrintedText("Tests"), asked)
    context = samples.bare_context(sections=(section,), settings=PdfSettings(layout=layout))
    render_pdf(context, {}, tmp_path / "out.pdf")
    pages = page_texts(tmp_path / "out.pdf")
    assert sum("Head" in text for text in pages) > 2
    for n in range(45):
        first = next(text for text in pages if f"Head{n:02}x" in text)
        assert f"Ask{n:02}x" in first and f"Row{n:02}x" in first, n


def plain_ones(n: int) -> tuple[Question, ...]:
    return tuple(
        Question(f"n{n}_{m}", f"1.{n}.{m}", PrintedText(f"Plain{m}"), verdict="ok")
        for m in range(n // 15)
    )


def a_short_table(n: int) -> Question:
    rows = tuple(
        TableRow(PrintedText(f"Row{n:02}x"), (Measurement(str(row)),))
        for row in range(1 + n * 5 % 6)
    )
    table = MeasurementTable((PrintedText(f"Head{n:02}x"),), rows)
    return Question(f"t{n}", f"2.{n}", PrintedText(f"Ask{n:02}x"), table=table)


def test_a_record_of_the_protocol_repeats_its_head_on_every_page(tmp_path: Path) -> None:
    questions = tuple(
        Question(f"q{n}", f"1.{n}", PrintedText(f"Check{n:03}"), verdict="ok")
        for n in range(1, 140)
    )
    section = Section("s", "1", PrintedText("Tests"), questions)
    chosen = PdfSettings(layout=Layout.PROTOCOL)
    render_pdf(samples.bare_context(sections=(section,), settings=chosen), {}, tmp_path / "out.pdf")
    pages = [text for text in page_texts(tmp_path / "out.pdf") if "Check" in text]
    assert len(pages) > 1
    assert all("Question" in text and "Limits" in text for text in pages)


def pages_of(in_layout: Printing, name: str) -> dict[Layout, int]:
    return {layout: len(page_texts(in_layout(name, layout)[1])) for layout in Layout}


@pytest.mark.parametrize("name", ["big", "failed"])
def test_compact_has_fewest_pages_and_photographic_most(in_layout: Printing, name: str) -> None:
    pages = pages_of(in_layout, name)
    assert pages[Layout.COMPACT] == min(pages.values())
    assert pages[Layout.PHOTOGRAPHIC] == max(pages.values())
    assert (
        pages[Layout.COMPACT] * 1.25 <= pages[Layout.CLASSIC] <= pages[Layout.PHOTOGRAPHIC] / 1.25
    )


def drawn_sizes(pdf: Path) -> list[float]:
    """The heights of the photos on their pages in millimetres."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = [
            image.get_bounds()
            for page in document
            for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        ]
    finally:
        document.close()
    return sorted((top - bottom) / 72 * 25.4 for _left, bottom, _right, top in found)


def test_photos_are_large_in_the_photographic_layout_and_small_in_the_dense_ones(
    in_layout: Printing,
) -> None:
    sizes = {layout: drawn_sizes(in_layout("big", layout)[1]) for layout in Layout}
    middle = {layout: found[len(found) // 2] for layout, found in sizes.items()}
    # The last photo of a page gives way there, so a quarter may be smaller.
    assert sizes[Layout.PHOTOGRAPHIC][-1] > 1.5 * sizes[Layout.CLASSIC][-1]
    assert middle[Layout.PHOTOGRAPHIC] > 1.35 * middle[Layout.CLASSIC]
    assert middle[Layout.CLASSIC] > 1.2 * middle[Layout.PROTOCOL] > middle[Layout.COMPACT]


@pytest.mark.parametrize("page_format", PageFormat)
def test_large_photos_leave_no_page_a_third_empty(tmp_path: Path, page_format: PageFormat) -> None:
    """Questions of uneven height, half of them with a photo that is wide, upright or square."""
    chance, album = Random(7), samples.Album(tmp_path, (samples.LANDSCAPE, samples.PORTRAIT))
    questions = tuple(
        Question(
            f"q{n}",
            f"1.{n}",
            PrintedText("Is it? " * chance.randint(1, 20)),
            verdict="ok",
            photos=(album.take(),) * chance.randint(0, 1),
        )
        for n in range(1, 60)
    )
    section = Section("s", "1", PrintedText("Tests"), questions)
    chosen = PdfSettings(layout=Layout.PHOTOGRAPHIC, page_format=page_format)
    context = samples.bare_context(
        sections=(section,),
        settings=chosen,
        photo_totals=PhotoTotals(sum(len(one.photos) for one in questions)),
    )
    render_pdf(context, album.files, tmp_path / "out.pdf")
    asked = bottoms(tmp_path / "out.pdf")[2:-1]
    assert len(asked) > 8
    assert max(asked) < 297 / 3
    heights = drawn_sizes(tmp_path / "out.pdf")
    assert heights[0] >= 50 - 0.1 and heights[0] < 0.8 * heights[-1]


def bottoms(pdf: Path) -> list[float]:
    """How far above the foot of each page its lowest photo or line of the body ends, in
    millimetres."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [min(_bottoms_on(page)) / 72 * 25.4 for page in document]
    finally:
        document.close()


def _bottoms_on(page: pypdfium2.PdfPage) -> Iterator[float]:
    kinds = [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE, pypdfium2.raw.FPDF_PAGEOBJ_TEXT]
    for one in page.get_objects(filter=kinds):
        bottom = one.get_bounds()[1]
        if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE or bottom > FOOT:
            yield bottom


def test_the_executive_layout_shows_failures_first_and_everything_in_its_annex(
    in_layout: Printing,
) -> None:
    sample, pdf = in_layout("big", Layout.EXECUTIVE)
    text = " ".join(page_texts(pdf))
    failed, annex = text.index("Failed items"), text.index("Annex: the full record")
    assert text.index("Passed with remarks") < failed < annex
    front, back = squeezed(text[:annex]), squeezed(text[annex:])
    for question in sample.context.questions():
        assert squeezed(question.label.first) in back
    passed = next(q for q in sample.context.questions() if q.verdict == "ok" and q.comment == "")
    assert squeezed(passed.label.first) not in front
    assert "Annex: the full record Anexo: o registro completo" in bookmarks(pdf)


def test_layouts_without_a_cover_number_their_first_page(in_layout: Printing) -> None:
    numbered = {
        layout: "Page 1 of" in page_texts(in_layout("big", layout)[1])[0] for layout in Layout
    }
    bare = {Layout.COMPACT, Layout.PROTOCOL}
    assert numbered == {layout: layout in bare for layout in Layout}


@ALL
def test_every_layout_fits_on_letter_paper(
    in_layout: Printing, tmp_path: Path, layout: Layout
) -> None:
    sample, _ = in_layout("one of everything", layout)
    chosen = PdfSettings(layout=layout, page_format=PageFormat.LETTER)
    render_pdf(replace(sample.context, settings=chosen), sample.files, tmp_path / "out.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    for page in document:
        assert (round(page.get_width()), round(page.get_height())) == (612, 792)
        text = page.get_textpage()
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        assert min(box[0] for box in boxes) > 20 and max(box[2] for box in boxes) < 592
        assert min(box[1] for box in boxes) > 15
    document.close()


def test_a_checklists_layout_comes_before_the_companys():
    company = {"layout": "compact"}
    assert layout_in_force(company, None) is Layout.COMPACT
    assert layout_in_force(company, "protocol") is Layout.PROTOCOL
    assert (
        layout_in_force({}, None) is layout_in_force({"layout": "poster"}, None) is Layout.CLASSIC
    )
    assert layout_of(None) is layout_of("poster") is layout_of(["x"]) is Layout.CLASSIC
    assert layout_of("executive") is Layout.EXECUTIVE
