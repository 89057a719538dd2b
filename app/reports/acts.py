"""An audit entry about a report, with its question and its answers in words.

Both the history of a report and the company's audit use it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from app.definition.judging import NOTHING, AnswerFacts
from app.definition.schema import Definition, Field, Language
from app.evidence.fact_words import plain_words
from app.evidence.sentence_builders import Act, shortened
from app.reports.wording import answer_words
from app.web.locale import reading_order

# Actions whose `role` is one of the checklist's signature roles.
SIGNED = "signature."


def read_act(
    action: str, body: Any, definition: Definition | None = None, subject: str = ""
) -> Act:
    """Parse an entry's body for its sentence; `definition` is that of the report in question."""
    actor = body.get("actor") or {}
    act = Act(action, _name_of(actor), body.get("facts") or {}, subject)
    return _with_question(act, definition) if definition else act


def _name_of(actor: Any) -> str:
    """The person's name, with that of the admin who imported their work."""
    name, importer = str(actor.get("name") or ""), actor.get("imported_by")
    if not importer:
        return name
    return str(_("%(name)s (imported by %(importer)s)", name=name, importer=importer.get("name")))


def _with_question(act: Act, definition: Definition) -> Act:
    """Add the label of the field or signature role, and the answers in words."""
    languages, facts = reading_order(definition.languages), act.facts
    if act.action.startswith(SIGNED):
        role = definition.role(str(facts.get("role")))
        label = role.label.first(languages) if role else str(facts.get("role") or "")
        return replace(act, question=label)
    field = definition.field(str(facts.get("field")))
    if field is None:
        return act
    return replace(
        act,
        question=field.label.first(languages),
        old=_answer_words(field, facts.get("old"), languages),
        new=_answer_words(field, facts.get("new") or facts.get("typed"), languages),
    )


def _answer_words(field: Field, content: Any, languages: tuple[Language, ...]) -> str:
    """An answer in words; empty if there is none."""
    try:
        answer = AnswerFacts(**content) if content else NOTHING
        return shortened(answer_words(field, answer, languages)) if answer != NOTHING else ""
    except (AttributeError, KeyError, TypeError, ValueError):
        return shortened(plain_words("value", content))
