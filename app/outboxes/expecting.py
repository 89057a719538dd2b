"""Says before an import what would come of each operation. It changes nothing.

Only an import decides: this compares receipts, row versions and bytes, and does not read values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.definition.sentences import say
from app.errors import DomainError, NotFound
from app.models import Actor, OperationVerdict, Report
from app.operations.operation import Needs, Operation
from app.operations.service import sentence_of
from app.outboxes import queries
from app.outboxes.archive import Archive
from app.outboxes.records import Record
from app.outboxes.service import (
    PHOTO,
    WAITS,
    Line,
    files_of,
    out_of_reach,
    read_sent,
    unreadable,
)
from app.reports.queries import closed_error, get_report
from app.reports.receipts import KnownReceipt, ReusedClientId, find_receipts
from app.transactions import pause

ANSWER = "answer"


@dataclass(slots=True)
class _Stored:
    """What the database says about the operations of a file, and what is expected so far."""

    receipts: Mapping[UUID, KnownReceipt]
    reports: Mapping[UUID, Report | None]
    versions: Mapping[tuple[UUID, str], int]
    expected: dict[UUID, OperationVerdict] = field(default_factory=dict)


def expect_all(archive: Archive, owner: Actor, *, most_bytes: int) -> list[Line]:
    """One line for each operation, in their order."""
    known = [one for one in archive.records if one]
    report_ids = {one.report_id for one in known}
    stored = _Stored(
        find_receipts(one.client_id for one in known),
        {one: _visible(one, owner) for one in report_ids},
        queries.read_versions(report_ids),
    )
    # Reading the photos takes long, and all that is asked of the database is here.
    pause()
    return [_expect(archive, one, stored, owner, most_bytes) for one in archive.records]


def _visible(report_id: UUID, owner: Actor) -> Report | None:
    try:
        return get_report(report_id, person=owner)
    except NotFound:
        return None


def _expect(
    archive: Archive, one: Record | None, stored: _Stored, owner: Actor, most_bytes: int
) -> Line:
    if one is None:
        return unreadable()
    try:
        line = _judge(archive, one, stored, most_bytes)
    except NotFound:
        line = Line(one, OperationVerdict.REFUSED, out_of_reach(owner))
    except DomainError as error:
        line = Line(one, OperationVerdict.REFUSED, sentence_of(error))
    if line.verdict:
        stored.expected[one.client_id] = line.verdict
    return line


def _judge(archive: Archive, one: Record, stored: _Stored, most_bytes: int) -> Line:
    report = stored.reports[one.report_id]
    if report is None:
        raise NotFound
    sent = read_sent(one, files_of(archive, one))
    if sent is None:
        return Line(one, OperationVerdict.REFUSED, unreadable().sentence)
    if receipt := stored.receipts.get(one.client_id):
        kind, operation = sent
        # The receipt of an answer has the digest of its parsed value.
        if not kind.keeps_receipt and receipt.digest != operation.digest:
            raise ReusedClientId
        return Line(one, OperationVerdict.KNOWN)
    if not report.is_open:
        raise closed_error(report.status, report.number)
    if one.kind == PHOTO:
        with archive.bytes_of(one, most_bytes):
            pass
    return _compare(one, sent[1], stored)


def _compare(one: Record, sent: Operation, stored: _Stored) -> Line:
    """With what it is based on: the operation before it, or the row version that was seen."""
    if any(before not in stored.expected for before in sent.after if before not in stored.receipts):
        return Line(one, OperationVerdict.EARLY, say(WAITS[Needs.PREDECESSOR]))
    current = stored.versions.get((one.report_id, sent.field_id), 0)
    is_older = sent.base_version is not None and sent.base_version != current
    if one.kind == ANSWER and is_older:
        return Line(one, OperationVerdict.CONFLICT)
    return Line(one, OperationVerdict.APPLIED)
