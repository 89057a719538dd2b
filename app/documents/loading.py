"""Loads the rows that a PDF is made from.

Answers, photos and signatures cannot change after completion; the names of project, equipment
and people can, so a finished report takes those from its snapshot.
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
from app.layouts import layout_of
from app.models import Account, Document, Report, Snapshot, Tenant, Version
from app.pdf.settings import PdfSettings, layout_in_force
from app.reports.check_address import check_url
from app.reports.content import content_hash
from app.reports.facts import PlacedPhoto, ReportFacts, load_facts
from app.reports.imports import ImportedWork, list_imported_work
from app.reports.likenesses import Likenesses, likenesses_from_snapshot
from app.reports.own_values import OwnValue, OwnValues
from app.reports.revising.changes import Changes, read_changes
from app.rows import own_tenant


@dataclass(frozen=True, slots=True)
class Source:
    """All data from the database that a PDF needs, loaded in a fixed number of queries."""

    document: Document
    report: Report
    facts: ReportFacts
    tenant: Tenant
    snapshot: Snapshot | None
    frozen: Mapping[str, Any] | None
    content_hash: str
    names: Mapping[UUID, str]
    imported: tuple[ImportedWork, ...] = ()
    check_url: str = ""
    changes: Changes | None = None

    @property
    def own(self) -> OwnValues:
        """The report's own values by field id: as frozen at completion, else the current ones."""
        if self.frozen is None:
            return self.facts.own
        kept = {id: one["own"] for id, one in self.frozen["answers"].items() if "own" in one}
        return {id: OwnValue(Prefill(one["source"]), str(one["value"])) for id, one in kept.items()}

    @property
    def settings(self) -> PdfSettings:
        """The company's settings with the layout of this report, which is frozen at completion."""
        company, checklist = self.tenant.pdf, self.report.version.checklist
        layout = (
            layout_in_force(company, checklist.layout)
            if self.frozen is None
            else layout_of(self.frozen.get("layout"))
        )
        return PdfSettings.of(company).model_copy(update={"layout": layout})

    @property
    def is_preview(self) -> bool:
        return not self.report.is_finished

    def likenesses_of(self, one: PlacedPhoto) -> Likenesses | None:
        """What comparisons found: by the completion, or until now if the report is open."""
        if self.frozen is None:
            return one.likenesses
        return likenesses_from_snapshot(self.frozen, one.photo.id)


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """The names and data of project and equipment in this report."""

    project: str
    client: str
    client_contact: Contact
    address: str
    tag: str | None
    equipment: str


def load_source(document_id: UUID) -> Source:
    """Load the document with its report and all related rows. Raises NoResultFound."""
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
        facts=facts.shown(),
        tenant=own_tenant(),
        snapshot=snapshot,
        frozen=json.loads(snapshot.body) if snapshot else None,
        content_hash=content_hash(report, facts),
        names={row.id: row.name for row in db.session.execute(select(Account.id, Account.name))},
        imported=list_imported_work(report.id),
        check_url=check_url(report),
        changes=read_changes(report, facts),
    )


def subject_of(source: Source) -> ReportSubject:
    """The frozen names and data, else the current ones."""
    report = source.report
    if source.frozen:
        project = source.frozen["report"]["project"]
        equipment = source.frozen["report"]["equipment"]
        return ReportSubject(
            project=project["name"],
            client=project["client"],
            client_contact=contact_of(project.get("client_contact")),
            address=project["address"],
            tag=equipment["tag"] if equipment else None,
            equipment=equipment["name"] if equipment else "",
        )
    project, equipment = report.project, report.equipment
    return ReportSubject(
        project=project.name,
        client=project.client,
        client_contact=contact_of(project.client_contact),
        address=project.address,
        tag=equipment.tag if equipment else None,
        equipment=equipment.name if equipment else "",
    )


def name_of(source: Source, part: str, account_id: UUID | None) -> str:
    """The name of a person of the report; `part` is started_by, assignee or completed_by."""
    frozen = source.frozen["report"][part] if source.frozen else None
    if frozen:
        return str(frozen["name"])
    return source.names.get(account_id, "") if account_id else ""
