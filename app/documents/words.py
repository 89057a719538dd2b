"""Texts of the PDF about quarantined photos, notes on files, and dates.

Like app.pdf.labels they use the checklist's languages, not that of the reader's account.
"""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from app.definition.schema import Language, Text
from app.imaging.notes import Note
from app.pdf.context import PrintedText
from app.pdf.labels import COLUMNS
from app.photos.notes import SENTENCES, FileNote

# Code of app.imaging: (English, Portuguese).
QUARANTINE = {
    "truncated": (
        "The file is incomplete: part of the image is missing.",
        "O arquivo está incompleto: falta parte da imagem.",
    ),
    "bomb": (
        "The image has more pixels than Laudo can read.",
        "A imagem tem mais pixels do que o Laudo consegue ler.",
    ),
    "no_primary": (
        "The file does not indicate which of its images is the photo.",
        "O arquivo não indica qual de suas imagens é a foto.",
    ),
    "not_an_image": ("The file contains no image.", "O arquivo não contém imagem."),
    "unsupported": (
        "Laudo cannot display this type of file.",
        "O Laudo não consegue exibir este tipo de arquivo.",
    ),
    "too_heavy": (
        "Reading the image took more memory or time than one photo is allowed.",
        "A leitura da imagem exigiu mais memória ou tempo do que o permitido.",
    ),
}
# Notes about a photo's file by the code in its reading: (English, Portuguese).
NOTES: dict[Note, tuple[str, str]] = {
    Note.DAMAGED: (
        SENTENCES[Note.DAMAGED],
        "O arquivo está danificado internamente: partes da imagem podem estar erradas.",
    ),
    Note.EXIF_MISSING: (
        SENTENCES[Note.EXIF_MISSING],
        "O arquivo não contém dados da câmera (EXIF): nem horário, nem posição.",
    ),
    Note.EXIF_DAMAGED: (
        SENTENCES[Note.EXIF_DAMAGED],
        "Os dados da câmera (EXIF) no arquivo estão danificados; partes não foram lidas.",
    ),
    Note.EXIF_CUT: (
        SENTENCES[Note.EXIF_CUT],
        "Os dados da câmera (EXIF) no arquivo são grandes demais; partes não foram lidas.",
    ),
    Note.RAW_CUT: (
        SENTENCES[Note.RAW_CUT],
        "O arquivo contém mais dados da câmera (EXIF) do que o Laudo guarda.",
    ),
    Note.TIME_MISSING: (
        SENTENCES[Note.TIME_MISSING],
        "O arquivo não informa quando a foto foi tirada.",
    ),
    Note.TIME_INVALID: (
        SENTENCES[Note.TIME_INVALID],
        "O horário no arquivo não pôde ser lido.",
    ),
    Note.TIME_DIGITIZED: (
        SENTENCES[Note.TIME_DIGITIZED],
        "O horário da câmera é o da digitalização da imagem, pois o arquivo não traz outro.",
    ),
    Note.TIME_CHANGED: (
        SENTENCES[Note.TIME_CHANGED],
        "O arquivo informa quando foi alterado pela última vez; "
        "isso não é usado como horário da foto.",
    ),
    Note.TIME_HOUR_24: (
        SENTENCES[Note.TIME_HOUR_24],
        "O arquivo contém a hora 24; ela é lida como hora 0 do dia seguinte.",
    ),
    Note.TIME_NO_SECONDS: (
        SENTENCES[Note.TIME_NO_SECONDS],
        "O horário no arquivo não tem segundos; eles aparecem como 00.",
    ),
    Note.OFFSET_INVALID: (
        SENTENCES[Note.OFFSET_INVALID],
        "O fuso horário no arquivo não pôde ser lido.",
    ),
    Note.OFFSET_CONFLICT: (
        SENTENCES[Note.OFFSET_CONFLICT],
        "O arquivo contém dois fusos horários diferentes; nenhum é usado.",
    ),
    Note.GPS_MISSING: (
        SENTENCES[Note.GPS_MISSING],
        "O arquivo não contém posição.",
    ),
    Note.GPS_INVALID: (
        SENTENCES[Note.GPS_INVALID],
        "A posição no arquivo não pôde ser lida.",
    ),
    Note.GPS_VOID: (
        SENTENCES[Note.GPS_VOID],
        "A própria câmera marcou a posição como não confiável.",
    ),
    Note.GPS_TIME_INVALID: (
        SENTENCES[Note.GPS_TIME_INVALID],
        "O horário de satélite no arquivo não pôde ser lido.",
    ),
    Note.ALTITUDE_INVALID: (
        SENTENCES[Note.ALTITUDE_INVALID],
        "A altitude no arquivo não pôde ser lida.",
    ),
    Note.ACCURACY_INVALID: (
        SENTENCES[Note.ACCURACY_INVALID],
        "A precisão da posição no arquivo não pôde ser lida.",
    ),
    Note.ORIENTATION_INVALID: (
        SENTENCES[Note.ORIENTATION_INVALID],
        "A orientação no arquivo não pôde ser lida; a imagem aparece como está gravada.",
    ),
}
UNREADABLE = ("The image cannot be read.", "A imagem não pode ser lida.")
DATES = {Language.EN: ("d MMM y", "en_GB"), Language.PT: ("dd/MM/y", "pt_BR")}


def quarantine_words(code: str | None, language: Language) -> str:
    """The sentence that explains why a picture cannot be printed."""
    english, portuguese = QUARANTINE.get(code or "", UNREADABLE)
    return english if language is Language.EN else portuguese


def note_words(note: Note, languages: tuple[str, ...]) -> PrintedText:
    """The text of a note in the checklist's languages."""
    first, *others = (NOTES[note][COLUMNS[language]] for language in languages)
    return PrintedText(first, others[0] if others else None)


def note_line(file_note: FileNote, languages: tuple[str, ...]) -> str:
    """A note in the first language, with the quoted value from the file."""
    words = note_words(file_note.note, languages).first
    return f"{words} “{file_note.quoted}”" if file_note.quoted else words


def words_of(text: Text, languages: tuple[Language, ...]) -> PrintedText:
    """A definition's text in the languages of the PDF."""
    return PrintedText(text.first(languages), text.second(languages))


def date_words(day: date, language: Language) -> str:
    """A day in the format of the language."""
    pattern, locale = DATES[language]
    return str(format_date(day, pattern, locale=locale))
