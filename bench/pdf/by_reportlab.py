"""The report made with ReportLab: the same text, pictures, table of contents and page numbers.

The layout is deliberately plainer than ours: it is a reference for speed and size, not a rival
template. JPEG bytes are passed through, ReportLab's fastest way.
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

rl_config.useA85 = 0  # binary streams, as the other contenders write
PHOTO_WIDTH = 62 * mm
COLUMNS = (14 * mm, 110 * mm, 50 * mm)
REGISTER_ROWS = 50
REGISTER_STYLE = [("FONTSIZE", (0, 0), (-1, -1), 6.5), ("TOPPADDING", (0, 0), (-1, -1), 0)]
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
    """Reports the page of each section to the table of contents and the outline."""

    def __init__(self, filename: str, **options: Any) -> None:
        super().__init__(filename, **options)
        frame = Frame(18 * mm, 18 * mm, A4[0] - 36 * mm, A4[1] - 36 * mm)
        self.addPageTemplates(PageTemplate("page", [frame]))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802
        if isinstance(flowable, Paragraph) and flowable.style.name == "section":
            words, key = flowable.getPlainText(), f"section-{self.page}-{id(flowable)}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(words, key)
            self.notify("TOCEntry", (0, words, self.page, key))


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """Writes 'page x of y' and the page header once the number of pages is known."""

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
    for item in context.exceptions:
        words = f'<link href="#{item.field_id}">{item.number}</link> {item.label.first}'
        yield Paragraph(words, styles["text"])
    for section in context.sections:
        title = section.title
        yield Paragraph(f"{section.number}  {title.first} · {title.second}", styles["section"])
        for question in section.questions:
            yield _question(question)
            yield from _table(question)
            yield from _photos(question.photos, material)
    for signature in context.signatures:
        yield Paragraph(f"{signature.role.first}: {signature.signer}", styles["text"])
        yield Image(str(material.prints[signature.image_key or ""]), 44 * mm, 15 * mm)
    # The register: every photo with the hash of its original.
    photos = [[photo.number, photo.sha256] for photo in material.photos()]
    for start in range(0, len(photos), REGISTER_ROWS):
        yield Table(photos[start : start + REGISTER_ROWS], style=REGISTER_STYLE)


def _question(question: Question) -> Table:
    styles = _styles()
    asked = [
        Paragraph(question.label.first, styles["text"]),
        Paragraph(question.label.second or "", styles["small"]),
        Paragraph(question.comment, styles["small"]),
    ]
    measured = question.measurement
    answer = f"{measured.text} MΩ" if measured else question.verdict or ""
    place = Paragraph(f'<a name="{question.field_id}"/>{question.number}', styles["text"])
    cells = [[place, asked, Paragraph(answer, styles["text"])]]
    return Table(cells, colWidths=COLUMNS, style=LINES)


def _table(question: Question) -> Iterator[Table]:
    if question.table:
        rows = [
            [row.label.first, *(cell.text if cell else "" for cell in row.cells)]
            for row in question.table.rows
        ]
        yield Table(rows, style=LINES)


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
        f"Photo {photo.number}",
        photo.caption,
    )
    return [Paragraph(line, _styles()["small"]) for line in words if line]
