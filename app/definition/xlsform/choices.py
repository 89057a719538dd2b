"""The lists of choices of an XLSForm, by their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.definition.xlsform.columns import Part
from app.definition.xlsform.drafts import PartDraft, source_name
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.rows import Row, Rows
from app.definition.xlsform.texts import Texts

# A phone shows a list whole; what is longer is a register and belongs in a file of its own.
MAX_CHOICES = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice; `words` are its labels by language key, `given` its id in our own export."""

    name: str
    words: Mapping[str, str]
    sheet: str
    cell: str
    given: str = ""
    source: str = ""


@dataclass(slots=True)
class Lists:
    """The lists, and which of them a question has used."""

    of: dict[str, list[Choice]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    _options: dict[str, Sequence[PartDraft]] = field(default_factory=dict)

    def take(self, name: str) -> Sequence[Choice] | None:
        """The choices of a list, which counts as used then; None if there is no such list."""
        self.used.add(name)
        return self.of.get(name)

    def options(self, name: str, texts: Texts) -> Sequence[PartDraft]:
        """The choices of a list as options, made once, however many questions use it."""
        if name not in self._options:
            self._options[name] = [_option(one, texts) for one in self.of[name]]
        return self._options[name]

    def list_unused(self, listing: Listing) -> None:
        for name, choices in self.of.items():
            if name not in self.used:
                first = choices[0]
                listing.add(Construct.UNUSED_LIST, first.sheet, first.cell, name)


def read_lists(rows: Rows | None, listing: Listing) -> Lists:
    """Choices without a list are listed; repeated names are kept."""
    lists = Lists()
    seen: set[tuple[str, str]] = set()
    for row in rows or ():
        list_name, name = row.text(Part.LIST), row.text(Part.NAME)
        if not list_name:
            if name or row.words(Part.LABEL):
                listing.add(Construct.LOOSE_CHOICE, row.sheet, row.ref(Part.NAME), name)
            continue
        choice = _choice(row, name)
        if not choice.name:
            listing.add(Construct.LOOSE_CHOICE, row.sheet, row.ref(Part.LABEL), list_name)
            continue
        if (list_name, choice.name) in seen:
            listing.add(Construct.SAME_CHOICE, row.sheet, row.ref(Part.NAME), choice.name)
        seen.add((list_name, choice.name))
        lists.of.setdefault(list_name, []).append(choice)
        for (part, _), cell in row.cells.items():
            if part is Part.PICTURE:
                listing.add(Construct.PICTURE, row.sheet, cell.ref, choice.name, cell.text)
    return lists


def _choice(row: Row, name: str) -> Choice:
    words = row.words(Part.LABEL)
    fallback = next(iter(words.values()), "")
    return Choice(
        name=name or fallback,
        words=words,
        sheet=row.sheet,
        cell=row.ref(Part.NAME),
        given=row.own_text("laudo_id"),
        source=row.own_text("laudo_name"),
    )


def _option(choice: Choice, texts: Texts) -> PartDraft:
    """A choice as an option, a row or a column."""
    if choice.given:
        label = texts.own(choice.words)
        source = choice.source or None
    else:
        label = texts.of(choice.words, choice.sheet, choice.cell, choice.name)
        source = source_name(choice.name)
    label = label or texts.named(choice.name, choice.sheet, choice.cell)
    return PartDraft(choice.name, label, choice.given, source)
