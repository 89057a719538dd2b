"""Sentences for people that this package may speak without knowing the reader's language.

A sentence is an English msgid and its parameters; the web layer translates and fills it in.
No Flask, no Babel and no translation belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(msgid: str) -> str:  # noqa: N802 - the name pybabel extracts by default
    """Mark `msgid` for extraction and return it unchanged."""
    return msgid


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English msgid with %(name)s placeholders and the values for them."""

    msgid: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """The English sentence, for logs, tests and command lines."""
        return self.msgid % self.params if self.params else self.msgid


def say(msgid: str, **params: str | int) -> Sentence:
    """A sentence from a msgid marked with `N_` and its parameters."""
    return Sentence(msgid, params)
