"""The reviews of a completed report for its PDF, as its snapshot froze them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.pdf.handling import ReviewStep


def review_steps(frozen: Mapping[str, Any] | None) -> tuple[ReviewStep, ...]:
    """Every step of every round; `frozen` is the snapshot's JSON, None before completion."""
    return tuple(_step(one) for one in (frozen or {}).get("reviews", ()))


def _step(one: Mapping[str, Any]) -> ReviewStep:
    person = one["reviewer"] or one["submitted_by"]
    return ReviewStep(
        round=int(one["round"]),
        step=int(one["step"]),
        steps=int(one["steps"]),
        state=one["state"],
        person=str(person["name"]),
        at=datetime.fromisoformat(one["closed_at"]),
        comments=len(one["comments"]),
    )
