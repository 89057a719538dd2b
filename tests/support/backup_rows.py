"""One row, with its objects, of every table that `backup_stage.fill` leaves empty.

A new table fails the backup's test until it has a row here or in backup_stage.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select

from app.evidence.service import record_on_platform
from app.exports.answers.jobs import MAKING
from app.exports.answers.service import request_export as request_answers
from app.exports.bundle.jobs import BUNDLING
from app.exports.bundle.service import request_report_bundle
from app.exports.company.jobs import ARCHIVING
from app.exports.company.service import request_export
from app.extensions import db
from app.jobs import runner
from app.models import (
    AccountSession,
    Actor,
    AnswerFormat,
    BrandPreview,
    Checklist,
    ClientWorkbook,
    DraftEdit,
    EditState,
    Invitation,
    LikenessKind,
    Passkey,
    PasswordReset,
    Photo,
    PhotoFeatures,
    PhotoLikeness,
    Project,
    ProjectChecklist,
    ProjectMember,
    Receipt,
    RecoveryCode,
    Role,
    SuperadminPasskey,
    SuperadminRecoveryCode,
    SuperadminSession,
    SupportAccess,
    Verification,
    Version,
    VersionWorkbook,
    WorkbookShape,
    WorkState,
)
from app.reports.listing.filters import ReportFilter
from app.storage import object_key
from app.tenancy import platform_scope, tenant_scope
from tests.support import scenarios
from tests.support.cast import Cast
from tests.support.pictures import a_jpeg, a_png, sha256_of
from tests.support.sealers import own_keys, stamp_document
from tests.support.stored import put_bytes
from tests.support.uploads import an_upload

LATER = datetime(2199, 1, 1, tzinfo=UTC)
TOMBSTONE = "insert into tombstones (slug, body, signature) values ('gone', '{}', 'ab')"
RELEASED = "insert into sweep_holds (objects, byte_size, released_at) values (1, 1, now())"


def add_rows(app: Flask, cast: Cast, *, report_id: UUID) -> None:
    """Add the company's rows (with an export and a preview), then the platform's. Only the owner
    can
    write a tombstone and a hold (TOMBSTONE, RELEASED)."""
    with app.app_context(), tenant_scope(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        _of_people(ana)
        _of_projects(cast)
        _of_checklists(cast)
        open_id = scenarios.a_report(ana).id
        verification = Verification(report_id=report_id, rows_checked_at=LATER)
        db.session.add_all([_a_receipt(report_id), _a_preview(cast), verification])
        db.session.add_all(_a_likeness(report_id))
        export = request_export(actor=ana)
        answers = request_answers(
            criteria=ReportFilter(),
            filters={},
            format=AnswerFormat.XLSX,
            locale="en",
            time_zone="UTC",
            most=100,
            actor=ana,
        )
        bundle = request_report_bundle(report_id=report_id, actor=ana)
        db.session.commit()
        export_id, answers_id, bundle_id = export.id, answers.id, bundle.id
        an_upload(open_id, ana, a_jpeg(), received=100)
        photo = a_jpeg()
        an_upload(open_id, ana, photo, received=len(photo))
    own_keys(app, cast)
    stamp_document(app, cast)
    with app.app_context():
        runner.run(ARCHIVING.name, str(export_id))
        runner.run(MAKING.name, str(answers_id))
        runner.run(BUNDLING.name, str(bundle_id))
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


def _of_checklists(cast: Cast) -> None:
    """A draft with an edit, and the client's workbook that it was made of."""
    checklist = db.session.scalars(select(Checklist).limit(1)).one()
    draft = Version(checklist_id=checklist.id, number=99, body=checklist.versions[0].body)
    content = b"a workbook"
    workbook = ClientWorkbook(
        created_by=cast.ana.id,
        file_name="protocol.xlsx",
        sha256=sha256_of(content),
        content=content,
        mapping={},
    )
    db.session.add_all([draft, workbook, WorkbookShape(shape="e" * 64)])
    db.session.flush()
    db.session.add_all(
        [
            VersionWorkbook(version_id=draft.id, workbook_id=workbook.id, places={}),
            DraftEdit(
                version_id=draft.id,
                number=1,
                account_id=cast.ana.id,
                editor="one",
                state=EditState.DONE,
                changes=[],
                targets=[],
            ),
        ]
    )


def _a_receipt(report_id: UUID) -> Receipt:
    return Receipt(
        report_id=report_id, client_id=uuid4(), field_id="remarks", row_version=1, digest="c" * 64
    )


def _a_likeness(report_id: UUID) -> tuple[PhotoFeatures, PhotoLikeness]:
    of_report = select(Photo.id).where(Photo.report_id == report_id).limit(2)
    earlier_id, photo_id = db.session.scalars(of_report.order_by(Photo.created_at))
    return (
        PhotoFeatures(photo_id=photo_id, recipe="drill", words=[1, -2]),
        PhotoLikeness(
            photo_id=photo_id,
            earlier_id=earlier_id,
            kind=LikenessKind.ALIKE,
            pairs=90,
            agreement=Decimal("0.5"),
        ),
    )


def _a_preview(cast: Cast) -> BrandPreview:
    data = a_png((30, 40))
    key = object_key(cast.acme, "preview", sha256_of(data), ".png")
    put_bytes(key, data)
    return BrandPreview(
        requested_by=cast.ana.id,
        settings={},
        state=WorkState.DONE,
        cover_key=key,
        page_key=key,
        photo_key=key,
    )


def _of_the_platform(cast: Cast) -> None:
    mine = {"superadmin_id": cast.sam.id}
    with platform_scope() as session:
        session.add_all(
            [
                SuperadminSession(**mine, token_hash="d" * 64),
                SuperadminPasskey(**mine, credential_id="key", public_key="key", name="Key"),
                SuperadminRecoveryCode(**mine, code_hash="e" * 64),
                SupportAccess(
                    **mine,
                    tenant_id=cast.acme,
                    superadmin_name=cast.sam.name,
                    reason="Why",
                    expires_at=LATER,
                    ended_at=LATER,
                ),
            ]
        )
        record_on_platform(
            "tenant.updated",
            session,
            Actor(cast.sam.name, Role.SUPERADMIN),
            tenant_id=cast.acme,
        )
        session.commit()
