"""Words of the PDF that belong to documents: why a photo is quarantined, how a date is written.

They follow the checklist's languages like app.pdf.labels, never the reader's account.
"""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from app.definition.schema import Language, Text
from app.pdf.context import Words

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
UNREADABLE = ("The picture cannot be read.", "A imagem não pode ser lida.")
DATES = {Language.EN: ("d MMM y", "en_GB"), Language.PT: ("dd/MM/y", "pt_BR")}


def quarantine_words(code: str | None, language: Language) -> str:
    """Why a picture cannot be printed, as a sentence."""
    english, portuguese = QUARANTINE.get(code or "", UNREADABLE)
    return english if language is Language.EN else portuguese


def words_of(text: Text, languages: tuple[Language, ...]) -> Words:
    """A definition's text as the PDF prints it."""
    return Words(text.first(languages), text.second(languages))


def date_words(stored: str, language: Language) -> str:
    """A stored date ('2026-03-31') as that language writes it."""
    pattern, locale = DATES[language]
    return str(format_date(date.fromisoformat(stored), pattern, locale=locale))
