"""Operations on answers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import Account, Answer, AuditEntry, EditConflict, Receipt
from app.reports.queries import get_report
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.support import scenarios
from tests.support.phone import SCRIPT, Phone, alone, at_once

FIELD = "customer"


def stored(acting, cast) -> Answer | None:
    with acting(cast.ana):
        return db.session.scalars(select(Answer).where(Answer.field_id == FIELD)).one_or_none()


# --- applied and known ------------------------------------------------------------------------


def test_an_answer_is_applied_with_the_fragment_of_the_form(tess, report_id):
    sent = str(uuid4())
    verdict = tess.answer(FIELD, "Lobo", client_id=sent, client_at="2026-11-30T10:00:00-03:00")
    fragment = verdict.pop("fragment")
    assert verdict.pop("at")
    assert verdict == {
        "client_id": sent,
        "verdict": "applied",
        "was": None,
        "kind": "answer",
        "field_id": FIELD,
        "block": "",
        "row_version": 1,
        "placement": None,
        "conflict": None,
        "sentence": "",
        "status": 200,
        "needs": None,
        "redirect": None,
    }
    form = tess.client.post(
        f"/reports/{report_id}/fields/{FIELD}",
        data={"value": "Lobo", "row_version": 1},
        headers={"HX-Request": "true"},
    )
    assert fragment == form.text
    assert 'data-state="saved"' in fragment and 'id="fill-progress"' in fragment


def test_the_same_operation_again_is_known_and_changes_nothing(tess, max_, entries):
    sent = str(uuid4())
    first = tess.answer(FIELD, "Lobo", client_id=sent)
    max_.answer(FIELD, "Theirs", base=1)
    again = tess.answer(FIELD, "Lobo", client_id=sent)
    assert (again["verdict"], again["was"], again["row_version"]) == ("known", "applied", 1)
    assert again["at"] == first["at"]
    assert [one["new"]["value"] for one in entries("answer.saved")] == ["Lobo", "Theirs"]


def test_one_operation_takes_six_statements(tess, queries):
    for version in range(4):  # the first two begin the report and count it
        with queries() as seen:
            assert tess.answer(FIELD, f"v{version}", version)["verdict"] == "applied"
    own = ("SAVEPOINT", "RELEASE", "ROLLBACK TO")
    statements = [one for one in seen.statements if not one.startswith(own)]
    assert len(statements) <= 6, statements


def test_an_equal_answer_is_applied_without_an_entry(tess, max_, entries):
    max_.answer(FIELD, "Lobo")
    verdict = tess.answer(FIELD, "Lobo")
    assert (verdict["verdict"], verdict["row_version"]) == ("applied", 1)
    assert len(entries("answer.saved")) == 1


@pytest.mark.parametrize("value", ["Other", "x" * 2_001])
def test_a_reused_id_with_other_content_is_refused_and_both_stay(
    tess, acting, cast, value, entries
):
    sent = str(uuid4())
    tess.answer(FIELD, "Lobo", client_id=sent)
    verdict = tess.answer(FIELD, value, base=1, client_id=sent)
    assert (verdict["verdict"], verdict["status"], verdict["at"]) == ("refused", 409, None)
    assert "same id" in verdict["sentence"]
    assert stored(acting, cast).value == "Lobo"
    assert tess.answer(FIELD, "Lobo", client_id=sent)["verdict"] == "known"


def test_an_id_of_another_report_is_reused(tess, client_of, acting, cast):
    with acting(cast.tess) as actor:
        other = scenarios.a_report(actor).id
    sent = str(uuid4())
    tess.answer(FIELD, "Lobo", client_id=sent)
    verdict = Phone(tess.client, other).answer(FIELD, "Lobo", client_id=sent)
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)


def test_a_receipt_of_the_form_is_known_to_an_operation(tess, report_id):
    """The pages of the release before sent these, and the form without scripts may."""
    sent = str(uuid4())
    form = {"value": "Lobo", "row_version": "0", "client_id": sent}
    assert tess.client.post(f"/reports/{report_id}/fields/{FIELD}", data=form).status_code == 303
    assert tess.answer(FIELD, "Lobo", client_id=sent)["verdict"] == "known"


# --- conflict -----------------------------------------------------------------------------------


def test_a_conflict_keeps_both_values_and_who_typed_them(tess, max_, acting, cast, entries):
    max_.answer(FIELD, "Theirs")
    sent = str(uuid4())
    verdict = tess.answer(FIELD, "Mine", client_id=sent)
    assert (verdict["verdict"], verdict["row_version"], verdict["status"]) == ("conflict", 1, 200)
    assert "Max Manager" in verdict["sentence"]
    for words in ("Theirs", "Mine", "Max Manager", "Tess Technician", 'data-settle="mine"'):
        assert words in verdict["fragment"], words
    assert stored(acting, cast).value == "Theirs"
    (entry,) = entries("answer.conflicted")
    assert (entry["typed"]["value"], entry["client_id"]) == ("Mine", sent)
    again = tess.answer(FIELD, "Mine", client_id=sent)
    assert (again["verdict"], again["was"]) == ("known", "conflict")
    assert len(entries("answer.conflicted")) == 1


def test_the_fill_page_shows_a_conflict_to_both(tess, max_, report_id):
    max_.answer(FIELD, "Theirs")
    conflict = tess.answer(FIELD, "Mine")["conflict"]
    for phone in (tess, max_):
        page = phone.client.get(f"/reports/{report_id}/fill?at={FIELD}").text
        assert f"/reports/{report_id}/conflicts/{conflict}/mine" in page
        assert "Mine" in page and "Tess Technician" in page


def test_a_new_answer_settles_the_conflict_that_its_author_saw(tess, max_, acting, cast, entries):
    max_.answer(FIELD, "Theirs")
    mine = tess.answer(FIELD, "Mine")
    conflict = mine["conflict"]
    assert f'name="conflict" value="{mine["client_id"]}"' in mine["fragment"]
    unaware = max_.answer(FIELD, "Theirs, longer", base=1)
    assert unaware["verdict"] == "applied" and conflict in unaware["fragment"]
    aware = max_.answer(FIELD, "Both", base=2, conflict=mine["client_id"])
    assert aware["verdict"] == "applied" and conflict not in aware["fragment"]
    assert [one["kept"] for one in entries("answer.settled")] == ["other"]
    with acting(cast.ana):
        assert db.session.scalars(select(EditConflict.kept)).one() == "other"


# --- refused -------------------------------------------------------------------------------------


def test_an_invalid_answer_is_refused_with_a_receipt(tess):
    sent = str(uuid4())
    verdict = tess.answer("insulation", "about 5", client_id=sent)
    assert (verdict["verdict"], verdict["status"]) == ("refused", 422)
    assert "is not a number" in verdict["sentence"]
    assert 'data-state="refused"' in verdict["fragment"]
    again = tess.answer("insulation", "about 5", client_id=sent)
    assert (again["verdict"], again["was"], again["status"]) == ("known", "refused", 422)
    assert again["sentence"] == verdict["sentence"]


def test_a_refusal_is_told_in_the_readers_language(tess, acting, cast):
    sent = str(uuid4())
    tess.answer("insulation", "about 5", client_id=sent)
    with acting(cast.tess) as actor:
        tess_ = select(Account).where(Account.id == actor.account_id)
        db.session.scalars(tess_).one().locale = "pt_BR"
        db.session.commit()
    again = tess.answer("insulation", "about 5", client_id=sent)
    assert again["was"] == "refused" and "não é um número" in again["sentence"]


def test_a_closed_report_refuses(tess, acting, cast, report_id):
    with acting(cast.tess) as actor:
        scenarios.completed(get_report(report_id, person=actor), actor)
    verdict = tess.answer(FIELD, "Late")
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)
    assert "closed" in verdict["sentence"]
    assert stored(acting, cast) is None


# --- the order within a field --------------------------------------------------------------------


def test_an_operation_before_its_predecessor_is_early_and_writes_nothing(tess, acting, cast):
    first, second = str(uuid4()), str(uuid4())
    early = tess.send("answer", FIELD, value="two", client_id=second, after=first)
    assert (early["verdict"], early["needs"], early["at"]) == ("early", "predecessor", None)
    with acting(cast.ana):
        assert db.session.scalar(select(func.count()).select_from(Receipt)) == 0
    assert tess.answer(FIELD, "one", client_id=first)["verdict"] == "applied"
    done = tess.send("answer", FIELD, value="two", client_id=second, after=first)
    assert (done["verdict"], done["row_version"]) == ("applied", 2)
    again = tess.send("answer", FIELD, value="two", client_id=second, after=first)
    assert (again["verdict"], again["was"], again["row_version"]) == ("known", "applied", 2)


def test_after_a_refused_one_its_base_counts(tess, acting, cast):
    tess.answer("insulation", "150")
    first = str(uuid4())
    refused = tess.answer("insulation", "x", base=1, client_id=first)
    assert refused["verdict"] == "refused"
    done = tess.send("answer", "insulation", value="160", after=first)
    assert (done["verdict"], done["row_version"]) == ("applied", 2)


def test_after_a_conflict_the_newest_value_of_the_phone_waits(tess, max_, acting, cast, entries):
    max_.answer(FIELD, "Theirs")
    first, second = str(uuid4()), str(uuid4())
    one = tess.answer(FIELD, "Mine", client_id=first)
    two = tess.send("answer", FIELD, value="Mine again", client_id=second, after=first)
    three = tess.send("answer", FIELD, value="Mine at last", after=second)
    assert {each["verdict"] for each in (one, two, three)} == {"conflict"}
    assert one["conflict"] == two["conflict"] == three["conflict"]
    with acting(cast.ana):
        assert db.session.scalars(select(EditConflict.value)).all() == ["Mine at last"]
    typed = [entry["typed"]["value"] for entry in entries("answer.conflicted")]
    assert typed == ["Mine", "Mine again", "Mine at last"]
    assert stored(acting, cast).value == "Theirs"


def test_a_phone_that_comes_to_agree_withdraws_its_conflict(tess, max_, acting, cast, entries):
    max_.answer(FIELD, "Theirs")
    first = str(uuid4())
    tess.answer(FIELD, "Mine", client_id=first)
    verdict = tess.send("answer", FIELD, value="Theirs", after=first)
    assert (verdict["verdict"], verdict["row_version"]) == ("applied", 1)
    assert [one["kept"] for one in entries("answer.settled")] == ["theirs"]


def test_a_predecessor_of_another_report_is_not_one(tess, client_of, acting, cast):
    with acting(cast.tess) as actor:
        other = scenarios.a_report(actor).id
    first = str(uuid4())
    Phone(tess.client, other).answer(FIELD, "Elsewhere", client_id=first)
    assert tess.send("answer", FIELD, value="x", after=first)["verdict"] == "early"


# --- who may send -----------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"after": str(uuid4())}, {"value": "x" * 3_000}])
def test_another_company_and_another_technician_find_nothing(client_of, cast, report_id, more):
    for person in (cast.otto, cast.tom):
        response = Phone(client_of(person), report_id).post(
            "answer", FIELD, **{"value": "x"} | more
        )
        assert response.status_code == 404, person


def test_a_viewer_may_not_and_nobody_is_asked_to_log_in(client_of, anonymous, cast, report_id):
    viewer = Phone(client_of(cast.vera), report_id).post("answer", FIELD, value="x")
    assert viewer.status_code == 403
    logged_out = anonymous.post(f"/reports/{report_id}/operations", data={}, headers=SCRIPT)
    assert logged_out.status_code == 401


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ({"kind": "Unknown"}, 422),
        ({"kind": "x" * 41}, 422),
        ({"kind": ""}, 422),
        ({"kind": "answer", "client_id": "x"}, 422),
        ({"kind": "answer", "field_id": "nowhere"}, 404),
        ({"kind": "answer", "field_id": "advice"}, 404),
        ({"kind": "answer", "field_id": "y" * 81}, 404),
        ({"kind": "answer", "field_id": FIELD, "block": "b1"}, 404),
    ],
)
def test_what_names_nothing_gets_no_verdict(tess, acting, cast, entries, status):
    sent = {"client_id": str(uuid4()), "value": "x", **entries}
    assert tess.client.post(tess.url, data=sent, headers=SCRIPT).status_code == status
    with acting(cast.ana):
        assert db.session.scalar(select(func.count()).select_from(Receipt)) == 0


def test_a_kind_of_a_newer_release_waits_for_it(tess, cast, client_of, report_id):
    answer = tess.post("kind_to_come", value="x")
    assert answer.status_code == 501 and "stays on your device" in answer.text
    # As everywhere, a report that is hidden is not told from one that does not exist.
    assert Phone(client_of(cast.tom), report_id).post("kind_to_come").status_code == 404


def test_every_answer_names_the_protocol(
    app, tess, cast, client_of, anonymous, report_id, monkeypatch
):
    """A phone waits where it meets a web process that does not know this address."""
    tom = Phone(client_of(cast.tom), report_id)
    viewer = Phone(client_of(cast.vera), report_id)
    answers = [
        tess.post("answer", FIELD, value="x", base_version=0),
        tess.post("answer", "nowhere"),
        tess.post("nothing"),
        tom.post("answer", FIELD),
        viewer.post("answer", FIELD),
        anonymous.post(tess.url, data={}, headers=SCRIPT),
        tess.client.get(tess.url),
    ]
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answers.append(tess.post("answer", FIELD))
    assert [one.status_code for one in answers] == [200, 404, 501, 404, 403, 401, 405, 400]
    named = [one.headers.get("Laudo-Operations") for one in answers]
    assert named == ["1"] * 6 + [None, "1"]
    assert tess.client.get("/reports/x/operations").headers.get("Laudo-Operations") is None


# --- at once ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "first", "entries"),
    [("Lobo", "applied", 1), ("conflict", "conflict", 2), ("x" * 2_001, "refused", 0)],
)
def test_five_at_once_have_one_effect_and_one_receipt(tmp_path, value, first, entries):
    with alone(tmp_path / "storage") as (app, cast, report_id):
        if first == "conflict":
            Phone(signed_in_client(app, cast.max), report_id).answer(FIELD, "Theirs")
        phones = [Phone(signed_in_client(app, cast.tess), report_id) for _time in range(5)]
        sent = uuid4()
        verdicts = at_once([partial(one.answer, FIELD, value, client_id=sent) for one in phones])
        assert Counter(one["verdict"] for one in verdicts) == {first: 1, "known": 4}
        assert {one["was"] for one in verdicts} == {None, first}
        with app.app_context(), tenant_scope(cast.acme):
            found = select(Receipt.verdict).where(Receipt.client_id == sent)
            assert db.session.scalars(found).all() == [first]
            kept = select(func.count()).select_from(AuditEntry)
            ours = AuditEntry.action.in_(("answer.saved", "answer.conflicted"))
            assert db.session.scalar(kept.where(ours)) == entries
