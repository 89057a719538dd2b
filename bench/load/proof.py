"""Checks database and storage for everything that was acknowledged to the people."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bench.load import ledger
from tests.faults import truth
from tests.faults.site import Site, wait_until

LONGEST_QUEUE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Proof:
    """Counts of acknowledged saves, photos and documents; `wrong` has a sentence for each loss."""

    saves: int
    photos: int
    submits: int
    drain_seconds: float
    wrong: tuple[str, ...]


def prove(site: Site, written: Path) -> Proof:
    """Wait until the queue is empty, then look up everything in the ledger."""
    saves = list(ledger.lines(written, "save"))
    photos = list(ledger.lines(written, "photo"))
    submitted = [UUID(line["report"]) for line in ledger.lines(written, "submit")]
    drained = wait_until(
        lambda: truth.count_open(site, submitted) == 0 and not _unread(site),
        "documents or photos wait still",
        LONGEST_QUEUE_SECONDS,
        pause=1.0,
    )
    wrong = [
        *_wrong_saves(site, saves),
        *_wrong_photos(site, photos),
        *truth.wrong_documents(site, submitted),
        *truth.wrong_reports(site),
        *truth.wrong_evidence(site),
        *truth.wrong_objects(site),
    ]
    return Proof(len(saves), len(photos), len(submitted), drained, tuple(wrong))


def _unread(site: Site) -> int:
    ((count,),) = site.ask(
        "select count(*) from photos p where not exists"
        " (select from photo_readings r where r.photo_id = p.id)"
    )
    return int(str(count))


def _wrong_saves(site: Site, saves: list[ledger.Line]) -> list[str]:
    """Each acknowledged save must be in the history once, and a field's last one be the answer."""
    entries: dict[str, tuple[object, ...]] = {}
    times: Counter[str] = Counter()
    for client_id, report, field, value, version in site.ask(
        "select facts ->> 'client_id', object_id::text, facts ->> 'field',"
        " facts -> 'new' ->> 'value', (facts ->> 'new_version')::int from"
        " (select object_id, body::jsonb -> 'facts' facts from audit_entries"
        "  where action = 'answer.saved') saved"
    ):
        entries[str(client_id)] = (report, field, value, version)
        times[str(client_id)] += 1
    answers = {
        (report, field): (value, version)
        for report, field, value, version in site.ask(
            "select report_id::text, field_id, value #>> '{}', row_version from answers"
        )
    }
    wrong = []
    for one in saves:
        acknowledged = (one["report"], one["field"], one["value"], one["version"])
        if entries.get(one["client_id"]) != acknowledged or times[one["client_id"]] != 1:
            wrong.append(f"save {acknowledged}: history has {entries.get(one['client_id'])}")
        current = answers.get(acknowledged[:2])
        if current is None or current[1] < one["version"]:
            wrong.append(f"save {acknowledged}: the answer stands at {current}")
        elif current[1] == one["version"] and current[0] != one["value"]:
            wrong.append(f"save {acknowledged}: the answer is {current}")
    return wrong


def _wrong_photos(site: Site, photos: list[ledger.Line]) -> list[str]:
    """Each acknowledged photo must have one row, a good reading, and the bytes that were sent."""
    rows = {
        str(client_id): (sha256, size, key, verdict)
        for client_id, sha256, size, key, verdict in site.ask(
            "select p.client_id::text, p.sha256, p.byte_size, p.storage_key, r.verdict"
            " from photos p left join photo_readings r on r.photo_id = p.id"
        )
    }
    wrong = []
    for one in photos:
        row = rows.get(one["client_id"])
        if row is None or row[:2] != (one["sha256"], one["size"]) or row[3] != "good":
            wrong.append(f"photo {one['client_id']}: {row}")
        elif _digest(site.stored(str(row[2]))) != one["sha256"]:
            wrong.append(f"photo {one['client_id']}: other bytes")
    return wrong


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
