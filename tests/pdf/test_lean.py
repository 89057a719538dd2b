"""What app/pdf/lean leaves out changes no pixel, and the work that it saves stays saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pydyf
import pypdfium2
import pytest
from PIL import Image, ImageChops
from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.formatting_structure import boxes
from weasyprint.html import HTML_HANDLERS

from app.layouts import Layout
from app.pdf.check_code import CODE_URL, CheckCode
from app.pdf.fetcher import ReportFetcher, evidence_url
from app.pdf.fonts import family_css, font_face_css, font_files
from app.pdf.lean import cards, page, shortcuts
from app.pdf.lean.fonts import shared_fonts
from app.pdf.lean.letters import KeptLayout
from app.pdf.lean.pictures import find_picture
from app.pdf.markup import TEMPLATES, render_html, stylesheet, stylesheets_of, theme_css
from app.pdf.settings import PdfSettings, PhotoSize
from app.scripts import families_of
from tests.pdf import samples
from tests.pdf.samples import Sample
from tests.support.sentences import SENTENCES

COMPACT = PdfSettings(photo_size=PhotoSize.COMPACT)


def sheets_of(sample: Sample) -> list[CSS]:
    families = families_of(render_html(sample.context))
    fonts, fetcher = shared_fonts(), ReportFetcher(font_files(), {})
    fonts.add(families)
    texts = (
        font_face_css(),
        *(stylesheet(name) for name in stylesheets_of(sample.context)),
        theme_css(sample.context),
        family_css(families),
    )
    return [CSS(string="\n".join(texts), url_fetcher=fetcher, font_config=fonts)]


def lean(sample: Sample) -> Document:
    found = {key: find_picture(path, key[-8:]) for key, path in sample.files.items()}
    pictures = {evidence_url(key): picture for key, picture in found.items() if picture}
    fetcher = ReportFetcher(font_files(), sample.files)
    xml, codes = render_html(sample.context), codes_of(sample)
    return page.lay_out(xml, fetcher, sheets_of(sample), shared_fonts(), {**pictures, **codes})


def codes_of(sample: Sample) -> dict[str, CheckCode]:
    return {CODE_URL: CheckCode(sample.context.check_url)} if sample.context.check_url else {}


@contextmanager
def weasyprint_alone() -> Iterator[None]:
    handlers = {name: HTML_HANDLERS.pop(name) for name in (cards.FIGURE, cards.TEXT)}
    with pytest.MonkeyPatch.context() as patch:
        for one in shortcuts.SHORTCUTS:
            patch.setattr(one.module, one.name, one.theirs)
        try:
            yield
        finally:
            HTML_HANDLERS.update(handlers)


def plain(sample: Sample) -> Document:
    """The same page by WeasyPrint as its manual uses it, read by its HTML5 parser."""
    fetcher = ReportFetcher(font_files(), sample.files)
    with weasyprint_alone():
        return HTML(string=render_html(sample.context), url_fetcher=fetcher).render(
            font_config=shared_fonts(), stylesheets=sheets_of(sample), cache=codes_of(sample)
        )


def rasters(document: Document, path: Path) -> list[Image.Image]:
    document.write_pdf(path, pdf_tags=True)
    pdf = pypdfium2.PdfDocument(path)
    try:
        return [one.render(scale=2).to_pil().convert("RGB") for one in pdf]
    finally:
        pdf.close()


def in_every_script(folder: Path) -> Sample:
    """Captions, labels and comments in all scripts, some too long for a line."""
    sample = samples.photo_report(folder, 12)
    texts = [*SENTENCES.values()]
    section = sample.context.sections[0]
    questions = tuple(
        replace(
            question,
            label=samples.PrintedText(texts[n % len(texts)] * (1 + n % 3), "W" * 150),
            comment="\n\n".join(texts[n : n + 2]),
            photos=tuple(
                replace(photo, caption=texts[-n] * 2, position_reason="one\n\ntwo  three")
                for photo in question.photos
            ),
        )
        for n, question in enumerate(section.questions)
    )
    context = replace(sample.context, sections=(replace(section, questions=questions),))
    return Sample(context, sample.files)


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (samples.big_report, PdfSettings()),
        (samples.failed_report, COMPACT),
        (in_every_script, PdfSettings(show_hashes=False)),
    ],
)
def test_pages_look_as_weasyprint_alone_prints_them(
    make: Any, settings: PdfSettings, tmp_path: Path
) -> None:
    sample = make(tmp_path)
    sample = replace(sample, context=replace(sample.context, settings=settings))
    ours = rasters(lean(sample), tmp_path / "lean.pdf")
    theirs = rasters(plain(sample), tmp_path / "plain.pdf")
    assert len(ours) == len(theirs)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        # Positions are summed in another order: an edge may be a shade lighter.
        most = max(band[1] for band in ImageChops.difference(one, other).getextrema())
        assert most <= 24, f"page {number}"


def test_a_card_is_one_box_and_odd_content_is_left_to_weasyprint(tmp_path: Path) -> None:
    sample = samples.photo_report(tmp_path, 20)
    document = lean(sample)
    found = [box for one in document.pages for box in one._page_box.descendants()]
    held = [b for b in found if isinstance(b, boxes.InlineReplacedBox)]
    assert sum(isinstance(box.replacement, cards.Card) for box in held) == 20
    odd = '<html><body><figure class="card"><p>no picture</p></figure></body></html>'
    kept = page.lay_out(odd, ReportFetcher({}, {}), sheets_of(sample), shared_fonts())
    texts = [b.text for b in kept.pages[0]._page_box.descendants() if isinstance(b, boxes.TextBox)]
    assert texts == ["no picture"]


@pytest.mark.parametrize("layout", Layout)
def test_three_hundred_photos_need_few_styles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    """An id on an element with children, or a rule for pseudo-elements, makes thousands."""
    album = samples.Album(tmp_path, (samples.TINY,))
    one = album.take("Rack")
    questions = tuple(
        samples.Question(
            f"q{n}",
            f"1.{n}",
            samples.PrintedText("Closed?", "Fechada?"),
            verdict="not_ok" if n % 5 == 0 else "ok",
            comment="Seen.",
            photos=tuple(replace(one, number=f"1.{n}-{m}") for m in range(n % 7)),
        )
        for n in range(100)
    )
    assert sum(len(question.photos) for question in questions) > 290
    section = samples.data.Section("s", "1", samples.PrintedText("Racks"), questions)
    context = samples.bare_context(
        sections=(section,), languages=("en", "pt"), settings=PdfSettings(layout=layout)
    )
    kept: list[Any] = []
    computed = page.Document._build_layout_context

    def watched(*arguments: Any) -> Any:
        kept.append(computed(*arguments))
        return kept[-1]

    monkeypatch.setattr(page.Document, "_build_layout_context", watched)
    lean(Sample(context, album.files))
    computed_styles = kept[0].style_for.get_computed_styles()
    styles = {id(style) for (one, _), style in computed_styles.items() if isinstance(one, Element)}
    assert 50 < len(styles) < 500


def test_stylesheets_ask_of_a_page_only_its_name_and_whether_it_is_first() -> None:
    """Else pages of one kind need styles of their own, or margin boxes are lost."""
    sheets = [path for path in TEMPLATES.rglob("*.css") if "@page" in path.read_text()]
    assert len(sheets) > 3
    for sheet in sheets:
        text = sheet.read_text()
        assert set(re.findall(r"@page[ \w]*([^ \w{][^{]*)", text)) <= {":first "}, sheet
        assert not re.search(r"@(top|bottom|left|right|footnote)\b", text), sheet


def test_a_line_is_shaped_once_and_dropped_when_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shaped: list[KeptLayout] = []
    setup = KeptLayout.setup

    def watched(layout: KeptLayout, style: Any) -> None:
        shaped.append(layout)
        setup(layout, style)

    monkeypatch.setattr(KeptLayout, "setup", watched)
    document = lean(samples.photo_report(tmp_path, 4))
    lines = [
        box.pango_layout
        for one in document.pages
        for box in one._page_box.descendants()
        if isinstance(box, boxes.TextBox)
    ]
    laid_out = len(shaped)
    document.write_pdf(tmp_path / "out.pdf")
    assert lines and len(shaped) == laid_out
    assert not any(hasattr(line, "layout") for line in lines)


def test_references_of_pages_are_those_of_pydyf(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = pydyf.PDF()
    for count in range(1, 4):
        pdf.add_page(pydyf.Dictionary({"Type": "/Page"}))
        numbers = pdf.pages["Kids"][::3]
        assert pdf.page_references == tuple(b"%d 0 R" % number for number in numbers)
        assert len(pdf.page_references) == count
    assert pdf.page_references is pdf.page_references, "kept, not listed for each tag again"
