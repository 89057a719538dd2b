"""The audit as a file of values: every entry that is looked for, told and with its hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from app.evidence.finding import Wanted, each_entry
from app.evidence.queries import get_chain_head
from app.evidence.sentences import KINDS, kind_of
from app.evidence.service import record
from app.models import Actor
from app.tenancy import require_tenant
from app.web.filters import sentence_text
from app.web.sheets import Sheet


def audit_sheet(wanted: Wanted, *, actor: Actor, zone: str, facts: dict[str, str]) -> Sheet:
    """The file's sheet, read while it is written; the audit says first who took it.

    `facts` are the filters as the address has them, `zone` is the time zone of its times.
    """
    last = get_chain_head().sequence
    record(
        action="audit.exported", actor=actor, object_type="tenant", object_id=require_tenant(),
        filters=facts,
    )  # fmt: skip
    headings = (
        _("Sequence"), _("Time (%(zone)s)", zone=zone), _("Person"), _("Role"), _("Kind"),
        _("Action"), _("What happened"), _("About"), _("Object id"), _("Address"), _("Request"),
        _("Facts"), _("Hash"), _("Hash before"),
    )  # fmt: skip
    return Sheet(_("Audit"), headings, _rows(wanted, last), zone)


def _rows(wanted: Wanted, last: int) -> Iterator[tuple[Any, ...]]:
    kinds = {kind.key: _(kind.label) for kind in KINDS}
    for entry in each_entry(wanted, last=last):
        actor, kind = entry.said.get("actor") or {}, kind_of(entry.action)
        yield (
            entry.sequence, entry.at, entry.name, entry.role, kinds[kind.key] if kind else "",
            entry.action, sentence_text(entry.sentence),
            entry.object.words if entry.object else "",
            (entry.said.get("object") or {}).get("id"), actor.get("ip"), actor.get("request"),
            _as_text(entry.said.get("facts") or {}), entry.hash, entry.previous_hash,
        )  # fmt: skip


def _as_text(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)
