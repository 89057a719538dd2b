"""Reassigning one report or all open reports of a person, and due days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app.errors import NotAllowed, NotFound
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Account, Mail, MailKind, Report, Tenant
from app.reports.assigning.service import (
    DueDayPassed,
    NotAssignable,
    assign_report,
    reassign_open_reports,
    set_due_date,
)
from app.reports.queries import ReportClosed
from app.rows import company_today, own_tenant
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
SOON = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


@pytest.fixture
def report_id(acting, cast):
    """An open report assigned to Tess."""
    with acting(cast.tess) as tess:
        return scenarios.a_report(tess, title="Handed over").id


def assignee_of(report_id):
    return db.session.scalars(select(Report.assignee_id).where(Report.id == report_id)).one()


def entries_of(report_id, action):
    return [e.facts["facts"] for e in list_entries("report", report_id) if e.action == action]


def mails():
    return db.session.execute(select(Mail.kind, Mail.account_id, Mail.report_id)).all()


def test_a_manager_hands_a_report_over(client_of, acting, cast, report_id):
    client = client_of(cast.max)
    page = client.get(f"/reports/{report_id}").text
    assert "Hand over" in page and f'<option selected value="{cast.tess.id}">' in page
    answer = client.post(f"/reports/{report_id}/assignee", data={"assignee_id": str(cast.tom.id)})
    assert answer.location == f"/reports/{report_id}"
    with acting(cast.max):
        assert assignee_of(report_id) == cast.tom.id
        (facts,) = entries_of(report_id, "report.assigned")
        assert (facts["old"], facts["new"]) == (cast.tess.name, cast.tom.name)
        assert mails() == [(MailKind.REPORT_ASSIGNED, cast.tom.id, report_id)]
    # The starter still sees it, and so does the new assignee.
    for person in (cast.tess, cast.tom):
        assert client_of(person).get(f"/reports/{report_id}").status_code == 200


def test_reassigning_to_the_assignee_changes_nothing(client_of, acting, cast, report_id):
    client = client_of(cast.max)
    for _ in range(2):
        sent = {"assignee_id": str(cast.tom.id)}
        assert client.post(f"/reports/{report_id}/assignee", data=sent).status_code == 303
    with acting(cast.max):
        assert len(entries_of(report_id, "report.assigned")) == len(mails()) == 1


def test_a_self_assignment_sends_no_mail(acting, cast, report_id):
    with acting(cast.max) as actor:
        assign_report(report_id=report_id, assignee_id=actor.account_id, actor=actor)
        assert mails() == []


@pytest.mark.parametrize("wanted", ["vera", "otto", "left"])
def test_only_staff_can_be_assigned(client_of, acting, cast, report_id, wanted):
    with acting(cast.max) as actor:
        account_id = cast.tom.id if wanted == "left" else getattr(cast, wanted).id
        if wanted == "left":
            db.session.execute(
                update(Account).where(Account.id == account_id).values(is_active=False)
            )
            db.session.commit()
        with pytest.raises(NotAssignable):
            assign_report(report_id=report_id, assignee_id=account_id, actor=actor)
        db.session.rollback()
    url, sent = f"/reports/{report_id}/assignee", {"assignee_id": str(account_id)}
    for headers in ({}, HTMX):
        answer = client_of(cast.max).post(url, data=sent, headers=headers)
        assert answer.status_code == 422
        assert 'details class="fold" open' in answer.text
    with acting(cast.max):
        assert assignee_of(report_id) == cast.tess.id


def test_only_open_reports_change_hands(client_of, acting, cast):
    with acting(cast.max) as actor:
        report = scenarios.completed(scenarios.a_report(actor), actor)
        report_id = report.id
        with pytest.raises(ReportClosed):
            assign_report(report_id=report_id, assignee_id=cast.tom.id, actor=actor)
        with pytest.raises(ReportClosed):
            set_due_date(report_id=report_id, due_on=company_today(own_tenant()), actor=actor)
        db.session.rollback()
    client = client_of(cast.max)
    assert "Hand over" not in client.get(f"/reports/{report_id}").text
    for part in ("assignee", "due"):
        answer = client.post(f"/reports/{report_id}/{part}", data={"due_on": SOON})
        assert answer.status_code == 409
        assert "Corrections require a new revision" in answer.text


def test_only_managers_and_admins_hand_over(client_of, acting, cast, report_id):
    with acting(cast.tess) as tess:
        for change in (
            lambda: assign_report(report_id=report_id, assignee_id=cast.tom.id, actor=tess),
            lambda: set_due_date(report_id=report_id, due_on=None, actor=tess),
            lambda: reassign_open_reports(
                from_account_id=cast.tess.id, to_account_id=cast.tom.id, actor=tess
            ),
        ):
            with pytest.raises(NotAllowed):
                change()
    client = client_of(cast.tess)
    assert "Hand over" not in client.get(f"/reports/{report_id}").text
    for part in ("assignee", "due"):
        assert client.post(f"/reports/{report_id}/{part}").status_code == 403


def test_another_tenant_and_nobody_change_nothing(client_of, anonymous, acting, cast, report_id):
    for part in ("assignee", "due"):
        url = f"/reports/{report_id}/{part}"
        sent = {"assignee_id": str(cast.otto.id), "due_on": SOON}
        assert client_of(cast.otto).post(url, data=sent).status_code == 404
        assert anonymous.post(url, data=sent).location == "/login"
        assert anonymous.post(url, data=sent, headers=HTMX).status_code == 401
    with acting(cast.otto) as otto, pytest.raises(NotFound):
        assign_report(report_id=report_id, assignee_id=otto.account_id, actor=otto)


def test_all_open_reports_of_a_person_go_to_another(acting, cast):
    with acting(cast.tess) as tess:
        open_ids = {scenarios.a_report(tess).id for _ in range(3)}
        done = scenarios.completed(scenarios.a_report(tess), tess).id
        gone = scenarios.a_report(tess, discarded_at=datetime.now(UTC)).id
    with acting(cast.tom) as tom:
        other = scenarios.a_report(tom).id
    with acting(cast.ana) as ana:
        count = reassign_open_reports(
            from_account_id=cast.tess.id, to_account_id=cast.max.id, actor=ana
        )
        db.session.commit()
        assert count == 3
        assert {assignee_of(one) for one in open_ids} == {cast.max.id}
        assert {assignee_of(done), assignee_of(gone)} == {cast.tess.id}
        assert assignee_of(other) == cast.tom.id
        assert {mail.report_id for mail in mails()} == open_ids
        assert all(len(entries_of(one, "report.assigned")) == 1 for one in open_ids)
        with pytest.raises(NotAssignable):
            reassign_open_reports(
                from_account_id=cast.max.id, to_account_id=cast.vera.id, actor=ana
            )


def test_a_due_day_is_set_changed_and_taken_away(client_of, acting, cast, report_id):
    client, url = client_of(cast.max), f"/reports/{report_id}/due"
    assert client.post(url, data={"due_on": SOON}).status_code == 303
    page = client.get(f"/reports/{report_id}").text
    assert f'value="{SOON}"' in page and "Change the due date" in page
    assert client.post(url, data={"due_on": SOON}).status_code == 303
    assert client.post(url, data={"due_on": ""}).status_code == 303
    assert "Set a due date" in client.get(f"/reports/{report_id}").text
    with acting(cast.max):
        assert [
            (one["old"], one["new"]) for one in entries_of(report_id, "report.due_changed")
        ] in (
            [(None, SOON), (SOON, None)],
            [(SOON, None), (None, SOON)],
        )


@pytest.mark.parametrize(
    "day", ["2020-01-01", "2026-02-30", "tomorrow", "2200-01-01", "0001-01-01"]
)
def test_a_day_that_cannot_be_due_is_refused(client_of, acting, cast, report_id, day):
    for headers in ({}, HTMX):
        answer = client_of(cast.max).post(
            f"/reports/{report_id}/due", data={"due_on": day}, headers=headers
        )
        assert answer.status_code == 422
        assert "is in the past" in answer.text or "not a valid due date" in answer.text
    with acting(cast.max):
        assert db.session.get_one(Report, report_id).due_on is None


def test_today_is_a_day_of_the_companys_clock(acting, cast, report_id):
    """Kiribati is 25 hours ahead of Niue: one of them has a different date than the server."""
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        with acting(cast.max) as actor:
            db.session.execute(update(Tenant).values(time_zone=zone))
            today = datetime.now(ZoneInfo(zone)).date()
            assert company_today(own_tenant()) == today
            assert set_due_date(report_id=report_id, due_on=today, actor=actor).due_on == today
            with pytest.raises(DueDayPassed):
                set_due_date(report_id=report_id, due_on=today - timedelta(days=1), actor=actor)


def test_a_past_due_day_may_stay(acting, cast):
    past = date(2020, 1, 1)
    with acting(cast.max) as actor:
        report = scenarios.a_report(actor, due_on=past)
        assert set_due_date(report_id=report.id, due_on=past, actor=actor).due_on == past


def test_the_start_form_takes_a_due_day(client_of, acting, cast):
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        sent = {
            "checklist_id": str(version.checklist_id),
            "project_id": str(project.id),
            "title": "Due soon",
            "assignee_id": str(cast.tess.id),
        }
    client = client_of(cast.max)
    assert 'type="date"' in client.get("/reports/new").text
    for day in ("2020-01-01", "soon"):
        assert client.post("/reports/", data={**sent, "due_on": day}).status_code == 422
    assert client.post("/reports/", data={**sent, "due_on": SOON}).status_code == 303
    with acting(cast.max):
        report = db.session.scalars(select(Report)).one()
        assert report.due_on == date.fromisoformat(SOON)
        assert entries_of(report.id, "report.started")[0]["due"] == SOON
        # A report that is assigned to somebody else at the start is notified too.
        assert mails() == [(MailKind.REPORT_ASSIGNED, cast.tess.id, report.id)]


@pytest.fixture
def due(acting, cast):
    """Reports by due day: late, today, in a month, finished late, without a due day."""
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        today = company_today(own_tenant())
        days = {
            "Late one": today - timedelta(days=1),
            "Of today": today,
            "In a month": today + timedelta(days=30),
            "Without": None,
        }
        for title, day in days.items():
            scenarios.a_report(actor, version=version, project=project, title=title, due_on=day)
        done = scenarios.a_report(
            actor, version=version, project=project, title="Done late", due_on=date(2020, 1, 1)
        )
        scenarios.completed(done, actor)
        return [*days, "Done late"]


def found(client, query, titles):
    page = client.get(f"/reports/?{query}").text
    return sorted((title for title in titles if f">{title}</a>" in page), key=page.index)


def test_the_list_finds_and_sorts_by_due_day(client_of, cast, due):
    client = client_of(cast.max)
    assert found(client, "due=late", due) == ["Late one"]
    assert found(client, "due=week", due) == ["Of today"]
    assert found(client, "due=nonsense", due) == found(client, "", due)
    assert found(client, "sort=due", due)[:3] == ["Late one", "Of today", "In a month"]
    assert found(client, "sort=-due", due)[:3] == ["In a month", "Of today", "Late one"]
    page = client.get("/reports/?due=late").text
    assert page.count("Overdue: due") == 1 and "Remove this filter" in page


def test_only_open_reports_are_late(client_of, cast, due):
    assert client_of(cast.max).get("/reports/").text.count("Overdue: due") == 1


def test_the_file_has_the_due_day(client_of, cast, due):
    lines = client_of(cast.max).get("/reports/export.csv?due=late").text.splitlines()
    assert "Due date" in lines[0] and len(lines) == 2
    client_of(cast.max).get("/reports/export.xlsx?due=late")


def test_a_viewer_sees_nothing_of_due_days(client_of, acting, cast, due):
    with acting(cast.max):
        project_id = db.session.scalars(select(Report.project_id)).first()
        scenarios.a_grant(cast.vera.id, project_id)
    page = client_of(cast.vera).get("/reports/").text
    assert "Done late" in page and "Due" not in page
