"""The facts that load_facts builds from the rows of a report."""

from __future__ import annotations

from app.definition.judging import PhotoState
from app.models import PhotoVerdict
from app.reports.facts import load_facts
from app.reports.queries import get_report
from tests.support import scenarios


def test_rows_become_facts_in_two_queries_before_anybody_signed(acting, cast, queries):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.all_answers(report, actor, enclosure="not_ok")
        scenarios.an_answer(report, "extra", None, actor, na_reason="No lamp")
        good = scenarios.a_photo(report, "enclosure", actor)
        scenarios.a_photo(report, "enclosure", actor, verdict=None, has_position=False)
        scenarios.a_photo(
            report,
            "started_at",
            actor,
            verdict=PhotoVerdict.QUARANTINED,
            quarantine_reason="The panel is locked again",
        )
        loaded = get_report(report.id, person=actor)
        with queries() as seen:
            facts = load_facts(loaded)
        assert len(seen.statements) == 2
        assert facts.answers["enclosure"].value == "not_ok"
        assert facts.answers["extra"].na_reason == "No lamp"
        assert facts.answers["enclosure"].comment is None
        assert facts.photos_of("enclosure")[0].photo.id == good.id
        states = [(one.state, one.has_position, one.reason) for one in facts.assess().photos]
        assert states == [
            (PhotoState.GOOD, True, None),
            (PhotoState.READING, False, None),
            (PhotoState.QUARANTINED, True, "The panel is locked again"),
        ]


def test_a_removed_photo_is_no_longer_a_fact(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        photo = scenarios.a_photo(report, "enclosure", actor)
        scenarios.a_photo(report, "enclosure", actor, removed_at=photo.created_at)
        facts = load_facts(get_report(report.id, person=actor))
        assert [placed.photo.id for placed in facts.photos] == [photo.id]


def test_only_the_newest_signature_of_a_role_is_live(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.a_signature(report, "technician", actor)
        newest = scenarios.a_signature(report, "technician", actor, content_hash="1" * 64)
        scenarios.a_signature(report, "client", actor)
        scenarios.a_signature(report, "client", actor, withdrawn=True)
        facts = load_facts(get_report(report.id, person=actor))
        assert {role: one.id for role, one in facts.signatures.items()} == {"technician": newest.id}
        assert [one.valid for one in facts.signature_facts("1" * 64)] == [True]
        assert [one.valid for one in facts.signature_facts("2" * 64)] == [False]
