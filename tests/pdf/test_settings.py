"""A company's settings for its PDFs: page, photos, hashes, note and footer, each applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from app.contact import MAX_ADDRESS, MAX_PHONE, MAX_TAX_NUMBER, MAX_WEBSITE, Contact
from app.pdf.contact import contact_lines
from app.pdf.context import Branding
from app.pdf.engine import render_pdf
from app.pdf.labels import Labels
from app.pdf.markup import theme_css
from app.pdf.proof import drawn_images
from app.pdf.settings import MAX_NOTE, PageFormat, PdfSettings, PhotoSize
from tests.pdf import samples
from tests.pdf.reading import page_texts, squeezed

NOTE = "Keep this report for five years.\nFor the owner of the plant only."
FOOT = "CREA 5061234567 · Confidential"
MM = 72 / 25.4


Print = Callable[..., Path]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Print:
    """The photo report with some settings, rendered once for all tests that use it."""

    @cache
    def get(settings: PdfSettings, photos: int = 7) -> Path:
        folder = tmp_path_factory.mktemp("settings")
        sample = samples.photo_report(folder / "photos", photos)
        output = folder / "report.pdf"
        render_pdf(replace(sample.context, settings=settings), sample.files, output)
        assert sum(drawn_images(output).values()) == photos
        return output

    return get


def page_sizes(pdf: Path) -> set[tuple[int, int]]:
    with pikepdf.open(pdf) as document:
        boxes = [[float(edge) for edge in page.mediabox] for page in document.pages]
    return {(round(box[2] / MM), round(box[3] / MM)) for box in boxes}


@pytest.mark.parametrize(
    ("page_format", "size"), [(PageFormat.A4, (210, 297)), (PageFormat.LETTER, (216, 279))]
)
def test_every_page_has_the_chosen_format(printed, page_format, size):
    output = printed(PdfSettings(page_format=page_format))
    assert page_sizes(output) == {size}
    # The cover is exactly one page.
    texts = page_texts(output)
    assert "Contents" in texts[1] and "Contents" not in texts[0]


def test_the_note_is_on_the_cover_and_the_footer_on_every_other_page(printed):
    texts = page_texts(printed(PdfSettings(cover_note=NOTE, footer=FOOT)))
    assert " ".join(NOTE.split()) in texts[0]
    assert not any("five years" in text for text in texts[1:])
    assert FOOT not in texts[0]
    assert all(FOOT in text for text in texts[1:])


@pytest.mark.parametrize("page_format", PageFormat)
def test_the_longest_note_and_foot_stay_on_their_pages(printed, page_format):
    note = "\n".join(["A note of many words that fill their line to the very end of it. "] * 6)
    chosen = PdfSettings(
        page_format=page_format, cover_note=note[:MAX_NOTE], footer="Confidential line " * 6
    )
    plain = page_texts(printed(PdfSettings(page_format=page_format)))
    texts = page_texts(printed(chosen))
    assert len(texts) == len(plain)
    assert squeezed("Confidential line " * 6) in squeezed(texts[-1])


@pytest.mark.parametrize("is_below", [True, False])
def test_each_whole_hash_is_below_its_photo_or_in_the_list_of_hashes(printed, tmp_path, is_below):
    texts = page_texts(printed(PdfSettings(show_hashes=is_below)))
    body, _, evidence = " ".join(texts).partition("Integrity")
    for photo in samples.photo_report(tmp_path, 7).context.photos():
        for text, expected in ((body, is_below), (evidence, not is_below)):
            assert text.count(photo.sha256) == expected
        assert is_below or f"{photo.number} {photo.sha256}" in evidence


def test_compact_photos_take_fewer_pages_and_none_is_lost(printed):
    large = page_texts(printed(PdfSettings(), 24))
    compact = page_texts(printed(PdfSettings(photo_size=PhotoSize.COMPACT), 24))
    assert len(compact) < len(large)
    words = " ".join(compact)
    assert all(f"Photo {number}" in words for number in range(1, 25))


def test_the_note_is_printed_as_words_never_as_markup(printed):
    bait = '<img src="file:///etc/passwd"> {{ 7 * 7 }}'
    texts = page_texts(printed(PdfSettings(cover_note=bait, footer=bait)))
    assert "{{ 7 * 7 }}" in texts[0] and "file:///etc/passwd" in texts[1]


def test_invalid_settings_fall_back_to_their_defaults():
    stored = {"page_format": "b5", "cover_note": "\n".join("abcdefgh"), "footer": "kept"}
    assert PdfSettings.of(stored) == PdfSettings(footer="kept")


def test_words_take_a_darker_colour_and_surfaces_the_companys_own():
    pale = samples.bare_context(branding=Branding(name="Voltara", accent="#ffee00", second="red"))
    css = theme_css(pale)
    assert "--accent-fill: #ffee00;" in css and "--accent: #ffee00;" not in css
    assert "--second-fill: #1f5fa8;" in css


def _below(page: pypdfium2.PdfPage, words: str) -> tuple[float, float]:
    """The top and the bottom of the text on a page, in points from the foot of the page."""
    text = page.get_textpage()
    found = text.search(words).get_next()
    assert found, words
    _left, bottom, _right, top = text.get_charbox(found[0])
    return top, bottom


@pytest.mark.parametrize("page_format", PageFormat)
def test_the_longest_contacts_leave_the_result_on_the_cover_readable(tmp_path, page_format):
    """Every part of both contacts, company and client, has the maximum length of its form."""
    street = ("Avenida das Nações Unidas 14401 " * 7)[:MAX_ADDRESS]
    longest = Contact(
        address=street,
        phone="+55 11 " + "4" * (MAX_PHONE - 7),
        email="a" * 200 + "@acme.example",
        website="https://" + "w" * 60 + ".example/" + "p" * (MAX_WEBSITE - 77),
        tax_number="1" * MAX_TAX_NUMBER,
    )
    lines = contact_lines(longest, Labels(("en", "pt")))
    sample = samples.one_of_everything(tmp_path / "long")
    context = replace(
        sample.context,
        branding=replace(sample.context.branding, contact=(*lines, "n" * 500)),
        project=replace(sample.context.project, client_contact=lines),
        settings=PdfSettings(page_format=page_format, cover_note=NOTE),
    )
    output = tmp_path / "long.pdf"
    render_pdf(context, sample.files, output)
    texts = page_texts(output)
    assert "Contents" in texts[1] and "Contents" not in texts[0]
    assert squeezed(longest.email) in squeezed(texts[0])
    cover = pypdfium2.PdfDocument(output)[0]
    _top, counts = _below(cover, "Not answered")
    note, _bottom = _below(cover, NOTE.split()[0])
    assert note < counts, "the note stands below the figures"
