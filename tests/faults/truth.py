"""Checks after the faults, made in the database and the storage, never from answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

import pypdfium2

from app.commands.backup.figures import DatabaseFigures, frozen, read_figures
from app.storage import KEY
from tests.faults.people import Save
from tests.faults.site import Site


def figures(site: Site) -> DatabaseFigures:
    with frozen(site.environment["BACKUP_DATABASE_URL"]) as connection:
        return read_figures(connection)


def wrong_evidence(site: Site) -> list[str]:
    """Errors in recomputed chains and snapshots of all tenants; empty if all fit."""
    found = figures(site)
    broken = [
        f"chain of {tenant} at {chain.broken_at}"
        for tenant, chain in found.chains.items()
        if chain.broken_at is not None
    ]
    return broken + [f"{report}: {lines}" for report, lines in found.differences.items()]


def count_open(site: Site, reports: Sequence[UUID]) -> int:
    """The number of reports that still wait for their final PDF."""
    ((done,),) = site.ask(
        "select count(distinct report_id) from documents"
        " where report_id = any(%s::uuid[]) and state = 'done' and not is_preview",
        list(map(str, reports)),
    )
    return len(reports) - int(done)  # type: ignore[call-overload]


def wrong_documents(site: Site, reports: Sequence[UUID]) -> list[str]:
    """Violations of 'published exactly once': one done row, one audit entry, the row's bytes."""
    wrong = []
    for report in reports:
        rows = site.ask(
            "select id::text, storage_key, sha256, byte_size, pages, lease_until from documents"
            " where report_id = %s and state = 'done' and not is_preview",
            str(report),
        )
        if len(rows) != 1:
            wrong.append(f"{report}: {len(rows)} documents done")
            continue
        document, key, sha256, size, pages, lease = rows[0]
        ((entries,),) = site.ask(
            "select count(*) from audit_entries where action = 'document.made'"
            " and object_id = %s and body::jsonb -> 'facts' ->> 'sha256' = %s",
            document,
            sha256,
        )
        ((all_entries,),) = site.ask(
            "select count(*) from audit_entries where action = 'document.made' and object_id = %s",
            document,
        )
        if (entries, all_entries) != (1, 1):
            wrong.append(
                f"{report}: {all_entries} entries of its making, {entries} with its digest"
            )
        data = site.stored(str(key)) or b""
        if hashlib.sha256(data).hexdigest() != sha256 or len(data) != size:
            wrong.append(f"{report}: the bytes are not the row's")
        elif len(pypdfium2.PdfDocument(data)) != pages:
            wrong.append(f"{report}: the PDF has other pages than its row")
        if lease is not None:
            wrong.append(f"{report}: done, yet somebody holds a lease")
    return wrong


def wrong_objects(site: Site) -> list[str]:
    """Rows without objects, objects that do not match their key, and partial files."""
    keys = site.ask(
        "select storage_key from photos union select storage_key from documents"
        " where storage_key is not null"
    )
    stored = set(site.keys())
    wrong = [f"{key}: no bytes" for (key,) in keys if key not in stored]
    return wrong + [
        f"{key}: other bytes than its name says"
        for key in stored
        if KEY.match(key) and not _is_its_name(key, site.stored(key))
    ]


def _is_its_name(key: str, data: bytes | None) -> bool:
    name = key.rpartition("/")[2].partition(".")[0]
    return data is not None and hashlib.sha256(data).hexdigest() == name


def wrong_reports(site: Site) -> list[str]:
    """Half-submitted reports: a completed one has a snapshot, two entries and a document."""
    rows = site.ask(
        "select r.id::text, r.status,"
        " (select count(*) from snapshots s where s.report_id = r.id),"
        " (select count(*) from audit_entries e where e.object_id = r.id"
        "   and e.action = 'report.submitted'),"
        " (select count(*) from audit_entries e where e.object_id = r.id"
        "   and e.action = 'report.completed'),"
        " (select count(*) from documents d where d.report_id = r.id and not d.is_preview"
        "   and d.state <> 'failed')"
        " from reports r"
    )
    expected = {True: (1, 1, 1, 1), False: (0, 0, 0, 0)}
    return [
        f"{report}: {status} with {counts}"
        for report, status, *counts in rows
        if tuple(counts) != expected[status == "completed"]
    ]


def lost_saves(site: Site, saves: Sequence[Save]) -> list[str]:
    """Acknowledged saves that are missing or duplicated in the chain, or whose last value is
    lost."""
    lost = []
    for one in saves:
        ((entries,),) = site.ask(
            "select count(*) from audit_entries where action = 'answer.saved' and object_id = %s"
            " and body::jsonb -> 'facts' ->> 'client_id' = %s",
            str(one.report_id),
            str(one.client_id),
        )
        if entries != 1:
            lost.append(f"{one}: {entries} entries")
    for one in {(one.report_id, one.field_id): one for one in saves}.values():
        stored = site.ask(
            "select value #>> '{}' from answers where report_id = %s and field_id = %s",
            str(one.report_id),
            one.field_id,
        )
        if stored != [(one.value,)]:
            lost.append(f"{one}: the database has {stored}")
    return lost


def wrong_photos(site: Site, sent: Sequence[UUID]) -> list[str]:
    """Acknowledged photos that do not exist exactly once with their placement and entry."""
    rows = site.ask(
        "select p.client_id::text, count(*), count(pl.id), (select count(*) from audit_entries e"
        "  where e.action = 'photo.received' and e.object_id = p.report_id"
        "    and e.body::jsonb -> 'facts' ->> 'photo' = p.id::text)"
        " from photos p left join photo_placements pl on pl.photo_id = p.id"
        " where p.client_id = any(%s::uuid[]) group by p.client_id, p.id",
        list(map(str, sent)),
    )
    seen = {client_id: tuple(counts) for client_id, *counts in rows}
    return [f"photo {one}: {seen.get(str(one))}" for one in sent if seen.get(str(one)) != (1, 1, 1)]
