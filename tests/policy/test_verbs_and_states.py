"""Every verb in every state: what the table of transitions does not allow is refused with a
sentence and changes nothing.

The verbs are the routes that change a report, from the URL map; the states are those of the table.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    OPEN_STATUSES,
    AuditEntry,
    Report,
    ReportStatus,
    Review,
    ReviewState,
)
from app.reports.lifecycle import TRANSITIONS, ReportEvent
from app.signing import WITNESS_LINK
from app.witnessing.links import hash_of
from tests.policy.route_table import methods_of, table
from tests.support import scenarios
from tests.support.guests import definition_with_client
from tests.support.operations import STROKES, drawn

DRAFT, SUBMITTED = ReportStatus.DRAFT, ReportStatus.SUBMITTED
ALL = frozenset(ReportStatus)
UNFINISHED = ALL - set(FINISHED_STATUSES)
PATH = (DRAFT, ReportStatus.IN_PROGRESS, SUBMITTED, ReportStatus.COMPLETED, ReportStatus.ARCHIVED)


@dataclass(frozen=True)
class Rows:
    """The report and what belongs to it, of which verbs name the ids."""

    report: UUID
    placement: UUID
    comment: UUID
    witness: UUID
    token: str
    assignee: UUID
    version: UUID
    conflict: UUID


@dataclass(frozen=True)
class Verb:
    """`states` take it; in `repeats` it is a form that was sent twice, and changes nothing."""

    states: frozenset[ReportStatus]
    form: Callable[[Rows], Mapping[str, Any]] = lambda rows: {}
    names: Callable[[Rows], Mapping[str, Any]] = lambda rows: {}
    repeats: frozenset[ReportStatus] = frozenset()


def of(event: ReportEvent) -> frozenset[ReportStatus]:
    return frozenset(TRANSITIONS[event].sources)


def signature(_rows: Rows) -> dict[str, Any]:
    return {
        "signer_name": "Rui Signer",
        "image": (io.BytesIO(drawn()), "signature.png"),
        "strokes": (io.BytesIO(json.dumps(STROKES).encode()), "strokes.json"),
    }


OPEN = frozenset(OPEN_STATUSES)
WAITING = of(ReportEvent.RETURNED)
FIELD = {"field_id": "enclosure"}
VERBS: dict[str, Verb] = {
    "reports.discard": Verb(of(ReportEvent.DISCARDED)),
    "reports.archive": Verb(of(ReportEvent.ARCHIVED), repeats=frozenset({ReportStatus.ARCHIVED})),
    "reports.submit": Verb(
        of(ReportEvent.SUBMITTED), repeats=frozenset({SUBMITTED, *FINISHED_STATUSES})
    ),
    "reports.withdraw": Verb(of(ReportEvent.WITHDRAWN)),
    "reports.return": Verb(of(ReportEvent.RETURNED)),
    "reports.approve": Verb(of(ReportEvent.COMPLETED)),
    "reports.revise": Verb(
        of(ReportEvent.REVISED),
        lambda rows: {
            "reason": "Wrong",
            "version_id": rows.version,
            "client_id": uuid4(),
            "is_confirmed": "y",
        },
    ),
    "reports.assign": Verb(OPEN, lambda rows: {"assignee_id": rows.assignee}),
    "reports.set_due": Verb(OPEN, lambda rows: {"due_on": "2099-01-01"}),
    "reports.save_answer": Verb(
        OPEN,
        lambda rows: {"value": "Dry", "row_version": "0"},
        lambda rows: {"field_id": "remarks"},
    ),
    # What a phone had typed is kept in the history; the report does not change.
    "reports.set_aside": Verb(
        ALL,
        lambda rows: {"value": "Dry", "row_version": "0"},
        lambda rows: {"field_id": "remarks"},
    ),
    "reports.accept_field": Verb(WAITING, names=lambda rows: FIELD),
    "reports.comment_on_field": Verb(WAITING, lambda rows: {"words": "Why?"}, lambda rows: FIELD),
    "reports.settle_comment": Verb(WAITING, names=lambda rows: {"comment_id": rows.comment}),
    "reports.answer_comment": Verb(
        OPEN, lambda rows: {"reply": "So"}, lambda rows: {"comment_id": rows.comment}
    ),
    "reports.sign": Verb(OPEN | {SUBMITTED}, signature, lambda rows: {"role_id": "client"}),
    "reports.withdraw_signature": Verb(OPEN, names=lambda rows: {"role_id": "technician"}),
    "photos.place_again": Verb(
        OPEN, names=lambda rows: {"field_id": "cable_entry", "placement_id": rows.placement}
    ),
    "photos.upload": Verb(
        OPEN,
        lambda rows: {"photo": (io.BytesIO(drawn()), "a.png"), "client_id": uuid4()},
        lambda rows: FIELD,
    ),
    "operations.settle": Verb(
        OPEN,
        lambda rows: {"row_version": "1"},
        names=lambda rows: {"conflict_id": rows.conflict, "keep": "mine"},
    ),
    # A preview, or the final PDF again.
    "documents.create": Verb(ALL),
    "witnessing.send": Verb(
        UNFINISHED,
        lambda rows: {
            "name": "Wim",
            "role_id": "client",
            "until": (datetime.now(UTC) + timedelta(days=3)).date().isoformat(),
            "client_id": uuid4(),
        },
    ),
    # An open link also opens a finished report, to be read.
    "witnessing.resend": Verb(ALL, names=lambda rows: {"witness_id": rows.witness}),
    "witnessing.revoke": Verb(ALL, names=lambda rows: {"witness_id": rows.witness}),
    "exports.bundle_report": Verb(frozenset(FINISHED_STATUSES)),
    "witnessing.accept": Verb(UNFINISHED, names=lambda rows: {"witness_id": rows.witness, **FIELD}),
    "witnessing.comment": Verb(
        UNFINISHED,
        lambda rows: {"words": "Rust"},
        lambda rows: {"witness_id": rows.witness, **FIELD},
    ),
    "witnessing.sign": Verb(
        OPEN | {SUBMITTED}, signature, lambda rows: {"witness_id": rows.witness}
    ),
}
ELSEWHERE = {
    # Each operation has a verdict of its own: tests/verdicts.
    "operations.send",
    # Opens no report; tests/witnessing.
    "witnessing.give_code",
}


def rules_of(app):
    """The routes that change a report or what belongs to it."""
    for rule in app.url_map.iter_rules():
        changes = set(methods_of(rule)) & {"POST", "PUT", "PATCH", "DELETE"}
        if changes and ({"report_id", "witness_id"} & rule.arguments):
            yield rule


def test_every_verb_is_tried(app):
    assert {rule.endpoint for rule in rules_of(app)} == set(VERBS) | ELSEWHERE


@pytest.fixture
def rows_in(acting, cast) -> Callable[..., Rows]:
    """Makes a report in this state, with a row of everything that verbs are about."""

    def make(status: ReportStatus, *, is_discarded: bool = False) -> Rows:
        with acting(cast.tess) as tess, acting(cast.max) as boss:
            version = scenarios.a_checklist(tess, definition_with_client())
            project = scenarios.a_project(tess)
            report = scenarios.a_report(tess, version=version, project=project)
            photo = scenarios.a_photo(report, "enclosure", tess)
            scenarios.an_answer(report, "customer", "Theirs", tess)
            scenarios.a_valid_signature(report, "technician", tess)
            conflict = scenarios.a_settled_conflict(report, "customer", "Mine", tess)
            comment = scenarios.a_comment(
                scenarios.a_review(report, boss), "enclosure", "Open it", boss
            )
            witness_id = uuid4()
            token = WITNESS_LINK.token(witness_id)
            scenarios.a_witness(
                report, boss, role_id="client", id=witness_id, token_hash=hash_of(token)
            )
            found = Rows(
                report.id,
                scenarios.place_of(photo).id,
                comment.id,
                witness_id,
                token,
                cast.tom.id,
                version.id,
                conflict.id,
            )
            last = PATH.index(SUBMITTED) if status is ReportStatus.RETURNED else PATH.index(status)
            for one in PATH[1 : last + 1]:
                if one is ReportStatus.COMPLETED:
                    close_review(report.id)
                    report.completed_at = datetime.now(UTC)
                report.status = one
                db.session.flush()
                if one is SUBMITTED:
                    waits = {"state": ReviewState.WAITING, "reviewer_id": None, "begun_at": None}
                    scenarios.a_review(report, boss, round=2, closed_at=None, **waits)
            if status is ReportStatus.RETURNED:
                close_review(report.id)
                report.status = status
            if is_discarded:
                report.discarded_at = datetime.now(UTC)
            db.session.commit()
            return found

    return make


def close_review(report_id: UUID) -> None:
    waiting = select(Review).where(Review.report_id == report_id, Review.closed_at.is_(None))
    review = db.session.scalars(waiting).one()
    review.state, review.closed_at = ReviewState.WITHDRAWN, datetime.now(UTC)
    db.session.flush()


def fingerprint(report_id: UUID) -> tuple[object, ...]:
    entries = select(func.count(AuditEntry.id)).where(
        AuditEntry.object_type == Report.audit_type, AuditEntry.object_id == report_id
    )
    row = db.session.execute(
        select(Report.status, Report.discarded_at, Report.updated_at).where(Report.id == report_id)
    ).one()
    others = select(func.count(Report.id)).where(Report.revision_of == report_id)
    return *row, db.session.scalar(entries), db.session.scalar(others)


def client_for(endpoint: str, rows: Rows, cast, client_of, anonymous):
    if "public" in table()[endpoint]:
        assert anonymous.get(f"/w/{rows.token}").status_code == 303
        return anonymous
    return client_of(cast.ana)


def attempt(app, client, endpoint: str, rows: Rows):
    rule = next(one for one in rules_of(app) if one.endpoint == endpoint)
    names = {"report_id": rows.report, **VERBS[endpoint].names(rows)}
    with app.test_request_context():
        url = app.url_for(
            endpoint, **{name: value for name, value in names.items() if name in rule.arguments}
        )
    return client.post(url, data=VERBS[endpoint].form(rows))


@pytest.mark.parametrize("status", ReportStatus)
@pytest.mark.parametrize("endpoint", sorted(VERBS))
def test_a_verb_is_refused_wherever_the_table_has_no_place_for_it(
    app, acting, cast, client_of, anonymous, rows_in, endpoint, status
):
    verb, rows = VERBS[endpoint], rows_in(status)
    client = client_for(endpoint, rows, cast, client_of, anonymous)
    with acting(cast.ana):
        before = fingerprint(rows.report)
    answer = attempt(app, client, endpoint, rows)
    assert answer.status_code < 500, answer.text[:500]
    if status in verb.states:
        assert answer.status_code not in (403, 404, 405), answer.text[-3000:]
        return
    with acting(cast.ana):
        assert fingerprint(rows.report) == before
    if status in verb.repeats:
        assert answer.status_code == 303
    else:
        assert answer.status_code in (403, 409, 410, 422), (answer.status_code, answer.location)
        assert "." in answer.text


@pytest.mark.parametrize("endpoint", sorted(set(VERBS)))
def test_a_discarded_report_takes_nothing(
    app, acting, cast, client_of, anonymous, rows_in, endpoint
):
    rows = rows_in(ReportStatus.IN_PROGRESS, is_discarded=True)
    with acting(cast.ana):
        before = fingerprint(rows.report)
    if "public" in table()[endpoint]:
        client = anonymous
        client.get(f"/w/{rows.token}")
    else:
        client = client_of(cast.ana)
    answer = attempt(app, client, endpoint, rows)
    assert answer.status_code in (404, 409, 410, 403), answer.status_code
    with acting(cast.ana):
        assert fingerprint(rows.report) == before


def test_only_whoever_approved_may_send_that_form_twice(app, acting, cast, client_of, rows_in):
    """A report that nobody reviewed, or somebody else, is not said to be approved."""
    rows = rows_in(ReportStatus.COMPLETED)
    answer = client_of(cast.max).post(f"/reports/{rows.report}/approve", follow_redirects=True)
    assert answer.status_code == 409
    assert "is completed" in answer.text and "approved" not in answer.text
