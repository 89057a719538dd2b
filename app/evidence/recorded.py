"""Reads the rows of a completed report as facts, in the terms of its snapshot's format.

Plain SQL and plain data, no models: the pages, the PDF worker, `flask check` and a backup (which
logs in with another role and without a tenant scope) read the same facts in the same way. Names of
people, clients, projects and equipment are not facts: they may be corrected at any time, and a
completed report shows the frozen ones. verification.py compares the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from app.definition.judging import has_text
from app.evidence.digests import (
    FORMAT_3,
    FORMAT_4,
    FORMAT_5,
    KNOWN_FORMATS,
    ROWS_OF,
    digests_in,
)
from app.evidence.recorded_rows import ANSWERS, PHOTOS, PICTURES, REPORTS, SIGNATURES
from app.evidence.service import canonical_json

CONTENT_FORMAT = "laudo.content/1"

Row = Mapping[str, Any]
# Runs one statement with %s parameters and returns its rows by column name.
Ask = Callable[[str, Sequence[Any]], list[Row]]
# From the path of a fact, which begins with the part of the report, to its value.
Facts = dict[tuple[str, ...], Any]

READING = (
    "reason",
    "width",
    "height",
    "orientation",
    "taken_at",
    "taken_offset",
    "altitude_m",
    "device",
    "parser_version",
)
PLACE = ("latitude", "longitude", "accuracy_m")
REPORT = (
    "id",
    "tenant",
    "number",
    "revision",
    "revision_of",
    "revision_reason",
    "title",
    "created_at",
    "started_at",
    "submitted_at",
    "completed_at",
)
PEOPLE = ("started_by", "assignee", "completed_by")
PHOTO = (
    "field",
    "position",
    "caption",
    "quarantine_reason",
    "sha256",
    "byte_size",
    "media_type",
    "source",
    "received_at",
    "client_at",
)
# The facts of a photo that format 3 added: which photo it is, and why it has no position.
PHOTO_3 = ("photo", "position_reason")
# What format 4 added: the row of the older revision, to answers and photos; the public address.
CARRIED, ADDRESS = "carried_from", "check_token"
# What format 5 added to a signature: the witness who signed without an account.
WITNESS = "witness"
ANSWER = ("value", "comment", "na_reason", "row_version", "answered_at", "client_at")
REMOVED = ("field", "sha256", "received_at", "removed_at")
SIGNATURE = (
    "id",
    "signer",
    "image_sha256",
    "strokes_sha256",
    "content_hash",
    "is_valid",
    "signed_at",
    "client_at",
)
DEFINITION = ("checklist", "version_id", "version", "sha256")


def numbers_as_text(value: Any) -> Any:
    """JSON data with every number as its shortest exact text."""
    if isinstance(value, Mapping):
        return {key: numbers_as_text(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [numbers_as_text(one) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    return value


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of JSON data in its canonical form, numbers as text."""
    return sha256(canonical_json(numbers_as_text(value)).encode()).hexdigest()


def read_digests(
    ask: Ask, tenant_id: str, report_id: str, *, snapshot_format: str
) -> dict[str, str]:
    """By table, the SHA-256 (hex) of all evidence columns of the rows that belong to a report."""
    (row,) = ask(digests_in(snapshot_format), (tenant_id, [report_id]))
    return {table: str(row[table]) for table in ROWS_OF[snapshot_format]}


def frozen_facts(body: Mapping[str, Any]) -> Facts:
    """The facts of a snapshot; `body` is its JSON. Raises KeyError if a fact is missing."""
    report = body["report"]
    facts: Facts = {("report", name): report[name] for name in REPORT}
    for name in (*PEOPLE, "project", "equipment"):
        facts["report", name] = _id_of(report[name])
    facts["report", "outcome"] = body["result"]["outcome"]
    facts |= {("definition", name): body["definition"][name] for name in DEFINITION}
    facts["content", "hash"] = body["content_hash"]
    is_carried = _is_since(FORMAT_4, body["format"])
    is_witnessed = _is_since(FORMAT_5, body["format"])
    if is_carried:
        facts["report", ADDRESS] = report[ADDRESS]
    for field_id, answer in body["answers"].items():
        facts |= {("answer", field_id, name): answer[name] for name in ANSWER}
        facts["answer", field_id, "answered_by"] = _id_of(answer["answered_by"])
        if is_carried:
            facts["answer", field_id, CARRIED] = answer[CARRIED]
    is_placed = _is_since(FORMAT_3, body["format"])
    for photo in body["photos"]:
        more = (*PHOTO_3, CARRIED) if is_carried else PHOTO_3
        facts |= _frozen_photo(photo, more if is_placed else ())
    removed = (*REMOVED, "photo") if is_placed else REMOVED
    for photo in body["removed_photos"]:
        facts |= {("removed", photo["id"], name): photo[name] for name in removed}
    for role_id, signature in body["signatures"].items():
        facts |= {("signature", role_id, name): signature[name] for name in SIGNATURE}
        facts["signature", role_id, "taken_by"] = _id_of(signature["taken_by"])
        if is_witnessed:
            facts["signature", role_id, WITNESS] = _id_of(signature[WITNESS])
    return facts | {("rows", table): digest for table, digest in body.get("rows", {}).items()}


def _id_of(named: Mapping[str, str] | None) -> str | None:
    return named["id"] if named else None


def _is_since(first: str, snapshot_format: str) -> bool:
    """Whether a format has what `first` added. Since 3, the `id` of a photo's entry is that of its
    placement, before it was that of the photo; 4 named the rows of the older revision that answers
    and photos began as; 5 the witness of a signature."""
    return KNOWN_FORMATS.index(snapshot_format) >= KNOWN_FORMATS.index(first)


def _frozen_photo(photo: Mapping[str, Any], more: Sequence[str]) -> Facts:
    path = ("photo", photo["id"])
    place = photo["browser_position"]
    facts: Facts = {(*path, name): photo[name] for name in (*PHOTO, *more)}
    facts[*path, "uploaded_by"] = _id_of(photo["uploaded_by"])
    facts |= {(*path, f"browser_{name}"): place[name] for name in PLACE}
    facts[*path, "browser_position_at"] = place["at"]
    reading = photo["reading"]
    if reading:
        names = ("verdict", "notes", *READING, *PLACE)
        facts |= {(*path, f"reading_{name}"): reading[name] for name in names}
        if "exif_sha256" in reading:
            facts[*path, "reading_exif"] = reading["exif_sha256"]
    if "pictures" in photo:
        facts[*path, "pictures"] = photo["pictures"]
    return facts


class LiveReports:
    """The rows of some reports of one tenant, read in six statements, plus one for each format of
    their snapshots that has digests."""

    def __init__(self, ask: Ask, tenant_id: str, report_ids: Sequence[str]) -> None:
        def by_report(statement: str) -> dict[str, list[Row]]:
            found: dict[str, list[Row]] = {}
            for row in ask(statement, parameters):
                found.setdefault(row["report_id"], []).append(row)
            return found

        parameters = (tenant_id, list(report_ids))
        self.reports = {row["id"]: row for row in ask(REPORTS, parameters)}
        self._ask, self._parameters = ask, parameters
        self._digests: dict[str, dict[str, Row]] = {}
        self._answers = by_report(ANSWERS)
        self._photos = by_report(PHOTOS)
        self._pictures = by_report(PICTURES)
        self._signatures = by_report(SIGNATURES)
        self._definitions: dict[str, str] = {}

    def facts_of(self, report_id: str, snapshot_format: str, photo_order: Sequence[str]) -> Facts:
        """The facts of an existing report, in the terms of this snapshot format.

        `photo_order` is the order in which the snapshot hashed its photos. The database's own order
        depends on its collation and may differ.
        """
        row = self.reports[report_id]
        every = self._photos_in(report_id, snapshot_format)
        photos = [one for one in every if one["removed_at"] is None]
        answers = {one["field_id"]: _answer(one) for one in self._answers.get(report_id, [])}
        facts: Facts = {("report", name): row[name] for name in (*REPORT, *PEOPLE, "outcome")}
        facts |= {("report", name): row[name] for name in ("project", "equipment")}
        facts |= {("definition", name): row[name] for name in DEFINITION if name != "sha256"}
        facts["definition", "sha256"] = self._definition(row)
        content = _content_hash(row, answers, _in_order(photos, photo_order))
        facts["content", "hash"] = content
        for field_id, answer in answers.items():
            facts |= {("answer", field_id, name): value for name, value in answer.items()}
        for photo in photos:
            facts |= _live_photo(photo)
        for photo in every:
            if photo["removed_at"] is not None:
                facts |= {("removed", photo["id"], name): photo[name] for name in REMOVED}
        facts |= _live_signatures(self._signatures.get(report_id, []), content)
        if snapshot_format in ROWS_OF:
            facts |= self._of_format_2(report_id, snapshot_format, photos)
        if _is_since(FORMAT_3, snapshot_format):
            facts |= _of_format_3(every)
        if _is_since(FORMAT_4, snapshot_format):
            facts |= _of_format_4(row, self._answers.get(report_id, []), photos)
        if _is_since(FORMAT_5, snapshot_format):
            facts |= _of_format_5(self._signatures.get(report_id, []))
        return facts

    def photo_hashes(self, report_id: str) -> dict[str, str]:
        """The SHA-256 (hex) by id of every photo of the report, including removed ones."""
        return {photo["photo"]: photo["sha256"] for photo in self._photos.get(report_id, [])}

    def _photos_in(self, report_id: str, snapshot_format: str) -> list[Row]:
        """The placements, each with the `id` that it has in snapshots of this format."""
        placed = self._photos.get(report_id, [])
        if _is_since(FORMAT_3, snapshot_format):
            return placed
        return [{**photo, "id": photo["photo"]} for photo in placed]

    def _digests_in(self, snapshot_format: str) -> dict[str, Row]:
        if snapshot_format not in self._digests:
            rows = self._ask(digests_in(snapshot_format), self._parameters)
            self._digests[snapshot_format] = {row["report_id"]: row for row in rows}
        return self._digests[snapshot_format]

    def _of_format_2(self, report_id: str, snapshot_format: str, photos: Iterable[Row]) -> Facts:
        digests = self._digests_in(snapshot_format)[report_id]
        facts: Facts = {("rows", table): digests[table] for table in ROWS_OF[snapshot_format]}
        pictures: dict[str, list[dict[str, str]]] = {}
        for row in self._pictures.get(report_id, []):
            named = {name: row[name] for name in ("kind", "recipe", "sha256", "width", "height")}
            pictures.setdefault(row["photo_id"], []).append(named)
        for photo in photos:
            facts["photo", photo["id"], "pictures"] = pictures.get(photo["photo"], [])
            if photo["is_read"]:
                facts["photo", photo["id"], "reading_exif"] = digest_of(photo["exif"])
        return facts

    def _definition(self, row: Row) -> str:
        """Cached, because many reports share a version."""
        version_id = row["version_id"]
        if version_id not in self._definitions:
            self._definitions[version_id] = digest_of(row["body"])
        return self._definitions[version_id]


def _answer(row: Row) -> dict[str, Any]:
    """An empty comment or reason counts as none, as in the rules."""
    answer = {name: row[name] for name in (*ANSWER, "answered_by")}
    return answer | {name: row[name] or None for name in ("comment", "na_reason")}


def _in_order(photos: Sequence[Row], order: Sequence[str]) -> list[Row]:
    places = {photo_id: place for place, photo_id in enumerate(order)}
    return sorted(photos, key=lambda photo: places.get(photo["id"], len(places)))


def _content_photo(photo: Row) -> dict[str, Any]:
    """A reason for a missing position is included only if it is set, as in app.reports.content."""
    named = ("sha256", "field", "caption", "quarantine_reason")
    reason = {"position_reason": photo["position_reason"]} if photo["position_reason"] else {}
    return {name: photo[name] for name in named} | reason


def _content_hash(row: Row, answers: Mapping[str, Row], photos: Iterable[Row]) -> str:
    """The hash that signatures cover, computed from rows; equal to that of app.reports.content."""
    value = {
        "format": CONTENT_FORMAT,
        "report": {
            name: row[name]
            for name in ("id", "number", "revision", "title", "project", "equipment")
        },
        "version": row["version_id"],
        "answers": {
            field_id: {name: answer[name] for name in ("value", "comment", "na_reason")}
            for field_id, answer in answers.items()
            if answer["value"] is not None
            or has_text(answer["comment"])
            or has_text(answer["na_reason"])
        },
        "photos": [_content_photo(photo) for photo in photos],
    }
    return sha256(canonical_json(value).encode()).hexdigest()


def _live_photo(photo: Row) -> Facts:
    path = ("photo", photo["id"])
    facts: Facts = {(*path, name): photo[name] for name in (*PHOTO, "uploaded_by")}
    facts |= {(*path, f"browser_{name}"): photo[name] for name in PLACE}
    facts[*path, "browser_position_at"] = photo["position_at"]
    if photo["is_read"]:
        facts |= {(*path, f"reading_{name}"): photo[name] for name in ("verdict", *READING)}
        facts |= {(*path, f"reading_{name}"): photo[f"reading_{name}"] for name in PLACE}
        facts[*path, "reading_notes"] = numbers_as_text(photo["notes"])
    return facts


def _of_format_3(placed: Iterable[Row]) -> Facts:
    """The photo of each placement, and the reasons that this format added."""
    facts: Facts = {}
    for photo in placed:
        if photo["removed_at"] is None:
            facts |= {("photo", photo["id"], name): photo[name] for name in PHOTO_3}
        else:
            facts["removed", photo["id"], "photo"] = photo["photo"]
    return facts


def _of_format_4(report: Row, answers: Iterable[Row], photos: Iterable[Row]) -> Facts:
    facts: Facts = {("report", ADDRESS): report[ADDRESS]}
    facts |= {("answer", one["field_id"], CARRIED): one[CARRIED] for one in answers}
    return facts | {("photo", one["id"], CARRIED): one[CARRIED] for one in photos}


def _of_format_5(signatures: Iterable[Row]) -> Facts:
    return {("signature", role_id, WITNESS): row[WITNESS] for role_id, row in _newest(signatures)}


def _newest(rows: Iterable[Row]) -> Iterable[tuple[str, Row]]:
    """The newest signature of each role, unless it was withdrawn; the rows are oldest first."""
    newest = {one["role_id"]: one for one in rows}
    return [(role_id, row) for role_id, row in newest.items() if not row["withdrawn"]]


def _live_signatures(rows: Iterable[Row], content: str) -> Facts:
    facts: Facts = {}
    for role_id, row in _newest(rows):
        path = ("signature", role_id)
        names = ("id", "signer", "image_sha256", "content_hash", "signed_at", "client_at")
        facts |= {(*path, name): row[name] for name in (*names, "taken_by")}
        facts[*path, "strokes_sha256"] = digest_of(row["strokes"]) if row["strokes"] else None
        facts[*path, "is_valid"] = row["content_hash"] == content
    return facts
