"""The progress that is kept with an open report, so that a save counts only its own field.

Kept are the counts of each section (required questions, and those done), and the basis that they
were counted on: a digest of everything else that they depend on. A save compares the basis with
what it finds under the report's lock. If anything differs (a photo was read, removed or given up, a
project was renamed, an answer was written by other code, the rules changed), everything is counted
again. So nobody who changes such data has to know of this (docs/adr/0027). Signatures are never
kept: see `with_roles`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from app.definition.assessment import INFO, SIGNATURES, Assessment, Progress
from app.definition.edition import edition
from app.definition.judging import AnswerFacts, PhotoFacts
from app.definition.missing import count_of_field, missing_of_field
from app.definition.schema import Definition, Field
from app.reports.own_values import OwnValues, prefilled

# The (done, total) of each section.
Counts = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Outline:
    """What a save needs of a definition: its sections, and the section of each question."""

    definition: Definition
    sections: tuple[str, ...]
    section_of: Mapping[str, str]
    has_prefills: bool
    has_logic: bool


def outline_of(definition: Definition) -> Outline:
    parts = [(INFO, definition.info_fields)]
    parts += [(section.id, section.fields) for section in definition.sections]
    sections = tuple(id for id, _fields in parts)
    section_of = {field.id: id for id, fields in parts for field in fields if field.is_question}
    return Outline(
        definition, sections, section_of, bool(prefilled(definition)), definition.has_logic
    )


def count(assessment: Assessment) -> Counts:
    """The counts of an assessed report."""
    sections = assessment.progress.per_section
    return {id: pair for id, pair in sections.items() if id != SIGNATURES}


def basis_of(answers: int, versions: int, photos: str, own: OwnValues) -> str:
    """The digest of what the counts depend on.

    `answers` and `versions` are the number of the report's answers and the sum of their row
    versions, `photos` a digest of all facts about its placed photos.
    """
    values = sorted((field_id, one.value) for field_id, one in own.items())
    return sha256(repr((edition(), answers, versions, photos, values)).encode()).hexdigest()


def read_counts(kept: Mapping[str, Any] | None, basis: str, outline: Outline) -> Counts | None:
    """The kept counts; None if there are none, or if they were counted on another basis."""
    if kept is None or kept.get("basis") != basis:
        return None
    counts = kept["counts"]
    return {section: (counts[section][0], counts[section][1]) for section in outline.sections}


def moved(
    counts: Counts,
    section: str,
    field: Field,
    photos: Sequence[PhotoFacts],
    *,
    before: AnswerFacts,
    after: AnswerFacts,
) -> Counts:
    """The counts after the answer to one field has changed. With conditions, the answer may
    change what others count for: then the caller counts everything again."""
    old, new = (
        count_of_field(field, is_complete=not any(missing_of_field(field, facts, photos)))
        for facts in (before, after)
    )
    done, total = counts[section]
    return {**counts, section: (done + new[0] - old[0], total + new[1] - old[1])}


def with_roles(counts: Counts, roles: tuple[int, int]) -> Progress:
    """The progress of a report; `roles` are the signatures done and required.

    A signature is valid as long as the content has its hash, which only the whole report shows.
    """
    per_section = {**counts, SIGNATURES: roles}
    done, total = (sum(pair[i] for pair in per_section.values()) for i in (0, 1))
    return Progress(total=total, done=done, per_section=per_section)


def roles_unsigned(definition: Definition) -> tuple[int, int]:
    """The signatures done and required while nobody has signed."""
    return 0, sum(role.required for role in definition.roles_at_submit)
