"""Requests answer exports and reads their state.

The contents of the file belong in answers/making.py, which only workers use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select

from app.errors import DomainError
from app.evidence.service import canonical_json, record
from app.extensions import db
from app.jobs.work import ask_once, count_open, find_open
from app.locks import Turn, take_turn
from app.models import Actor, AnswerExport, AnswerFormat
from app.reports.listing.export import TooManyRows
from app.reports.listing.filters import ReportFilter, count_matching
from app.rows import one_or_404

# Unfinished exports allowed per person, and exports shown in the list.
MAX_OPEN, LISTED = 5, 20
# Codes of `AnswerExport.error`: errors that a retry cannot fix.
NO_ROOM = "no_room"
TOO_LARGE = "too_large"
TOO_WIDE = "too_wide"
NOT_ALLOWED = "not_allowed"

# Converts a report filter from and to its stored JSON.
FILTER_ADAPTER: TypeAdapter[ReportFilter] = TypeAdapter(ReportFilter)


class NothingToExport(DomainError):
    """No reports match these filters, so there is nothing to export. Remove a filter."""

    status = 422


class TooManyOpen(DomainError):
    """%(most)s of your exports are already in progress. Wait until one of them is ready."""


class NotExported(DomainError):
    """This export has no file: it is not ready yet, or a newer export has replaced it."""


class MadeForAnotherRole(DomainError):
    """This file was generated while you had another role, and your role determines what you can
    see. Generate a new export."""

    status = 403


def request_export(
    *,
    criteria: ReportFilter,
    filters: Mapping[str, str],
    format: AnswerFormat,
    locale: str,
    time_zone: str,
    most: int,
    actor: Actor,
) -> AnswerExport:
    """Request one file with the answers of all visible reports that match the filter.

    If the same export is already in progress, returns that one. Allowed in a read-only company.
    `filters` is the same filter as URL parameters; `most` is the maximum number of reports.
    Raises NothingToExport, TooManyRows, TooManyOpen.
    """
    found = count_matching(criteria, actor)
    if not found:
        raise NothingToExport
    if found > most:
        raise TooManyRows(found=found, most=most)
    values = _values(criteria, filters, format, locale, time_zone, actor)
    person_id: UUID = values["requested_by"]
    is_own = AnswerExport.requested_by == person_id
    # Without this lock, two concurrent requests would both pass the limit of open exports.
    take_turn(Turn.ANSWER_EXPORT, person_id)
    if earlier := find_open(AnswerExport, is_own, AnswerExport.digest == values["digest"]):
        return earlier
    if count_open(AnswerExport, is_own) >= MAX_OPEN:
        raise TooManyOpen(most=MAX_OPEN)
    export, is_new = ask_once(AnswerExport, values)
    if is_new:
        _note_request(export, found, actor)
    return export


def _values(
    criteria: ReportFilter,
    filters: Mapping[str, str],
    format: AnswerFormat,
    locale: str,
    time_zone: str,
    actor: Actor,
) -> dict[str, Any]:
    parameters = {
        "format": format.value,
        "wanted": FILTER_ADAPTER.dump_python(criteria, mode="json"),
        "locale": locale,
        "time_zone": time_zone,
        "role": str(actor.role),
    }
    return {
        **parameters,
        "format": format,
        "role": actor.role,
        "requested_by": actor.account_id,
        "filters": dict(filters),
        "digest": hashlib.sha256(canonical_json(parameters).encode()).hexdigest(),
    }


def _note_request(export: AnswerExport, found: int, actor: Actor) -> None:
    record(
        "reports.answers_requested",
        export,
        actor,
        format=export.format.value,
        reports=str(found),
        filters=export.filters,
    )


def get_file(export_id: UUID, *, person: Actor) -> AnswerExport:
    """Return the person's own export if its file exists.

    Raises NotFound, NotExported, MadeForAnotherRole.
    """
    export = get_export(export_id, person=person)
    if export.storage_key is None:
        raise NotExported
    if export.role is not person.role:
        raise MadeForAnotherRole
    return export


def note_download(*, export_id: UUID, actor: Actor) -> None:
    """Record a download in the audit trail. Raises the same errors as `get_file`."""
    export = get_file(export_id, person=actor)
    record(
        "reports.answers_downloaded",
        export,
        actor,
        format=export.format.value,
        reports=str(export.progress_total),
        sha256=export.sha256,
    )


def get_export(export_id: UUID, *, person: Actor) -> AnswerExport:
    """Return the person's own export. Raises NotFound.

    Exports are private, because roles see different reports.
    """
    return one_or_404(
        select(AnswerExport).where(
            AnswerExport.id == export_id, AnswerExport.requested_by == person.account_id
        )
    )


def list_exports(*, person: Actor) -> list[AnswerExport]:
    """List the person's own exports, newest first."""
    return list(
        db.session.scalars(
            select(AnswerExport)
            .where(AnswerExport.requested_by == person.account_id)
            .order_by(AnswerExport.created_at.desc(), AnswerExport.id)
            .limit(LISTED)
        )
    )
