"""The names of the ids in audit entries: reports, questions, people, projects.

A batch of entries takes a few statements, one for each type of object in it. The names are the
current ones; an entry holds the id, and in its facts the name at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.definition.schema import Definition
from app.evidence.sentence_builders import Act
from app.extensions import db
from app.models import (
    Account,
    Checklist,
    Document,
    Equipment,
    Invitation,
    Project,
    Report,
    Tenant,
    Version,
    checklist_name,
)
from app.reports.acts import read_act
from app.web.locale import reader_language


@dataclass(frozen=True, slots=True)
class ObjectName:
    """The object of an entry: its name in `words`, and the page that shows it.

    `is_shown` is false if the page hides it, as for a discarded report.
    """

    words: str
    page_type: str
    page_id: UUID
    is_shown: bool = True


def _report_words() -> Any:
    return func.concat(Report.number, "-R", Report.revision, " · ", Report.title)


# For each type of object: its id, its name, the id of its page, and whether the page hides it.
_NAMED: dict[str, Any] = {
    "report": select(Report.id, _report_words(), Report.id, Report.discarded_at),
    "leftover": select(Report.id, _report_words(), Report.id, Report.discarded_at),
    "document": select(Document.id, _report_words(), Report.id, Report.discarded_at).join(
        Report, Report.id == Document.report_id
    ),
    "project": select(Project.id, Project.name, Project.id),
    "equipment": select(
        Equipment.id, func.concat(Equipment.tag, " · ", Project.name), Project.id
    ).join(Project, Project.id == Equipment.project_id),
    "invitation": select(Invitation.id, Invitation.email, Invitation.id),
    "account": select(Account.id, Account.name, Account.id),
    "tenant": select(Tenant.id, Tenant.name, Tenant.id),
}
_KINDS = {*_NAMED, "checklist"}
_PAGES = {"document": "report", "leftover": "report", "equipment": "project"}


def _checklists() -> Any:
    """Like the others, but in the reader's language, which is known only in a request."""
    name = checklist_name(reader_language())
    return select(Checklist.id, func.concat(Checklist.code, " · ", name), Checklist.id)


class Names:
    """The names of the objects of entries, cached across batches."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, UUID], ObjectName | None] = {}
        self._definitions: dict[UUID, Definition] = {}
        self._versions: dict[UUID, Definition] = {}

    def load(self, entries: Sequence[Row[Any]]) -> None:
        """Read the missing names for these entries (with object_type, object_id, facts)."""
        for kind in _KINDS:
            self._load_objects(kind, {e.object_id for e in entries if e.object_type == kind})
        self._load_definitions(
            {e.object_id for e in entries if e.object_type == "report" and _has_question(e.facts)}
        )

    def load_object(self, kind: str, object_id: UUID | None) -> None:
        """Read the name of one object."""
        if kind in _KINDS:
            self._load_objects(kind, {object_id})

    def object(self, kind: str, object_id: UUID | None) -> ObjectName | None:
        return self._objects.get((kind, object_id)) if object_id else None

    def act(self, action: str, body: Any, kind: str, object_id: UUID | None) -> Act:
        """Parse the entry for its sentence; `body` is its parsed JSON."""
        named = self.object(kind, object_id)
        definition = self._definitions.get(object_id) if object_id else None
        return read_act(action, body, definition, named.words if named else "")

    def _load_objects(self, kind: str, ids: set[Any]) -> None:
        unknown = {one for one in ids if one and (kind, one) not in self._objects}
        if not unknown:
            return
        self._objects.update({(kind, one): None for one in unknown})
        statement = _checklists() if kind == "checklist" else _NAMED[kind]
        column = statement.selected_columns[0]
        for row_id, words, page_id, *hidden in db.session.execute(
            statement.where(column.in_(unknown))
        ):
            self._objects[kind, row_id] = ObjectName(
                words, _PAGES.get(kind, kind), page_id, not any(hidden)
            )

    def _load_definitions(self, report_ids: Iterable[UUID]) -> None:
        unknown = {one for one in report_ids if one not in self._definitions}
        if not unknown:
            return
        rows = db.session.execute(
            select(Report.id, Report.version_id).where(Report.id.in_(unknown))
        ).all()
        missing = {row.version_id for row in rows} - self._versions.keys()
        for version in db.session.scalars(select(Version).where(Version.id.in_(missing))):
            self._versions[version.id] = version.definition
        self._definitions.update({row.id: self._versions[row.version_id] for row in rows})


def _has_question(body: Any) -> bool:
    """Whether the entry is about a field or a signature role, whose label is in the definition."""
    facts = body.get("facts") or {}
    return bool(facts.get("field") or facts.get("role"))
