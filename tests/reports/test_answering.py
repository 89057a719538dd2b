"""Saving answers: in order, exactly once, without lost updates."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.definition.answers import InvalidAnswer
from app.errors import NotFound
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Actor, Answer, ReportStatus
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import StaleAnswer, save_answer
from app.reports.queries import ReportClosed
from app.reports.receipts import ReusedClientId
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, all_at_once, app_alone


def save(report_id, actor, field_id, value, row_version=0, **more):
    given = AnswerInput(value=value, row_version=row_version, **more)
    return save_answer(report_id=report_id, field_id=field_id, given=given, actor=actor)


def saves_of(report_id):
    db.session.expire_all()
    entries = list_entries("report", report_id)
    return [entry.facts["facts"] for entry in entries if entry.action == "answer.saved"]


def stored(report_id, field_id):
    db.session.expire_all()
    return db.session.scalars(
        select(Answer).where(Answer.report_id == report_id, Answer.field_id == field_id)
    ).one_or_none()


def test_the_first_answer_sets_the_report_in_progress(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        saved = save(report.id, actor, "insulation", "> 550 MΩ")
        db.session.commit()
        assert report.status is ReportStatus.IN_PROGRESS and report.started_at
        assert saved.answer.row_version == 1
        assert stored(report.id, "insulation").value == {"text": "> 550 MΩ", "decimal": "550"}
        (facts,) = saves_of(report.id)
        assert facts["old_version"] == "0" and facts["new_version"] == "1"
        assert facts["old"]["value"] is None and facts["new"]["value"]["decimal"] == "550"


def test_two_clients_on_the_same_version_lose_neither_value(acting, cast):
    with acting(cast.max) as actor:
        report = scenarios.a_report(actor)
        save(report.id, actor, "customer", "First")
        db.session.commit()
        with pytest.raises(StaleAnswer) as refused:
            save(report.id, actor, "customer", "Second")
        db.session.rollback()
        assert refused.value.newer.facts.value == "First"
        assert refused.value.newer.by == "Max Manager"
        assert refused.value.mine.value == "Second"
        save(report.id, actor, "customer", "Second", refused.value.newer.row_version)
        db.session.commit()
        assert [facts["new"]["value"] for facts in saves_of(report.id)] == ["First", "Second"]


def test_the_same_save_five_times_is_one_change(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        client_id = uuid4()
        saved = []
        for _try in range(5):
            saved.append(save(report.id, actor, "customer", "Lobo", client_id=client_id))
            db.session.commit()
        assert len({one.answer for one in saved}) == 1
        assert len(saves_of(report.id)) == 1


def test_a_save_that_arrives_again_after_newer_ones_changes_nothing(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        client_id = uuid4()
        save(report.id, actor, "customer", "Lobo", client_id=client_id)
        save(report.id, actor, "customer", "Lobo & Filhos", 1)
        again = save(report.id, actor, "customer", "Lobo", client_id=client_id)
        db.session.commit()
        assert again.answer.row_version == 1
        assert stored(report.id, "customer").value == "Lobo & Filhos"


def test_a_client_id_with_other_content_is_refused(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        other = scenarios.a_report(actor)
        client_id = uuid4()
        save(report.id, actor, "customer", "Lobo", client_id=client_id)
        db.session.commit()
        for report_id, value in ((report.id, "Raposa"), (other.id, "Lobo")):
            with pytest.raises(ReusedClientId):
                save(report_id, actor, "customer", value, 1, client_id=client_id)
            db.session.rollback()
        assert stored(report.id, "customer").value == "Lobo"
        assert stored(other.id, "customer") is None


def test_saving_the_current_answer_is_no_conflict_and_no_entry(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        save(report.id, actor, "customer", "Lobo")
        again = save(report.id, actor, "customer", "Lobo ", 0)
        db.session.commit()
        assert again.answer.row_version == 1
        assert len(saves_of(report.id)) == 1


def test_a_reason_sets_the_value_aside_and_a_verdict_keeps_one_only_for_na(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        save(report.id, actor, "insulation", "200", na_reason="No megger on site")
        save(report.id, actor, "enclosure", "ok", na_reason="left over")
        save(report.id, actor, "started_at", "14:05")
        db.session.commit()
        assert stored(report.id, "insulation").value is None
        assert stored(report.id, "insulation").na_reason == "No megger on site"
        assert stored(report.id, "enclosure").na_reason == ""
        save(report.id, actor, "enclosure", "na", 1, na_reason="None installed")
        db.session.commit()
        assert stored(report.id, "enclosure").na_reason == "None installed"


def test_what_cannot_be_kept_is_refused_and_changes_nothing(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        for field_id, value in (
            ("insulation", "about 5"),
            ("enclosure", "perhaps"),
            ("inspected_on", "31/03/2026"),
            ("contact_resistance", {"a:never": "1"}),
            ("customer", "x" * 2001),
        ):
            with pytest.raises(InvalidAnswer):
                save(report.id, actor, field_id, value)
            db.session.rollback()
        for field_id in ("nothing", "advice"):
            with pytest.raises(NotFound):
                save(report.id, actor, field_id, "x")
            db.session.rollback()
        assert saves_of(report.id) == []


def test_a_closed_report_takes_nothing_but_what_it_has(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        client_id = uuid4()
        save(report.id, actor, "customer", "Lobo", client_id=client_id)
        db.session.commit()
        scenarios.completed(report, actor)
        with pytest.raises(ReportClosed):
            save(report.id, actor, "customer", "Raposa", 1)
        db.session.rollback()
        assert (
            save(report.id, actor, "customer", "Lobo", client_id=client_id).answer.row_version == 1
        )


def test_others_reports_are_not_there(acting, cast):
    with acting(cast.tess) as actor:
        report_id = scenarios.a_report(actor).id
    for person in (cast.tom, cast.vera, cast.otto):
        with acting(person) as actor, pytest.raises(NotFound):
            save(report_id, actor, "customer", "Lobo")


WORDS = st.sampled_from(["", "a", "b", "ção", "\x00a", "x\ud800"])
SAVES = st.lists(
    st.tuples(
        st.sampled_from(["customer", "remarks"]),
        WORDS,
        st.sampled_from(["fresh", "stale", "again"]),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(saves=SAVES)
def test_the_history_is_complete_whatever_is_saved(acting, cast, saves):
    """Every accepted value is in the audit, in order, each based on the one before."""
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        versions, values, last = {}, {}, None
        for field_id, words, kind in saves:
            given = AnswerInput(
                value=words, row_version=versions.get(field_id, 0), client_id=uuid4()
            )
            is_again = kind == "again" and last is not None
            if is_again:
                field_id, given = last
            elif kind == "stale":
                given = replace(given, row_version=given.row_version + 7)
            try:
                saved = save_answer(
                    report_id=report.id, field_id=field_id, given=given, actor=actor
                )
            except StaleAnswer:
                db.session.rollback()
                continue
            db.session.commit()
            if not is_again:
                last = (field_id, given)
                versions[field_id] = saved.answer.row_version
                values[field_id] = saved.answer.facts.value
        history = saves_of(report.id)
        for field_id in ("customer", "remarks"):
            steps = [facts for facts in history if facts["field"] == field_id]
            assert [int(step["new_version"]) for step in steps] == list(range(1, len(steps) + 1))
            for before, after in pairwise(steps):
                assert after["old"] == before["new"]
            row = stored(report.id, field_id)
            assert (row.value if row else None) == values.get(field_id)
            assert (row.row_version if row else 0) == len(steps)


def test_parallel_saves_of_one_field_store_one_and_show_the_other(tmp_path, cast):
    """On real connections, one of eight simultaneous first saves is stored; seven get it back."""
    actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    with app_alone(tmp_path) as app:
        with app.app_context(), tenant_scope(cast.acme):
            report_id = scenarios.a_report(actor).id

        def saving(number: int):
            return lambda: save(report_id, actor, "customer", f"value {number}", client_id=uuid4())

        outcomes = all_at_once(app, cast.acme, [saving(number) for number in range(8)])
        stale = [one for one in outcomes if one != DONE]
        assert all(isinstance(one, StaleAnswer) for one in stale), stale
        with app.app_context(), tenant_scope(cast.acme):
            row = stored(report_id, "customer")
            assert [one.newer.facts.value for one in stale] == [row.value] * 7
            assert len(saves_of(report_id)) == 1
