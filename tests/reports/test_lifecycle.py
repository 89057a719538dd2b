"""Each transition of a report: roles, sources, stamped columns, audit entry, subscribers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.documents import subscriptions as of_documents
from app.documents.service import request_final, stop_previews
from app.errors import NotAllowed
from app.exports.bundle import panel as of_bundles
from app.exports.workbook_copies import panel as of_workbooks
from app.extensions import db
from app.mail import subscriptions as of_mail
from app.mail.service import mail_assigned, mail_returned, mail_reviewers, mail_submitted
from app.models import (
    MANAGERS,
    OPEN_STATUSES,
    STAFF,
    TENANT_ROLES,
    Actor,
    AuditEntry,
    Report,
    ReportStatus,
)
from app.reports.lifecycle import (
    EARLY_SUBSCRIBERS,
    REFUSALS,
    SUBSCRIBERS,
    TABLE,
    ReportEvent,
    WrongStatus,
    announce,
    carry_out,
    lock_for,
    note_change,
    subscribe,
    subscribe_early,
)
from app.reports.showing.parts import PARTS
from tests.support import scenarios

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NUMBERED = {"number", "revision"}
# The event: sources, target, role; the stamped columns; the audit action and its facts.
EXPECTED = {
    ReportEvent.BEGUN: ({"draft"}, "in_progress", STAFF, {"started_at"}, None, set()),
    ReportEvent.SUBMITTED: (
        {"draft", "in_progress", "returned"},
        "submitted",
        STAFF,
        {"submitted_at"},
        "report.submitted",
        set(),
    ),
    ReportEvent.RETURNED: (
        {"submitted"},
        "returned",
        MANAGERS,
        set(),
        "report.returned",
        set(),
    ),
    ReportEvent.WITHDRAWN: (
        {"submitted"},
        "in_progress",
        STAFF,
        set(),
        "report.withdrawn",
        set(),
    ),
    ReportEvent.PASSED_ON: ({"submitted"}, None, MANAGERS, set(), None, set()),
    ReportEvent.COMPLETED: (
        {"submitted"},
        "completed",
        STAFF,
        {"completed_at", "completed_by"},
        "report.completed",
        set(),
    ),
    ReportEvent.DISCARDED: (
        {"draft", "in_progress", "returned"},
        None,
        STAFF,
        {"discarded_at"},
        "report.discarded",
        NUMBERED,
    ),
    ReportEvent.ARCHIVED: (
        {"completed"},
        "archived",
        MANAGERS,
        {"archived_at"},
        "report.archived",
        NUMBERED,
    ),
}
STAMPS = {
    "started_at",
    "submitted_at",
    "completed_at",
    "completed_by",
    "archived_at",
    "discarded_at",
}


@pytest.fixture
def told(app, monkeypatch) -> list:
    """The events that a subscriber to all events receives."""
    heard: list = []
    monkeypatch.setitem(app.extensions, SUBSCRIBERS, {})
    for event in ReportEvent:

        def hear(report: Report, actor: Actor, event: ReportEvent = event) -> None:
            heard.append((event, report.status, actor.name))

        subscribe(app, event, hear)
    return heard


def entries(report: Report) -> list[tuple[str, set[str]]]:
    rows = db.session.scalars(
        select(AuditEntry).where(AuditEntry.object_id == report.id).order_by(AuditEntry.sequence)
    )
    return [(row.action, set(row.facts["facts"])) for row in rows]


def stamped(report: Report) -> dict[str, object]:
    return {name: getattr(report, name) for name in STAMPS if getattr(report, name) is not None}


@pytest.mark.parametrize("status", ReportStatus)
@pytest.mark.parametrize("event", EXPECTED)
def test_a_transition(acting, cast, told, event, status):
    sources, target, roles, columns, action, facts = EXPECTED[event]
    with acting(cast.max) as actor:
        report = scenarios.a_report(actor, status=status)
        for role in TENANT_ROLES:
            person = Actor("Any", role, cast.tess.id)
            if role in roles and status in sources:
                continue
            wrong = WrongStatus if role in roles else NotAllowed
            with pytest.raises(wrong) as refused:
                carry_out(report, event, actor=person, at=AT)
            assert type(refused.value) in (NotAllowed, REFUSALS[status])
        assert (report.status, stamped(report), told, entries(report)) == (status, {}, [], [])
        if status not in sources:
            return
        carry_out(report, event, actor=Actor("Any", roles[-1], cast.tess.id), at=AT)
        db.session.commit()
        db.session.refresh(report)
        after = target or status
        assert report.status == after
        people = {name: cast.tess.id for name in columns if name.endswith("_by")}
        assert stamped(report) == dict.fromkeys(columns, AT) | people
        assert told == [(event, after, "Any")]
        assert entries(report) == ([(action, facts)] if action else [])


def test_the_whole_life(acting, cast, told):
    """Returned twice, submitted three times; each submit overwrites the time of the one before."""
    with acting(cast.max) as actor:
        report = scenarios.a_report(actor)
        again = [ReportEvent.RETURNED, ReportEvent.SUBMITTED] * 2
        for event in (
            ReportEvent.BEGUN,
            ReportEvent.SUBMITTED,
            *again,
            ReportEvent.COMPLETED,
            ReportEvent.ARCHIVED,
        ):
            carry_out(report, event, actor=actor)
            db.session.commit()
        assert report.status is ReportStatus.ARCHIVED
        assert report.started_at < report.submitted_at < report.completed_at < report.archived_at
        assert [event for event, *_rest in told] == [
            "begun",
            "submitted",
            *again,
            "completed",
            "archived",
        ]


def test_several_transitions_at_one_moment_are_told_before_any_entry(acting, cast, told):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        seen = []

        def facts() -> dict[str, str]:
            seen.append((len(told), entries(report)))
            return {"more": "said"}

        carry_out(
            report,
            ReportEvent.SUBMITTED,
            ReportEvent.COMPLETED,
            actor=actor,
            facts={ReportEvent.COMPLETED: facts},
        )
        assert report.submitted_at == report.completed_at
        assert seen == [(2, [("report.submitted", set())])]
        assert entries(report)[1:] == [("report.completed", {"more"})]


def test_a_change_begins_a_draft_once_and_leaves_a_returned_report_returned(acting, cast, told):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        assert note_change(report, actor=actor, at=AT)
        assert (report.started_at, report.updated_at) == (AT, AT)
        assert not note_change(report, actor=actor, at=AT.replace(hour=9))
        assert report.started_at == AT and report.updated_at == AT.replace(hour=9)
        returned = scenarios.a_report(actor, status=ReportStatus.RETURNED)
        assert not note_change(returned, actor=actor, at=AT)
        assert returned.status is ReportStatus.RETURNED and returned.is_open
        assert [event for event, *_rest in told] == [ReportEvent.BEGUN]


VERBS = {
    ReportEvent.SUBMITTED: "submitted",
    ReportEvent.RETURNED: "returned",
    ReportEvent.WITHDRAWN: "withdrawn",
    ReportEvent.COMPLETED: "completed",
    ReportEvent.DISCARDED: "discarded",
    ReportEvent.ARCHIVED: "archived",
}


@pytest.mark.parametrize("status", ReportStatus)
def test_a_refusal_says_what_the_status_is_and_what_is_possible(status):
    is_so, _stop, possible = str(REFUSALS[status](number="AB-1")).partition(". ")
    assert is_so.startswith("Report AB-1 ")
    assert status.value.replace("_", " ") in is_so
    for event, verb in VERBS.items():
        (row,) = (row for row in TABLE if row.event is event)
        assert (verb in possible) == (status in row.sources), verb
    assert ("filled in" in possible) == (status in OPEN_STATUSES)


class TestSubscribers:
    def test_a_subscriber_is_called_once_even_if_subscribed_twice(self):
        one, other, heard = Flask("one"), Flask("other"), []

        def hear(*told: object) -> None:
            heard.append(told)

        for _time in range(2):
            subscribe(one, ReportEvent.ASSIGNED, hear)
        report, actor = Report(number="AB-1"), Actor("Any")
        with one.app_context():
            announce(ReportEvent.ASSIGNED, report, actor=actor)
            announce(ReportEvent.ARCHIVED, report, actor=actor)
        with other.app_context():  # each app has its own
            announce(ReportEvent.ASSIGNED, report, actor=actor)
        assert heard == [(report, actor)]

    def test_early_subscribers_are_called_before_the_report_is_locked(
        self, app, acting, cast, queries, monkeypatch
    ):
        monkeypatch.setitem(app.extensions, EARLY_SUBSCRIBERS, {})
        with acting(cast.tess) as actor:
            report_id, heard = scenarios.a_report(actor).id, []
            with queries() as seen:
                subscribe_early(
                    app,
                    ReportEvent.COMPLETED,
                    lambda told: heard.append((told, len(seen.statements))),
                )
                lock_for(ReportEvent.COMPLETED, report_id, actor=actor)
            assert heard == [(report_id, 0)]
            assert any("FOR NO KEY UPDATE" in one for one in seen.statements)

    def test_who_subscribes_in_the_app(self, app):
        def subscribed(key: str) -> dict[str, list[object]]:
            return {event: list(those) for event, those in app.extensions[key].items()}

        for _time in range(2):
            assert subscribed(SUBSCRIBERS) == {
                ReportEvent.ASSIGNED: [mail_assigned],
                ReportEvent.SUBMITTED: [mail_submitted],
                ReportEvent.PASSED_ON: [mail_reviewers],
                ReportEvent.RETURNED: [mail_returned],
                ReportEvent.COMPLETED: [request_final],
            }
            assert subscribed(EARLY_SUBSCRIBERS) == {ReportEvent.COMPLETED: [stop_previews]}
            assert [part.template for part in app.extensions[PARTS]] == [
                "documents/_panel.html",
                "exports/_report_bundle.html",
                "exports/_report_workbook.html",
                "witnessing/_panel.html",
            ]
            for feature in (of_mail, of_documents, of_bundles, of_workbooks):
                feature.register(app)
