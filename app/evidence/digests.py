"""The columns that the digests of a snapshot cover, by its format, and the SQL of the digests.

recorded.py reads the rows fact by fact.
"""

from __future__ import annotations

FORMAT_1, FORMAT_2 = "laudo.snapshot/1", "laudo.snapshot/2"
FORMAT_3, FORMAT_4 = "laudo.snapshot/3", "laudo.snapshot/4"
FORMAT_5 = "laudo.snapshot/5"

Columns = dict[str, tuple[str, ...]]

# Never change a list: a new evidence column needs a new format, or the rows of every older
# snapshot would seem to have changed.
ROWS_2: Columns = {
    "reports": (
        "id",
        "tenant_id",
        "created_at",
        "project_id",
        "version_id",
        "equipment_id",
        "number",
        "revision",
        "revision_of",
        "revision_reason",
        "title",
        "outcome",
        "started_by",
        "assignee_id",
        "client_id",
        "due_on",
        "photo_limit",
        "started_at",
        "submitted_at",
        "completed_at",
        "completed_by",
        "discarded_at",
    ),
    "versions": (
        "id",
        "tenant_id",
        "created_at",
        "checklist_id",
        "number",
        "body",
        "published_at",
        "published_by",
    ),
    "answers": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "field_id",
        "value",
        "comment",
        "na_reason",
        "row_version",
        "answered_by",
        "answered_at",
        "client_at",
    ),
    "photos": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "client_id",
        "sha256",
        "byte_size",
        "media_type",
        "storage_key",
        "source",
        "latitude",
        "longitude",
        "accuracy_m",
        "position_at",
        "client_at",
        "uploaded_by",
    ),
    "photo_placements": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "photo_id",
        "field_id",
        "caption",
        "position",
        "quarantine_reason",
        "removed_at",
    ),
    "photo_readings": (
        "id",
        "tenant_id",
        "created_at",
        "photo_id",
        "verdict",
        "reason",
        "width",
        "height",
        "orientation",
        "taken_at",
        "taken_offset",
        "latitude",
        "longitude",
        "altitude_m",
        "accuracy_m",
        "device",
        "exif",
        "notes",
        "parser_version",
    ),
    "derivatives": (
        "id",
        "tenant_id",
        "created_at",
        "photo_id",
        "kind",
        "recipe",
        "storage_key",
        "sha256",
        "byte_size",
        "width",
        "height",
    ),
    "signatures": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "role_id",
        "signer_name",
        "strokes",
        "image_key",
        "image_sha256",
        "content_hash",
        "withdrawn",
        "taken_by",
        "client_id",
        "client_at",
    ),
}
# Since format 3, a photo may have several placements and may have come with an earlier report.
ROWS_3: Columns = {
    **ROWS_2,
    "photo_placements": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "photo_id",
        "field_id",
        "caption",
        "position",
        "quarantine_reason",
        "position_reason",
        "removed_at",
    ),
}
# Since format 4, answers and placements may be carried over from the revision that is corrected;
# reports have a public address and reviews; values set aside are covered; and a photo says
# whether the phone confirmed its hash.
ROWS_4: Columns = {
    **ROWS_3,
    "reports": (*ROWS_3["reports"], "check_token"),
    "answers": (*ROWS_3["answers"], "carried_from"),
    "photos": (*ROWS_3["photos"], "is_hash_confirmed"),
    "photo_placements": (*ROWS_3["photo_placements"], "carried_from"),
    "conflicts": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "field_id",
        "block_key",
        "placement_id",
        "value",
        "comment",
        "na_reason",
        "base_version",
        "typed_by",
        "client_id",
        "client_at",
        "settled_at",
        "settled_by",
        "kept",
    ),
    "reviews": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "round",
        "step",
        "steps",
        "named_id",
        "state",
        "reviewer_id",
        "submitted_by",
        "waiting_since",
        "begun_at",
        "closed_at",
        "accepted",
    ),
    "review_comments": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "review_id",
        "field_id",
        "block_key",
        "words",
        "author_id",
        "reply",
        "replied_by",
        "replied_at",
        "done_by",
        "done_at",
    ),
}
# Since format 5, a signature or a comment may name a witness. A link can be revoked later, so the
# revocation is left out.
ROWS_5: Columns = {
    **ROWS_4,
    "signatures": (*ROWS_4["signatures"], "witness_id"),
    "review_comments": (*ROWS_4["review_comments"], "witness_id"),
    "witnesses": (
        "id",
        "tenant_id",
        "created_at",
        "report_id",
        "role_id",
        "name",
        "email",
        "token_hash",
        "code_hash",
        "sent_by",
        "expires_at",
        "accepted",
    ),
}
ROWS_OF = {FORMAT_2: ROWS_2, FORMAT_3: ROWS_3, FORMAT_4: ROWS_4, FORMAT_5: ROWS_5}
NEWEST_FORMAT = FORMAT_5
# The formats that this release can compare.
KNOWN_FORMATS = (FORMAT_1, *ROWS_OF)

# The camera's local time is stored as text; every other time is an instant.
_LOCAL_TIMES = frozenset({("photo_readings", "taken_at")})
_OF_REPORT = "t.report_id = r.id"
_OF_PLACED_PHOTO = (
    "t.photo_id in (select p.photo_id from photo_placements p where p.tenant_id = r.tenant_id"
    " and p.report_id = r.id and p.removed_at is null)"
)
_RECEIVED_OR_PLACED = (
    "t.id in (select o.id from photos o where o.tenant_id = r.tenant_id and o.report_id = r.id"
    " union select p.photo_id from photo_placements p where p.tenant_id = r.tenant_id"
    " and p.report_id = r.id)"
)
_BELONGS_2 = {
    "reports": "t.id = r.id",
    "versions": "t.id = r.version_id",
    "answers": _OF_REPORT,
    "photos": _OF_REPORT,
    "photo_placements": _OF_REPORT,
    "photo_readings": _OF_PLACED_PHOTO,
    "derivatives": _OF_PLACED_PHOTO,
    "signatures": _OF_REPORT,
}
_BELONGS_3 = {**_BELONGS_2, "photos": _RECEIVED_OR_PLACED}
_BELONGS_4 = {
    **_BELONGS_3,
    **dict.fromkeys(("conflicts", "reviews", "review_comments"), _OF_REPORT),
}
_BELONGS_5 = {**_BELONGS_4, "witnesses": _OF_REPORT}
_BELONGS_OF = {
    FORMAT_2: _BELONGS_2,
    FORMAT_3: _BELONGS_3,
    FORMAT_4: _BELONGS_4,
    FORMAT_5: _BELONGS_5,
}


def instant(column: str) -> str:
    """UTC with microseconds, in the format of the audit chain."""
    return _formatted(column, f"{column} at time zone 'UTC'", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def instants(*columns: str) -> str:
    """Several instants, each under the name of its column."""
    return ", ".join(f"{instant(column)} as {column.split('.')[-1]}" for column in columns)


def digests_in(snapshot_format: str) -> str:
    """The statement that computes digests; its parameters are a tenant and a list of reports."""
    tables = ", ".join(_digest(table, snapshot_format) for table in ROWS_OF[snapshot_format])
    return (
        f"select r.id::text as report_id, {tables} from reports r"
        " where r.tenant_id = %s::uuid and r.id = any(%s::uuid[])"
    )


def _formatted(column: str, value: str, pattern: str) -> str:
    """A time or a day in `pattern`. Infinity, for which to_char returns nothing, and years BC, for
    which it returns the same as for AD, are cast to text, so that all texts stay distinct."""
    is_odd = f"not isfinite({column}) or {column} < '0001-01-01 00:00+00'"
    return f"case when {is_odd} then {column}::text else to_char({value}, '{pattern}') end"


def _as_text(table: str, column: str) -> str:
    if column.endswith(("_at", "_since")) and (table, column) not in _LOCAL_TIMES:
        return instant(f"t.{column}")
    if column.endswith("_on"):
        return _formatted(f"t.{column}", f"t.{column}", "YYYY-MM-DD")
    return f"t.{column}::text"


def _digest(table: str, snapshot_format: str) -> str:
    columns = ROWS_OF[snapshot_format][table]
    row = ", ".join(_as_text(table, column) for column in columns)
    return (
        f"(select encode(sha256(convert_to(coalesce(string_agg(json_build_array({row})::text,"
        f" E'\\n' order by t.id), ''), 'UTF8')), 'hex') from {table} t"
        f" where t.tenant_id = r.tenant_id and {_BELONGS_OF[snapshot_format][table]}) as {table}"
    )
