"""The audit as a file: every matching entry with its sentence and its hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from app.audit.queries import AuditFilter, each_entry
from app.evidence.queries import get_chain_head
from app.evidence.sentences import KINDS, kind_of
from app.evidence.service import About, record
from app.models import Actor, Tenant
from app.tenancy import require_tenant
from app.web.filters import sentence_text
from app.web.sheets import ExportSheet


def audit_sheet(
    criteria: AuditFilter, *, actor: Actor, zone: str, facts: dict[str, str]
) -> ExportSheet:
    """The file's sheet, read while it is written; the audit first records who exported it.

    `facts` are the filters as URL arguments, `zone` is the time zone of its times.
    """
    last = get_chain_head().sequence
    record(
        "audit.exported",
        About(Tenant.audit_type, require_tenant()),
        actor,
        filters=facts,
    )
    headings = (
        _("Sequence"),
        _("Time (%(zone)s)", zone=zone),
        _("Person"),
        _("Role"),
        _("Type"),
        _("Action"),
        _("What happened"),
        _("About"),
        _("Object id"),
        _("Address"),
        _("Request"),
        _("Details"),
        _("Hash"),
        _("Previous hash"),
    )
    return ExportSheet(_("Audit"), headings, _rows(criteria, last), zone)


def _rows(criteria: AuditFilter, last: int) -> Iterator[tuple[Any, ...]]:
    kinds = {kind.key: _(kind.label) for kind in KINDS}
    for entry in each_entry(criteria, last=last):
        actor, kind = entry.body.get("actor") or {}, kind_of(entry.action)
        yield (
            entry.sequence,
            entry.at,
            entry.name,
            entry.role,
            kinds[kind.key] if kind else "",
            entry.action,
            sentence_text(entry.sentence),
            entry.object.words if entry.object else "",
            (entry.body.get("object") or {}).get("id"),
            actor.get("ip"),
            actor.get("request"),
            _as_text(entry.body.get("facts") or {}),
            entry.hash,
            entry.previous_hash,
        )


def _as_text(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)
