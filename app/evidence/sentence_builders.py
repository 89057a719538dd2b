"""Builds the sentence of an audit entry. sentences.py has the text of each action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.definition.sentences import Plural, Sentence, say
from app.evidence.fact_words import NOTHING, name_words, plain_words

MOST = 200
# Facts that are counts; an entry stores them as text.
AMOUNTS = frozenset(
    {
        "bytes",
        "codes",
        "comments",
        "exceptions",
        "files",
        "minutes",
        "objects",
        "pages",
        "photos",
        "reports",
        "rows",
        "sessions",
    }
)
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Act:
    """The content of an entry, with names for its ids.

    `name` is that of the actor, `subject` that of the object, `question` the label of its field or
    signature role; `old` and `new` are answers in words, empty if there is none.
    """

    action: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    question: str = ""
    old: str = ""
    new: str = ""


Telling = Callable[[Act], Sentence]


def plain(words: str | Plural) -> Telling:
    """The same sentence for all entries of an action.

    Its placeholders are the parts of `Act`, `changes` for the changes of an edit, `what` for the
    name in the facts, and every fact by its own name; a value missing in an old entry is a dash.
    """

    def tell(act: Act) -> Sentence:
        return filled(words, act)

    return tell


def narrowed(some: str | Plural, every: str | Plural) -> Telling:
    """`some` is for a filtered list and names its filters, `every` for a list without filters."""

    def tell(act: Act) -> Sentence:
        return filled(some if _part(act, "filters") else every, act)

    return tell


def filled(words: str | Plural, act: Act) -> Sentence:
    names = _PLACEHOLDER.findall(words.many if isinstance(words, Plural) else words)
    return say(words, **{name: _param(act, name) for name in names})


def _param(act: Act, name: str) -> str | int:
    words = _part(act, name) or NOTHING
    return int(words) if name in AMOUNTS and words.isdecimal() else words


def _part(act: Act, name: str) -> str:
    if name in ("name", "action", "question"):
        return str(getattr(act, name))
    if name == "subject":
        # What has no page of its own, such as a bundle, is named by its facts.
        return act.subject or value_words(name, act.facts.get(name))
    if name in ("old", "new"):
        fact = act.facts.get(name)
        return getattr(act, name) or (value_words(name, fact) if isinstance(fact, str) else "")
    if name == "changes":
        return changes_words(act.facts.get("changes"))
    if name == "what":
        values = act.facts.get("values")
        inner = values.get("name") if isinstance(values, Mapping) else None
        return value_words("name", inner or act.facts.get("name")) or act.subject
    return value_words(name, act.facts.get(name))


def changes_words(changes: object) -> str:
    """The changes of an edit with old and new values: 'Client: "A" → "B"; Address: – → "C"'."""
    if not isinstance(changes, Mapping):
        return ""
    return "; ".join(
        f"{name_words(str(name))}: {_quoted(name, change.get('old'))}"
        f" → {_quoted(name, change.get('new'))}"
        for name, change in changes.items()
        if isinstance(change, Mapping)
    )


def _quoted(name: str, value: object) -> str:
    words = value_words(name, value)
    return f'"{words}"' if words else NOTHING


def value_words(name: str, value: object) -> str:
    """A fact in words, truncated if long, empty if there is no value."""
    if isinstance(value, str) and name.endswith("sha256"):
        return value[:12]
    if isinstance(value, str) and value and name.endswith("_key"):
        return str(_("image %(name)s", name=value.rsplit("/", 1)[-1][:12]))
    return shortened(plain_words(name, value))


def shortened(text: str) -> str:
    """One line, truncated if long; the entry's own page has the full text."""
    text = " ".join(text.split())
    return text if len(text) <= MOST else text[:MOST] + "…"
