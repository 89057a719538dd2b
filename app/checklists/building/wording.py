"""What the builder calls settings and their choices, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.checklists.building.conditions import stored_text
from app.definition.prefills import SOURCES
from app.definition.schema import Language
from app.definition.sentences import N_
from app.definition.unfinished import Part
from app.words import WordList

TYPES = WordList(
    {
        "verdict": N_("OK / Not OK / N.A."),
        "select_one": N_("Choice of one answer"),
        "select_many": N_("Choice of several answers"),
        "text": N_("Short text"),
        "long_text": N_("Long text"),
        "number": N_("Number"),
        "date": N_("Date"),
        "time": N_("Time"),
        "table": N_("Table of measurements"),
        "note": N_("Note to read"),
    }
)
PHOTOS = WordList(
    {
        "none": N_("No photos"),
        "optional": N_("Photos optional"),
        "required": N_("Photos required"),
        "required_when_not_ok": N_("Photos required when Not OK"),
    }
)
COMMENTS = WordList(
    {
        "off": N_("No comment"),
        "optional": N_("Comment optional"),
        "required": N_("Comment required"),
        "required_when_not_ok": N_("Comment required when Not OK"),
    }
)
LANGUAGES = WordList({"en": N_("English"), "pt": N_("Portuguese")})
PARTS = WordList(
    {
        Part.HEADER: N_("Cover"),
        Part.SECTION: N_("Section"),
        Part.FIELD: N_("Question"),
        Part.ROLE: N_("Signature"),
    }
)
ROLE_PREFILLS = WordList({"me": N_("Name of the person who is logged in")})
DUES = WordList({"submit": N_("Before the report is submitted"), "approval": N_("At the approval")})
PREFILLS = WordList({one.value: words for one, words in SOURCES.items()})
SETTINGS = WordList(
    {
        "code": N_("Code"),
        "title": N_("Title"),
        "category": N_("Category"),
        "reference_standards": N_("Reference standards"),
        "planning_requirements": N_("Planning requirements"),
        "languages": N_("Languages"),
        "label": N_("Text"),
        "hint": N_("Hint"),
        "type": N_("Type"),
        "required": N_("Required"),
        "comment": N_("Comment"),
        "photos.mode": N_("Photos"),
        "photos.min": N_("Fewest photos"),
        "photos.max": N_("Most photos"),
        "photos.gps_required": N_("Photos need a position"),
        "limits.unit": N_("Unit"),
        "limits.min": N_("Minimum"),
        "limits.max": N_("Maximum"),
        "options": N_("Answers"),
        "rows": N_("Rows"),
        "columns": N_("Columns"),
        "prefill": N_("Filled in automatically with"),
        "due": N_("When it is due"),
        "shown_when": N_("Shown when"),
        "required_when": N_("Required when"),
        "fails_when": N_("Not OK when"),
        "calculation": N_("Calculated as"),
    }
)
COMPARISONS = WordList(
    {
        "is": N_("is"),
        "is_not": N_("is not"),
        "includes": N_("includes"),
        "at_least": N_("is at least"),
        "at_most": N_("is at most"),
        "above": N_("is above"),
        "below": N_("is below"),
        "answered": N_("is answered"),
        "not_answered": N_("is not answered"),
        "na": N_("is N.A."),
        "not_ok": N_("is Not OK"),
    }
)
_CHOICES = {
    "photos.mode": PHOTOS,
    "comment": COMMENTS,
    "prefill": WordList({**PREFILLS.english, **ROLE_PREFILLS.english}),
    "due": DUES,
}
# What a setting says that is not set: the defaults of the schema.
_DEFAULTS: dict[str, Any] = {
    "photos.mode": "optional",
    "photos.min": 0,
    "photos.max": 20,
    "photos.gps_required": False,
    "comment": "optional",
    "required": True,
    "due": "submit",
}


def setting_words(name: str) -> str:
    """ "label.en" -> "Text (English)"."""
    base, _dot, language = name.rpartition(".")
    if base and language in LANGUAGES.english:
        return f"{SETTINGS.word(base)} ({LANGUAGES.word(language)})"
    return SETTINGS.word_or_code(name)


def value_words(name: str, value: Any) -> str:
    """A setting's value in one line, to be compared with another."""
    if value is None:
        value = _DEFAULTS.get(name)
    if value is None:
        return str(_("(empty)"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, dict):
        return stored_text(value)
    if isinstance(value, list):
        return "; ".join(_entry(one) for one in value)
    return _CHOICES[name].word_or_code(str(value)) if name in _CHOICES else str(value)


def inputs_of(name: str, value: Any) -> list[tuple[str, str]]:
    """The inputs that say this value, as settings.py reads them."""
    if value is None:
        value = _DEFAULTS.get(name)
    if isinstance(value, dict):
        return [(f"{name}.mode", "text"), (f"{name}.text", stored_text(value))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        pairs = [(f"{name}.id", one["id"]) for one in value]
        languages = [str(one) for one in Language]
        return pairs + [
            (f"{name}.{language}", one["label"].get(language, ""))
            for one in value
            for language in languages
        ]
    if isinstance(value, list):
        many = name == "languages"
        return [(name, str(one)) for one in value] if many else [(name, "\n".join(value))]
    if isinstance(value, bool):
        return [(name, "1")] if value else []
    return [] if value is None else [(name, str(value))]


def _entry(one: Any) -> str:
    if isinstance(one, str):
        return LANGUAGES.word(one) if one in set(Language) else one
    return " / ".join(one.get("label", {}).values())
