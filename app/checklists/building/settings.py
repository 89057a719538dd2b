"""The settings of each part: what a form's inputs say, as the values that a draft keeps.

A form names the settings it carries in `has`, so that a check box that is off is not taken for one
that is not there. None is the default of the schema, which is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from app.checklists.building import conditions
from app.checklists.building.conditions import read_expression
from app.checklists.building.operations import LANGUAGES, Change, setting
from app.definition.answers import InvalidAnswer, clean_text
from app.definition.logic.dependencies import names_of as names_of_definition
from app.definition.logic.errors import Setting
from app.definition.schema import (
    MAX_PHOTOS_PER_FIELD,
    CommentPolicy,
    Definition,
    FieldType,
    Language,
    PhotoMode,
    Prefill,
    RolePrefill,
    SignatureDue,
)
from app.definition.sentences import N_, Sentence, say
from app.definition.unfinished import Part
from app.definition.workbook.ids import MAX_ID, slug

MAX_WORDS = 2_000
MAX_LABEL = 500
MAX_UNIT = 20
MAX_LINES = 100
MAX_ENTRIES = 200
CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")

NOT_A_NUMBER = N_('"%(text)s" is not a number. Write it like 0.5 or -10.')
NOT_A_COUNT = N_('"%(text)s" is not a number of photos from 0 to %(limit)s.')
NOT_A_CODE = N_(
    '"%(text)s" is not a code. Use capitals, digits, dots and hyphens, such as COM-001.'
)
NOT_OFFERED = N_('"%(text)s" is not one of the choices.')
NO_LANGUAGE = N_("Choose one language or two different ones.")
MANY_ENTRIES = N_("At most %(limit)s entries are possible here.")


# The inputs of a form by name, each with all its values.
Inputs = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form says: values by setting, and a sentence for each input that is not accepted."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Sentence] = field(default_factory=dict)
    # Where in an expression its error is: the text from there on.
    places: dict[str, str] = field(default_factory=dict)


class Refused(ValueError):
    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def read_settings(part: Part, node: Mapping[str, Any], form: Inputs, whole: Definition) -> Reading:
    """`node` is the part as it is stored; names that it does not have are passed over. `whole` is
    the draft for display, whose questions expressions name."""
    reading = Reading()
    for name in _one(form, "has").split():
        reader = _READERS[part].get(name)
        if reader is None:
            continue
        try:
            reading.values[name] = reader(name, form, node)
        except Refused as refused:
            reading.errors[name] = refused.sentence
        except InvalidAnswer as error:
            reading.errors[name] = error.sentence
    _settle_photos(reading, node)
    _read_expressions(reading, part, node, form, whole)
    return reading


def _read_expressions(
    reading: Reading, part: Part, node: Mapping[str, Any], form: Inputs, whole: Definition
) -> None:
    carried = _one(form, "has").split()
    settings = [one for one in EXPRESSIONS.get(part, ()) if one.value in carried]
    names = names_of_definition(whole) if settings else None
    for one in settings:
        assert names is not None
        owner = whole.field(node["id"]) if part is Part.FIELD else None
        try:
            reading.values[one.value] = read_expression(one, form, names, owner)
        except conditions.Refused as refused:
            reading.errors[one.value] = refused.sentence
            if refused.place:
                reading.places[one.value] = refused.place
        except InvalidAnswer as error:
            reading.errors[one.value] = error.sentence


def changes_of_type(node: Mapping[str, Any], kind: FieldType) -> list[Change]:
    """A field's new type, and the settings that do not fit it taken back to their defaults."""
    changes = [setting(Part.FIELD, node["id"], "type", node["type"], kind.value)]
    was, takes = FieldType(node["type"]).takes, kind.takes
    new: dict[str, Any] = {}
    if not takes.options:
        new["options"] = None
    if not takes.cells:
        new |= {"rows": None, "columns": None}
    if not takes.limits:
        new["limits"] = None
    if node.get("prefill") and not Prefill(node["prefill"]).fits(kind):
        new["prefill"] = None
    if not takes.answer:
        new |= dict.fromkeys(("required_when", "fails_when", "calculation"))
        new |= {"required": False, "photos": {"mode": PhotoMode.NONE.value}, "comment": "off"}
    elif not was.answer:
        new |= {"required": None, "photos": None, "comment": None}
    changes += [
        setting(Part.FIELD, node["id"], name, node.get(name), value)
        for name, value in new.items()
        if node.get(name) != value
    ]
    return changes


def _settle_photos(reading: Reading, node: Mapping[str, Any]) -> None:
    """Counts that follow from the policy: a minimum belongs to demanded photos only."""
    values = reading.values
    if "photos.mode" not in values:
        return
    mode = PhotoMode(values["photos.mode"] or PhotoMode.OPTIONAL)
    if not mode.asks:
        values["photos.min"] = None
        reading.errors.pop("photos.min", None)
    elif "photos.min" not in reading.errors and not values.get("photos.min"):
        values["photos.min"] = 1
    if mode is not PhotoMode.NONE and values.get("photos.max") == 0:
        values["photos.max"] = None
    if mode is PhotoMode.NONE:
        values["photos.gps_required"] = None


def _one(form: Inputs, name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _text(most: int) -> Reader:
    def read(name: str, form: Inputs, _node: Mapping[str, Any]) -> str | None:
        return clean_text(_one(form, name), most) or None

    return read


def _lines(name: str, form: Inputs, _node: Mapping[str, Any]) -> list[str] | None:
    lines = _one(form, name).splitlines()
    if len(lines) > MAX_LINES:
        raise Refused(say(MANY_ENTRIES, limit=MAX_LINES))
    return [words for line in lines if (words := clean_text(line, MAX_LABEL))] or None


def _code(name: str, form: Inputs, _node: Mapping[str, Any]) -> str:
    code = clean_text(_one(form, name), MAX_LABEL).upper()
    if not CODE.fullmatch(code):
        raise Refused(say(NOT_A_CODE, text=code[:40]))
    return code


def _switch(*, default: bool) -> Reader:
    def read(name: str, form: Inputs, _node: Mapping[str, Any]) -> bool | None:
        is_on = bool(_one(form, name))
        return None if is_on is default else is_on

    return read


def _choice(members: type[StrEnum], default: StrEnum | None = None) -> Reader:
    def read(name: str, form: Inputs, _node: Mapping[str, Any]) -> str | None:
        word = _one(form, name)
        if not word or word == default:
            return None
        if word not in list(members):
            raise Refused(say(NOT_OFFERED, text=word[:40]))
        return str(word)

    return read


def _count(default: int) -> Reader:
    def read(name: str, form: Inputs, _node: Mapping[str, Any]) -> int | None:
        text = _one(form, name).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or not int(text[:9]) <= MAX_PHOTOS_PER_FIELD:
            raise Refused(say(NOT_A_COUNT, text=text[:40], limit=MAX_PHOTOS_PER_FIELD))
        return None if int(text) == default else int(text)

    return read


def _decimal(name: str, form: Inputs, _node: Mapping[str, Any]) -> str | None:
    """A decimal as text; one comma is a decimal comma."""
    typed = clean_text(_one(form, name), MAX_LABEL)
    text = typed.replace("\N{MINUS SIGN}", "-").replace(",", ".", 1).replace(" ", "")
    if not text:
        return None
    try:
        number = Decimal(text) if re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+", text, re.ASCII) else None
    except InvalidOperation:
        number = None
    if number is None:
        raise Refused(say(NOT_A_NUMBER, text=typed[:40]))
    return str(number)


def _languages(name: str, form: Inputs, _node: Mapping[str, Any]) -> list[str]:
    chosen = [one for one in form.get(name, ()) if one]
    known = set(Language)
    if not 1 <= len(chosen) <= 2 or len(set(chosen)) < len(chosen) or not known.issuperset(chosen):
        raise Refused(say(NO_LANGUAGE))
    return chosen


def _entries(name: str, form: Inputs, node: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Answers, rows or columns, in order; an entry without any text is removed.

    Inputs: `<name>.id` and one text a language, of equal count.
    """
    ids = form.get(f"{name}.id", ())
    texts = {one: form.get(f"{name}.{one}", ()) for one in Language}
    if len(ids) > MAX_ENTRIES:
        raise Refused(say(MANY_ENTRIES, limit=MAX_ENTRIES))
    known = {one["id"]: one.get("label") or {} for one in node.get(name, ())}
    taken = {one for one in ids if one in known}
    entries = []
    for number, given in enumerate(ids):
        # A language that the form does not show keeps its text.
        label = dict(known.get(given, {}))
        for language, column in texts.items():
            if number < len(column):
                label[language.value] = clean_text(column[number], MAX_WORDS)
        label = {language: words for language, words in label.items() if words}
        if label:
            entry_id = given if given in known else _entry_id(label, taken)
            taken.add(entry_id)
            entries.append({"id": entry_id, "label": label})
    return entries or None


def _entry_id(label: Mapping[str, str], taken: set[str]) -> str:
    base = candidate = slug(next(iter(label.values())), prefix="o")
    number = 1
    while candidate in taken:
        number += 1
        candidate = f"{base[: MAX_ID - len(str(number)) - 1]}_{number}"
    return candidate


EXPRESSIONS: Mapping[Part, Sequence[Setting]] = {
    Part.SECTION: (Setting.SHOWN_WHEN,),
    Part.FIELD: tuple(Setting),
}
Reader = Callable[[str, Inputs, Mapping[str, Any]], Any]


def _texts(name: str, most: int = MAX_WORDS) -> dict[str, Reader]:
    return {f"{name}.{language}": _text(most) for language in Language}


_READERS: Mapping[Part, Mapping[str, Reader]] = {
    Part.HEADER: {
        "code": _code,
        **_texts("title"),
        "category": _text(MAX_LABEL),
        "reference_standards": _lines,
        "planning_requirements": _lines,
        LANGUAGES: _languages,
    },
    Part.SECTION: _texts("title"),
    Part.FIELD: {
        **_texts("label"),
        **_texts("hint"),
        "required": _switch(default=True),
        "comment": _choice(CommentPolicy, CommentPolicy.OPTIONAL),
        "photos.mode": _choice(PhotoMode, PhotoMode.OPTIONAL),
        "photos.min": _count(0),
        "photos.max": _count(20),
        "photos.gps_required": _switch(default=False),
        "limits.unit": _text(MAX_UNIT),
        "limits.min": _decimal,
        "limits.max": _decimal,
        "options": _entries,
        "rows": _entries,
        "columns": _entries,
        "prefill": _choice(Prefill),
    },
    Part.ROLE: {
        **_texts("label"),
        "required": _switch(default=True),
        "prefill": _choice(RolePrefill),
        "due": _choice(SignatureDue, SignatureDue.SUBMIT),
    },
}


def names_of(part: Part) -> Sequence[str]:
    return (*_READERS[part], *(one.value for one in EXPRESSIONS.get(part, ())))
