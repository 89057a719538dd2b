"""Reads what the public page says about a report: plain data, without anyone's name.

An unknown token costs the same statements as a known one, with a tenant that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.definition.schema import Text
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    Document,
    Report,
    ReportStatus,
    Snapshot,
    Tenant,
    Verification,
    Version,
    WorkState,
)
from app.tenancy import call_definer, tenant_scope

LONGEST_TOKEN = 64
NOBODY = UUID(int=0)
# PDFs that the page can recognise: more were never made of one report.
MOST_FILES = 200


class Verdict(StrEnum):
    VALID = "valid"
    SUPERSEDED = "superseded"
    # The last verification found that stored data is not what was frozen.
    DOUBTFUL = "doubtful"
    NOT_COMPLETED = "not_completed"
    DISCARDED = "discarded"
    UNKNOWN = "unknown"


class FileKind(StrEnum):
    """What a PDF is to the report of the page: its newest PDF, an earlier one, a preview, or a PDF
    of another revision."""

    NEWEST = "newest"
    EARLIER = "earlier"
    PREVIEW = "preview"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A finished PDF; `seal` is the fingerprint of the certificate that sealed it."""

    kind: FileKind
    sha256: str
    made_at: datetime
    byte_size: int
    revision: int
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Successor:
    """The newest completed revision of the same number."""

    revision: int
    token: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the page says. Everything but the verdict is empty if the token is unknown."""

    verdict: Verdict
    number: str = ""
    revision: int = 0
    company: str = ""
    time_zone: str = "UTC"
    checklist: Text | None = None
    checklist_code: str = ""
    completed_at: datetime | None = None
    outcome: Outcome | None = None
    snapshot_sha256: str = ""
    # When the rows were last compared with what was frozen.
    compared_at: datetime | None = None
    chain_sequence: int = 0
    chain_hash: str = ""
    successor: Successor | None = None
    files: tuple[KnownFile, ...] = field(default=())

    @property
    def is_finished(self) -> bool:
        return self.completed_at is not None

    @property
    def full_number(self) -> str:
        return f"{self.number}-R{self.revision}"

    @property
    def own_files(self) -> tuple[KnownFile, ...]:
        """The final PDFs of this revision, newest first."""
        return self.files_of(FileKind.NEWEST) + self.files_of(FileKind.EARLIER)

    def files_of(self, kind: FileKind) -> tuple[KnownFile, ...]:
        return tuple(one for one in self.files if one.kind is kind)


def check(token: str) -> Checked:
    """The state of the report whose public address ends with `token`, in any case of letters.

    A slash or a full stop after it belongs to the text around it: the report is not unknown.
    """
    typed = token.strip().rstrip("/.").lower()[:LONGEST_TOKEN]
    found = call_definer("find_checked_report", p_token=typed)
    tenant_id, report_id = (found[0].tenant_id, found[0].report_id) if found else (NOBODY, NOBODY)
    with tenant_scope(tenant_id):
        row = _find_row(report_id)
        successor = _find_successor(report_id)
        files = tuple(_list_files(report_id))
    if row is None:
        return Checked(Verdict.UNKNOWN)
    return _checked(row, successor, files)


def _checked(row: Any, successor: Successor | None, files: tuple[KnownFile, ...]) -> Checked:
    is_finished = row.status in FINISHED_STATUSES
    return Checked(
        verdict=_verdict_of(row, successor),
        number=row.number,
        revision=row.revision,
        company=row.company,
        time_zone=row.time_zone,
        checklist=Text.model_validate(row.title),
        checklist_code=row.code,
        completed_at=row.completed_at if is_finished else None,
        outcome=row.outcome if is_finished else None,
        snapshot_sha256=row.sha256 or "",
        compared_at=row.rows_checked_at,
        chain_sequence=row.audit_sequence or 0,
        chain_hash=row.audit_hash or "",
        successor=successor if is_finished else None,
        files=files if is_finished else (),
    )


def _verdict_of(row: Any, successor: Successor | None) -> Verdict:
    if row.status not in FINISHED_STATUSES:
        return Verdict.DISCARDED if row.discarded_at else Verdict.NOT_COMPLETED
    if row.differences or row.damage:
        return Verdict.DOUBTFUL
    return Verdict.SUPERSEDED if successor else Verdict.VALID


def _row() -> Select[*tuple[Any, ...]]:
    """Columns, not objects: a definition has hundreds of fields, and the page needs a title."""
    header = Version.body["header"]
    return (
        select(
            Report.number,
            Report.revision,
            Report.status,
            Report.outcome,
            Report.completed_at,
            Report.discarded_at,
            header["title"].label("title"),
            header["code"].astext.label("code"),
            Tenant.name.label("company"),
            Tenant.time_zone,
            Snapshot.sha256,
            Snapshot.audit_sequence,
            Snapshot.audit_hash,
            Verification.rows_checked_at,
            Verification.differences,
            Verification.damage,
        )
        .join(Version, Version.id == Report.version_id)
        .join(Tenant, Tenant.id == Report.tenant_id)
        .outerjoin(Snapshot, Snapshot.report_id == Report.id)
        .outerjoin(Verification, Verification.report_id == Report.id)
    )


def _successor() -> Select[*tuple[Any, ...]]:
    later = aliased(Report)
    return (
        select(later.revision, later.check_token)
        .join(Report, and_(later.number == Report.number, later.revision > Report.revision))
        .where(later.status.in_(FINISHED_STATUSES))
        .order_by(later.revision.desc())
        .limit(1)
    )


def _files() -> Select[*tuple[Any, ...]]:
    other = aliased(Report)
    return (
        select(Document, other.revision, other.id.label("report_id"))
        .join(other, other.id == Document.report_id)
        .join(Report, Report.number == other.number)
        .where(
            other.status.in_((ReportStatus.COMPLETED, ReportStatus.ARCHIVED)),
            Document.state == WorkState.DONE,
        )
        .order_by(Document.finished_at.desc(), Document.id)
        .limit(MOST_FILES)
    )


# Putting them together costs more than running them.
_ROW, _SUCCESSOR, _FILES = _row(), _successor(), _files()


def _find_row(report_id: UUID) -> Any:
    return db.session.execute(_ROW.where(Report.id == report_id)).one_or_none()


def _find_successor(report_id: UUID) -> Successor | None:
    """The newest later revision that was completed: by it this one is superseded."""
    row = db.session.execute(_SUCCESSOR.where(Report.id == report_id)).one_or_none()
    return Successor(row.revision, row.check_token) if row else None


def _list_files(report_id: UUID) -> list[KnownFile]:
    """The finished PDFs of all completed revisions of the number, newest first."""
    files: list[KnownFile] = []
    for document, revision, of_report in db.session.execute(_FILES.where(Report.id == report_id)):
        has_newest = any(one.kind is FileKind.NEWEST for one in files)
        files.append(_known(document, revision, of_report == report_id, has_newest))
    return files


def _known(document: Document, revision: int, is_own: bool, has_newest: bool) -> KnownFile:
    if document.is_preview:
        kind = FileKind.PREVIEW
    elif not is_own:
        kind = FileKind.REVISION
    else:
        kind = FileKind.EARLIER if has_newest else FileKind.NEWEST
    return KnownFile(
        kind=kind,
        sha256=document.sha256 or "",
        made_at=document.finished_at or document.created_at,
        byte_size=document.byte_size or 0,
        revision=revision,
        seal=getattr(document, "seal_fingerprint", None),
    )
