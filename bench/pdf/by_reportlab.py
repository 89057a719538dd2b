"""The report set by ReportLab: the same words, pictures, contents page and page numbers.

Its drawing is plainer than ours on purpose: it is an anchor for speed and size, not a rival
template. JPEG bytes are passed through, as ReportLab does at its best.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)
from reportlab.platypus.tableofcontents import TableOfContents

from app.fonts import FONT_FOLDER, REGULAR, STRONG
from app.pdf.context import Photo, Question
from bench.pdf.report import Material

rl_config.useA85 = 0  # binary streams, as everybody else writes them
PHOTO_WIDTH = 62 * mm
COLUMNS = (14 * mm, 110 * mm, 50 * mm)
LINES = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.HexColor("#c5cad3")),
]


def render(material: Material, output: Path) -> None:
    """Write the report to `output`."""
    document = _Document(str(output), pagesize=A4, title=material.context.full_number)
    document.multiBuild(list(_story(material)), canvasmaker=_NumberedCanvas)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    for name in (REGULAR, STRONG):
        pdfmetrics.registerFont(TTFont(name, str(FONT_FOLDER / f"{name}.ttf")))
    text = ParagraphStyle("text", fontName=REGULAR, fontSize=8.5, leading=11)
    return {
        "text": text,
        "small": ParagraphStyle("small", text, fontSize=6.5, leading=8.5),
        "title": ParagraphStyle("title", text, fontName=STRONG, fontSize=24, leading=30),
        "section": ParagraphStyle("section", text, fontName=STRONG, fontSize=13, leading=18),
    }


class _Document(BaseDocTemplate):  # type: ignore[misc]
    """Tells the contents page where each section begins."""

    def __init__(self, filename: str, **options: Any) -> None:
        super().__init__(filename, **options)
        frame = Frame(18 * mm, 18 * mm, A4[0] - 36 * mm, A4[1] - 36 * mm)
        self.addPageTemplates(PageTemplate("page", [frame]))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802
        if isinstance(flowable, Paragraph) and flowable.style.name == "section":
            self.notify("TOCEntry", (0, flowable.getPlainText(), self.page))


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """Writes 'page x of y' and the running head when the number of pages is known."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._pages, start=1):
            self.__dict__.update(state)
            self.setFont(REGULAR, 7)
            self.drawString(18 * mm, A4[1] - 12 * mm, "Voltara Comissionamento · BENCH-0001-R0")
            self.drawRightString(A4[0] - 18 * mm, 10 * mm, f"{number} / {len(self._pages)}")
            super().showPage()
        super().save()


def _story(material: Material) -> Iterator[Flowable]:
    styles, context = _styles(), material.context
    yield Spacer(1, 60 * mm)
    yield Paragraph(context.report.title, styles["title"])
    for words in (context.full_number, context.project.name, context.project.client):
        yield Paragraph(words, styles["text"])
    yield PageBreak()
    contents = TableOfContents()
    contents.levelStyles = [styles["text"]]
    yield contents
    yield PageBreak()
    for section in context.sections:
        title = section.title
        yield Paragraph(f"{section.number}  {title.first} · {title.second}", styles["section"])
        for question in section.questions:
            yield _question(question)
            yield from _photos(question.photos, material)
    for signature in context.signatures:
        yield Paragraph(f"{signature.role.first}: {signature.signer}", styles["text"])


def _question(question: Question) -> Table:
    styles = _styles()
    asked = [
        Paragraph(question.label.first, styles["text"]),
        Paragraph(question.label.second or "", styles["small"]),
        Paragraph(question.comment, styles["small"]),
    ]
    measured = question.measurement
    answer = f"{measured.text} MΩ" if measured else "OK"
    cells = [[Paragraph(question.number, styles["text"]), asked, Paragraph(answer, styles["text"])]]
    return Table(cells, colWidths=COLUMNS, style=LINES)


def _photos(photos: tuple[Photo, ...], material: Material) -> Iterator[Table]:
    for start in range(0, len(photos), 2):
        pair = photos[start : start + 2]
        pictures = [_picture(photo, material) for photo in pair]
        captions = [[_caption(photo)] for photo in pair]
        yield Table([pictures, captions], colWidths=[87 * mm] * len(pair), style=LINES[:1])


def _picture(photo: Photo, material: Material) -> Image:
    height = PHOTO_WIDTH * photo.height / photo.width
    return Image(str(material.prints[photo.key]), PHOTO_WIDTH, height, lazy=2)


def _caption(photo: Photo) -> list[Paragraph]:
    words = (
        f"Photo {photo.ordinal} {photo.caption}",
        f"{photo.time_text} · {photo.time_source}",
        f"{photo.coordinates} {photo.accuracy} · {photo.place_source}",
        photo.nearest,
        photo.from_site,
        f"SHA-256 {photo.sha256[:12]}",
    )
    return [Paragraph(line, _styles()["small"]) for line in words]
