"""Shared by all forms: text fields that clean their input, and choices."""

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
    """One line of text in NFC, without control characters. Too long text is refused, not cut."""

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
    """Multi-line text; line ends are kept."""

    widget = TextArea()

    def _in_shape(self, text: str) -> str:
        return text


def as_id(value: Any) -> UUID | None:
    """Coerce a select value to an id: None for the prompt, ValueError for an invalid id."""
    return value if isinstance(value, UUID) else UUID(value) if value else None


def options(pairs: Pairs, group: str | None = None) -> list[SelectChoice]:
    """Choices from pairs of value and label, with an optional group heading."""
    return [SelectChoice(value, words, optgroup=group) for value, words in pairs]


def zone_options(heading: str, first: Pairs) -> list[SelectChoice]:
    """Choices of inhabited time zones by area, after the choices `first` under `heading`."""
    groups = {heading: first, **zones_by_area()}
    return [one for group, pairs in groups.items() for one in options(pairs, group)]
