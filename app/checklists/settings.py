"""Every setting of a definition in words, for the comparison of two versions.

`SETTINGS` has a line for each setting of each part; a test names those that have none. compare.py
finds what differs. No HTML and no translation belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.definition.fields import KINDS
from app.definition.logic.tree import Node
from app.definition.prefills import SOURCES
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    PhotoMode,
    PhotoPolicy,
    RolePrefill,
    Section,
    SignatureDue,
    SignatureRole,
    Text,
)
from app.definition.sentences import N_, Sentence, say

# A text of the checklist, a number, an expression, or words of ours to translate; of several, each
# on its own.
Words = str | Decimal | Node | Sentence | tuple[str | Sentence, ...]
Part = Definition | Header | Section | Field | SignatureRole


@dataclass(frozen=True, slots=True)
class Told:
    """One setting: its name, its value in words, and what is compared; empty `words`: not set.

    `language` is that of a text of the checklist.
    """

    name: Sentence
    words: Words
    value: object
    language: Language | None = None


Key = tuple[str, ...]
Teller = Callable[[Any], Iterator[tuple[Key, Told]]]

TYPES: Mapping[FieldType, str] = {one: kind.name for one, kind in KINDS.items()}
_COMMENTS: Mapping[CommentPolicy, str] = {
    CommentPolicy.OFF: N_("no comment"),
    CommentPolicy.OPTIONAL: N_("comment optional"),
    CommentPolicy.REQUIRED: N_("comment required"),
    CommentPolicy.REQUIRED_WHEN_NOT_OK: N_("comment required when Not OK"),
}
_PHOTOS: Mapping[PhotoMode, str] = {
    PhotoMode.NONE: N_("no photos"),
    PhotoMode.OPTIONAL: N_("photos optional"),
    PhotoMode.REQUIRED: N_("photos required"),
    PhotoMode.REQUIRED_WHEN_NOT_OK: N_("photos required when Not OK"),
}
_DUE: Mapping[SignatureDue, str] = {
    SignatureDue.SUBMIT: N_("before the submit"),
    SignatureDue.APPROVAL: N_("at the approval"),
}
_LANGUAGES: Mapping[Language, str] = {Language.EN: N_("English"), Language.PT: N_("Portuguese")}
OTHER = N_('setting "%(name)s"')
IS_SET = N_("set")
SOURCE = N_("Name in the imported form")


def told(part: Part) -> dict[Key, Told]:
    """The settings of a part of a definition, without those that are not set."""
    tellers = SETTINGS[type(part)]
    found: dict[Key, Told] = {}
    for name in type(part).model_fields:
        teller = tellers.get(name, _other(name))
        if teller is not None:
            for key, one in teller(getattr(part, name)):
                if one.words not in ("", ()):  # a bound of 0 is set
                    found[(name, *key)] = one
    return found


def _text(name: str) -> Teller:
    def tell(text: Text | None) -> Iterator[tuple[Key, Told]]:
        for language in Language if text else ():
            words = getattr(text, language) or ""
            yield (language.value,), Told(say(name), words, words, language)

    return tell


def _line(name: str) -> Teller:
    def tell(line: str | None) -> Iterator[tuple[Key, Told]]:
        yield (), Told(say(name), line or "", line)

    return tell


def _lines(name: str) -> Teller:
    """Lines that have no id: each is there or not."""

    def tell(lines: Sequence[str]) -> Iterator[tuple[Key, Told]]:
        yield (), Told(say(name), tuple(lines), tuple(lines))

    return tell


def _one_of(name: str, words: Mapping[Any, str]) -> Teller:
    def tell(value: Any) -> Iterator[tuple[Key, Told]]:
        yield (), Told(say(name), say(words[value]) if value is not None else "", value)

    return tell


def _options(name: str) -> Teller:
    """Each by its id, so that new words for the same answer are seen as such."""

    def tell(options: Sequence[Option]) -> Iterator[tuple[Key, Told]]:
        for option in options:
            for key, one in _text(name)(option.label):
                yield (option.id, *key), one

    return tell


def _tell_languages(languages: Sequence[Language]) -> Iterator[tuple[Key, Told]]:
    words = tuple(say(_LANGUAGES[language]) for language in languages)
    yield (), Told(say(N_("Languages")), words, tuple(languages))


def _tell_required(required: bool) -> Iterator[tuple[Key, Told]]:
    words = say(N_("required")) if required else say(N_("optional"))
    yield (), Told(say(N_("Answer")), words, required)


def _tell_photos(photos: PhotoPolicy) -> Iterator[tuple[Key, Told]]:
    words = [say(_PHOTOS[photos.mode])]
    if photos.min:
        words.append(say(N_("at least %(count)s"), count=photos.min))
    if photos.mode is not PhotoMode.NONE:
        words.append(say(N_("at most %(count)s"), count=photos.max))
    if photos.gps_required:
        words.append(say(N_("with GPS position")))
    yield (), Told(say(N_("Photos")), tuple(words), photos)


def _expression(name: str) -> Teller:
    def tell(node: Node | None) -> Iterator[tuple[Key, Told]]:
        yield (), Told(say(name), node or "", node)

    return tell


def _tell_limits(limits: Limits | None) -> Iterator[tuple[Key, Told]]:
    if limits is not None:
        yield ("unit",), Told(say(N_("Unit")), limits.unit or "", limits.unit)
        yield ("min",), Told(say(N_("Minimum")), _number(limits.min), limits.min)
        yield ("max",), Told(say(N_("Maximum")), _number(limits.max), limits.max)


def _number(number: Decimal | None) -> Words:
    return "" if number is None else number


def _other(name: str) -> Teller:
    """A setting that has no line in SETTINGS: that it differs is said all the same."""

    def tell(value: object) -> Iterator[tuple[Key, Told]]:
        words: Words = str(value) if isinstance(value, str | int | Decimal) else say(IS_SET)
        yield (), Told(say(OTHER, name=name.replace("_", " ")), words if value else "", value)

    return tell


# None: what the comparison handles as a part of its own, or what makes parts the same.
SETTINGS: Mapping[type[Part], Mapping[str, Teller | None]] = {
    Definition: {
        "languages": _tell_languages,
        "header": None,
        "info_fields": None,
        "sections": None,
        "signature_roles": None,
    },
    Header: {
        "code": _line(N_("Code")),
        "title": _text(N_("Title")),
        "category": _line(N_("Category")),
        "source_name": _line(SOURCE),
        "reference_standards": _lines(N_("Reference standards")),
        "planning_requirements": _lines(N_("Planning requirements")),
    },
    Section: {
        "id": None,
        "title": _text(N_("Title")),
        "fields": None,
        "shown_when": _expression(N_("Shown when")),
        "source_name": _line(SOURCE),
    },
    Field: {
        "id": None,
        "label": _text(N_("Question")),
        "hint": _text(N_("Hint")),
        "type": _one_of(N_("Type"), TYPES),
        "required": _tell_required,
        "photos": _tell_photos,
        "comment": _one_of(N_("Comment"), _COMMENTS),
        "options": _options(N_("Answer to choose")),
        "limits": _tell_limits,
        "rows": _options(N_("Row")),
        "columns": _options(N_("Column")),
        "prefill": _one_of(N_("Filled in automatically"), SOURCES),
        "shown_when": _expression(N_("Shown when")),
        "required_when": _expression(N_("Required when")),
        "fails_when": _expression(N_("Fails when")),
        "calculation": _expression(N_("Calculation")),
        "source_name": _line(SOURCE),
    },
    SignatureRole: {
        "id": None,
        "label": _text(N_("Role")),
        "required": _tell_required,
        "prefill": _one_of(
            N_("Filled in automatically"),
            {RolePrefill.ME: N_("name of the person who is logged in")},
        ),
        "due": _one_of(N_("Due"), _DUE),
    },
}
