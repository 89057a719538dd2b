"""Verifies completed reports: compares their current rows with their snapshots and the audit.

Nothing is assessed again: a later release may have other rules, so the stored result is compared.
Reads through `Ask` like recorded.py, so that a page, a worker and a backup find the same
differences. Stored files are not read here; verdicts.py reads them and stores verdicts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.evidence.digests import KNOWN_FORMATS
from app.evidence.recorded import Ask, Facts, LiveReports, Row, frozen_facts

log = logging.getLogger(__name__)

AT_ONCE = 50
# Raised by decoding, hashing and comparing values of the wrong type, size or depth, but never by
# failures of the database.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


class Part(StrEnum):
    """The part of a report that differs. Verdicts store these values."""

    REPORT = "report"
    DEFINITION = "definition"
    CONTENT = "content"
    ANSWER = "answer"
    PHOTO = "photo"
    REMOVED_PHOTO = "removed"
    SIGNATURE = "signature"
    ROWS = "rows"
    SNAPSHOT = "snapshot"
    DOCUMENT = "document"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference from what was recorded.

    `subject` is the field, photo (first 12 hex digits of its SHA-256), signature role, table or
    document; `facts` are the names of what differs, or 'missing' or 'added' for the whole part.
    """

    part: Part
    subject: str
    facts: tuple[str, ...]

    def as_data(self) -> list[Any]:
        return [self.part.value, self.subject, list(self.facts)]

    @staticmethod
    def from_data(data: Sequence[Any]) -> Difference:
        return Difference(Part(data[0]), str(data[1]), tuple(data[2]))


Differences = tuple[Difference, ...]

SNAPSHOTS = """
select s.report_id::text, s.body, s.sha256, s.audit_sequence, s.audit_hash, e.hash as entry_hash
from snapshots s left join audit_entries e
  on e.tenant_id = s.tenant_id and e.sequence = s.audit_sequence
where s.tenant_id = %s::uuid and s.report_id = any(%s::uuid[])
"""
ENTRIES = """
select e.object_id::text as report_id, e.action, e.facts -> 'facts' as facts
from audit_entries e
where e.tenant_id = %s::uuid and e.object_id = any(%s::uuid[]) and e.object_type = 'report'
  and e.action in ('report.completed', 'report.archived', 'photo.received', 'document.requested')
"""
# The receipts of photos that are placed in a report but were received in an earlier one. These
# photos are found first: without statistics, PostgreSQL joins all photos with all audit entries.
EARLIER_RECEIPTS = """
with earlier as materialized (
  select p.report_id as placed_in, o.report_id as received_in, o.id, o.tenant_id
  from photo_placements p
    join photos o on o.tenant_id = p.tenant_id and o.id = p.photo_id and o.report_id <> p.report_id
  where p.tenant_id = %s::uuid and p.report_id = any(%s::uuid[])
)
select o.placed_in::text as report_id, 'photo.received' as action, e.facts -> 'facts' as facts
from earlier o
  join audit_entries e on e.tenant_id = o.tenant_id and e.object_id = o.received_in
    and e.object_type = 'report' and e.action = 'photo.received'
    and e.facts -> 'facts' ->> 'photo' = o.id::text
"""
DOCUMENTS = """
select d.id::text, d.report_id::text, d.sha256, d.storage_key, d.pages::text,
  d.photos_printed::text as photos, d.photos_quarantined::text as quarantined,
  d.byte_size::text as byte_size, d.is_preview, d.layout, d.seal_fingerprint as seal,
  to_char(d.sealed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sealed_at,
  d.state, d.tenant_id::text as tenant,
  array(select e.facts -> 'facts' from audit_entries e
   where e.tenant_id = d.tenant_id and e.object_id = d.id and e.object_type = 'document'
     and e.action = 'document.made' order by e.sequence) as made
from documents d
where d.tenant_id = %s::uuid and d.report_id = any(%s::uuid[])
"""
# The facts of a finished PDF in its audit entry; older entries have fewer.
MADE = (
    "sha256",
    "byte_size",
    "pages",
    "photos",
    "quarantined",
    "is_preview",
    "layout",
    "seal",
    "sealed_at",
)
# A report that is or was completed, according to any of its row, its snapshot and the audit.
COMPLETED = """
select r.id::text from reports r where r.tenant_id = %s::uuid
  and r.status in ('completed', 'archived')
union select s.report_id::text from snapshots s where s.tenant_id = %s::uuid
union select e.object_id::text from audit_entries e where e.tenant_id = %s::uuid
  and e.action = 'report.completed'
"""


def list_completed(ask: Ask, tenant_id: str) -> list[str]:
    """The ids of the tenant's completed reports, including those whose row or snapshot is gone."""
    return sorted(str(row["id"]) for row in ask(COMPLETED, (tenant_id,) * 3))


def find_all_differences(
    ask: Ask, tenant_id: str, report_ids: Sequence[str]
) -> Iterator[tuple[str, Differences]]:
    """Each report with its differences, in batches; 1,500 photos take about 0.4 s."""
    for start in range(0, len(report_ids), AT_ONCE):
        some = report_ids[start : start + AT_ONCE]
        yield from find_differences(ask, tenant_id, some).items()


def find_differences(ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> dict[str, Differences]:
    """The differences of each of these completed reports; none if all is as it was frozen.

    A report that is archived, or a PDF that is requested, between two of the statements looks like
    a difference, so only differences that a second comparison confirms are returned.
    """
    found = _compare(ask, tenant_id, report_ids)
    doubtful = [report_id for report_id, differences in found.items() if differences]
    if doubtful:
        again = _compare(ask, tenant_id, doubtful)
        for report_id in doubtful:
            both = (one for one in found[report_id] if one in again[report_id])
            found[report_id] = tuple(both)
    return found


def _compare(ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> dict[str, Differences]:
    """Compare once. If tampered values cannot even be read, the reports are compared one by one,
    so that one unreadable report does not hide the others."""
    try:
        witnesses = _Witnesses(ask, tenant_id, report_ids)
        return {report_id: tuple(witnesses.differences_of(report_id)) for report_id in report_ids}
    except UNREADABLE:
        if len(report_ids) > 1:
            return {one: _compare(ask, tenant_id, [one])[one] for one in report_ids}
        log.exception("report %s cannot be read", report_ids[0])
        return {report_ids[0]: (Difference(Part.REPORT, "", ("unreadable",)),)}


class _Witnesses:
    """Compares rows, snapshots and audit entries of some reports with each other."""

    def __init__(self, ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> None:
        parameters = (tenant_id, list(report_ids))
        self._live = LiveReports(ask, tenant_id, report_ids)
        self._snapshots = {row["report_id"]: row for row in ask(SNAPSHOTS, parameters)}
        self._documents = _by_report(ask(DOCUMENTS, parameters))
        entries = [*ask(ENTRIES, parameters), *ask(EARLIER_RECEIPTS, parameters)]
        self._entries = _by_report(entries)

    def differences_of(self, report_id: str) -> Iterator[Difference]:
        snapshot = self._snapshots.get(report_id)
        row = self._live.reports.get(report_id)
        if row is None:
            yield Difference(Part.REPORT, "", ("missing",))
            return
        if broken := self._broken_snapshot(report_id):
            yield Difference(Part.SNAPSHOT, "", tuple(broken))
        yield from self._status(row)
        yield from self._received_photos(report_id)
        yield from self._made_documents(report_id)
        body = _read(snapshot["body"]) if snapshot else None
        if body is None or body.get("format") not in KNOWN_FORMATS:
            return  # reported above, or the format of a newer release, which must compare it
        try:
            frozen = frozen_facts(body)
            order = [photo["id"] for photo in body["photos"]]
        except (KeyError, TypeError, AttributeError):
            yield Difference(Part.SNAPSHOT, "", ("body",))
            return
        live = self._live.facts_of(report_id, body["format"], order)
        yield from _compared(frozen, live)

    def _broken_snapshot(self, report_id: str) -> list[str]:
        """The names of the facts that are wrong in a snapshot's row."""
        snapshot = self._snapshots.get(report_id)
        if snapshot is None:
            return ["missing"]
        recorded = [
            facts.get("snapshot_sha256") for facts in self._facts_of(report_id, "report.completed")
        ]
        found = {
            "sha256": sha256(snapshot["body"].encode()).hexdigest() != snapshot["sha256"],
            "audit_hash": bool(snapshot["audit_sequence"])
            and not snapshot["entry_hash"] == snapshot["audit_hash"] == _head_in(snapshot),
            # Exactly one completion: a second entry could name a forged snapshot.
            "completion": recorded != [snapshot["sha256"]],
        }
        return [name for name, is_wrong in found.items() if is_wrong]

    def _status(self, row: Row) -> Iterator[Difference]:
        was_archived = bool(self._facts_of(row["id"], "report.archived"))
        expected = "archived" if was_archived else "completed"
        if row["status"] != expected or row["is_discarded"]:
            yield Difference(Part.REPORT, "", ("status",))

    def _received_photos(self, report_id: str) -> Iterator[Difference]:
        """Compare each photo's hash with the one recorded when its bytes were received."""
        recorded = {
            facts.get("photo"): facts.get("sha256")
            for facts in self._facts_of(report_id, "photo.received")
        }
        found = self._live.photo_hashes(report_id)
        for photo_id, digest in found.items():
            if recorded.get(photo_id) != digest:
                yield Difference(Part.PHOTO, digest[:12], ("receipt",))
        for lost in recorded.keys() - found.keys():
            yield Difference(Part.PHOTO, str(recorded[lost])[:12], ("missing",))

    def _made_documents(self, report_id: str) -> Iterator[Difference]:
        """Compare each PDF with the facts recorded when it was made, and with its request."""
        asked = {facts.get("document") for facts in self._facts_of(report_id, "document.requested")}
        documents = self._documents.get(report_id, [])
        for document_id in asked - {row["id"] for row in documents}:
            yield Difference(Part.DOCUMENT, str(document_id)[:8], ("missing",))
        for row in documents:
            if row["state"] != "done":
                if row["made"]:
                    yield Difference(Part.DOCUMENT, row["id"][:8], ("status",))
                continue
            wrong = [
                name
                for name in MADE
                if any(
                    (name in made or name == "sha256") and made.get(name) != row[name]
                    for made in row["made"] or [{}]
                )
            ]
            if row["storage_key"] != f"t/{row['tenant']}/pdf/{row['sha256']}.pdf":
                wrong.append("storage_key")
            if row["id"] not in asked:
                wrong.append("report")
            if wrong:
                yield Difference(Part.DOCUMENT, row["id"][:8], tuple(wrong))

    def _facts_of(self, report_id: str, action: str) -> list[Mapping[str, Any]]:
        entries = self._entries.get(report_id, [])
        return [entry["facts"] or {} for entry in entries if entry["action"] == action]


def _by_report(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["report_id"], []).append(row)
    return found


def _head_in(snapshot: Row) -> str | None:
    """The hash of the chain's head in the frozen text. The row repeats it."""
    head = (_read(snapshot["body"]) or {}).get("audit")
    if not isinstance(head, dict) or head.get("sequence") != str(snapshot["audit_sequence"]):
        return None
    return str(head.get("hash"))


def _read(body: str) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _compared(frozen: Facts, live: Facts) -> Iterator[Difference]:
    """The differences by part and subject. The content hash and the digests of whole tables differ
    whenever any fact does, so they are reported only if no more precise fact differs."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for path in sorted({*frozen, *live}, key=str):
        if frozen.get(path, _ABSENT) != live.get(path, _ABSENT):
            wrong.setdefault((path[0], path[1] if len(path) > 2 else ""), []).append(path[-1])
    coarse = {(Part.CONTENT.value, ""), (Part.ROWS.value, "")}
    has_details = bool(wrong.keys() - coarse)
    was, is_now = _subjects(frozen), _subjects(live)
    for (part, key), facts in wrong.items():
        if (part, key) in coarse:
            if not has_details:
                yield from _coarse(Part(part), facts)
            continue
        whole = [
            word
            for word, known in (("added", was), ("missing", is_now))
            if key and (part, key) not in known
        ]
        yield Difference(Part(part), _subject(part, key, frozen, live), tuple(whole or facts))


_ABSENT = object()


def _subjects(facts: Facts) -> set[tuple[str, ...]]:
    return {path[:2] for path in facts if len(path) > 2}


def _coarse(part: Part, facts: list[str]) -> Iterator[Difference]:
    if part is Part.CONTENT:
        yield Difference(part, "", tuple(facts))
        return
    for table in facts:
        yield Difference(part, table, ("changed",))


def _subject(part: str, key: str, frozen: Facts, live: Facts) -> str:
    if part in (Part.PHOTO, Part.REMOVED_PHOTO):
        digest = frozen.get((part, key, "sha256")) or live.get((part, key, "sha256")) or ""
        return str(digest)[:12]
    return key
