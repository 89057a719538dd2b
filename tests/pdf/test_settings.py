"""What a company may choose about its PDFs: page, photos, hashes, note and foot, each carried out."""

from __future__ import annotations

from dataclasses import replace
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


def printed(folder: Path, settings: PdfSettings, photos: int = 7) -> Path:
    sample = samples.photo_report(folder / "photos", photos)
    output = folder / "report.pdf"
    render_pdf(replace(sample.context, settings=settings), sample.files, output)
    assert sum(drawn_images(output).values()) == photos
    return output


def page_sizes(pdf: Path) -> set[tuple[int, int]]:
    with pikepdf.open(pdf) as document:
        boxes = [[float(edge) for edge in page.mediabox] for page in document.pages]
    return {(round(box[2] / MM), round(box[3] / MM)) for box in boxes}


@pytest.mark.parametrize(
    ("page_format", "size"), [(PageFormat.A4, (210, 297)), (PageFormat.LETTER, (216, 279))]
)
def test_every_page_has_the_chosen_format(tmp_path, page_format, size):
    output = printed(tmp_path, PdfSettings(page_format=page_format))
    assert page_sizes(output) == {size}
    # The cover is one page, and only that.
    texts = page_texts(output)
    assert "Contents" in texts[1] and "Contents" not in texts[0]


def test_the_note_stands_on_the_cover_and_the_foot_on_every_other_page(tmp_path):
    texts = page_texts(printed(tmp_path, PdfSettings(cover_note=NOTE, footer=FOOT)))
    assert " ".join(NOTE.split()) in texts[0]
    assert not any("five years" in text for text in texts[1:])
    assert FOOT not in texts[0]
    assert all(FOOT in text for text in texts[1:])


@pytest.mark.parametrize("page_format", PageFormat)
def test_the_longest_note_and_foot_stay_on_their_pages(tmp_path, page_format):
    note = "\n".join(["A note of many words that fill their line to the very end of it. "] * 6)
    chosen = PdfSettings(
        page_format=page_format, cover_note=note[:MAX_NOTE], footer="Confidential line " * 6
    )
    plain = page_texts(printed(tmp_path, PdfSettings(page_format=page_format)))
    texts = page_texts(printed(tmp_path, chosen))
    assert len(texts) == len(plain)
    assert squeezed("Confidential line " * 6) in squeezed(texts[-1])


def test_hashes_leave_the_captions_and_stay_in_the_register(tmp_path):
    sample = samples.photo_report(tmp_path / "p", 4)
    hashes = [photo.sha256 for photo in sample.context.photos()]

    def counts(settings: PdfSettings) -> list[int]:
        text = squeezed(" ".join(page_texts(printed(tmp_path, settings, 4))))
        return [text.count(one[:12]) for one in hashes]

    assert counts(PdfSettings()) == [2, 2, 2, 2]
    assert counts(PdfSettings(show_hashes=False)) == [1, 1, 1, 1]


def test_compact_photos_take_fewer_pages_and_none_is_lost(tmp_path):
    large = page_texts(printed(tmp_path, PdfSettings(), 24))
    compact = page_texts(printed(tmp_path, PdfSettings(photo_size=PhotoSize.COMPACT), 24))
    assert len(compact) < len(large)
    words = " ".join(compact)
    assert all(f"Photo {number}" in words for number in range(1, 25))


def test_the_note_is_printed_as_words_never_as_markup(tmp_path):
    bait = '<img src="file:///etc/passwd"> {{ 7 * 7 }}'
    texts = page_texts(printed(tmp_path, PdfSettings(cover_note=bait, footer=bait)))
    assert "{{ 7 * 7 }}" in texts[0] and "file:///etc/passwd" in texts[1]


def test_settings_that_no_longer_fit_take_their_default():
    stored = {"page_format": "b5", "cover_note": "\n".join("abcdefgh"), "footer": "kept"}
    assert PdfSettings.of(stored) == PdfSettings(footer="kept")


def test_words_take_a_darker_colour_and_surfaces_the_companys_own():
    pale = samples.bare_context(branding=Branding(name="Voltara", accent="#ffee00", second="red"))
    css = theme_css(pale)
    assert "--accent-fill: #ffee00;" in css and "--accent: #ffee00;" not in css
    assert "--second-fill: #1f5fa8;" in css


def _below(page: pypdfium2.PdfPage, words: str) -> tuple[float, float]:
    """The top and the bottom of the words on a page, in points from its foot."""
    text = page.get_textpage()
    found = text.search(words).get_next()
    assert found, words
    _left, bottom, _right, top = text.get_charbox(found[0])
    return top, bottom


@pytest.mark.parametrize("page_format", PageFormat)
def test_the_longest_contacts_leave_the_result_on_the_cover_readable(tmp_path, page_format):
    """Every part as long as its form takes it, of the company and of the client."""
    street = ("Avenida das Nações Unidas 14401 " * 7)[:MAX_ADDRESS]
    longest = Contact(
        address=street,
        phone="+55 11 " + "4" * (MAX_PHONE - 7),
        email="a" * 200 + "@acme.example",
        website="https://" + "w" * 60 + ".example/" + "p" * (MAX_WEBSITE - 77),
        tax_number="1" * MAX_TAX_NUMBER,
    )
    lines = contact_lines(longest, Labels(("en", "pt")))
    sample = samples.big_report(tmp_path / "long")
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
