"""Words of the PDF that belong to documents: why a photo is quarantined, how a date is written.

They follow the checklist's languages like app.pdf.labels, never the reader's account.
"""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from app.definition.schema import Language, Text
from app.imaging.notes import Note
from app.pdf.context import Words
from app.pdf.labels import COLUMNS
from app.photos.notes import SENTENCES, FileNote

# code of app.imaging: (English, Portuguese)
QUARANTINE = {
    "truncated": (
        "The file breaks off: part of the picture is missing.",
        "O arquivo está interrompido: falta parte da imagem.",
    ),
    "bomb": (
        "The picture announces more pixels than are read.",
        "A imagem declara mais pixels do que o limite de leitura.",
    ),
    "no_primary": (
        "The file does not say which of its pictures is the photo.",
        "O arquivo não diz qual de suas imagens é a foto.",
    ),
    "not_an_image": ("The file holds no picture.", "O arquivo não contém imagem."),
    "unsupported": (
        "The file is of a kind that cannot be shown.",
        "O tipo do arquivo não pode ser exibido.",
    ),
    "too_heavy": (
        "Reading the picture took more memory or time than one photo may take.",
        "A leitura da imagem exigiu mais memória ou tempo do que o permitido.",
    ),
}
# Sentences on what a photo's file was odd in: (English, Portuguese), by the code of its reading.
NOTES: dict[Note, tuple[str, str]] = {
    Note.DAMAGED: (
        SENTENCES[Note.DAMAGED],
        "O arquivo está danificado por dentro: partes da imagem podem estar erradas.",
    ),
    Note.EXIF_MISSING: (
        SENTENCES[Note.EXIF_MISSING],
        "O arquivo não traz dados da câmera (EXIF): nem horário, nem posição.",
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
        "O arquivo contém mais dados da câmera (EXIF) do que se guarda.",
    ),
    Note.TIME_MISSING: (
        SENTENCES[Note.TIME_MISSING],
        "O arquivo não diz quando a foto foi tirada.",
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
        "O arquivo diz quando foi alterado pela última vez; isso não vale como horário da foto.",
    ),
    Note.TIME_HOUR_24: (
        SENTENCES[Note.TIME_HOUR_24],
        "O arquivo traz a hora 24; ela é lida como hora 0 do dia seguinte.",
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
        "O arquivo traz dois fusos horários diferentes; nenhum é usado.",
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
UNREADABLE = ("The picture cannot be read.", "A imagem não pode ser lida.")
DATES = {Language.EN: ("d MMM y", "en_GB"), Language.PT: ("dd/MM/y", "pt_BR")}


def quarantine_words(code: str | None, language: Language) -> str:
    """Why a picture cannot be printed, as a sentence."""
    english, portuguese = QUARANTINE.get(code or "", UNREADABLE)
    return english if language is Language.EN else portuguese


def note_words(note: Note, languages: tuple[str, ...]) -> Words:
    """What a note says, in the checklist's languages."""
    first, *others = (NOTES[note][COLUMNS[language]] for language in languages)
    return Words(first, others[0] if others else None)


def note_line(said: FileNote, languages: tuple[str, ...]) -> str:
    """A note in the first language, with what stands in the file."""
    words = note_words(said.note, languages).first
    return f"{words} “{said.quoted}”" if said.quoted else words


def words_of(text: Text, languages: tuple[Language, ...]) -> Words:
    """A definition's text as the PDF prints it."""
    return Words(text.first(languages), text.second(languages))


def date_words(stored: str, language: Language) -> str:
    """A stored date ('2026-03-31') as that language writes it."""
    pattern, locale = DATES[language]
    return str(format_date(date.fromisoformat(stored), pattern, locale=locale))
