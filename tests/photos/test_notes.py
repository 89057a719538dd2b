"""Every code of a reading has a sentence on card, report page and PDF, in both languages."""

from __future__ import annotations

import html
import io
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import get_template_attribute
from flask_babel import force_locale
from pypdfium2 import PdfDocument
from sqlalchemy import update

from app.definition.schema import Language
from app.documents.words import (
    NOTES,
    QUARANTINE,
    UNREADABLE,
    note_line,
    note_words,
    quarantine_words,
)
from app.extensions import db
from app.imaging.decode import Reason
from app.imaging.notes import Note
from app.models import Account, PhotoReading
from app.pdf.context import PhotoNote
from app.pdf.engine import render_pdf
from app.photos.notes import SENTENCES, FileNote, notes_of
from tests.pdf import samples
from tests.support.scenarios import a_photo, a_report

PORTUGUESE = Path("app/translations/pt_BR/LC_MESSAGES/messages.po")
CLOCK = "2026:13:01 14:05:09"
EXIF = {
    "EXIF DateTimeOriginal": CLOCK,
    "EXIF OffsetTimeOriginal": "noon",
    "GPS GPSLatitudeRef": "S",
    "GPS GPSLatitude": "[22, 54427/1000, 0/0]",
}


def reading(*notes: Note, exif: dict[str, str] | None = None) -> PhotoReading:
    return PhotoReading(notes=[note.value for note in notes], exif=exif or {})


@pytest.mark.parametrize("note", Note)
def test_no_code_is_without_words(note):
    catalogue = read_po(io.BytesIO(PORTUGUESE.read_bytes()), locale="pt_BR")
    english, portuguese = NOTES[note]
    assert english == SENTENCES[note]
    # Pages and the PDF use the same sentence.
    assert catalogue[english].string == portuguese
    assert english.endswith(".") and portuguese.endswith(".") and english != portuguese
    assert [said.note for said in notes_of(reading(note))] == [note]


def test_no_two_codes_say_the_same():
    assert len(set(NOTES.values())) == len(NOTES) == len(Note) == len(SENTENCES)


def test_a_sentence_quotes_what_stands_in_the_file():
    said = notes_of(reading(Note.TIME_INVALID, Note.GPS_INVALID, Note.RAW_CUT, exif=EXIF))
    assert said == (
        FileNote(Note.TIME_INVALID, CLOCK),
        FileNote(Note.GPS_INVALID, "S · [22, 54427/1000, 0/0]"),
        FileNote(Note.RAW_CUT),
    )
    assert note_line(said[0], ("en",)) == f"The time in the file could not be read. “{CLOCK}”"
    (zone,) = notes_of(reading(Note.OFFSET_INVALID, exif=EXIF))
    assert zone.quoted == "noon"
    (zone,) = notes_of(reading(Note.OFFSET_INVALID, exif={"EXIF DateTimeOriginal": "10:00 BRT"}))
    assert zone.quoted == "10:00 BRT"
    long = notes_of(reading(Note.TIME_INVALID, exif={"EXIF DateTimeOriginal": "x" * 300}))
    assert len(long[0].quoted) == 80


def test_what_the_first_note_says_is_not_said_again_and_unknown_codes_are_left_out():
    notes = (Note.EXIF_MISSING, Note.TIME_MISSING, Note.GPS_MISSING)
    assert [said.note for said in notes_of(reading(*notes))] == [Note.EXIF_MISSING]
    assert notes_of(PhotoReading(notes=["of_a_later_version"], exif={})) == ()
    assert notes_of(None) == ()


@pytest.fixture
def report_id(acting, cast):
    """A report with one photo that has every note except implied ones."""
    notes = [note.value for note in Note if note is not Note.EXIF_MISSING]
    with acting(cast.tess) as actor:
        report = a_report(actor)
        a_photo(report, "enclosure", actor, reading={"notes": notes, "exif": EXIF})
        a_photo(report, "enclosure", actor, reading={"notes": ["exif_missing"]})
        db.session.commit()
        return report.id


@pytest.fixture
def in_language(acting, cast, client_of):
    """A client of Tess with this language."""

    def client(language):
        with acting(cast.tess):
            own = update(Account).where(Account.id == cast.tess.id).values(locale=language)
            db.session.execute(own)
            db.session.commit()
        return client_of(cast.tess)

    return client


@pytest.mark.parametrize(("language", "column"), [("en", 0), ("pt_BR", 1)])
@pytest.mark.parametrize("page", ["/fill", ""])
def test_card_and_report_page_say_every_note(in_language, report_id, page, language, column):
    address = f"/reports/{report_id}{page}"
    text = html.unescape(in_language(language).get(address, follow_redirects=True).text)
    assert [note for note in Note if NOTES[note][column] not in text] == []
    assert CLOCK in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Damaged photo", "If you can, take another one", "Take another photo")),
        ("pt_BR", ("Foto danificada", "Se puder, tire outra", "Tirar outra foto")),
    ],
)
def test_the_technician_is_asked_for_another_photo(in_language, report_id, language, words):
    client = in_language(language)
    card = client.get(f"/reports/{report_id}/fill", follow_redirects=True).text
    assert all(one in card for one in words)
    page = client.get(f"/reports/{report_id}").text
    # At the photo and among the exceptions.
    assert page.count(words[0]) == 2
    assert words[2] not in page


def test_a_whole_photo_is_not_called_damaged(acting, cast, client_of):
    with acting(cast.tess) as actor:
        report = a_report(actor)
        a_photo(report, "enclosure", actor)
        report_id = report.id
    for page in ("/fill", ""):
        text = client_of(cast.tess).get(f"/reports/{report_id}{page}", follow_redirects=True).text
        assert "Damaged photo" not in text and "photo-notes" not in text


@pytest.mark.parametrize("languages", [("en", "pt"), ("pt",)])
def test_the_pdf_prints_every_note(tmp_path, languages):
    notes = tuple(
        PhotoNote(note_words(note, languages), ((number, CLOCK if number == 1 else ""),))
        for number, note in enumerate(Note, start=1)
    )
    context = samples.bare_context(languages=languages, photo_notes=notes)
    render_pdf(context, {}, tmp_path / "out.pdf")
    text = words_of(tmp_path / "out.pdf")
    for note in Note:
        for language in languages:
            assert " ".join(NOTES[note][("en", "pt").index(language)].split()) in text, note
    assert f"1: “{CLOCK}”" in text


def words_of(path: Path) -> str:
    pages = PdfDocument(path.read_bytes())
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize(("locale", "language"), [("en", Language.EN), ("pt_BR", Language.PT)])
def test_every_reason_of_a_quarantine_has_words(app, reason, locale, language):
    assert reason.value in QUARANTINE
    assert quarantine_words(reason, language) not in UNREADABLE
    with app.test_request_context(), force_locale(locale):
        say = get_template_attribute("photos/_words.html", "quarantine_reason")
        assert say(reason.value).strip() not in UNREADABLE
        assert "%(" not in say(reason.value)


def test_a_picture_with_too_many_pixels_is_told_the_limits_and_the_way_out(app, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_PICTURE_PIXELS", 100_000_000)
    with app.test_request_context():
        say = get_template_attribute("photos/_words.html", "quarantine_reason")
        assert "100 million in a JPEG, 100 in a HEIC, 80 in a PNG. Set the camera" in say("bomb")
