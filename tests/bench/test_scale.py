"""`make scale` and `make growth`: the proxy's file, the verdicts, and what the generator writes."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app import create_app
from app.config import ROOT
from app.evidence.chain import verify_chain
from app.evidence.service import canonical_json
from app.extensions import db
from app.models import Answer, AuditEntry, Receipt, Report, ReportStatus
from app.tenancy import tenant_scope
from bench.growth.worlds import Size, fill
from bench.load.proof import Proof
from bench.scale import __main__ as scale
from bench.scale.neighbour import Neighbour
from bench.scale.next_release import scale_next
from bench.scale.proxy import site_of
from tests.conftest import settings_for
from tests.support import servers as test_servers

SIZE = Size(companies=2, reports=25, answers=4)


def test_the_proxy_serves_with_the_file_of_deployments():
    words = site_of((ROOT / "deploy" / "nginx.conf").read_text(), 9000, [8100, 8101])
    assert re.findall(r"server 127\.0\.0\.1:(\d+) ", words) == ["8100", "8101"]
    assert re.findall(r"listen (\S+);", words) == ["127.0.0.1:9000"]
    assert "ssl" not in words and "proxy_next_upstream error timeout;" in words
    assert words.count("{") == words.count("}")


def test_a_file_that_lacks_what_is_replaced_is_refused():
    with pytest.raises(LookupError):
        site_of("server { listen 80; }", 9000, [8100])


def a_part(name: str, failed: int, events: int = 4):
    return SimpleNamespace(name=name, failed=failed, events=["killed"] * events)


@pytest.mark.parametrize(
    ("parts", "wrong", "is_sound"),
    [
        ([a_part("load", 0), a_part("deaths", 7), a_part("release", 0)], (), True),
        ([a_part("load", 0), a_part("deaths", 7), a_part("release", 1)], (), False),
        ([a_part("load", 1)], (), False),
        ([a_part("deaths", 7)], ("a save is missing",), False),
    ],
)
def test_only_deaths_may_fail_requests_and_nothing_may_be_lost(parts, wrong, is_sound):
    proof = Proof(saves=1, photos=1, submits=1, drain_seconds=0, wrong=wrong)
    assert scale._is_sound(parts, proof) is is_sound
    assert all(scale._verdict(parts, proof, None).values()) is is_sound


@pytest.mark.parametrize(
    ("flooded", "pdfs", "met"),
    [([15.0], [9.0], [True, True]), ([16.0], [9.0], [False, True]), ([9.0], [11.0], [True, False])],
)
def test_a_neighbour_is_judged_by_its_saves_and_its_slowest_pdf(flooded, pdfs, met):
    found = Neighbour([10.0], flooded, [1.0, *pdfs], {})
    assert list(found.verdict().values()) == met


def test_the_next_release_follows_the_newest_migration():
    names = sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert scale_next.down_revision == names[-1]


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    running = test_servers.current()
    name = running.clone("laudo_grown")
    app = create_app(settings_for(name, tmp_path_factory.mktemp("storage")))
    person = fill(app, running.postgres().dsn(database=name), SIZE)
    with app.app_context(), tenant_scope(person.tenant_id):
        yield
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()
    running.drop(name)


def test_a_grown_company_has_reports_answers_and_a_sound_chain(grown):
    answers = SIZE.reports * SIZE.answers
    for model, count in ((Report, SIZE.reports), (Answer, answers), (Receipt, answers)):
        assert db.session.scalar(select(func.count(model.id))) == count
    state = verify_chain()
    assert (state.entries, state.broken_at) == (SIZE.reports + answers, None)
    submitted = select(func.count(Report.id)).where(Report.status == ReportStatus.SUBMITTED)
    assert 0 < (db.session.scalar(submitted) or 0) < SIZE.reports


def test_its_entries_are_written_as_the_app_writes_them(grown):
    for entry in db.session.scalars(select(AuditEntry).limit(50)):
        assert canonical_json(json.loads(entry.body)) == entry.body
