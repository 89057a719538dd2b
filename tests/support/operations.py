"""One operation of each kind, with a report in which it applies."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from PIL import Image, ImageDraw

from app.extensions import db
from app.models import Actor, EditConflict, PhotoVerdict, Report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from tests.support import scenarios

STROKES = {"width": 358, "height": 200, "strokes": [[[10, 20, 1], [300, 140, 17]]]}


@dataclass(frozen=True)
class Sample:
    """`entries` apply in the report; `other` is different content under the same client id.
    `action` is the audit's name of the effect."""

    kind: str
    action: str
    entries: Mapping[str, Any]
    other: Mapping[str, Any]
    field_id: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def sent(self, **more: Any) -> dict[str, Any]:
        """The form of one request; file parts are read only once."""
        parts = {name: (io.BytesIO(data), name) for name, data in self.files.items()}
        return {**self.entries, **parts, **more}


def drawn() -> bytes:
    image = Image.new("RGB", (358, 200), "white")
    ImageDraw.Draw(image).line((10, 10, 340, 190), "navy", 4)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def a_sample(kind: str, report: Report, actor: Actor) -> Sample:
    """Prepare the report for an operation of this kind."""
    return MAKERS[kind](report, actor)


def _answer(report: Report, actor: Actor) -> Sample:
    changed = {"value": "Other"}
    return Sample(
        "answer", "answer.saved", {"value": "Lobo", "base_version": 0}, changed, "customer"
    )


def _placed(report: Report, actor: Actor, field_id: str = "enclosure", **more: Any) -> str:
    return str(scenarios.place_of(scenarios.a_photo(report, field_id, actor, **more)).id)


def _caption(report: Report, actor: Actor) -> Sample:
    named = {"placement": _placed(report, actor), "base_version": 1}
    return Sample(
        "caption", "photo.edited", {**named, "caption": "North"}, {"caption": "South"}, "enclosure"
    )


def _reason(report: Report, actor: Actor) -> Sample:
    named = {"placement": _placed(report, actor, verdict=PhotoVerdict.QUARANTINED)}
    return Sample(
        "reason", "photo.edited", {**named, "reason": "Dark"}, {"reason": "Wet"}, "enclosure"
    )


def _position_reason(report: Report, actor: Actor) -> Sample:
    named = {"placement": _placed(report, actor, has_position=False)}
    return Sample(
        "position_reason",
        "photo.edited",
        {**named, "reason": "Underground"},
        {"reason": "Bunker"},
        "enclosure",
    )


def _move(report: Report, actor: Actor) -> Sample:
    _placed(report, actor, position=0)
    named = {"placement": _placed(report, actor, position=1), "step": "-1"}
    return Sample("move", "photo.edited", named, {"step": "1"}, "enclosure")


def _removal(report: Report, actor: Actor) -> Sample:
    named = {"placement": _placed(report, actor)}
    other = {"placement": _placed(report, actor)}
    return Sample("removal", "photo.removed", named, other, "enclosure")


def _again(report: Report, actor: Actor) -> Sample:
    named = {"placement": _placed(report, actor)}
    other = {"placement": _placed(report, actor)}
    return Sample("again", "photo.placed", named, other, "cable_entry")


def _signature(report: Report, actor: Actor) -> Sample:
    seen = json.dumps({"fields": {}, "photos": {}})
    entries = {"role_id": "technician", "signer_name": "Rui Signer", "seen": seen}
    files = {"image": drawn(), "strokes": json.dumps(STROKES).encode()}
    return Sample("signature", "signature.taken", entries, {"signer_name": "Eva"}, files=files)


def _withdrawal(report: Report, actor: Actor) -> Sample:
    scenarios.a_signature(report, "technician", actor)
    other = {"role_id": "client"}
    return Sample("withdrawal", "signature.withdrawn", {"role_id": "technician"}, other)


def _submit(report: Report, actor: Actor) -> Sample:
    make_complete(report, actor)
    return Sample("submit", "report.submitted", {}, {"note": "x"})


def _settle(report: Report, actor: Actor) -> Sample:
    scenarios.an_answer(report, "customer", "Theirs", actor)
    row = EditConflict(
        report_id=report.id,
        field_id="customer",
        value="Mine",
        base_version=0,
        typed_by=actor.account_id,
        client_id=uuid4(),
    )
    db.session.add(row)
    db.session.commit()
    chosen = {"conflict": str(row.id), "keep": "mine", "base_version": 1}
    return Sample("settle", "answer.settled", chosen, {"keep": "theirs"}, "customer")


def make_complete(report: Report, actor: Actor) -> None:
    """Everything that a submit asks for."""
    scenarios.all_answers(report, actor)
    scenarios.a_photo(report, "enclosure", actor)
    signed = content_hash(report, load_facts(report))
    scenarios.a_signature(report, "technician", actor, content_hash=signed)


MAKERS = {
    "answer": _answer,
    "caption": _caption,
    "reason": _reason,
    "position_reason": _position_reason,
    "move": _move,
    "removal": _removal,
    "again": _again,
    "signature": _signature,
    "withdrawal": _withdrawal,
    "submit": _submit,
    "settle": _settle,
}
