"""A completed report's history is part of its evidence: no route writes to it, except for the acts
that a finished report still allows. The routes come from the URL map."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import AuditEntry
from app.reports.filling.service import AnswerInput, set_aside_answer
from tests.support import scenarios

# Acts that a finished report still allows, and that its history records.
ACTS = {"reports.archive", "reports.revise", "documents.create", "witnessing.revoke"}


def writing_routes(app) -> list[tuple[str, object]]:
    return sorted(
        (rule.endpoint, rule)
        for rule in app.url_map.iter_rules()
        if "report_id" in rule.arguments or "placement_id" in rule.arguments
        for method in ("POST", "PUT", "PATCH", "DELETE")
        if method in rule.methods
    )


@pytest.fixture
def closed(acting, cast):
    """A completed report of Tess, its photo, and the URL values for any route about it."""
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        scenarios.all_answers(report, tess)
        photo = scenarios.a_photo(report, "enclosure", tess)
        values = {
            "report_id": report.id,
            "placement_id": scenarios.place_of(photo).id,
            "field_id": "remarks",
            "role_id": "technician",
            "conflict_id": uuid4(),
            "comment_id": uuid4(),
            "witness_id": uuid4(),
            "keep": "mine",
        }
        scenarios.completed(report, tess)
        return values


def count_entries(object_id) -> int:
    db.session.expire_all()
    return db.session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.object_id == object_id, AuditEntry.object_type == "report")
    )


def test_no_route_writes_into_the_history_of_a_closed_report(app, client_of, acting, cast, closed):
    routes = writing_routes(app)
    assert len(routes) >= 12
    client, wrong = client_of(cast.max), []
    form = {
        "value": "x",
        "comment": "x",
        "caption": "x",
        "reason": "x",
        "step": "1",
        "row_version": "0",
        "client_id": str(uuid4()),
        "signer_name": "X",
        "due_on": "2199-01-01",
        "assignee_id": str(cast.tom.id),
    }
    for endpoint, rule in routes:
        if endpoint in ACTS:
            continue
        with acting(cast.max):
            before = count_entries(closed["report_id"])
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(
                endpoint, {name: closed[name] for name in rule.arguments}
            )
        answer = client.post(address, data=form)
        assert answer.status_code < 500, endpoint
        with acting(cast.max):
            if count_entries(closed["report_id"]) != before:
                wrong.append(endpoint)
    assert wrong == []


def test_what_was_typed_for_a_closed_report_is_kept_outside_its_evidence(
    client_of, acting, cast, closed
):
    with acting(cast.tess) as tess:
        set_aside_answer(
            report_id=closed["report_id"],
            field_id="remarks",
            actor=tess,
            given=AnswerInput(value="Too late, but not lost", row_version=1),
        )
        db.session.commit()
        assert list_entries("report", closed["report_id"]) == []
        (kept,) = list_entries("leftover", closed["report_id"])
        assert kept.facts["facts"]["typed"]["value"] == "Too late, but not lost"
    page = client_of(cast.ana).get("/audit").text
    assert "Too late, but not lost" in page and "of the closed report" in page
