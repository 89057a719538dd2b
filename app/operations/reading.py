"""Parses the entries of an operation. The kinds interpret their own entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from werkzeug.datastructures import FileStorage, MultiDict

from app.errors import NotFound
from app.evidence.service import canonical_json
from app.operations.kinds import KINDS
from app.operations.operation import Operation, OperationKind
from app.web.addresses import read_id, read_moment

# Entries about the operation itself; all others are the kind's own, and its content.
ENVELOPE = frozenset(
    {
        "kind",
        "client_id",
        "client_at",
        "field_id",
        "block",
        "base_version",
        "after",
        "csrf_token",
        "row_version",
    }
)
MAX_WORD = 80
NAME = re.compile(r"[a-z_]{1,40}")
# A phone has at most some thousands of unsent operations in one report.
MAX_AFTER = 10_000
MAX_VERSION = 2**31 - 1


def read_operation(
    report_id: UUID, form: MultiDict[str, str], files: MultiDict[str, FileStorage]
) -> tuple[OperationKind, Operation] | None:
    """The kind and the operation; None if it names no known kind or no client id.

    Raises NotFound for a block: there are no repeats yet.
    """
    kind, client_id = KINDS.get(form.get("kind", "")), read_id(form.get("client_id"))
    if kind is None or client_id is None:
        return None
    field_id, block = form.get("field_id", ""), form.get("block", "")
    if len(field_id) > MAX_WORD or block:
        raise NotFound
    entries = MultiDict([pair for pair in form.items(multi=True) if pair[0] not in ENVELOPE])
    parts = {name: _part(files.get(name), most) for name, most in kind.files.items()}
    sent = {name: part for name, part in parts.items() if part is not None}
    return kind, Operation(
        kind=kind.name,
        report_id=report_id,
        client_id=client_id,
        field_id=field_id,
        block_key=block,
        entries=entries,
        digest=_digest(kind, report_id, (field_id, block), entries, sent),
        client_at=read_moment(form.get("client_at")),
        base_version=_version(form.get("base_version")),
        after=_ids(form.getlist("after")),
        files=sent,
    )


def is_of_newer_release(form: MultiDict[str, str]) -> bool:
    """Whether it names a kind that this release does not have yet."""
    kind = form.get("kind", "")
    return bool(NAME.fullmatch(kind)) and kind not in KINDS


def _part(file: FileStorage | None, most: int) -> bytes | None:
    """A file part, cut one byte past the limit so that excess can be detected."""
    return file.stream.read(most + 1) if file else None


def _digest(
    kind: OperationKind,
    report_id: UUID,
    place: tuple[str, str],
    entries: MultiDict[str, str],
    files: Mapping[str, bytes],
) -> str:
    """The same operation has the same digest, in whatever order a browser sends its entries."""
    content = sorted([name, *entries.getlist(name)] for name in entries)
    parts = sorted([name, sha256(part).hexdigest()] for name, part in files.items())
    value = [kind.name, str(report_id), *place, content, parts]
    return sha256(canonical_json(value).encode()).hexdigest()


def _version(text: str | None) -> int | None:
    is_number = bool(text) and str(text).isascii() and str(text).isdigit()
    return min(int(str(text)[:10]), MAX_VERSION) if is_number else None


def _ids(texts: list[str]) -> tuple[UUID, ...]:
    found = (read_id(text) for text in texts[:MAX_AFTER])
    return tuple(dict.fromkeys(one for one in found if one))
