"""What holds for each kind of operation: one effect, one receipt, the right verdict, the right people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import Actor, AuditEntry, Receipt
from app.operations.kinds import KINDS
from app.reports.queries import get_report
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.support import scenarios
from tests.support.operations import MAKERS, Sample, a_sample
from tests.support.phone import SCRIPT, Phone, alone, at_once

# Uploads have their own stage: their bytes come first.
SAMPLED = sorted(MAKERS)
# An answer of the same text, a settled conflict, a removed photo: nothing is left to refuse.
NEEDS_AN_OPEN_REPORT = sorted(set(SAMPLED) - {"submit"})


@pytest.fixture
def stage(acting, cast, client_of):
    """A function that makes Tess's phone and an operation that applies."""

    def make(kind: str) -> tuple[Phone, Sample]:
        with acting(cast.tess) as actor:
            definition = (
                scenarios.a_definition_with_positions() if kind == "position_reason" else None
            )
            version = scenarios.a_checklist(actor, definition)
            report = scenarios.a_report(actor, version=version)
            report_id, sample = report.id, a_sample(kind, report, actor)
        return Phone(client_of(cast.tess), report_id), sample

    return make


@pytest.fixture
def count(acting, cast):
    def entries(action: str) -> int:
        with acting(cast.ana):
            return count_entries(action)

    return entries


def count_entries(action: str) -> int:
    found = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)
    return db.session.scalar(found) or 0


def send(phone: Phone, sample: Sample, **more):
    return phone.send(sample.kind, sample.field_id, **sample.sent(**more))


def insist(phone: Phone, sample: Sample, client_id: str):
    """Send until there is a verdict: only some images are read at the same time."""
    while True:
        response = phone.post(sample.kind, sample.field_id, **sample.sent(client_id=client_id))
        if response.status_code != 503:
            assert response.status_code == 200, response.text
            return response.json


def test_every_kind_has_a_sample():
    assert KINDS.keys() - {"photo"} == MAKERS.keys()


@pytest.mark.parametrize("kind", SAMPLED)
def test_it_is_applied_once_and_known_afterwards(stage, count, kind):
    phone, sample = stage(kind)
    sent = str(uuid4())
    first = send(phone, sample, client_id=sent)
    assert (first["verdict"], first["was"], first["status"]) == ("applied", None, 200)
    assert first["at"] and (first["fragment"] or first["redirect"])
    effects = count(sample.action)
    assert effects == 1
    again = send(phone, sample, client_id=sent)
    assert (again["verdict"], again["was"], again["at"]) == ("known", "applied", first["at"])
    assert again["row_version"] == first["row_version"]
    assert again["placement"] == first["placement"]
    assert again["fragment"] or again["redirect"]
    assert count(sample.action) == effects


@pytest.mark.parametrize("kind", SAMPLED)
def test_other_content_under_its_id_is_refused_without_a_receipt(stage, count, kind):
    phone, sample = stage(kind)
    sent = str(uuid4())
    send(phone, sample, client_id=sent)
    effects = count(sample.action)
    other = send(phone, sample, client_id=sent, **sample.other)
    assert (other["verdict"], other["status"], other["at"]) == ("refused", 409, None)
    assert "same id" in other["sentence"]
    assert send(phone, sample, client_id=sent)["verdict"] == "known"
    assert count(sample.action) == effects


HOSTILE = ("", "a\0b", "\ufffe\u202e", "9" * 400, "1e999", "{" * 2_000, "é" * 20_000)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_hostile_entries_get_a_verdict_or_a_status_but_no_fault(stage, kind):
    """The test client raises what a server would answer with 500."""
    phone, sample = stage("again" if kind == "photo" else kind)
    envelope = {"client_id", "client_at", "block", "after", "base_version"}
    for name in sorted({*sample.entries, "conflict", "placement", "photo", "sha256", *envelope}):
        for value in HOSTILE:
            sent = sample.sent(**{"sha256": "a" * 64, name: value})
            answer = phone.post(kind, sample.field_id, **sent)
            assert answer.status_code in {200, 404, 422, 503}, (name, value, answer.text)


@pytest.mark.parametrize("kind", SAMPLED)
def test_it_waits_for_what_comes_before(stage, acting, cast, count, kind):
    phone, sample = stage(kind)
    before, sent = str(uuid4()), str(uuid4())
    entries = {name: value for name, value in sample.sent().items() if name != "base_version"}
    early = phone.send(kind, sample.field_id, **entries, client_id=sent, after=before)
    assert (early["verdict"], early["needs"], early["at"]) == ("early", "predecessor", None)
    assert early["fragment"] == "" and count(sample.action) == 0
    with acting(cast.ana):
        assert db.session.scalar(select(func.count()).select_from(Receipt)) == 0
    # A refused one is answered: what follows need not wait for ever.
    assert phone.send("answer", "insulation", value="x", client_id=before)["verdict"] == "refused"
    entries = {name: value for name, value in sample.sent().items() if name != "base_version"}
    done = phone.send(kind, sample.field_id, **entries, client_id=sent, after=before)
    assert done["verdict"] == "applied", done


@pytest.mark.parametrize("kind", NEEDS_AN_OPEN_REPORT)
def test_a_closed_report_refuses_it_with_a_receipt(stage, acting, cast, count, kind):
    phone, sample = stage(kind)
    with acting(cast.tess) as actor:
        scenarios.completed(get_report(phone.report_id, person=actor), actor)
    sent = str(uuid4())
    late = send(phone, sample, client_id=sent)
    assert (late["verdict"], late["status"]) == ("refused", 409), late
    assert "closed" in late["sentence"]
    again = send(phone, sample, client_id=sent)
    assert (again["verdict"], again["was"], again["status"]) == ("known", "refused", 409)
    assert again["sentence"] == late["sentence"]
    assert count(sample.action) == 0


@pytest.mark.parametrize("kind", SAMPLED)
def test_only_staff_who_see_the_report_may_send_it(stage, client_of, anonymous, cast, count, kind):
    phone, sample = stage(kind)
    people = {cast.otto: 404, cast.tom: 404, cast.vera: 403}
    for person, status in people.items():
        theirs = Phone(client_of(person), phone.report_id)
        assert theirs.post(kind, sample.field_id, **sample.sent()).status_code == status
        early = theirs.post(kind, sample.field_id, **sample.sent(after=str(uuid4())))
        assert early.status_code == status
    nobody = anonymous.post(phone.url, data={"kind": kind}, headers=SCRIPT)
    assert nobody.status_code == 401
    assert count(sample.action) == 0


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator:
    with alone(tmp_path_factory.mktemp("storage")) as (app, cast, _report_id):
        yield app, cast


@pytest.mark.parametrize("kind", SAMPLED)
def test_five_at_once_have_one_effect(real, kind):
    app, cast = real
    with app.app_context(), tenant_scope(cast.acme):
        actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
        definition = scenarios.a_definition_with_positions() if kind == "position_reason" else None
        version = scenarios.a_checklist(actor, definition)
        report = scenarios.a_report(actor, version=version)
        report_id, sample = report.id, a_sample(kind, report, actor)
        before = count_entries(sample.action)
    phones = [Phone(signed_in_client(app, cast.tess), report_id) for _time in range(5)]
    sent = uuid4()
    verdicts = at_once([partial(insist, one, sample, str(sent)) for one in phones])
    assert Counter(one["verdict"] for one in verdicts) == {"applied": 1, "known": 4}
    with app.app_context(), tenant_scope(cast.acme):
        assert count_entries(sample.action) - before == 1
        found = select(Receipt.verdict).where(Receipt.client_id == sent)
        assert db.session.scalars(found).all() == ["applied"]
