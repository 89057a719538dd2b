"""What the forms of all features share: text freed from what breaks storage, and choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from wtforms import StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.widgets import TextArea

from app.definition.answers import InvalidAnswer, clean_text
from app.web.filters import sentence_text
from app.web.locale import zones_by_area

Pairs = Iterable[tuple[Any, Any]]


class TextField(StringField):
    """One line of text in NFC, without control characters; refused, never cut, when too long."""

    def __init__(self, *args: Any, max_length: int, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {}).setdefault("maxlength", max_length)
        super().__init__(*args, **kwargs)
        self.max_length = max_length

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        self.data = str(valuelist[0])[: self.max_length]
        try:
            self.data = self._in_shape(clean_text(str(valuelist[0]), self.max_length))
        except InvalidAnswer as error:
            raise ValueError(sentence_text(error.sentence)) from error

    def _in_shape(self, text: str) -> str:
        return " ".join(text.split())


class LongTextField(TextField):
    """Text over several lines; the line ends stay."""

    widget = TextArea()

    def _in_shape(self, text: str) -> str:
        return text


def as_id(value: Any) -> UUID | None:
    """What a list of ids coerces with: None for its prompt, ValueError for what is no id."""
    return value if isinstance(value, UUID) else UUID(value) if value else None


def options(pairs: Pairs, group: str | None = None) -> list[SelectChoice]:
    """Choices from pairs of value and words, under the heading of a group where there is one."""
    return [SelectChoice(value, words, optgroup=group) for value, words in pairs]


def zone_options(heading: str, first: Pairs) -> list[SelectChoice]:
    """The time zones that people live in, by area, below those that stand under `heading`."""
    groups = {heading: first, **zones_by_area()}
    return [one for group, pairs in groups.items() for one in options(pairs, group)]
