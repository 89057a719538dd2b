"""Reports with finished PDFs, for the tests of the public page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.extensions import db
from app.models import Actor, Document, Report, Snapshot, WorkState
from app.storage import object_key
from app.tenancy import require_tenant
from tests.support.pictures import sha256_of
from tests.support.scenarios import a_report, completed


def a_pdf(
    report: Report, actor: Actor, data: bytes, *, minutes_ago: int = 0, is_preview: bool = False
) -> str:
    """The row of a finished PDF with these bytes; returns their SHA-256."""
    digest = sha256_of(data)
    db.session.add(
        Document(
            report_id=report.id,
            requested_by=actor.account_id,
            is_preview=is_preview,
            state=WorkState.DONE,
            storage_key=object_key(require_tenant(), "pdf", digest, ".pdf"),
            sha256=digest,
            byte_size=len(data),
            pages=1,
            finished_at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
        )
    )
    db.session.commit()
    return digest


def a_finished_report(actor: Actor, data: bytes = b"%PDF one", **columns: object) -> Report:
    """A completed report with a snapshot's row and one PDF."""
    report = completed(a_report(actor, **columns), actor)
    db.session.add(
        Snapshot(
            report_id=report.id,
            body="{}",
            sha256=sha256_of(b"{}"),
            audit_sequence=7,
            audit_hash="ab" * 32,
        )
    )
    db.session.commit()
    a_pdf(report, actor, data)
    return report


def a_revision(of: Report, actor: Actor, revision: int, *, is_finished: bool = True) -> Report:
    """A later revision of the report, completed unless told otherwise."""
    later = a_report(
        actor,
        version=of.version,
        project=of.project,
        number=of.number,
        revision=revision,
        revision_of=of.id,
        revision_reason="Measured again.",
    )
    return completed(later, actor) if is_finished else later


def token_of(report: Report) -> str:
    """The token as the database made it."""
    token: str = report.check_token
    return token
