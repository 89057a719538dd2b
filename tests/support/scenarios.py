"""Rows that tests start from: a definition with every type of field, and rows that depend on it.

Each function runs inside an `acting` scope, commits and returns a loaded row; read its id before
the scope closes. Tests check rules, forms and services, so none of them is used here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select

from app.definition.outcome import Outcome
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    PhotoMode,
    PhotoPolicy,
    Section,
    SignatureRole,
    Text,
)
from app.extensions import db
from app.models import (
    ANY_MANAGER,
    Actor,
    Answer,
    Checklist,
    ChecklistStatus,
    Choice,
    EditConflict,
    Equipment,
    Photo,
    PhotoPlacement,
    PhotoReading,
    PhotoSource,
    PhotoVerdict,
    Project,
    ProjectGrant,
    Report,
    ReportStatus,
    Review,
    ReviewComment,
    ReviewState,
    Signature,
    Version,
    Witness,
)
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.storage import object_key
from app.tenancy import require_tenant
from tests.support.stored import put_bytes

Row = TypeVar("Row", bound=db.Model)  # type: ignore[name-defined]

_turn = count(1)

NO_PHOTOS = PhotoPolicy(mode=PhotoMode.NONE, max=0)
ONE_PHOTO = PhotoPolicy(mode=PhotoMode.REQUIRED, min=1, max=5)

# One complete, valid answer for every field of `a_definition`.
GOOD_ANSWERS: Mapping[str, Any] = {
    "customer": "Hospital São Lucas",
    "inspected_on": "2026-03-31",
    "enclosure": "ok",
    "cable_entry": "bottom",
    "accessories": ["lamp", "fan"],
    "insulation": {"text": ">200", "decimal": "200"},
    "contact_resistance": {
        "a:before": {"text": "0,08", "decimal": "0.08"},
        "a:after": {"text": "0,09", "decimal": "0.09"},
        "b:before": {"text": "0,10", "decimal": "0.10"},
        "b:after": {"text": "0.11", "decimal": "0.11"},
    },
    "started_at": "14:05",
    "remarks": "Nada a declarar.",
}


def _text(en: str, pt: str) -> Text:
    return Text(en=en, pt=pt)


def _option(id: str, en: str, pt: str) -> Option:
    return Option(id=id, label=_text(en, pt))


def _info_fields() -> tuple[Field, ...]:
    return (
        Field(
            id="customer",
            type=FieldType.TEXT,
            label=_text("Customer", "Cliente"),
            photos=NO_PHOTOS,
            comment=CommentPolicy.OFF,
        ),
        Field(
            id="inspected_on",
            type=FieldType.DATE,
            label=_text("Date", "Data"),
            photos=NO_PHOTOS,
            comment=CommentPolicy.OFF,
        ),
    )


def _visual_fields() -> tuple[Field, ...]:
    entries = (_option("top", "Top", "Por cima"), _option("bottom", "Bottom", "Por baixo"))
    extras = (
        _option("lamp", "Lamp", "Luminária"),
        _option("heater", "Heater", "Resistência de aquecimento"),
        _option("fan", "Fan", "Ventilador"),
    )
    return (
        Field(
            id="enclosure",
            type=FieldType.VERDICT,
            photos=ONE_PHOTO,
            label=_text("Enclosure free of damage", "Invólucro sem danos"),
            hint=_text("Doors, glands and paint", "Portas, prensa-cabos e pintura"),
            comment=CommentPolicy.REQUIRED_WHEN_NOT_OK,
        ),
        Field(
            id="cable_entry",
            type=FieldType.SELECT_ONE,
            options=entries,
            label=_text("Cable entry", "Entrada de cabos"),
        ),
        Field(
            id="accessories",
            type=FieldType.SELECT_MANY,
            options=extras,
            required=False,
            label=_text("Accessories fitted", "Acessórios instalados"),
        ),
        Field(
            id="advice",
            type=FieldType.NOTE,
            required=False,
            label=_text("Lock out before you go on.", "Bloqueie antes de continuar."),
        ),
    )


def _test_fields() -> tuple[Field, ...]:
    phases = (_option("a", "Phase A", "Fase A"), _option("b", "Phase B", "Fase B"))
    moments = (_option("before", "Before", "Antes"), _option("after", "After", "Depois"))
    return (
        Field(
            id="insulation",
            type=FieldType.NUMBER,
            label=_text("Insulation resistance", "Resistência de isolação"),
            limits=Limits(unit="MΩ", min=Decimal(100)),
        ),
        Field(
            id="contact_resistance",
            type=FieldType.TABLE,
            rows=phases,
            columns=moments,
            label=_text("Contact resistance", "Resistência de contato"),
            limits=Limits(unit="mΩ", max=Decimal("0.5")),
        ),
        Field(id="started_at", type=FieldType.TIME, label=_text("Start", "Início")),
        Field(
            id="remarks",
            type=FieldType.LONG_TEXT,
            required=False,
            label=_text("Remarks", "Observações"),
        ),
    )


def a_definition(code: str = "ATS", **changes: Any) -> Definition:
    """A bilingual definition with every type of field; `changes` replace its parts."""
    parts: dict[str, Any] = {
        "languages": (Language.EN, Language.PT),
        "header": Header(
            code=code,
            title=_text("Transfer switch inspection", "Inspeção de chave de transferência"),
            category="Electrical",
            reference_standards=("IEC 60947-6-1",),
        ),
        "info_fields": _info_fields(),
        "sections": (
            Section(id="visual", title=_text("Visual", "Visual"), fields=_visual_fields()),
            Section(id="tests", title=_text("Tests", "Ensaios"), fields=_test_fields()),
        ),
        "signature_roles": (
            SignatureRole(id="technician", label=_text("Technician", "Técnico")),
            SignatureRole(id="client", label=_text("Client", "Cliente"), required=False),
        ),
    }
    return Definition(**{**parts, **changes})


def a_definition_with_positions(code: str = "CAVE") -> Definition:
    """The same, but photos of the enclosure need a position."""
    whole = a_definition(code=code)
    return whole.model_copy(
        update={
            "sections": tuple(
                section.model_copy(update={"fields": tuple(map(_with_position, section.fields))})
                for section in whole.sections
            )
        }
    )


def _with_position(field: Field) -> Field:
    if field.id != "enclosure":
        return field
    photos = field.photos.model_copy(update={"gps_required": True})
    return field.model_copy(update={"photos": photos})


def a_checklist(actor: Actor, definition: Definition | None = None, **columns: Any) -> Version:
    """Publish a checklist; returns version 1, whose `.checklist` is the checklist."""
    definition = definition or a_definition(code=f"ATS{next(_turn)}")
    checklist = Checklist(
        code=definition.header.code,
        name=definition.header.title.first(definition.languages),
        category=definition.header.category or "",
        status=ChecklistStatus.PUBLISHED,
        **columns,
    )
    db.session.add(checklist)
    db.session.flush()
    return _kept(
        Version(
            checklist_id=checklist.id,
            number=1,
            body=definition.model_dump(mode="json", exclude_defaults=True),
            published_at=datetime.now(UTC),
            published_by=actor.account_id,
        )
    )


def a_project(actor: Actor, name: str | None = None, **columns: Any) -> Project:
    name = name or f"Substation {next(_turn)}"
    return _kept(Project(name=name, client=columns.pop("client", "Acme Client"), **columns))


def an_equipment(project: Project, tag: str | None = None) -> Equipment:
    return _kept(Equipment(project_id=project.id, tag=tag or f"QTA-{next(_turn):02}"))


def a_grant(viewer_id: UUID, project_id: UUID) -> ProjectGrant:
    return _kept(ProjectGrant(account_id=viewer_id, project_id=project_id))


def a_report(
    actor: Actor,
    *,
    version: Version | None = None,
    project: Project | None = None,
    assignee_id: UUID | None = None,
    **columns: Any,
) -> Report:
    """A draft report, assigned to the actor, of a new checklist and project unless given."""
    version = version or a_checklist(actor)
    project = project or a_project(actor)
    code = version.checklist.code
    return _kept(
        Report(
            version_id=version.id,
            project_id=project.id,
            number=columns.pop("number", f"{code}-{next(_turn):04}"),
            title=columns.pop("title", "Main switchboard"),
            started_by=actor.account_id,
            assignee_id=assignee_id or actor.account_id,
            **columns,
        )
    )


def an_answer(
    report: Report,
    field_id: str,
    value: Any,
    actor: Actor,
    *,
    comment: str = "",
    na_reason: str = "",
) -> Answer:
    return _kept(
        Answer(
            report_id=report.id,
            field_id=field_id,
            value=value,
            comment=comment,
            na_reason=na_reason,
            answered_by=actor.account_id,
            answered_at=datetime.now(UTC),
        )
    )


def all_answers(report: Report, actor: Actor, **changes: Any) -> None:
    """Every field of `a_definition` answered well; `changes` replace values by field id."""
    for field_id, value in {**GOOD_ANSWERS, **changes}.items():
        an_answer(report, field_id, value, actor)


def a_photo(
    report: Report,
    field_id: str,
    actor: Actor,
    *,
    verdict: PhotoVerdict | None = PhotoVerdict.GOOD,
    has_position: bool = True,
    place: tuple[Decimal | None, Decimal | None] | None = None,
    data: bytes | None = None,
    reading: Mapping[str, Any] | None = None,
    **placement: Any,
) -> Photo:
    """A placed photo, stored if its bytes are given. A verdict of None means not read yet.

    `reading` has further columns of the PhotoReading; `place` is the browser's position.
    """
    if place is None:
        place = (Decimal("-23.550520"), Decimal("-46.633308")) if has_position else (None, None)
    digest = sha256(data or uuid4().bytes).hexdigest()
    if data:
        put_bytes(object_key(require_tenant(), "orig", digest), data)
    photo = Photo(
        report_id=report.id,
        client_id=uuid4(),
        sha256=digest,
        byte_size=1000,
        media_type="image/jpeg",
        storage_key=f"t/{require_tenant()}/orig/{digest}",
        source=PhotoSource.CAMERA,
        latitude=place[0],
        longitude=place[1],
        accuracy_m=Decimal(12) if place[0] is not None else None,
        uploaded_by=actor.account_id,
    )
    db.session.add(photo)
    db.session.flush()
    db.session.add(
        PhotoPlacement(report_id=report.id, photo_id=photo.id, field_id=field_id, **placement)
    )
    if verdict:
        reason = "truncated" if verdict is PhotoVerdict.QUARANTINED else None
        columns = {"reason": reason, "parser_version": "test", **(reading or {})}
        db.session.add(PhotoReading(photo_id=photo.id, verdict=verdict, **columns))
    return _kept(photo)


def place_of(photo: Photo) -> PhotoPlacement:
    """The first placement of a photo."""
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.photo_id == photo.id)
        .order_by(PhotoPlacement.created_at, PhotoPlacement.id)
        .limit(1)
    ).one()


def a_settled_conflict(report: Report, field_id: str, value: str, actor: Actor) -> EditConflict:
    """An answer from a phone that was set aside in favour of the stored one."""
    return _kept(
        EditConflict(
            report_id=report.id,
            field_id=field_id,
            value=value,
            base_version=0,
            typed_by=actor.account_id,
            client_id=uuid4(),
            settled_at=datetime.now(UTC),
            settled_by=actor.account_id,
            kept=Choice.THEIRS,
        )
    )


def a_review(
    report: Report,
    reviewer: Actor,
    *,
    state: ReviewState = ReviewState.RETURNED,
    **columns: Any,
) -> Review:
    """One step of a round that this reviewer has begun, closed unless its `state` is BEGUN."""
    now = datetime.now(UTC)
    values = {
        "round": 1,
        "step": 1,
        "steps": [ANY_MANAGER],
        "submitted_by": report.assignee_id,
        "waiting_since": now,
        "reviewer_id": reviewer.account_id,
        "begun_at": now,
        "closed_at": None if state is ReviewState.BEGUN else now,
        **columns,
    }
    return _kept(Review(report_id=report.id, state=state, **values))


def a_comment(
    review: Review, field_id: str, words: str, author: Actor, **columns: Any
) -> ReviewComment:
    """An open comment, unless `columns` say who has done it and when."""
    values = {"report_id": review.report_id, "review_id": review.id, "author_id": author.account_id}
    return _kept(ReviewComment(field_id=field_id, words=words, **values, **columns))


def a_witness(report: Report, sender: Actor, *, role_id: str | None, **columns: Any) -> Witness:
    """A link that works for a week, for a witness with an address."""
    values = {
        "name": "Wanda Witness",
        "email": "wanda@client.example",
        "token_hash": sha256(uuid4().bytes).hexdigest(),
        "expires_at": datetime.now(UTC) + timedelta(days=7),
        "accepted": {},
        **columns,
    }
    sent_by = sender.account_id
    return _kept(Witness(report_id=report.id, role_id=role_id, sent_by=sent_by, **values))


def a_signature(
    report: Report, role_id: str, actor: Actor, *, content_hash: str = "0" * 64, **columns: Any
) -> Signature:
    """A drawn signature over the content with this hash, without a stored image."""
    return _kept(
        Signature(
            report_id=report.id,
            role_id=role_id,
            signer_name=columns.pop("signer_name", "Rui Signer"),
            strokes=[[{"x": 1, "y": 1}]],
            content_hash=content_hash,
            client_id=uuid4(),
            **{"taken_by": actor.account_id, **columns},
        )
    )


def a_valid_signature(report: Report, role_id: str, actor: Actor, **columns: Any) -> Signature:
    """A signature over the report's content as it is now."""
    signed = content_hash(report, load_facts(report))
    return a_signature(report, role_id, actor, content_hash=signed, **columns)


def completed(
    report: Report,
    actor: Actor,
    *,
    outcome: Outcome = Outcome.PASSED,
    archived: bool = False,
    days_ago: int = 0,
) -> Report:
    """Complete the report as it is; checks no rule and makes no snapshot."""
    now = datetime.now(UTC) - timedelta(days=days_ago)
    report.status = ReportStatus.COMPLETED
    report.outcome = outcome
    report.started_at = report.submitted_at = report.completed_at = now
    report.completed_by = actor.account_id
    _kept(report)
    if archived:
        report.status, report.archived_at = ReportStatus.ARCHIVED, now
        _kept(report)
    return report


def _kept(row: Row) -> Row:
    """The row, committed and loaded again (a commit expires it)."""
    db.session.add(row)
    db.session.commit()
    db.session.refresh(row)
    return row
