"""What the audit page's address says, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from app.evidence.finding import Wanted
from app.evidence.sentences import KINDS
from app.web.addresses import end_of, read_day, read_id, start_of

OBJECT_TYPES = (
    "report", "document", "project", "equipment", "checklist", "account",
    "invitation", "tenant",
)  # fmt: skip
# Who acted without an account: operators at the command line and work in the background.
SYSTEM = "system"
MAX_NUMBER = 70
MAX_SEQUENCE = 2**63 - 1


def read_wanted(args: Mapping[str, str], zone: str) -> Wanted:
    """What the query string asks for; days begin and end in `zone`, the company's."""
    person, kind, about = args.get("person", ""), args.get("kind", ""), args.get("object_type", "")
    return Wanted(
        person_id=read_id(person),
        is_system=person == SYSTEM,
        kind=kind if kind in {one.key for one in KINDS} else "",
        number=" ".join(args.get("number", "").split())[:MAX_NUMBER],
        object_type=about if about in OBJECT_TYPES else "",
        object_id=read_id(args.get("object_id")) if about in OBJECT_TYPES else None,
        since=start_of(read_day(args.get("since")), zone),
        until=end_of(read_day(args.get("until")), zone),
    )


def address_of(wanted: Wanted) -> dict[str, str]:
    """The same as arguments of an address; what narrows nothing is left out."""
    last_day = wanted.until and wanted.until - timedelta(days=1)
    values = {
        "person": SYSTEM if wanted.is_system else wanted.person_id,
        "kind": wanted.kind,
        "number": wanted.number,
        "object_type": wanted.object_id and wanted.object_type,
        "object_id": wanted.object_id,
        "since": wanted.since and wanted.since.date().isoformat(),
        "until": last_day and last_day.date().isoformat(),
    }
    return {name: str(value) for name, value in values.items() if value}


def read_sequence(text: str | None) -> int | None:
    """A place in the chain; None for what is none."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    return number if (number := int(text[:20])) <= MAX_SEQUENCE else None
