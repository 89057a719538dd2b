"""Asking for the answers of reports as a file, and reading where that stands.

What is in the file and how it is made is making.py's, for workers only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError, NotFound
from app.evidence.service import canonical_json, record
from app.extensions import db
from app.jobs.queue import wake
from app.models import Actor, AnswerExport, AnswerFormat, WorkState
from app.reports.export import TooManyRows
from app.reports.finding import Wanted, count_wanted
from app.tenancy import require_tenant

KIND = "answer_export"
QUEUE = "exports"
OPEN = (WorkState.QUEUED, WorkState.RUNNING)
# So many of one person's wait at a time, and so many are listed.
MAX_OPEN, LISTED = 5, 20
# Codes of `AnswerExport.error`: what no further try mends.
NO_ROOM = "no_room"
TOO_LARGE = "too_large"
TOO_WIDE = "too_wide"
NOT_ALLOWED = "not_allowed"

# The stored form of what somebody looked for, whatever a list can be narrowed by.
WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)


class NothingToExport(DomainError):
    """No report fits these filters, so there is nothing to export. Take a filter away."""

    status = 422


class TooManyOpen(DomainError):
    """%(most)s of your exports are being made already. Wait until one of them is ready."""


class NotExported(DomainError):
    """This export has no file: it is not ready yet, or a newer one has taken its place."""


class MadeForAnotherRole(DomainError):
    """This file was made when you had another role, which decides what you may see. Make a new
    export."""

    status = 403


def request_export(
    *,
    wanted: Wanted,
    filters: Mapping[str, str],
    format: AnswerFormat,
    locale: str,
    time_zone: str,
    most: int,
    actor: Actor,
) -> AnswerExport:
    """The answers of the visible reports that are looked for, as one file; one that is being made
    already is that one. Allowed in a company that can only be read.

    `filters` are the same as the address has them; `most` is how many reports one file takes.
    Raises NothingToExport, TooManyRows, TooManyOpen.
    """
    found = count_wanted(wanted, actor)
    if not found:
        raise NothingToExport
    if found > most:
        raise TooManyRows(found=found, most=most)
    values = _values(wanted, filters, format, locale, time_zone, actor)
    for _attempt in range(3):
        # One that settled in between makes room for the next try.
        if earlier := _find_open(values["requested_by"], values["digest"]):
            return earlier
        _require_room(values["requested_by"])
        if export := _insert(values):
            _note_request(export, found, actor)
            wake(QUEUE, KIND, export.id)
            return export
    raise RuntimeError("no export could be made")


def _values(
    wanted: Wanted,
    filters: Mapping[str, str],
    format: AnswerFormat,
    locale: str,
    time_zone: str,
    actor: Actor,
) -> dict[str, Any]:
    said = {
        "format": format.value,
        "wanted": WANTED.dump_python(wanted, mode="json"),
        "locale": locale,
        "time_zone": time_zone,
        "role": str(actor.role),
    }
    return {
        **said,
        "format": format,
        "role": actor.role,
        "tenant_id": require_tenant(),
        "requested_by": actor.account_id,
        "filters": dict(filters),
        "digest": hashlib.sha256(canonical_json(said).encode()).hexdigest(),
    }


def _insert(values: dict[str, Any]) -> AnswerExport | None:
    """None where the same has been asked for at this very moment."""
    return db.session.scalars(
        insert(AnswerExport)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=["tenant_id", "requested_by", "digest"],
            index_where=text("state in ('queued', 'running')"),
        )
        .returning(AnswerExport)
    ).one_or_none()


def _require_room(person_id: UUID) -> None:
    waiting = select(func.count(AnswerExport.id)).where(
        AnswerExport.requested_by == person_id, AnswerExport.state.in_(OPEN)
    )
    if (db.session.scalar(waiting) or 0) >= MAX_OPEN:
        raise TooManyOpen(most=MAX_OPEN)


def _note_request(export: AnswerExport, found: int, actor: Actor) -> None:
    record(
        action="reports.answers_requested",
        actor=actor,
        object_type="answer_export",
        object_id=export.id,
        format=export.format.value,
        reports=str(found),
        filters=export.filters,
    )


def get_file(export_id: UUID, *, person: Actor) -> AnswerExport:
    """One's own export whose file is there. Raises NotFound, NotExported, MadeForAnotherRole."""
    export = get_export(export_id, person=person)
    if export.storage_key is None:
        raise NotExported
    if export.role is not person.role:
        raise MadeForAnotherRole
    return export


def note_download(*, export_id: UUID, actor: Actor) -> None:
    """Let the audit tell that somebody takes the file. Raises as `get_file` does."""
    export = get_file(export_id, person=actor)
    record(
        action="reports.answers_downloaded",
        actor=actor,
        object_type="answer_export",
        object_id=export.id,
        format=export.format.value,
        reports=str(export.progress_total),
        sha256=export.sha256,
    )


def get_export(export_id: UUID, *, person: Actor) -> AnswerExport:
    """One's own export; nobody sees another's, since roles see different reports. Raises
    NotFound."""
    export = db.session.scalars(
        select(AnswerExport).where(
            AnswerExport.id == export_id, AnswerExport.requested_by == person.account_id
        )
    ).one_or_none()
    if export is None:
        raise NotFound
    return export


def list_exports(*, person: Actor) -> list[AnswerExport]:
    """One's own, the newest first."""
    return list(
        db.session.scalars(
            select(AnswerExport)
            .where(AnswerExport.requested_by == person.account_id)
            .order_by(AnswerExport.created_at.desc(), AnswerExport.id)
            .limit(LISTED)
        )
    )


def _find_open(person_id: UUID, digest: str) -> AnswerExport | None:
    return db.session.scalars(
        select(AnswerExport).where(
            AnswerExport.requested_by == person_id,
            AnswerExport.digest == digest,
            AnswerExport.state.in_(OPEN),
        )
    ).one_or_none()
