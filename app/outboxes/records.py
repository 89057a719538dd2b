"""Reads the operations in the manifest of a device's unsent work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.web.addresses import read_id

SHA256 = re.compile(r"[0-9a-f]{64}")
# What stays on the device, or is sent as a file (assets/src/outbox/kinds.js).
STROKES = "strokes"
NOT_SENT = frozenset({"image_type", STROKES})
MAX_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Record:
    """One operation, as the device would have sent it.

    `form` has its entries; `file` is the name of its bytes in the ZIP file and `sha256` their hash.
    """

    report_id: UUID
    client_id: UUID
    kind: str
    form: MultiDict[str, str]
    report_name: str
    question: str
    file: str | None = None
    sha256: str = ""
    strokes: str = ""


def read_record(given: Any, account: Any) -> Record | None:
    """None if it is not understood, or is another account's than the file's."""
    if not isinstance(given, dict) or given.get("account") != account:
        return None
    report_id, client_id = _id(given.get("report")), _id(given.get("clientId"))
    kind, payload, after = given.get("kind"), given.get("payload"), given.get("after", [])
    if report_id is None or client_id is None or not _is_text(kind):
        return None
    if not _is_list_of(payload, _is_pair) or not _is_list_of(after, _is_text):
        return None
    digest = _text(given, "sha256")
    return Record(
        report_id=report_id,
        client_id=client_id,
        kind=str(kind),
        form=MultiDict(_entries(given)),
        report_name=_text(given, "reportName")[:200],
        question=_text(given, "question")[:300],
        file=_text(given, "file") or None,
        sha256=digest if SHA256.fullmatch(digest) else "",
        strokes=next((value for name, value in given["payload"] if name == STROKES), ""),
    )


def _entries(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The entries in the order of fieldsOf in assets/src/outbox/kinds.js."""
    yield "kind", _text(given, "kind")
    yield "client_id", _text(given, "clientId")
    yield "client_at", _text(given, "clientAt")
    if field := _text(given, "field"):
        yield "field_id", field
        yield "block", _text(given, "block")
    after, base = given.get("after") or [], given.get("baseVersion")
    yield from (("after", one) for one in after)
    if not after and isinstance(base, int):
        yield "base_version", str(base)
    yield from ((name, value) for name, value in given["payload"] if name not in NOT_SENT)


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return str(value) if _is_text(value) else ""


def _id(value: Any) -> UUID | None:
    return read_id(value) if isinstance(value, str) else None


def _is_text(value: Any) -> bool:
    """A text that the database takes: JSON may also name NUL and halves of characters."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_text(one) for one in value)


def _is_list_of(value: Any, check: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_VALUES and all(check(one) for one in value)
