"""Messages to users from code that does not know the user's language.

A sentence is an English msgid with parameters; the web layer translates it and inserts the
values. No Flask and no translation belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.amounts import with_amounts


class Plural(NamedTuple):
    """The msgids for singular and plural; `by` is the placeholder that holds the count."""

    one: str
    many: str
    by: str = "count"


def N_(msgid: str) -> str:  # noqa: N802 - the name pybabel extracts by default
    """Mark `msgid` for extraction and return it unchanged."""
    return msgid


def NN_(one: str, many: str, by: str = "count") -> Plural:  # noqa: N802 - beside N_
    """Mark singular and plural for extraction (app/translations/extract.py knows the name)."""
    return Plural(one, many, by)


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English msgid with %(name)s placeholders and their values.

    If the sentence counts something, `plural` has both forms and `msgid` is the singular.
    """

    msgid: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    plural: Plural | None = None

    @property
    def number(self) -> int:
        """The count that selects the form; a value that is not an integer selects the plural."""
        found = self.params.get(self.plural.by) if self.plural else None
        return found if isinstance(found, int) else 2

    def __str__(self) -> str:
        """The English sentence, for logs, tests and command lines."""
        msgid = self.plural.many if self.plural and self.number != 1 else self.msgid
        return msgid % with_amounts(self.params) if self.params else msgid


def say(words: str | Plural, /, **params: str | int) -> Sentence:
    """A sentence from a msgid marked with `N_` or `NN_` and its parameters."""
    if isinstance(words, Plural):
        return Sentence(words.one, params, words)
    return Sentence(words, params)
