"""The report's public address in the PDF: as a code on the first page, as text on every page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pypdfium2.raw as raw
import pytest
import segno

from app.layouts import Layout
from app.pdf.context import ReportContext
from app.pdf.engine import COVERLESS, render_pdf
from tests.pdf import layouts, samples
from tests.pdf.reading import page_texts, squeezed
from tests.pdf.samples import Sample

SCALE = 8
ADDRESS = samples.CHECK_URL.removeprefix("https://")
DARK = 100


@pytest.mark.parametrize("layout", Layout)
def test_the_code_on_the_first_page_says_the_address(layout: Layout, tmp_path: Path) -> None:
    """Each module is read from the page's pixels and compared with the code of the address."""
    pdf = printed(layouts.laid_out(Sample(addressed(), {}), layout), tmp_path)
    assert modules_on(pdf) == matrix_of(samples.CHECK_URL)


def test_another_address_gives_another_code(tmp_path: Path) -> None:
    context = replace(addressed(), check_url=samples.CHECK_URL[:-1] + "0")
    assert modules_on(printed(context, tmp_path)) != matrix_of(samples.CHECK_URL)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("is_preview", [False, True])
def test_every_page_has_the_address_previews_too(layout, is_preview: bool, tmp_path: Path) -> None:
    context = layouts.laid_out(Sample(addressed(), {}), layout)
    report = replace(context.report, is_preview=is_preview)
    pages = page_texts(printed(replace(context, report=report), tmp_path))
    assert len(pages) > (layout not in COVERLESS)
    assert [squeezed(ADDRESS) in squeezed(page) for page in pages] == [True] * len(pages)


def test_the_address_on_the_first_page_is_a_link(tmp_path: Path) -> None:
    pdf = printed(addressed(), tmp_path)
    with pikepdf.open(pdf) as document:
        links = [
            str(note.A.URI) for note in document.pages[0].get("/Annots", []) if "/URI" in note.A
        ]
    assert links == [samples.CHECK_URL]


def test_a_report_without_an_address_has_neither(tmp_path: Path) -> None:
    pdf = printed(replace(addressed(), check_url=""), tmp_path)
    assert not any("/v/" in page or "Conf" in page for page in page_texts(pdf))


def addressed() -> ReportContext:
    return replace(samples.small_report().context, check_url=samples.CHECK_URL)


def printed(context, folder: Path) -> Path:
    pdf = folder / "report.pdf"
    render_pdf(context, {}, pdf)
    return pdf


def matrix_of(address: str) -> list[list[bool]]:
    return [[bool(one) for one in row] for row in segno.make(address, error="m").matrix]


def modules_on(pdf: Path) -> list[list[bool]]:
    """The modules of the code, whose place is that of the largest drawing of squares: found by the
    rectangles in the page's own content."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        left, _bottom, right, top = _code_box(document[0])
        image = document[0].render(scale=SCALE).to_pil().convert("L")
        height = document[0].get_height()
        count = len(matrix_of(samples.CHECK_URL))
        step = (right - left) / count
        return [
            [
                image.getpixel(
                    (
                        int((left + (column + 0.5) * step) * SCALE),
                        int((height - top + (row + 0.5) * step) * SCALE),
                    )
                )
                < DARK
                for column in range(count)
            ]
            for row in range(count)
        ]
    finally:
        document.close()


def _code_box(page) -> tuple[float, float, float, float]:
    """The box of the path with the most segments: no other is drawn of hundreds of squares."""
    paths = list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]))
    return max(paths, key=lambda one: raw.FPDFPath_CountSegments(one.raw)).get_bounds()
