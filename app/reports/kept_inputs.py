"""The drawn inputs of fields, kept by what they show: most of a long fill page.

A checklist's inputs are the same for every report and change only with the answer, so a page of
300 fields redraws a few of them. Nothing that belongs to one report, person or request (an
address, a token, a row version) may be drawn here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as part
from functools import lru_cache
from uuid import UUID

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup

from app.definition.schema import Definition, Field, Language
from app.reports.filling import FieldView, Typed
from app.web.page import asset_url

MAX_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What is drawn; two are equal when `key` says that they show the same."""

    key: tuple[object, ...]
    field: Field = part(compare=False)
    answer: Typed | None = part(compare=False)
    judged: Mapping[str | None, str] = part(compare=False)
    languages: tuple[Language, ...] = part(compare=False)


def drawn_inputs(version_id: UUID, definition: Definition, view: FieldView) -> Markup:
    """The inputs of a field with its answer in them (components/_field_input.html)."""
    answer = view.answer
    shown = repr((answer.value, answer.comment, answer.na_reason)) if answer else ""
    key = (version_id, view.field.id, str(get_locale()), asset_url("icons.svg"), shown)
    return _drawn(_Inputs(key, view.field, answer, view.judged, definition.languages))


@lru_cache(maxsize=MAX_KEPT)
def _drawn(inputs: _Inputs) -> Markup:
    macros = current_app.jinja_env.get_template("components/_field_input.html").module
    field_input: Callable[..., Markup] = macros.field_input  # type: ignore[attr-defined]
    return field_input(inputs.field, inputs.answer, inputs.languages, inputs.judged)
