"""Compares what anchors and printed heads say with the chain of the bound tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.anchors.lines import Claim
from app.evidence.queries import ChainHead, get_chain_head
from app.extensions import db
from app.models import AnchorKind, AuditEntry

BATCH = 5_000
NOTHING = ChainHead(0, "")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The first entry whose hash is not what was claimed; `found` is empty if the chain has no such
    entry. The chain is as it was up to `agreed`, the last claim that holds. `count` claims fail."""

    sequence: int
    claimed: str
    found: str
    at: datetime | None
    agreed: ChainHead
    head: int
    count: int

    @property
    def is_cut(self) -> bool:
        """The chain ends before the entry: its end is gone, or the database is an older one."""
        return not self.found and self.sequence > self.head


@dataclass(frozen=True, slots=True)
class Comparison:
    """`set_aside` claims contradict the chain, but an operator's statement explains them."""

    claims: int
    contradiction: Contradiction | None
    set_aside: int = 0


def compare(claims: Iterable[Claim]) -> Comparison:
    """Compare every genuine claim of the bound tenant."""
    heads: dict[tuple[int, str], Claim] = {}
    statements = []
    for claim in claims:
        if claim.kind is AnchorKind.RESTORED:
            statements.append(claim)
            continue
        same = heads.setdefault((claim.sequence, claim.hash), claim)
        if claim.at < same.at:  # the earliest of equal claims counts
            heads[claim.sequence, claim.hash] = claim
    ordered = sorted(heads.values(), key=lambda one: (one.sequence, one.at))
    hashes = _hashes_of({one.sequence for one in ordered})
    failing = {one for one in ordered if hashes.get(one.sequence) != one.hash}
    open_ones = [one for one in ordered if one in failing and not _is_explained(one, statements)]
    agreed = [one for one in ordered if one not in failing]
    return Comparison(
        claims=len(ordered),
        contradiction=_first_of(open_ones, hashes, agreed),
        set_aside=len(failing) - len(open_ones),
    )


def compare_head(sequence: int, hash: str) -> Contradiction | None:
    """Compare one head as a PDF prints it."""
    found = _hashes_of({sequence}).get(sequence, "")
    if found == hash:
        return None
    head = get_chain_head().sequence
    return Contradiction(sequence, hash, found, None, NOTHING, head, 1)


def _is_explained(claim: Claim, statements: list[Claim]) -> bool:
    return any(one.at >= claim.at and one.sequence < claim.sequence for one in statements)


def _first_of(
    failing: list[Claim], hashes: dict[int, str], agreed: list[Claim]
) -> Contradiction | None:
    if not failing:
        return None
    first = failing[0]
    before = [one for one in agreed if one.sequence < first.sequence]
    last = ChainHead(before[-1].sequence, before[-1].hash) if before else NOTHING
    return Contradiction(
        sequence=first.sequence,
        claimed=first.hash,
        found=hashes.get(first.sequence, ""),
        at=first.at,
        agreed=last,
        head=get_chain_head().sequence,
        count=len(failing),
    )


def _hashes_of(sequences: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    ordered = sorted(sequences)
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        rows = db.session.execute(
            select(AuditEntry.sequence, AuditEntry.hash).where(AuditEntry.sequence.in_(some))
        )
        found.update((row.sequence, row.hash) for row in rows)
    return found
