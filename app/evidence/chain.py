"""Verifies the audit chain of the bound tenant, link by link.

The database recomputes each hash from the stored bytes, some thousand entries per statement, so
that neither memory nor the time of a statement grows with the chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, literal, select
from sqlalchemy.orm import aliased

from app.evidence.queries import get_chain_ends
from app.extensions import db
from app.models import AuditEntry, Snapshot

BATCH = 20_000
FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)


class Break(StrEnum):
    """What is broken: a missing entry, its link to the entry before, its own hash, a column that
    differs from the hashed body, the end of the chain, or a head that a completed report names.
    """

    GAP = "gap"
    LINK = "link"
    HASH = "hash"
    COLUMNS = "columns"
    TAIL = "tail"
    HEAD = "head"


OF_ENTRIES = (Break.GAP, Break.LINK, Break.HASH, Break.COLUMNS)


@dataclass(frozen=True, slots=True)
class ChainState:
    """The result of a verification; `broken_at` is the first sequence that is wrong."""

    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    head: str = ""
    broken_at: int | None = None
    reason: Break | None = None


def verify_chain() -> ChainState:
    """Verify every link, then that the newest entry is the chain's stored head, then the heads that
    completed reports name.

    Stops at the first break. 100,000 entries take a second or two.
    """
    head, kept = get_chain_ends()
    state = ChainState(head=head.hash)
    for done in range(0, head.sequence, BATCH):
        rows = db.session.execute(_links(done, min(done + BATCH, head.sequence))).one()
        state = replace(
            state,
            entries=state.entries + rows.entries,
            first_at=state.first_at or rows.first_at,
            last_at=rows.last_at or state.last_at,
        )
        if broken := _first_break(rows, state):
            return broken
    if kept != head:
        # If the end was cut off, report the first missing entry; else the head itself is wrong.
        is_cut = kept.sequence > head.sequence
        return replace(state, broken_at=head.sequence + is_cut, reason=Break.TAIL)
    return _with_heads(state)


def _links(done: int, last: int) -> Any:
    """One statement over the entries after `done` up to `last`: their number and times, and the
    first break of each kind. A gap is detected at the entry after it, which has no predecessor."""
    entry, before = aliased(AuditEntry), aliased(AuditEntry)
    at = entry.sequence
    is_alone = and_(before.sequence.is_(None), at > 1)
    is_linked = entry.previous_hash == func.coalesce(before.hash, "")
    return (
        select(
            func.count(at).label("entries"),
            func.min(entry.at).filter(_is_moment(entry.at)).label("first_at"),
            func.max(entry.at).filter(_is_moment(entry.at)).label("last_at"),
            func.min(at).filter(is_alone).label(Break.GAP),
            func.min(at).filter(~is_alone, ~is_linked).label(Break.LINK),
            func.min(at).filter(entry.hash != _hash_of(entry)).label(Break.HASH),
            func.min(at).filter(~_agrees(entry)).label(Break.COLUMNS),
        )
        .outerjoin(
            before,
            and_(before.sequence == at - 1, before.sequence >= done, before.sequence < last),
        )
        .where(at > done, at <= last)
    )


def _hash_of(entry: Any) -> ColumnElement[str]:
    """The hash that the trigger `audit_entries_chain` computes."""
    written = func.to_char(func.timezone("UTC", entry.at), literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    lines = func.concat_ws(
        "\n",
        entry.previous_hash,
        cast(entry.tenant_id, Text),
        cast(entry.sequence, Text),
        written,
        entry.body,
    )
    return func.encode(func.sha256(func.convert_to(lines, "UTF8")), "hex")


def _is_moment(at: Any) -> ColumnElement[bool]:
    """False for infinity and years BC: to_char hashes them like years AD, and no page can show
    them."""
    return and_(func.isfinite(at), at >= literal(FIRST_MOMENT))


def _agrees(entry: Any) -> ColumnElement[bool]:
    """The columns by which pages find entries agree with the hashed body."""
    body = entry.facts
    return and_(
        _is_moment(entry.at),
        body["action"].astext.is_not_distinct_from(entry.action),
        body["object"]["type"].astext.is_not_distinct_from(entry.object_type),
        body["object"]["id"].astext.is_not_distinct_from(cast(entry.object_id, Text)),
        body["actor"]["id"].astext.is_not_distinct_from(cast(entry.actor_id, Text)),
    )


def _first_break(rows: Any, state: ChainState) -> ChainState | None:
    found = ((getattr(rows, kind), kind) for kind in OF_ENTRIES)
    broken = [(sequence, kind) for sequence, kind in found if sequence is not None]
    if not broken:
        return None
    sequence, reason = min(broken, key=itemgetter(0))
    return replace(state, broken_at=sequence, reason=reason)


def _with_heads(state: ChainState) -> ChainState:
    """A rewritten end of the chain has valid links, but not the hashes in completed reports."""
    named = (
        select(func.min(Snapshot.audit_sequence))
        .outerjoin(AuditEntry, AuditEntry.sequence == Snapshot.audit_sequence)
        .where(
            Snapshot.audit_sequence > 0,
            AuditEntry.hash.is_distinct_from(Snapshot.audit_hash),
        )
    )
    sequence = db.session.scalar(named)
    return replace(state, broken_at=sequence, reason=Break.HEAD) if sequence else state
