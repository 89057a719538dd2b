"""The languages of an XLSForm, and which of them a checklist takes.

A checklist has texts in English and Portuguese so far. A text in another language takes the place
of English, because the fixed words of forms and PDFs are in English then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.definition.schema import Language
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.ids import name_set, plain_words
from app.definition.workbook.languages import guess_language
from app.definition.workbook.problems import short
from app.definition.xlsform.columns import language_key

MAX_CHOSEN = 2

NO_SUCH_LANGUAGE = N_('The form has no language "%(name)s". It has: %(names)s.')
TOO_MANY = N_("A checklist has one or two languages. Choose at most two.")
SAME_PLACE = N_(
    '"%(first)s" and "%(second)s" cannot be chosen together: a checklist has English or another '
    "language, and Portuguese."
)

_TAG = re.compile(r"\(\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\s*\)\s*$")
_BARE_TAG = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NAMES = {
    "en": name_set("english|ingles|anglais|englisch|eng"),
    "pt": name_set(
        "portuguese|portugues|portugais|portugues brasil|portuguese brazil"
        "|brazilian portuguese|portugues do brasil|por"
    ),
}


@dataclass(frozen=True, slots=True)
class FormLanguage:
    """A language of a form: `key` tells it apart, `name` is as the form writes it and may be empty.

    `tag` is its language tag if known ("pt-BR"); `texts` is the number of its labels.
    """

    key: str
    name: str
    tag: str
    texts: int

    @property
    def place(self) -> Language:
        """Which of a checklist's languages it becomes."""
        return Language.PT if re.split("[-_]", self.tag.lower())[0] == "pt" else Language.EN

    @property
    def is_another(self) -> bool:
        """Whether it takes the place of English without being English."""
        main = re.split("[-_]", self.tag.lower())[0]
        return main not in ("en", "pt") and bool(self.name)

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"key": self.key, "name": self.name, "tag": self.tag, "texts": self.texts}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> FormLanguage:
        """From plain JSON. Raises KeyError."""
        return cls(plain["key"], plain["name"], plain["tag"], plain["texts"])


def form_language(name: str, texts: Sequence[str]) -> FormLanguage:
    """The language of a column; a column without a name has the language of its `texts`."""
    count = len(texts)
    if not name:
        return FormLanguage("", "", guess_language(texts).value, count)
    return FormLanguage(language_key(name), name, _tag_of(name), count)


def first_choice(languages: Sequence[FormLanguage], default: str) -> tuple[str, ...]:
    """The keys of the languages that are proposed: the form's default one, then its other place."""
    ranked = sorted(
        languages,
        key=lambda one: (one.key != language_key(default), one.is_another, -one.texts),
    )
    chosen: list[FormLanguage] = []
    for one in ranked:
        if all(one.place is not other.place for other in chosen):
            chosen.append(one)
    if len(chosen) == MAX_CHOSEN and chosen[0].is_another and not default:
        chosen = [one for one in chosen if not one.is_another]
    return tuple(one.key for one in chosen[:MAX_CHOSEN])


def refusal_of(chosen: Sequence[str], languages: Sequence[FormLanguage]) -> Sentence | None:
    """Why these languages cannot be chosen, or None."""
    known = {one.key: one for one in languages}
    for key in chosen:
        if key not in known:
            names = ", ".join(_words(one) for one in languages)
            return say(NO_SUCH_LANGUAGE, name=short(key), names=names)
    if not 1 <= len(chosen) <= MAX_CHOSEN or len(set(chosen)) < len(chosen):
        return say(TOO_MANY)
    if len(chosen) == MAX_CHOSEN:
        first, second = (known[key] for key in chosen)
        if first.place is second.place:
            return say(SAME_PLACE, first=_words(first), second=_words(second))
    return None


def find_key(text: str, languages: Iterable[FormLanguage]) -> str:
    """The key of the language that a person names by its name or tag; the text itself if none."""
    wanted = language_key(text)
    for one in languages:
        if wanted in (one.key, one.tag.lower(), plain_words(one.name).replace(" ", "")):
            return one.key
    return text


def _words(language: FormLanguage) -> str:
    return language.name or language.tag


def _tag_of(name: str) -> str:
    if found := _TAG.search(name):
        return found[1]
    words = plain_words(name)
    for tag, names in _NAMES.items():
        if words in names:
            return tag
    return name if _BARE_TAG.fullmatch(name) and len(name) != 3 else ""
