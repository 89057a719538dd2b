"""PDFs in every script: text as its readers write it, no boxes, no fonts of the machine."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pypdfium2
import pytest
import tinyhtml5
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from app.fonts import FALLBACKS, FONT_FOLDER, Fonts
from app.pdf.context import PrintedText, ReportContext
from app.pdf.engine import render_pdf
from app.pdf.markup import render_html
from app.pdf.text import breakable
from app.scripts import families_of
from tests.pdf import samples
from tests.pdf.filling import IDS, filled
from tests.pdf.reading import font_names, text_of
from tests.support.sentences import ODD, SENTENCES, UNPRINTABLE

ROOT = Path(__file__).resolve().parents[2]
# Each is set in one line by a single font.
NAMES = {
    "hebrew": "הדלת סגורה",
    "arabic": "الباب مغلق",
    "thai": "ประตูตู้ปิดอยู่",
    "hindi": "क्षेत्र में प्रतिरोध",
    "simplified": "配电柜门已关闭",
    "traditional": "配電櫃門已關閉",
    "japanese": "配電盤の扉は閉まる",
    "korean": "배전반 문이 닫혀 있음",
}
PACKAGED = ("Inter", *(one.family.replace(" ", "-") for one in FALLBACKS))
FORKS = """
import os, sys
from pathlib import Path
from app.pdf.engine import render_pdf, warm_up
from app.pdf.context import PrintedText
from tests.pdf import samples
warm_up()
context = samples.bare_context(checklist=samples.data.Checklist("D", 1, PrintedText(sys.argv[2])))
for name in ("first", "second"):
    child = os.fork()
    if child == 0:
        render_pdf(context, {}, Path(sys.argv[1]) / name)
        os._exit(0)
    os.waitpid(child, 0)
"""


def titled(title: str) -> ReportContext:
    return samples.bare_context(checklist=samples.data.Checklist("DOOR-1", 1, PrintedText(title)))


def ink(image: Image.Image) -> Image.Image:
    """The part that is darker than its background, cropped and scaled to a fixed size."""
    grey = image.convert("L").point(lambda value: 255 - value)
    box = grey.point(lambda value: 255 if value > 60 else 0).getbbox()
    assert box is not None
    return grey.crop(box).resize((600, 60), Image.Resampling.LANCZOS)


def unlikeness(one: Image.Image, other: Image.Image) -> float:
    """0 for identical pictures, 1 if all ink of both is in different places."""
    total = sum(ImageStat.Stat(image).sum[0] for image in (one, other))
    return ImageStat.Stat(ImageChops.difference(one, other)).sum[0] / total


def company_of(pdf: Path) -> Image.Image:
    """The company's name at the top of the cover, 13 points high, enlarged eight times."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        scale = 8 * 72 / 25.4  # pixels per millimetre
        whole = document[0].render(scale=8).to_pil()
        return whole.crop(
            (round(28 * scale), round(15 * scale), round(190 * scale), round(32 * scale))
        )
    finally:
        document.close()


def set_by_raqm(text: str, family: str) -> Image.Image:
    path = Fonts.from_folder(FONT_FOLDER).of(family, is_strong=True)
    face = ImageFont.truetype(path, 96, layout_engine=ImageFont.Layout.RAQM)
    image = Image.new("RGB", (2400, 260), "white")
    ImageDraw.Draw(image).text((40, 170), text, "black", face, anchor="ls")
    return image


@pytest.mark.parametrize("name", NAMES)
def test_a_name_looks_as_its_font_sets_it(name: str, tmp_path: Path) -> None:
    """Compared with another engine: Raqm and FreeType against Pango, a subset and PDFium."""
    text = NAMES[name]
    (family,) = families_of(text)
    context = samples.bare_context(branding=samples.data.Branding(name=text))
    render_pdf(context, {}, tmp_path / "out.pdf")
    found = ink(company_of(tmp_path / "out.pdf"))
    assert unlikeness(found, ink(set_by_raqm(text, family))) < 0.15
    # The comparison would detect other letters.
    others = text[1:] + text[0] if " " not in text else " ".join(text.split()[::-1])
    assert unlikeness(found, ink(set_by_raqm(others, family))) > 0.35


@pytest.mark.parametrize("texts", [SENTENCES, {**UNPRINTABLE, **ODD}], ids=["sentences", "odd"])
def test_no_text_of_a_report_prints_a_box(
    texts: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """WeasyPrint warns of each letter without a glyph; every text is tried in every place."""
    sample = samples.one_of_everything(tmp_path)
    logging.getLogger("weasyprint").addHandler(caplog.handler)
    for first in range(0, len(texts), 4):
        turned = [*texts.values()][first:] + [*texts.values()][:first]
        output = tmp_path / f"{first}.pdf"
        render_pdf(filled(sample.context, cycle(turned), kept=IDS), sample.files, output)
        assert {name for name in font_names(output) if not name.startswith(PACKAGED)} == set()
    logging.getLogger("weasyprint").removeHandler(caplog.handler)
    assert [record.message for record in caplog.records if "notdef" in record.message] == []


def test_letters_that_no_font_has_are_printed_by_number(tmp_path: Path) -> None:
    render_pdf(titled("Done 🤷🏽 in கத"), {}, tmp_path / "out.pdf")
    text = text_of(tmp_path / "out.pdf")
    assert "Done [U+1F937 U+1F3FD] in [U+0B95 U+0BA4]" in text


def test_a_latin_report_declares_and_holds_only_inter(tmp_path: Path) -> None:
    render_pdf(titled("Ação µΩ Дверь"), {}, tmp_path / "out.pdf")
    assert all(name.startswith("Inter") for name in font_names(tmp_path / "out.pdf"))


@pytest.fixture(scope="module")
def bytes_in_latin(tmp_path_factory: pytest.TempPathFactory) -> int:
    output = tmp_path_factory.mktemp("latin") / "out.pdf"
    render_pdf(titled("Door"), {}, output)
    return output.stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_a_script_costs_little_in_the_file(name: str, tmp_path: Path, bytes_in_latin: int) -> None:
    """Only its letters are embedded, not the whole font of several megabytes."""
    render_pdf(titled(SENTENCES[name]), {}, tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").stat().st_size - bytes_in_latin < 60_000


def test_each_forked_child_finds_the_fonts_it_needs(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, str(tmp_path), SENTENCES["korean"]],
        env=env,
        check=True,
        timeout=60,
    )
    for name in ("first", "second"):
        assert any(font.startswith("Noto-Sans-KR") for font in font_names(tmp_path / name))


def order_of(pdf: Path, text: str) -> str:
    """The letters of the highest line of the cover with `text`, from left to right."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].get_textpage()
        letters = [
            (page.get_charbox(at), page.get_text_range(at, 1)) for at in range(page.count_chars())
        ]
    finally:
        document.close()
    height = max(box[1] for box, letter in letters if letter == text[0])
    line = sorted((box[0], letter) for box, letter in letters if abs(box[1] - height) < 6)
    return "".join(letter for _, letter in line if not letter.isspace())


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("דלת 12.5 סגורה!", "!הרוגס12.5תלד"),
        ("מפסק UPS 12, דלת.", ".תלד,UPS12קספמ"),
        ("UPS דלת 12!", "UPS12תלד!"),
    ],
)
def test_each_line_is_printed_in_its_own_direction(name: str, seen: str, tmp_path: Path) -> None:
    """A number reads from left to right, and the punctuation is at the end of the sentence."""
    context = samples.bare_context(branding=samples.data.Branding(name=name))
    context = replace(context, branding=replace(context.branding, contact=()))
    html = render_html(context)
    assert html.count(name) > 1
    render_pdf(context, {}, tmp_path / "out.pdf")
    assert seen in order_of(tmp_path / "out.pdf", name)


def test_right_to_left_text_is_not_marked_up_in_attributes(tmp_path: Path) -> None:
    context = filled(
        samples.one_of_everything(tmp_path).context, cycle([SENTENCES["hebrew"]]), kept=IDS
    )
    page = tinyhtml5.parse(render_html(context))
    elements = [*page.iter()]
    assert [e for e in elements if any("<span" in value for value in e.attrib.values())] == []
    titles = [e.text for e in elements if str(e.tag).endswith("title")]
    assert all("<span" not in (text or "") for text in titles)
    turned = [e for e in elements if "rtl" in e.attrib.get("class", "").split()]
    assert len(turned) > 20


def test_each_line_has_its_own_direction() -> None:
    question = replace(
        samples.bare_context().sections[0].questions[0],
        comment="הדלת סגורה.\nTightened to 25 Nm.\n<b>",
    )
    section = replace(samples.bare_context().sections[0], questions=(question,))
    html = render_html(samples.bare_context(sections=(section,)))
    assert '<span class="rtl">הדלת סגורה.</span>\nTightened to 25 Nm.\n&lt;b&gt;' in html


@pytest.mark.parametrize("name", ["thai", "hindi", "arabic", "simplified"])
def test_a_long_word_is_never_cut_before_a_mark(name: str) -> None:
    word = "".join(SENTENCES[name].split()) * 20
    for part in breakable(word).split("\u200b")[1:]:
        assert not re.match(
            "[\u0300-\u036f\u064b-\u065f\u093c-\u094d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]", part
        )
    assert breakable(word).replace("\u200b", "") == word
    assert "\u200b" in breakable("x" * 120)
