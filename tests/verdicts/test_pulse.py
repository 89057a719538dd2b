"""What others changed in a report, for a page that is open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.reports.filling import pulse as pulses
from app.reports.queries import get_report
from tests.support import scenarios


def plain(html: str) -> str:
    """Without line ends and without the token, which has the time in it."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", " ".join(html.split()))


@pytest.fixture
def ask(tess, monkeypatch):
    monkeypatch.setattr(pulses, "OVERLAP", timedelta(0))

    def get(since: str | None = None, client=None):
        query = {"since": since} if since else {}
        answer = (client or tess.client).get(f"/reports/{tess.report_id}/pulse", query_string=query)
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        return answer.json

    return get


def test_nothing_changed_is_cheap(ask, tess, queries):
    tess.answer("customer", "Lobo")
    at = ask()["at"]
    with queries() as seen:
        found = ask(at)
    assert (found["fields"], found["progress"], found["closed"]) == ([], "", False)
    own = ("SAVEPOINT", "RELEASE", "ROLLBACK TO")
    assert len([one for one in seen.statements if not one.startswith(own)]) <= 5


def test_a_changed_field_comes_with_its_card_and_the_progress(ask, max_, report_id, tess):
    at = ask()["at"]
    max_.answer("customer", "Lobo")
    found = ask(at)
    (field,) = found["fields"]
    card = field.pop("card")
    assert datetime.fromisoformat(field.pop("at")) <= datetime.now(UTC)
    assert field == {"field_id": "customer", "block": "", "row_version": 1, "by": "Max Manager"}
    assert 'id="field-customer"' in card and 'value="Lobo"' in card
    assert f'action="/reports/{report_id}/fields/customer"' in card
    assert 'id="fill-progress"' in found["progress"]
    page = tess.client.get(f"/reports/{report_id}/fill?at=customer").text
    assert plain(card) in plain(page)
    assert ask(found["at"])["fields"] == []


def test_photos_and_conflicts_change_a_field(ask, tess, max_, acting, cast, report_id):
    max_.answer("customer", "Theirs")
    at = ask()["at"]
    with acting(cast.max) as actor:
        scenarios.a_photo(get_report(report_id, person=actor), "enclosure", actor, caption="North")
    conflict = tess.answer("customer", "Mine")["conflict"]
    cards = {one["field_id"]: one["card"] for one in ask(at)["fields"]}
    assert cards.keys() == {"customer", "enclosure"}
    assert conflict in cards["customer"] and "North" in cards["enclosure"]


def test_a_change_that_is_slow_to_commit_is_told(tess, max_):
    """Its time is earlier than that of an answer which could not see it yet."""
    max_.answer("customer", "Lobo")
    url = f"/reports/{tess.report_id}/pulse"
    later = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    assert tess.client.get(url, query_string={"since": later}).json["fields"]


def test_a_closed_report_says_so(ask, tess, acting, cast, report_id):
    tess.answer("customer", "Lobo")
    with acting(cast.tess) as actor:
        scenarios.completed(get_report(report_id, person=actor), actor)
    found = ask("2026-01-01T00:00:00Z")
    assert (found["closed"], found["fields"]) == (True, [])


def test_who_may_ask(client_of, anonymous, cast, report_id):
    url = f"/reports/{report_id}/pulse"
    for person, status in ((cast.otto, 404), (cast.tom, 404), (cast.vera, 403)):
        assert client_of(person).get(url).status_code == status
    assert anonymous.get(url, headers={"X-Requested-With": "fetch"}).status_code == 401
