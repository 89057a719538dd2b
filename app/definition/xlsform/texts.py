"""Texts of a form in the languages that were chosen for the checklist."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.definition.schema import Language, Text
from app.definition.xlsform.columns import Part
from app.definition.xlsform.languages import FormLanguage
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.rows import Row

MAX_TEXT = 2_000
_QUOTED = re.compile(r"\$\{\s*([^\s{}]+)\s*\}")


class Texts:
    """Turns words by language key into a Text, and lists what a chosen language lacks.

    `labels` are the words of each question by its name, for answers that a text quotes.
    """

    def __init__(
        self,
        chosen: Sequence[FormLanguage],
        others: Sequence[FormLanguage],
        labels: Mapping[str, Mapping[str, str]],
        listing: Listing,
    ) -> None:
        self._chosen = chosen
        self._places = {one.key: one.place.value for one in (*others, *chosen)}
        self._order = [one.key for one in (*chosen, *others)]
        self._labels = labels
        self._listing = listing

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(one.place for one in self._chosen)

    def of_row(self, row: Row, part: Part, *, name: str) -> Text | None:
        """The text of a part of a row, None if it has none in any language."""
        return self.of(row.words(part), row.sheet, row.ref(part), name)

    def of(self, words: Mapping[str, str], sheet: str, cell: str, name: str) -> Text | None:
        """The text made of these words; a chosen language without words stays empty."""
        if not words:
            return None
        found: dict[str, str] = {
            one.place.value: words[one.key] for one in self._chosen if one.key in words
        }
        if len(found) < len(self._chosen):
            best = next((words[key] for key in self._order if key in words), "")
            best = best or next(iter(words.values()))
            self._listing.add(Construct.TRANSLATION, sheet, cell, name, best)
            found = found or {self.languages[0].value: best}
        return Text(
            **{place: self._ready(text, sheet, cell, name) for place, text in found.items()}
        )

    def own(self, words: Mapping[str, str]) -> Text | None:
        """The text of our own export, exactly, also in languages that were not chosen."""
        found = {self._places[key]: text for key, text in words.items() if key in self._places}
        return Text(**found) if found else None

    def named(self, name: str, sheet: str, cell: str) -> Text:
        """The text of something that has only a name."""
        self._listing.add(Construct.NO_LABEL, sheet, cell, name)
        return Text(**{self.languages[0].value: name[:MAX_TEXT]})

    def _ready(self, text: str, sheet: str, cell: str, name: str) -> str:
        if _QUOTED.search(text):
            self._listing.add(Construct.REFERENCE, sheet, cell, name, text)
            text = _QUOTED.sub(self._quoted, text)
        if len(text) > MAX_TEXT:
            self._listing.add(Construct.CUT, sheet, cell, name, text)
            text = f"{text[: MAX_TEXT - 1].rstrip()}…"
        return text

    def _quoted(self, match: re.Match[str]) -> str:
        words = self._labels.get(match[1], {})
        label = next((words[key] for key in self._order if key in words), match[1])
        return f"[{label if len(label) <= 80 else match[1]}]"


def joined(first: Text | None, second: Text | None) -> Text | None:
    """Both texts below each other."""
    if first is None or second is None:
        return first or second
    both = {}
    for language in Language:
        lines = [one for one in (getattr(first, language), getattr(second, language)) if one]
        if lines:
            both[language.value] = "\n".join(lines)[:MAX_TEXT]
    return Text(**both)
