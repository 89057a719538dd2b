"""Sentences for people that this package may speak without knowing the reader's language.

A sentence is an English msgid and its parameters; the web layer translates and fills it in.
No Flask and no translation belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.amounts import written


class Plural(NamedTuple):
    """A msgid for one and one for all other numbers; `by` is the placeholder of what is counted."""

    one: str
    many: str
    by: str = "count"


def N_(msgid: str) -> str:  # noqa: N802 - the name pybabel extracts by default
    """Mark `msgid` for extraction and return it unchanged."""
    return msgid


def NN_(one: str, many: str, by: str = "count") -> Plural:  # noqa: N802 - beside N_
    """Mark both forms of a sentence that counts (app/translations/extract.py knows the name)."""
    return Plural(one, many, by)


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English msgid with %(name)s placeholders and the values for them.

    `plural` has both forms of a sentence that counts; `msgid` is the one for one then.
    """

    msgid: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    plural: Plural | None = None

    @property
    def number(self) -> int:
        """What chooses between the forms; whatever is no number is many."""
        found = self.params.get(self.plural.by) if self.plural else None
        return found if isinstance(found, int) else 2

    def __str__(self) -> str:
        """The English sentence, for logs, tests and command lines."""
        msgid = self.plural.many if self.plural and self.number != 1 else self.msgid
        return msgid % written(self.params) if self.params else msgid


def say(words: str | Plural, /, **params: str | int) -> Sentence:
    """A sentence from words marked with `N_` or `NN_` and its parameters."""
    if isinstance(words, Plural):
        return Sentence(words.one, params, words)
    return Sentence(words, params)
