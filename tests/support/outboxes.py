"""Files of unsent work, as a device saves them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from tests.support.pictures import sha256_of

CLOCK = "2026-04-30T10:01:00.000Z"


def an_operation(report_id: UUID, account: object, kind: str, **facts: Any) -> dict[str, Any]:
    payload = [list(pair) for pair in facts.pop("payload", {}).items()]
    return {
        "clientId": str(uuid4()),
        "account": str(account),
        "report": str(report_id),
        "reportName": "2026-0001-R0",
        "kind": kind,
        "field": "",
        "block": "",
        "payload": payload,
        "baseVersion": None,
        "after": [],
        "clientAt": CLOCK,
        "state": "waiting",
        "file": None,
        **facts,
    }


def an_answer(report_id: UUID, account: object, field: str, value: str, **facts: Any):
    given = {"payload": {"value": value}, "baseVersion": 0, "field": field, **facts}
    return an_operation(report_id, account, "answer", **given)


def a_photo(report_id: UUID, account: object, field: str, data: bytes, **facts: Any):
    client_id = facts.pop("clientId", str(uuid4()))
    digest = sha256_of(data)
    return an_operation(
        report_id,
        account,
        "photo",
        clientId=client_id,
        field=field,
        payload={"file_name": "a.jpg", "source": "file", "sha256": digest},
        file=f"photos/{client_id}-a.jpg",
        sha256=digest,
        **facts,
    )


def a_zip(
    account: object,
    operations: Sequence[Any],
    files: Mapping[str, bytes] | None = None,
    /,
    *,
    method: int = zipfile.ZIP_STORED,
    **facts: Any,
) -> bytes:
    manifest = {
        "format": "laudo-outbox/1",
        "account": str(account),
        "exported_at": "2026-04-30T12:00:00.000Z",
        "operations": operations,
        **facts,
    }
    return packed({"manifest.json": json.dumps(manifest).encode(), **(files or {})}, method)


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return target.getvalue()
