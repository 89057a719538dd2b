"""The verdict on an operation as JSON."""

from __future__ import annotations

from typing import Any

from app.operations.operation import Drawn, Operation, Outcome
from app.web.filters import sentence_text


def verdict_json(sent: Operation, outcome: Outcome, drawn: Drawn) -> dict[str, Any]:
    """What the phone reads. `sentence` is in the reader's language, whoever sent it first."""
    sentence = outcome.sentence
    return {
        "client_id": str(sent.client_id),
        "verdict": outcome.verdict.value,
        "was": outcome.was.value if outcome.was else None,
        "kind": sent.kind,
        "field_id": outcome.field_id or sent.field_id,
        "block": sent.block_key,
        "row_version": outcome.row_version,
        "placement": str(outcome.placement_id) if outcome.placement_id else None,
        "conflict": str(outcome.conflict_id) if outcome.conflict_id else None,
        "at": outcome.at.isoformat() if outcome.at else None,
        "sentence": sentence_text(sentence) if sentence else "",
        "status": outcome.status,
        "needs": outcome.needs.value if outcome.needs else None,
        "fragment": drawn.fragment,
        "redirect": drawn.redirect,
        **drawn.more,
    }
