"""How far the filling of a report is, counted from what its submit still asks for.

There is one count and it comes from `missing_items`, so that no page can say something else than
the submit: see rules.py for what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.definition.rules import Missing, MissingKind
from app.definition.schema import Definition, Field, FieldType

# The keys in Progress.per_section of what stands in no section; no section can have such an id.
INFO, SIGNATURES = "_info", "_signatures"


@dataclass(frozen=True, slots=True)
class Progress:
    """Questions and signatures that are done; `per_section` maps a section id to (done, total).

    Every question (not the notes) and every signature role of the checklist counts once, whatever
    stands in it, so that `total` never changes while a report is filled. One is done when the
    submit asks nothing more of it: a required question with its answer, comment and photos, an
    optional one unless something is begun in it. So 100 per cent is what the submit accepts.
    """

    total: int
    done: int
    per_section: Mapping[str, tuple[int, int]]

    @property
    def left(self) -> int:
        return self.total - self.done

    @property
    def percent(self) -> int:
        """Whole per cent, 100 only when everything is done."""
        return self.done * 100 // self.total if self.total else 100


def progress(definition: Definition, missing: Iterable[Missing]) -> Progress:
    """How far a report is that lacks `missing` (rules.missing_items, of the same checklist)."""
    missing = list(missing)
    open_fields = {item.field_id for item in missing}
    open_roles = {item.role_id for item in missing}

    def tally(fields: Sequence[Field]) -> tuple[int, int]:
        ids = [field.id for field in fields if field.type is not FieldType.NOTE]
        return sum(id not in open_fields for id in ids), len(ids)

    roles = [role.id for role in definition.signature_roles]
    per_section = {
        INFO: tally(definition.info_fields),
        **{section.id: tally(section.fields) for section in definition.sections},
        SIGNATURES: (sum(id not in open_roles for id in roles), len(roles)),
    }
    done, total = (sum(pair[i] for pair in per_section.values()) for i in (0, 1))
    return Progress(total=total, done=done, per_section=per_section)


def first_open_field(missing: Iterable[Missing]) -> str | None:
    """The id of the first field where something can be done, at which the filling resumes."""
    return next(
        (
            item.field_id
            for item in missing
            if item.field_id and item.kind is not MissingKind.READING
        ),
        None,
    )
