"""Whether completed reports are what was frozen: their rows, recomputed, against their snapshots
and the audit.

Nothing is judged again: a later release may have other rules, so the result is compared as it was
stored. Reads through `Ask` as recorded.py does, so that a page, a worker and a backup find the
same. Stored bytes are not read here; storing and showing a verdict is for verdicts.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.evidence.digests import FORMAT_1, FORMAT_2, FORMAT_3
from app.evidence.recorded import Ask, Facts, LiveReports, Row, frozen_facts

log = logging.getLogger(__name__)

AT_ONCE = 50
# What decoding, hashing and comparing raise at values of the wrong type, size or depth. Failures of
# the database are none of these.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


class Part(StrEnum):
    """The part of a report that differs; the values stand in stored verdicts."""

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
    """What is not as it was recorded.

    `subject` names the field, photo (first 12 hex of its SHA-256), signature role, table or
    document; `facts` are the names of what differs, 'missing' or 'added' for the whole of it.
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
# The receipts of photos that stand in a report and came with an earlier one.
EARLIER_RECEIPTS = """
select p.report_id::text, 'photo.received' as action, e.facts -> 'facts' as facts
from photo_placements p
  join photos o on o.tenant_id = p.tenant_id and o.id = p.photo_id and o.report_id <> p.report_id
  join audit_entries e on e.tenant_id = o.tenant_id and e.object_id = o.report_id
    and e.object_type = 'report' and e.action = 'photo.received'
    and e.facts -> 'facts' ->> 'photo' = o.id::text
where p.tenant_id = %s::uuid and p.report_id = any(%s::uuid[])
"""
DOCUMENTS = """
select d.id::text, d.report_id::text, d.sha256, d.storage_key, d.pages::text,
  d.photos_printed::text as photos, d.photos_quarantined::text as quarantined,
  d.byte_size::text as byte_size, d.is_preview, d.state, d.tenant_id::text as tenant,
  array(select e.facts -> 'facts' from audit_entries e
   where e.tenant_id = d.tenant_id and e.object_id = d.id and e.object_type = 'document'
     and e.action = 'document.made' order by e.sequence) as made
from documents d
where d.tenant_id = %s::uuid and d.report_id = any(%s::uuid[])
"""
# What the entry of a finished PDF says of it; older entries say less.
MADE = ("sha256", "byte_size", "pages", "photos", "quarantined", "is_preview")
# A report that is or ever was complete, by whichever of the three witnesses is left of it.
COMPLETED = """
select r.id::text from reports r where r.tenant_id = %s::uuid
  and r.status in ('completed', 'archived')
union select s.report_id::text from snapshots s where s.tenant_id = %s::uuid
union select e.object_id::text from audit_entries e where e.tenant_id = %s::uuid
  and e.action = 'report.completed'
"""


def list_completed(ask: Ask, tenant_id: str) -> list[str]:
    """The ids of the tenant's completed reports, also of those whose row or snapshot is gone."""
    return sorted(str(row["id"]) for row in ask(COMPLETED, (tenant_id,) * 3))


def find_all_differences(
    ask: Ask, tenant_id: str, report_ids: Sequence[str]
) -> Iterator[tuple[str, Differences]]:
    """Each report with what differs, in batches; 1,500 photos take about 0.4 s."""
    for start in range(0, len(report_ids), AT_ONCE):
        some = report_ids[start : start + AT_ONCE]
        yield from find_differences(ask, tenant_id, some).items()


def find_differences(ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> dict[str, Differences]:
    """What differs in each of these completed reports; nothing where all is as it was frozen.

    An archiving or a request for a PDF that commits between two of the statements looks like a
    difference, so only what a second look finds as well is one.
    """
    found = _look(ask, tenant_id, report_ids)
    doubtful = [report_id for report_id, differences in found.items() if differences]
    if doubtful:
        again = _look(ask, tenant_id, doubtful)
        for report_id in doubtful:
            both = (one for one in found[report_id] if one in again[report_id])
            found[report_id] = tuple(both)
    return found


def _look(ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> dict[str, Differences]:
    """What differs by one reading. Values of a shape that Laudo never writes may not even be
    readable: then their report is named alone, and the others are compared all the same."""
    try:
        witnesses = _Witnesses(ask, tenant_id, report_ids)
        return {report_id: tuple(witnesses.differences_of(report_id)) for report_id in report_ids}
    except UNREADABLE:
        if len(report_ids) > 1:
            return {one: _look(ask, tenant_id, [one])[one] for one in report_ids}
        log.exception("report %s cannot be read", report_ids[0])
        return {report_ids[0]: (Difference(Part.REPORT, "", ("unreadable",)),)}


class _Witnesses:
    """Rows, snapshots and audit entries of some reports, set against each other."""

    def __init__(self, ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> None:
        wanted = (tenant_id, list(report_ids))
        self._live = LiveReports(ask, tenant_id, report_ids)
        self._snapshots = {row["report_id"]: row for row in ask(SNAPSHOTS, wanted)}
        self._documents = _by_report(ask(DOCUMENTS, wanted))
        entries = [*ask(ENTRIES, wanted), *ask(EARLIER_RECEIPTS, wanted)]
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
        if body is None or body.get("format") not in (FORMAT_1, FORMAT_2, FORMAT_3):
            return  # told above, or a newer release's format, which only that release can compare
        try:
            frozen = frozen_facts(body)
            order = [photo["id"] for photo in body["photos"]]
        except (KeyError, TypeError, AttributeError):
            yield Difference(Part.SNAPSHOT, "", ("body",))
            return
        live = self._live.facts_of(report_id, body["format"], order)
        yield from _compared(frozen, live)

    def _broken_snapshot(self, report_id: str) -> list[str]:
        """The names of what of a snapshot's row does not fit."""
        snapshot = self._snapshots.get(report_id)
        if snapshot is None:
            return ["missing"]
        said = [
            facts.get("snapshot_sha256") for facts in self._facts_of(report_id, "report.completed")
        ]
        found = {
            "sha256": sha256(snapshot["body"].encode()).hexdigest() != snapshot["sha256"],
            "audit_hash": bool(snapshot["audit_sequence"])
            and snapshot["entry_hash"] != snapshot["audit_hash"],
            # One completion and no other: a later entry could name a snapshot that was exchanged.
            "completion": said != [snapshot["sha256"]],
        }
        return [name for name, is_wrong in found.items() if is_wrong]

    def _status(self, row: Row) -> Iterator[Difference]:
        was_archived = bool(self._facts_of(row["id"], "report.archived"))
        right = "archived" if was_archived else "completed"
        if row["status"] != right or row["is_discarded"]:
            yield Difference(Part.REPORT, "", ("status",))

    def _received_photos(self, report_id: str) -> Iterator[Difference]:
        """Each photo's hash as it was written down when its bytes were received."""
        said = {
            facts.get("photo"): facts.get("sha256")
            for facts in self._facts_of(report_id, "photo.received")
        }
        found = self._live.photo_hashes(report_id)
        for photo_id, digest in found.items():
            if said.get(photo_id) != digest:
                yield Difference(Part.PHOTO, digest[:12], ("receipt",))
        for lost in said.keys() - found.keys():
            yield Difference(Part.PHOTO, str(said[lost])[:12], ("missing",))

    def _made_documents(self, report_id: str) -> Iterator[Difference]:
        """Each PDF's hash as it was written down when it was made, and for which report."""
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


def _read(body: str) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _compared(frozen: Facts, live: Facts) -> Iterator[Difference]:
    """The differences by part and subject. The content's hash and the digests of whole tables
    only speak where no finer fact does, as they differ with any of them."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for path in sorted({*frozen, *live}, key=str):
        if frozen.get(path, _ABSENT) != live.get(path, _ABSENT):
            wrong.setdefault((path[0], path[1] if len(path) > 2 else ""), []).append(path[-1])
    coarse = {(Part.CONTENT.value, ""), (Part.ROWS.value, "")}
    is_told = bool(wrong.keys() - coarse)
    was, is_now = _subjects(frozen), _subjects(live)
    for (part, key), facts in wrong.items():
        if (part, key) in coarse:
            if not is_told:
                yield from _coarse(Part(part), facts)
            continue
        whole = [word for word, known in (("added", was), ("missing", is_now))
                 if key and (part, key) not in known]  # fmt: skip
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
