"""The files attached to a final PDF: snapshot, manifest of photos, extract of the audit chain.

With them, the PDF can be checked without a server. All of it was frozen at completion, so each
attempt to make the PDF attaches the same bytes. Formats: docs/adr/0038-seals.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.documents.loading import Source
from app.documents.numbering import numbers_of
from app.evidence.queries import list_entries
from app.evidence.service import canonical_json
from app.models import AuditEntry, Report
from app.sealing.attaching import Attachment

SNAPSHOT, PHOTOS, AUDIT = "snapshot.json", "photos.json", "audit.json"
PHOTOS_FORMAT, AUDIT_FORMAT = "laudo.photos/1", "laudo.audit-extract/1"
JSON = "application/json"
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic", "image/heif": ".heif"}
UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


def attachments_of(source: Source) -> tuple[Attachment, ...]:
    """The files for the PDF of a finished report. Reads the report's audit entries."""
    snapshot, frozen = source.snapshot, source.frozen
    assert snapshot and frozen, "a finished report has a snapshot"
    photos = canonical_json(_manifest(source, frozen))
    audit = canonical_json(_extract(source.report))
    return (
        Attachment(
            SNAPSHOT,
            f"The report as frozen at completion, SHA-256 {snapshot.sha256}",
            "Source",
            JSON,
            snapshot.body.encode(),
        ),
        Attachment(
            PHOTOS, "The photos' original files with their SHA-256", "Data", JSON, photos.encode()
        ),
        Attachment(
            AUDIT, "The report's entries of the audit chain", "Supplement", JSON, audit.encode()
        ),
    )


def photo_file_names(source: Source) -> Mapping[str, str]:
    """A speaking name for the original file of each placement, by its id in the snapshot:
    equipment's tag (or the report's number), number of the question, count in it."""
    assert source.frozen
    report = source.frozen["report"]
    start = _safe((report["equipment"] or {}).get("tag") or report["number"])
    # Of the whole form, as in the PDF: hidden questions keep their numbers.
    numbers = numbers_of(source.report.version.definition)
    names, counts = {}, Counter[str]()
    for photo in source.frozen["photos"]:
        at = numbers.get(photo["field"], "0.0").replace(".", "_")
        counts[at] += 1
        suffix = SUFFIXES.get(photo["media_type"], ".bin")
        names[photo["id"]] = f"{start}_{at}_{counts[at]:02}{suffix}"
    return names


def _manifest(source: Source, frozen: Mapping[str, Any]) -> dict[str, Any]:
    names = photo_file_names(source)
    return {
        "format": PHOTOS_FORMAT,
        "report": str(source.report.id),
        "photos": [
            {
                "name": names[photo["id"]],
                "sha256": photo["sha256"],
                "bytes": photo["byte_size"],
                # In snapshots of the first releases, the place of a photo has the photo's id.
                "photo": photo.get("photo", photo["id"]),
                "field": photo["field"],
                "placement": photo["id"],
            }
            for photo in frozen["photos"]
        ],
    }


def _extract(report: Report) -> dict[str, Any]:
    """The report's entries until its completion, which is the head that this PDF vouches for."""
    entries = list(_until_completion(report))
    last = entries[-1]
    return {
        "format": AUDIT_FORMAT,
        "tenant": str(report.tenant_id),
        "report": str(report.id),
        "entries": [_entry(one) for one in entries],
        "head": {"sequence": str(last.sequence), "hash": last.hash},
    }


def _until_completion(report: Report) -> Iterator[AuditEntry]:
    for entry in list_entries(Report.audit_type, report.id):
        yield entry
        if entry.action == "report.completed":
            return


def _entry(entry: AuditEntry) -> dict[str, str]:
    return {
        "sequence": str(entry.sequence),
        "at": _time(entry.at),
        "body": entry.body,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def _time(moment: datetime) -> str:
    """In the form that the chain's hash covers."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return UNSAFE.sub("-", plain).strip("-") or "photo"
