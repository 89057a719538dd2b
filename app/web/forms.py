"""Form fields that every feature shares: text as typed, freed from what breaks storage."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.widgets import TextArea

from app.definition.answers import InvalidAnswer, clean_text


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
            raise ValueError(_(error.sentence.msgid, **error.sentence.params)) from error

    def _in_shape(self, text: str) -> str:
        return " ".join(text.split())


class LongTextField(TextField):
    """Text over several lines; the line ends stay."""

    widget = TextArea()

    def _in_shape(self, text: str) -> str:
        return text
