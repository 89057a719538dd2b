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
    FORMAT_1,
    FORMAT_2,
    FORMAT_3,
    ROWS_OF,
    digests_in,
    instant,
    instants,
)
from app.evidence.service import canonical_json

CONTENT_FORMAT = "laudo.content/1"

Row = Mapping[str, Any]
# Runs one statement with %s parameters and returns its rows by column name.
Ask = Callable[[str, Sequence[Any]], list[Row]]
# From the path of a fact, which begins with the part of the report, to its value.
Facts = dict[tuple[str, ...], Any]

_OF_REPORTS = "tenant_id = %s::uuid and report_id = any(%s::uuid[])"

REPORTS = f"""
select r.id::text, r.tenant_id::text as tenant, r.status, r.outcome, r.number,
  r.revision::text, r.revision_of::text, r.revision_reason, r.title, r.check_token,
  r.project_id::text as project, r.equipment_id::text as equipment,
  r.started_by::text, r.assignee_id::text as assignee, r.completed_by::text,
  {instants("r.created_at", "r.started_at", "r.submitted_at", "r.completed_at")},
  r.discarded_at is not null as is_discarded, v.id::text as version_id,
  v.checklist_id::text as checklist, v.number::text as version, v.body
from reports r join versions v on v.tenant_id = r.tenant_id and v.id = r.version_id
where r.tenant_id = %s::uuid and r.id = any(%s::uuid[])
"""
ANSWERS = f"""
select report_id::text, field_id, value, comment, na_reason, row_version::text,
  answered_by::text, carried_from::text, {instants("answered_at", "client_at")}
from answers where {_OF_REPORTS}
"""
PHOTOS = f"""
select p.report_id::text, p.id::text, p.photo_id::text as photo, p.field_id as field,
  p.position::text, p.caption, p.quarantine_reason, p.position_reason,
  p.carried_from::text, {instants("p.removed_at")}, o.sha256, o.byte_size::text, o.media_type,
  o.source, o.uploaded_by::text, {instant("o.created_at")} as received_at,
  {instants("o.client_at", "o.position_at")}, o.latitude::text, o.longitude::text,
  o.accuracy_m::text, g.id is not null as is_read, g.verdict, g.reason, g.width::text,
  g.height::text, g.orientation::text, g.taken_at, g.taken_offset,
  g.latitude::text as reading_latitude, g.longitude::text as reading_longitude,
  g.altitude_m::text, g.accuracy_m::text as reading_accuracy_m, g.device, g.parser_version,
  g.notes, g.exif
from photo_placements p
  join photos o on o.tenant_id = p.tenant_id and o.id = p.photo_id
  left join photo_readings g on g.tenant_id = p.tenant_id and g.photo_id = p.photo_id
where p.tenant_id = %s::uuid and p.report_id = any(%s::uuid[])
order by p.field_id, p.position, o.created_at, o.id, p.id
"""
PICTURES = """
select p.report_id::text, p.photo_id::text, d.kind, d.recipe, d.sha256, d.width::text,
  d.height::text
from (select distinct tenant_id, report_id, photo_id from photo_placements
    where tenant_id = %s::uuid and report_id = any(%s::uuid[]) and removed_at is null) p
  join derivatives d on d.tenant_id = p.tenant_id and d.photo_id = p.photo_id
order by d.created_at, d.id
"""
SIGNATURES = f"""
select report_id::text, id::text, role_id, signer_name as signer, strokes, image_sha256,
  content_hash, withdrawn, taken_by::text, {instant("created_at")} as signed_at,
  {instants("client_at")}
from signatures where {_OF_REPORTS} order by created_at, id
"""

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
    is_carried = _has_carried(body["format"])
    if is_carried:
        facts["report", ADDRESS] = report[ADDRESS]
    for field_id, answer in body["answers"].items():
        facts |= {("answer", field_id, name): answer[name] for name in ANSWER}
        facts["answer", field_id, "answered_by"] = _id_of(answer["answered_by"])
        if is_carried:
            facts["answer", field_id, CARRIED] = answer[CARRIED]
    is_placed = _has_placements(body["format"])
    for photo in body["photos"]:
        more = (*PHOTO_3, CARRIED) if is_carried else PHOTO_3
        facts |= _frozen_photo(photo, more if is_placed else ())
    removed = (*REMOVED, "photo") if is_placed else REMOVED
    for photo in body["removed_photos"]:
        facts |= {("removed", photo["id"], name): photo[name] for name in removed}
    for role_id, signature in body["signatures"].items():
        facts |= {("signature", role_id, name): signature[name] for name in SIGNATURE}
        facts["signature", role_id, "taken_by"] = _id_of(signature["taken_by"])
    return facts | {("rows", table): digest for table, digest in body.get("rows", {}).items()}


def _id_of(named: Mapping[str, str] | None) -> str | None:
    return named["id"] if named else None


def _has_placements(snapshot_format: str) -> bool:
    """Whether the `id` of a photo's entry is that of its placement; before format 3 it is that of
    the photo."""
    return snapshot_format not in (FORMAT_1, FORMAT_2)


def _has_carried(snapshot_format: str) -> bool:
    """Whether answers and photos name the row of the older revision that they began as."""
    return _has_placements(snapshot_format) and snapshot_format != FORMAT_3


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
        if _has_placements(snapshot_format):
            facts |= _of_format_3(every)
        if _has_carried(snapshot_format):
            facts |= _of_format_4(row, self._answers.get(report_id, []), photos)
        return facts

    def photo_hashes(self, report_id: str) -> dict[str, str]:
        """The SHA-256 (hex) by id of every photo of the report, including removed ones."""
        return {photo["photo"]: photo["sha256"] for photo in self._photos.get(report_id, [])}

    def _photos_in(self, report_id: str, snapshot_format: str) -> list[Row]:
        """The placements, each with the `id` that it has in snapshots of this format."""
        placed = self._photos.get(report_id, [])
        if _has_placements(snapshot_format):
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


def _live_signatures(rows: Iterable[Row], content: str) -> Facts:
    """The newest signature of each role, unless it was withdrawn; the rows are oldest first."""
    facts: Facts = {}
    for role_id, row in {one["role_id"]: one for one in rows}.items():
        if row["withdrawn"]:
            continue
        path = ("signature", role_id)
        names = ("id", "signer", "image_sha256", "content_hash", "signed_at", "client_at")
        facts |= {(*path, name): row[name] for name in (*names, "taken_by")}
        facts[*path, "strokes_sha256"] = digest_of(row["strokes"]) if row["strokes"] else None
        facts[*path, "is_valid"] = row["content_hash"] == content
    return facts
