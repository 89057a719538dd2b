"""The rows that a PDF is made from. A finished report prints what its snapshot froze.

Answers, photos and signatures cannot change after completion; the names of project, equipment
and people can, so those come from the snapshot once there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.contact import Contact, contact_of
from app.definition.schema import Prefill
from app.extensions import db
from app.models import Account, Document, Report, Snapshot, Tenant, Version
from app.reports.content import content_hash
from app.reports.facts import ReportFacts, load_facts
from app.reports.known import Own, OwnValues


@dataclass(frozen=True, slots=True)
class Source:
    """Everything of the database that a PDF needs, loaded in a fixed number of queries."""

    document: Document
    report: Report
    facts: ReportFacts
    tenant: Tenant
    snapshot: Snapshot | None
    frozen: Mapping[str, Any] | None
    content_hash: str
    names: Mapping[UUID, str]

    @property
    def own(self) -> OwnValues:
        """By field id, what the report itself said at its completion, else what it says now."""
        if self.frozen is None:
            return self.facts.own
        kept = {id: one["own"] for id, one in self.frozen["answers"].items() if "own" in one}
        return {id: Own(Prefill(one["source"]), str(one["value"])) for id, one in kept.items()}

    @property
    def is_preview(self) -> bool:
        return not self.report.is_finished


@dataclass(frozen=True, slots=True)
class Subject:
    """Project and equipment as they are called in this report."""

    project: str
    client: str
    client_contact: Contact
    address: str
    tag: str | None
    equipment: str


def load_source(document_id: UUID) -> Source:
    """The document with its report and all that hangs on it. Raises NoResultFound."""
    document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
    report = db.session.scalars(
        select(Report)
        .where(Report.id == document.report_id)
        .options(
            joinedload(Report.version).joinedload(Version.checklist),
            joinedload(Report.project),
            joinedload(Report.equipment),
        )
    ).one()
    facts = load_facts(report)
    snapshot = db.session.scalars(
        select(Snapshot).where(Snapshot.report_id == report.id)
    ).one_or_none()
    return Source(
        document=document,
        report=report,
        facts=facts,
        tenant=db.session.scalars(select(Tenant)).one(),
        snapshot=snapshot,
        frozen=json.loads(snapshot.body) if snapshot else None,
        content_hash=content_hash(report, facts),
        names={row.id: row.name for row in db.session.execute(select(Account.id, Account.name))},
    )


def subject_of(source: Source) -> Subject:
    """As frozen, else as they are called today."""
    report = source.report
    if source.frozen:
        project = source.frozen["report"]["project"]
        equipment = source.frozen["report"]["equipment"]
        return Subject(
            project=project["name"],
            client=project["client"],
            client_contact=contact_of(project.get("client_contact")),
            address=project["address"],
            tag=equipment["tag"] if equipment else None,
            equipment=equipment["name"] if equipment else "",
        )
    project, equipment = report.project, report.equipment
    return Subject(
        project=project.name,
        client=project.client,
        client_contact=contact_of(project.client_contact),
        address=project.address,
        tag=equipment.tag if equipment else None,
        equipment=equipment.name if equipment else "",
    )


def name_of(source: Source, part: str, account_id: UUID | None) -> str:
    """A person of the report: `part` is started_by, assignee or completed_by."""
    frozen = source.frozen["report"][part] if source.frozen else None
    if frozen:
        return str(frozen["name"])
    return source.names.get(account_id, "") if account_id else ""
