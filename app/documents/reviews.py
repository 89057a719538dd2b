"""The reviews and witnesses of a completed report for its PDF, as its snapshot froze them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.pdf.handling import ReviewStep, WitnessLink


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


def witness_links(frozen: Mapping[str, Any] | None) -> tuple[WitnessLink, ...]:
    """Every witness in the order of the links."""
    body = frozen or {}
    signed = {named["id"] for role in body.get("signatures", {}) if (named := _named(body, role))}
    return tuple(
        WitnessLink(
            name=one["name"],
            email=one["email"] or "",
            sent_by=one["sent_by"]["name"],
            at=datetime.fromisoformat(one["sent_at"]),
            accepted=len(one["accepted"]),
            comments=len(one["comments"]),
            has_signed=one["id"] in signed,
        )
        for one in body.get("witnesses", ())
    )


def witness_words(frozen: Mapping[str, Any] | None, role_id: str) -> str:
    """Name and e-mail of the witness who signed in this role; empty if an account collected the
    signature."""
    named = _named(frozen or {}, role_id)
    return ", ".join(filter(None, (named["name"], named["email"]))) if named else ""


def _named(body: Mapping[str, Any], role_id: str) -> Mapping[str, Any] | None:
    """Snapshots before format 5 have no witnesses."""
    signature = body.get("signatures", {}).get(role_id) or {}
    named: Mapping[str, Any] | None = signature.get("witness")
    return named
