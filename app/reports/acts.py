"""An audit entry about a report, with its question and its answers in words.

The history of one report and the company's audit are both told from this.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.definition.judging import NOTHING, AnswerFacts
from app.definition.schema import Definition, Field, Language
from app.evidence.fact_words import plain_words
from app.evidence.telling import Act, shortened
from app.reports.wording import answer_words

# Actions whose `role` is one of the checklist's signature roles.
SIGNED = "signature."


def read_act(
    action: str, said: Any, definition: Definition | None = None, subject: str = ""
) -> Act:
    """An entry's body as sentences need it; `definition` is that of the report it is about."""
    name = str((said.get("actor") or {}).get("name") or "")
    act = Act(action, name, said.get("facts") or {}, subject)
    return _with_question(act, definition) if definition else act


def _with_question(act: Act, definition: Definition) -> Act:
    """With the label of the field or signature role, and answers in words."""
    languages, facts = definition.languages, act.facts
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
    """An answer in words, empty where nothing was said."""
    try:
        answer = AnswerFacts(**content) if content else NOTHING
        return shortened(answer_words(field, answer, languages)) if answer != NOTHING else ""
    except (AttributeError, KeyError, TypeError, ValueError):
        return shortened(plain_words("value", content))
