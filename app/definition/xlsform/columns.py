"""The header row of the survey and choices sheets: what each column means, and in which language.

Accepts the old names of columns, single colons as in `label:English`, and names in groups such as
`bind::relevant` and `media::image::English`. Columns of our own begin with `laudo_`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.workbook.sheet import VisibleSheet

HEADER_ROWS = 15
OWN = "laudo_"


class Part(StrEnum):
    """What a column is about. OTHER has no meaning here, OWN is a column of our own."""

    TYPE = "type"
    NAME = "name"
    LABEL = "label"
    HINT = "hint"
    GUIDANCE = "guidance_hint"
    REQUIRED = "required"
    REQUIRED_MESSAGE = "required_message"
    RELEVANT = "relevant"
    CONSTRAINT = "constraint"
    CONSTRAINT_MESSAGE = "constraint_message"
    APPEARANCE = "appearance"
    DEFAULT = "default"
    CALCULATION = "calculation"
    READ_ONLY = "read_only"
    PARAMETERS = "parameters"
    CHOICE_FILTER = "choice_filter"
    REPEAT_COUNT = "repeat_count"
    PICTURE = "picture"
    DISABLED = "disabled"
    LIST = "list"
    OTHER = "other"
    OWN = "own"


# The parts whose columns have a language.
TRANSLATED = frozenset(
    (
        Part.LABEL,
        Part.HINT,
        Part.GUIDANCE,
        Part.REQUIRED_MESSAGE,
        Part.CONSTRAINT_MESSAGE,
        Part.PICTURE,
    )
)
_NAMES = {
    Part.TYPE: "type|command",
    Part.NAME: "name|tag|value",
    Part.LABEL: "label|caption",
    Part.HINT: "hint",
    Part.GUIDANCE: "guidance_hint",
    Part.REQUIRED: "required|bind::required",
    Part.REQUIRED_MESSAGE: "required_message|requiredmsg|jr:requiredmsg|bind::jr:requiredmsg",
    Part.RELEVANT: "relevant|relevance|bind::relevant|bind::relevance",
    Part.CONSTRAINT: "constraint|bind::constraint",
    Part.CONSTRAINT_MESSAGE: "constraint_message|constraining_message|jr:constraintmsg"
    "|bind::jr:constraintmsg",
    Part.APPEARANCE: "appearance|control::appearance|body::appearance",
    Part.DEFAULT: "default",
    Part.CALCULATION: "calculation|calculate|bind::calculate",
    Part.READ_ONLY: "readonly|read_only|bind::readonly|bind::read_only",
    Part.PARAMETERS: "parameters",
    Part.CHOICE_FILTER: "choice_filter",
    Part.REPEAT_COUNT: "repeat_count|count|jr:count|control::jr:count|body::jr:count",
    Part.PICTURE: "image|big-image|audio|video|media::image|media::big-image|media::audio"
    "|media::video",
    Part.DISABLED: "disabled",
    Part.LIST: "list_name",
}
_PART_OF = {name: part for part, names in _NAMES.items() for name in names.split("|")}
# Parts that only one of the two sheets has.
_SURVEY_ONLY = frozenset(Part) - {
    Part.NAME,
    Part.LABEL,
    Part.PICTURE,
    Part.LIST,
    Part.OTHER,
    Part.OWN,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its number. `language` is as the header writes it, `title` the whole header.

    `key` tells its cells apart from those of the same part: the language, or the title of pictures.
    """

    index: int
    part: Part
    language: str
    title: str
    key: str


@dataclass(frozen=True, slots=True)
class Head:
    """The header row and its columns from left to right."""

    row: int
    columns: tuple[Column, ...]

    def has(self, part: Part) -> bool:
        return any(column.part is part for column in self.columns)


def find_head(sheet: VisibleSheet, *needed: Part, is_choices: bool = False) -> Head | None:
    """The first row that has all `needed` columns, else the first row with text, else None."""
    first: Head | None = None
    for row in range(1, min(len(sheet.rows), HEADER_ROWS) + 1):
        titles = {column: cell.text for column, cell in sheet.row_cells(row) if cell.text}
        if not titles:
            continue
        head = Head(row, _columns(titles, is_choices=is_choices))
        first = first or head
        if all(map(head.has, needed)):
            return head
    return first


def language_key(language: str) -> str:
    """The same for two ways to write a language: "English (en)" and "english(EN)"."""
    return re.sub(r"\s+", "", language).casefold()


def _columns(titles: Mapping[int, str], *, is_choices: bool) -> tuple[Column, ...]:
    is_double = any("::" in title for title in titles.values())
    columns = []
    for index, title in titles.items():
        tokens = _tokens(title, is_double)
        part, language = _meaning(tokens)
        if part in _SURVEY_ONLY if is_choices else part is Part.LIST:
            part, language = Part.OTHER, ""
        key = title if part is Part.PICTURE else language_key(language)
        columns.append(Column(index, part, language, title, key))
    return tuple(columns)


def _tokens(title: str, is_double: bool) -> Sequence[str]:
    """`media::image::English` -> media, image, English; a single colon after `jr` joins."""
    title = " ".join(title.split())
    if "::" in title or is_double:
        tokens = [token.strip() for token in title.split("::")]
    else:
        tokens = re.sub(r"\bjr\s*:\s*", "jr\0", title).split(":")
        tokens = [token.strip().replace("\0", ":") for token in tokens]
    return tokens


def _meaning(tokens: Sequence[str]) -> tuple[Part, str]:
    for count in (2, 1):
        name = "::".join(map(_plain, tokens[:count]))
        part = _PART_OF.get(name)
        if part is None:
            continue
        rest = "::".join(tokens[count:]).strip()
        if not rest or part in TRANSLATED:
            return part, rest
    is_own = len(tokens) == 1 and _plain(tokens[0]).startswith(OWN)
    return (Part.OWN if is_own else Part.OTHER), ""


def _plain(token: str) -> str:
    return "_".join(token.split()).lower()
