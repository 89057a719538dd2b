"""Two clients edit one report at random: stale versions, repeats, lost responses. No accepted value
is overwritten unseen.

A model of the rules predicts the result of each save; the database must agree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Answer, AuditEntry
from tests.support import scenarios

# Set EDITS=400 for a longer run.
EDITS = int(os.environ.get("EDITS", "120"))
FIELDS = ("customer", "remarks", "started_at", "enclosure")
VALUES = {
    "customer": ["Alfa", "Beta", "Gama", "Delta", ""],
    "remarks": ["seen", "measured", "closed\nand locked", ""],
    "started_at": ["08:00", "09:30", "14:05", ""],
    "enclosure": ["ok", "not_ok", ""],
}


@dataclass(frozen=True)
class Save:
    """One save request; a repeat is identical."""

    field_id: str
    value: str
    row_version: int
    client_id: str


@dataclass
class Model:
    """The expected state: value and version per field, all accepted saves, all receipts."""

    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIELDS, 0))
    accepted: list[Save] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)

    def take(self, save: Save) -> int:
        """The status that this save must return."""
        if save.client_id in self.receipts:
            return 200
        is_same = self.values[save.field_id] == save.value
        if not is_same and save.row_version != self.versions[save.field_id]:
            return 409
        self.receipts.add(save.client_id)
        if not is_same:
            self.values[save.field_id] = save.value
            self.versions[save.field_id] += 1
            self.accepted.append(save)
        return 200


@pytest.mark.parametrize("seed", range(3))
def test_every_accepted_value_is_in_the_history_and_none_is_lost(acting, client_of, cast, seed):
    with acting(cast.ana) as ana:
        report = scenarios.a_report(ana, assignee_id=cast.tess.id)
        db.session.commit()
        report_id = report.id
    clients = [client_of(cast.tess), client_of(cast.ana)]
    random, model = Random(seed), Model()
    seen = [dict.fromkeys(FIELDS, 0) for _client in clients]
    sent: list[Save] = []
    statuses = {200: 0, 409: 0}
    for _edit in range(EDITS):
        who = random.randrange(2)
        if sent and random.random() < 0.2:
            save = random.choice(sent)  # a response was lost, or the phone came back much later
        else:
            field_id = random.choice(FIELDS)
            save = Save(
                field_id, random.choice(VALUES[field_id]), seen[who][field_id], str(uuid4())
            )
            sent.append(save)
        expected = model.take(save)
        answer = clients[who].post(
            f"/reports/{report_id}/fields/{save.field_id}",
            data={
                "value": save.value,
                "row_version": save.row_version,
                "client_id": save.client_id,
            },
            headers={"HX-Request": "true"},
        )
        assert answer.status_code == expected, (save, model)
        statuses[expected] += 1
        if expected == 409:
            assert "Keep mine" in answer.text
        # Sometimes the client sees the current state: on a reload, or in the response to the save.
        if expected == 200 or random.random() < 0.5:
            seen[who][save.field_id] = model.versions[save.field_id]
    assert min(statuses.values()) > EDITS // 20, statuses

    with acting(cast.ana):
        rows = {
            row.field_id: row
            for row in db.session.scalars(select(Answer).where(Answer.report_id == report_id))
        }
        for field_id in FIELDS:
            standing = rows.get(field_id)
            assert (standing.value or "" if standing else "") == model.values[field_id]
            assert (standing.row_version if standing else 0) == model.versions[field_id]
        told = [
            (
                entry.facts["facts"]["field"],
                entry.facts["facts"]["new"]["value"] or "",
                entry.facts["facts"]["client_id"],
            )
            for entry in db.session.scalars(
                select(AuditEntry)
                .where(AuditEntry.object_id == report_id, AuditEntry.action == "answer.saved")
                .order_by(AuditEntry.sequence)
            )
        ]
    assert told == [(one.field_id, one.value, one.client_id) for one in model.accepted]


def test_the_model_detects_an_overwritten_answer(cast):
    """Control: the rules themselves refuse a save that has not seen the newer value."""
    model = Model()
    first = Save("customer", "one", 0, "a")
    assert model.take(first) == 200
    assert model.take(replace(first, value="two", client_id="b")) == 409
    assert model.take(first) == 200
    assert len(model.accepted) == 1
