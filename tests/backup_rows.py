"""One row of every table that a filled installation does not have by itself, objects included.

A new table fails the backup's test until it has a row here or in backup_stage.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select

from app.company.exporting import KIND as EXPORT
from app.company.exporting import request_export
from app.exports.service import KIND as ANSWERS
from app.exports.service import request_export as request_answers
from app.extensions import db
from app.jobs import runner
from app.models import (
    AccountSession,
    Actor,
    AnswerFormat,
    BrandPreview,
    Checklist,
    Invitation,
    Passkey,
    PasswordReset,
    Project,
    ProjectChecklist,
    ProjectMember,
    RecoveryCode,
    Role,
    SaveReceipt,
    SuperadminPasskey,
    SuperadminRecoveryCode,
    SuperadminSession,
    SupportAccess,
    Verification,
    WorkState,
)
from app.platform.service import note
from app.reports.finding import Wanted
from app.storage import object_key
from app.tenancy import platform_scope, tenant_scope
from tests import scenarios
from tests.cast import Cast
from tests.pictures import a_png, sha256_of
from tests.stored import put_bytes

LATER = datetime(2199, 1, 1, tzinfo=UTC)
TOMBSTONE = "insert into tombstones (slug, body, signature) values ('gone', '{}', 'ab')"
RELEASED = "insert into sweep_holds (objects, byte_size, released_at) values (1, 1, now())"


def add_rows(app: Flask, cast: Cast, *, report_id: UUID) -> None:
    """Of the company with an export and a preview, then of the platform; a tombstone and
    a hold are the owner's to write (TOMBSTONE, RELEASED)."""
    with app.app_context(), tenant_scope(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        _of_people(ana)
        _of_projects(cast)
        verification = Verification(report_id=report_id, rows_checked_at=LATER)
        db.session.add_all([_a_receipt(report_id), _a_preview(cast), verification])
        export = request_export(actor=ana)
        answers = request_answers(
            wanted=Wanted(), filters={}, format=AnswerFormat.XLSX, locale="en", time_zone="UTC",
            most=100, actor=ana,
        )  # fmt: skip
        db.session.commit()
        export_id, answers_id = export.id, answers.id
    with app.app_context():
        runner.run(EXPORT, str(export_id))
        runner.run(ANSWERS, str(answers_id))
    with app.app_context():
        _of_the_platform(cast)


def _of_people(ana: Actor) -> None:
    mine = {"account_id": ana.account_id}
    db.session.add_all(
        [
            AccountSession(**mine, token_hash="a" * 64),
            Passkey(**mine, credential_id="Ünï", public_key="key", name="Phone"),
            RecoveryCode(**mine, code_hash="b" * 64),
            PasswordReset(**mine, expires_at=LATER),
            Invitation(
                email="new@acme.test", role=Role.VIEWER, invited_by_name=ana.name, expires_at=LATER
            ),
        ]
    )


def _of_projects(cast: Cast) -> None:
    project = db.session.scalars(select(Project).limit(1)).one()
    checklist = db.session.scalars(select(Checklist).limit(1)).one()
    scenarios.an_equipment(project, tag="QTA-1")
    scenarios.a_grant(cast.vera.id, project.id)
    db.session.add_all(
        [
            ProjectMember(project_id=project.id, account_id=cast.tess.id),
            ProjectChecklist(project_id=project.id, checklist_id=checklist.id, position=1),
        ]
    )


def _a_receipt(report_id: UUID) -> SaveReceipt:
    return SaveReceipt(
        report_id=report_id, client_id=uuid4(), field_id="remarks", row_version=1, digest="c" * 64
    )


def _a_preview(cast: Cast) -> BrandPreview:
    data = a_png((30, 40))
    key = object_key(cast.acme, "preview", sha256_of(data), ".png")
    put_bytes(key, data)
    return BrandPreview(
        requested_by=cast.ana.id, settings={}, state=WorkState.DONE,
        cover_key=key, page_key=key, photo_key=key,
    )  # fmt: skip


def _of_the_platform(cast: Cast) -> None:
    mine = {"superadmin_id": cast.sam.id}
    with platform_scope() as session:
        session.add_all(
            [
                SuperadminSession(**mine, token_hash="d" * 64),
                SuperadminPasskey(**mine, credential_id="key", public_key="key", name="Key"),
                SuperadminRecoveryCode(**mine, code_hash="e" * 64),
                SupportAccess(
                    **mine, tenant_id=cast.acme, superadmin_name=cast.sam.name, reason="Why",
                    expires_at=LATER, ended_at=LATER,
                ),
            ]
        )  # fmt: skip
        note(session, "tenant.updated", Actor(cast.sam.name, Role.SUPERADMIN), tenant_id=cast.acme)
        session.commit()
