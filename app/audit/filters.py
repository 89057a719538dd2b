"""Reads and writes the filters of the audit page in its URL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from app.audit.queries import AuditFilter
from app.evidence.sentences import KINDS
from app.web.addresses import end_of, read_day, read_id, start_of

OBJECT_TYPES = (
    "report",
    "document",
    "project",
    "equipment",
    "checklist",
    "account",
    "invitation",
    "tenant",
)
# Actors without an account: operators at the command line, and background work.
SYSTEM = "system"
MAX_NUMBER = 70
MAX_SEQUENCE = 2**63 - 1


def read_filter(args: Mapping[str, str], zone: str) -> AuditFilter:
    """Parse the query string; days begin and end in `zone`, the company's time zone."""
    person, kind, about = args.get("person", ""), args.get("kind", ""), args.get("object_type", "")
    return AuditFilter(
        person_id=read_id(person),
        is_system=person == SYSTEM,
        kind=kind if kind in {one.key for one in KINDS} else "",
        number=" ".join(args.get("number", "").split())[:MAX_NUMBER],
        object_type=about if about in OBJECT_TYPES else "",
        object_id=read_id(args.get("object_id")) if about in OBJECT_TYPES else None,
        since=start_of(read_day(args.get("since")), zone),
        until=end_of(read_day(args.get("until")), zone),
    )


def address_of(criteria: AuditFilter) -> dict[str, str]:
    """The filter as URL arguments, without those that have no effect."""
    last_day = criteria.until and criteria.until - timedelta(days=1)
    values = {
        "person": SYSTEM if criteria.is_system else criteria.person_id,
        "kind": criteria.kind,
        "number": criteria.number,
        "object_type": criteria.object_id and criteria.object_type,
        "object_id": criteria.object_id,
        "since": criteria.since and criteria.since.date().isoformat(),
        "until": last_day and last_day.date().isoformat(),
    }
    return {name: str(value) for name, value in values.items() if value}


def read_sequence(text: str | None) -> int | None:
    """A position in the chain; None if the text is not one."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    return number if (number := int(text[:20])) <= MAX_SEQUENCE else None
