"""Whether the audit chain of the bound tenant is whole, checked link by link.

The database computes each hash again from the stored bytes, some thousand entries a statement, so
that neither memory nor one statement's time grows with the chain.
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
    """What does not fit: a missing entry, its link to the one before, its own hash, a column that
    says other than what was hashed, the end of the chain, or a head that a completed report names.
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
    """The chain as it was found; `broken_at` is the first sequence that does not fit."""

    entries: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    head: str = ""
    broken_at: int | None = None
    reason: Break | None = None


def verify_chain() -> ChainState:
    """Every link from the first entry to the newest, whether the newest is where the chain's own
    head says that it ends, then the heads that completed reports name.

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
        # Cut off: the first entry that is gone. Else the head itself was changed or taken away.
        is_cut = kept.sequence > head.sequence
        return replace(state, broken_at=head.sequence + is_cut, reason=Break.TAIL)
    return _with_heads(state)


def _links(done: int, last: int) -> Any:
    """One statement over the entries after `done` up to `last`: how many, when, and the first of
    each break. A missing entry shows in the one after it, which has none before."""
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
    """What the trigger `audit_entries_chain` computes, once more."""
    written = func.to_char(func.timezone("UTC", entry.at), literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    lines = func.concat_ws(
        "\n", entry.previous_hash, cast(entry.tenant_id, Text), cast(entry.sequence, Text),
        written, entry.body,
    )  # fmt: skip
    return func.encode(func.sha256(func.convert_to(lines, "UTF8")), "hex")


def _is_moment(at: Any) -> ColumnElement[bool]:
    """Years before Christ are hashed as those after, and no page could show them."""
    return and_(func.isfinite(at), at >= literal(FIRST_MOMENT))


def _agrees(entry: Any) -> ColumnElement[bool]:
    """The columns that pages look things up by say what the hashed bytes say."""
    said = entry.facts
    return and_(
        _is_moment(entry.at),
        said["action"].astext.is_not_distinct_from(entry.action),
        said["object"]["type"].astext.is_not_distinct_from(entry.object_type),
        said["object"]["id"].astext.is_not_distinct_from(cast(entry.object_id, Text)),
        said["actor"]["id"].astext.is_not_distinct_from(cast(entry.actor_id, Text)),
    )


def _first_break(rows: Any, state: ChainState) -> ChainState | None:
    found = ((getattr(rows, kind), kind) for kind in OF_ENTRIES)
    broken = [(sequence, kind) for sequence, kind in found if sequence is not None]
    if not broken:
        return None
    sequence, reason = min(broken, key=itemgetter(0))
    return replace(state, broken_at=sequence, reason=reason)


def _with_heads(state: ChainState) -> ChainState:
    """A cut or rewritten end still links: what completed reports say of it gives it away."""
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
