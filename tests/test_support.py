"""A superadmin's look into a company: told to it, short, ended by either side, and reading only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from app.evidence.verdicts import find_verification, keep_rows_verdict
from app.extensions import db
from app.models import (
    Actor,
    Document,
    Project,
    Report,
    Role,
    SuperadminSession,
    SupportAccess,
    WorkState,
)
from app.platform.support import end_left_over
from app.storage import object_key
from app.tenancy import may_write, only_read, platform_scope
from tests import scenarios
from tests.platform_stage import stage
from tests.refusing import endpoints_sent_to, walk
from tests.stored import put_bytes

HTMX = {"HX-Request": "true"}
REASON = "Ticket 4711: the PDF does not open"
SENTENCE = "You look at this company for support"


@pytest.fixture(scope="module")
def house(cast, tmp_path_factory):
    yield from stage(cast, tmp_path_factory.mktemp("support"))


@pytest.fixture
def sam(house, cast):
    client = house.client(cast.sam)
    yield client
    client.post("/platform/support/end")


@pytest.fixture(scope="module")
def report_id(house, cast):
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        return scenarios.a_report(ana, title="Board of hall 7").id


def opened(client, tenant_id, **changes):
    form = {"support-reason": REASON, "support-minutes": "30", **changes}
    return client.post(f"/platform/companies/{tenant_id}/support", data=form)


def newest(house, tenant_id) -> SupportAccess:
    with house.app.app_context(), platform_scope() as session:
        return session.scalars(
            select(SupportAccess)
            .where(SupportAccess.tenant_id == tenant_id)
            .order_by(SupportAccess.created_at.desc())
            .limit(1)
        ).one()


def run_out(house, access_id) -> None:
    with house.app.app_context(), platform_scope() as session:
        over = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(
            update(SupportAccess).where(SupportAccess.id == access_id).values(expires_at=over)
        )
        session.commit()


def told(house, access) -> list[str]:
    return [action for action, _role, _facts in house.chain(access.tenant_id, "support", access.id)]


def test_without_a_look_a_companys_pages_answer_403(house, sam, report_id):
    for url in ("/projects/", "/reports/", f"/reports/{report_id}", "/checklists/"):
        assert sam.get(url).status_code == 403, url


def test_a_look_is_opened_told_and_read(house, sam, cast, report_id):
    answer = opened(sam, cast.acme)
    assert (answer.status_code, answer.location) == (303, "/")
    access = newest(house, cast.acme)
    left = access.expires_at - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    [(action, role, facts)] = house.chain(cast.acme, "support", access.id)
    assert (action, role, facts["reason"]) == ("support.opened", "superadmin", REASON)
    assert house.platform_actions(cast.acme)[-1] == "support.opened"
    start = sam.get("/").text
    assert "You have support access to Acme Commissioning" in start and "Back to platform" in start
    read = sam.get(f"/reports/{report_id}")
    assert read.status_code == 200 and "Board of hall 7" in read.text
    assert "(support)" in read.text
    tess = house.client(cast.tess).get("/reports/").text
    assert "Sam Super of Laudo has support access to your company" in tess and REASON in tess
    assert "/end" not in tess
    assert f"/support/{access.id}/end" in house.client(cast.ana).get("/reports/").text
    assert "of Laudo looks" not in house.client(cast.otto).get("/reports/").text


def test_a_look_offers_nothing_that_it_refuses(house, sam, cast, report_id):
    opened(sam, cast.acme)
    seen = 0
    for path, page in walk(sam):
        if "You have support access to Acme" not in page:
            continue  # the platform's own pages
        seen += 1
        for endpoint in endpoints_sent_to(house.app, path, page):
            guard = house.app.view_functions[endpoint].guard
            assert guard & {"public", Role.SUPERADMIN}, f"{path} offers {endpoint}"
    assert seen > 10


def test_the_platform_stays_in_reach_and_is_ones_own(house, sam, cast):
    opened(sam, cast.acme)
    listed = sam.get("/platform/companies/")
    assert listed.status_code == 200 and "Other Works" in listed.text
    assert "Your support access to Acme Commissioning is open" in listed.text
    assert "End support access" in sam.get(f"/platform/companies/{cast.acme}").text
    account = sam.get("/account")
    assert account.status_code == 200 and "sam@laudo.test" in account.text
    assert sam.post("/account", data={"locale": "en", "time_zone": "UTC"}).status_code in (303, 422)


def test_a_look_sees_how_evidence_stands_now(house, sam, cast):
    """It keeps no verdict, so what it finds itself counts, and not an older one that was clean."""
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        # Without a snapshot, so that it is no longer what was frozen.
        changed = scenarios.completed(scenarios.a_report(ana, title="Changed since"), ana).id
        keep_rows_verdict(changed, ())
        db.session.commit()
    opened(sam, cast.acme)
    page = sam.get(f"/reports/{changed}/evidence", headers=HTMX).text
    assert "no longer what was frozen" in page
    with house.inside(cast.acme):
        assert find_verification(changed).differences == []


def test_other_companies_stay_closed(house, sam, cast):
    with house.inside(cast.other):
        otto = Actor(cast.otto.name, cast.otto.role, cast.otto.id)
        theirs = scenarios.a_report(otto, title="Secret of Other").id
    opened(sam, cast.acme)
    assert sam.get(f"/reports/{theirs}").status_code == 404
    assert "Secret of Other" not in sam.get("/reports/").text
    assert sam.get(f"/logo/{cast.other}/first").status_code == 404
    refused = opened(sam, cast.other)
    assert refused.status_code == 409 and "End it before you open another" in refused.text
    assert re.search(rf'name="support-reason"[^>]*>\s*{re.escape(REASON)}</textarea>', refused.text)
    again = opened(sam, cast.acme)
    assert again.status_code == 303


def values_for(app, rule):
    values = {}
    for argument in rule.arguments:
        converter = rule._converters[argument]
        words = sorted(getattr(converter, "items", ()))
        is_uuid = type(converter).__name__ == "UUIDConverter"
        values[argument] = uuid4() if is_uuid else next(iter(words), "x")
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


def test_every_write_is_refused_in_one_sentence(house, sam, cast):
    opened(sam, cast.acme)
    asked = 0
    for rule in house.app.url_map.iter_rules():
        guard = getattr(house.app.view_functions[rule.endpoint], "guard", frozenset())
        if guard & {"public", Role.SUPERADMIN} or rule.endpoint == "static":
            continue
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            for headers in ({}, HTMX):
                answer = sam.open(values_for(house.app, rule), method=method, headers=headers)
                assert answer.status_code == 403, (rule.endpoint, method)
                assert Role.ADMIN not in guard or SENTENCE in answer.text, rule.endpoint
                asked += 1
    assert asked > 40


def test_every_page_of_a_company_can_be_asked_for(house, sam, cast):
    """Pages that write while they are read say so; none of them fails."""
    opened(sam, cast.acme)
    before = length_of_chain(house, cast.acme)
    refused = set()
    for rule in house.app.url_map.iter_rules():
        guard = getattr(house.app.view_functions[rule.endpoint], "guard", frozenset())
        if guard & {"public", Role.SUPERADMIN} or "GET" not in (rule.methods or set()):
            continue
        answer = sam.get(values_for(house.app, rule))
        assert answer.status_code in (200, 303, 403, 404), (rule.endpoint, answer.status_code)
        if answer.status_code == 403:
            refused.add(rule.endpoint)
            assert SENTENCE in answer.text, rule.endpoint
    assert "reports.export" in refused
    assert length_of_chain(house, cast.acme) == before


def length_of_chain(house, tenant_id) -> int:
    with house.inside(tenant_id):
        return db.session.scalar(text("select count(*) from audit_entries"))


def test_the_database_itself_refuses_to_write_for_a_look(house, cast):
    with house.inside(cast.acme):
        token = only_read()
        try:
            db.session.add(Project(name="Written by support"))
            with pytest.raises(Exception, match="read-only transaction"):
                db.session.flush()
            db.session.rollback()
            assert db.session.scalars(select(Project)).all() is not None
        finally:
            may_write(token)
        db.session.add(Project(name=f"Written by the company {uuid4()}"))
        db.session.commit()


def test_its_time_is_checked_at_every_request(house, sam, cast, report_id):
    opened(sam, cast.acme)
    access = newest(house, cast.acme)
    assert sam.get("/reports/").status_code == 200
    run_out(house, access.id)
    assert sam.get("/reports/").status_code == 403
    assert "of Laudo looks" not in house.client(cast.ana).get("/reports/").text
    with house.app.app_context():
        assert end_left_over() == 1
        assert end_left_over() == 0
    assert told(house, access) == ["support.opened", "support.ended"]
    assert house.chain(cast.acme, "support", access.id)[1][2]["ran_out"] is True
    ended = newest(house, cast.acme)
    assert ended.ended_at == ended.expires_at


def test_a_superadmin_ends_it(house, sam, cast):
    opened(sam, cast.acme)
    access = newest(house, cast.acme)
    answer = sam.post("/platform/support/end")
    assert answer.location == f"/platform/companies/{cast.acme}"
    assert sam.post("/platform/support/end").location == "/platform/companies/"
    assert sam.get("/reports/").status_code == 403
    assert told(house, access) == ["support.opened", "support.ended"]
    [_, (_, role, facts)] = house.chain(cast.acme, "support", access.id)
    assert (role, facts["whose"]) == ("superadmin", "Sam Super")


def test_an_admin_ends_it_even_in_a_suspended_company(house, sam, cast):
    opened(sam, cast.acme)
    access = newest(house, cast.acme)
    url = f"/support/{access.id}/end"
    for person, status in ((cast.otto, 404), (cast.max, 403), (cast.tess, 403), (cast.sam, 403)):
        assert house.client(person).post(url).status_code == status, person.name
    assert sam.post(url).status_code == 403
    assert sam.get("/reports/").status_code == 200
    house_sam = house.client(cast.sam)
    house_sam.post(f"/platform/companies/{cast.acme}/suspend", data={"suspend-reason": "x"})
    try:
        for _tap in range(2):
            assert house.client(cast.ana).post(url).status_code == 303
    finally:
        house_sam.post(f"/platform/companies/{cast.acme}/reactivate")
    assert sam.get("/reports/").status_code == 403
    assert told(house, access) == ["support.opened", "support.ended"]
    assert house.chain(cast.acme, "support", access.id)[1][1] == "admin"
    assert house.platform_actions(cast.acme).count("support.ended") >= 1


def test_a_look_belongs_to_one_browser_of_one_superadmin(house, sam, cast):
    opened(sam, cast.acme)
    assert house.client(cast.sam).get("/reports/").status_code == 403


def test_logging_out_ends_it_within_a_round_of_the_relay(house, cast):
    client = house.client(cast.sam)
    opened(client, cast.acme)
    access = newest(house, cast.acme)
    assert client.post("/logout").status_code == 303
    with house.app.app_context():
        end_left_over()
    assert told(house, access) == ["support.opened", "support.ended"]


def test_a_session_cannot_name_another_companys_look(house, sam, cast):
    """Were the session's columns ever wrong, both must agree with the look's own row."""
    opened(sam, cast.acme)
    with house.app.app_context(), platform_scope() as session:
        session.execute(
            update(SuperadminSession)
            .where(SuperadminSession.support_tenant_id == cast.acme)
            .values(support_tenant_id=cast.other)
        )
        session.commit()
    assert sam.get("/reports/").status_code == 403
    with house.app.app_context():
        end_left_over()


@pytest.mark.parametrize(
    "wrong", [{"support-reason": " "}, {"support-minutes": "99999"}, {"support-minutes": "x"}]
)
def test_a_look_without_a_reason_or_too_long_is_refused(house, sam, cast, wrong):
    for headers in ({}, HTMX):
        answer = sam.post(
            f"/platform/companies/{cast.acme}/support",
            data={"support-reason": REASON, "support-minutes": "30", **wrong},
            headers=headers,
        )
        assert answer.status_code == 422
        # The form stands far down the page; what was refused in it comes into view.
        (refused,) = wrong
        assert re.search(rf'<[^>]* autofocus [^>]*name="{refused}"', answer.text)
    assert sam.get("/reports/").status_code == 403


def test_the_app_cannot_grant_itself_a_look(house, cast):
    with house.inside(cast.acme), pytest.raises(Exception, match="permission denied"):
        db.session.execute(
            text(
                "insert into support_accesses (tenant_id, superadmin_id, superadmin_name,"
                " reason, expires_at) values (:t, :t, 'x', 'x', now())"
            ),
            {"t": cast.acme},
        )


def test_real_pages_photos_and_pdfs_are_read(house, sam, cast, report_id):
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        photo = scenarios.a_photo(report, "enclosure", ana, data=b"the camera's bytes")
        key = object_key(cast.acme, "pdf", sha256(b"%PDF").hexdigest(), ".pdf")
        put_bytes(key, b"%PDF")
        document = Document(
            report_id=report.id, requested_by=ana.account_id, is_preview=True,
            state=WorkState.DONE, storage_key=key, sha256=sha256(b"%PDF").hexdigest(),
            byte_size=4, pages=1,
        )  # fmt: skip
        db.session.add(document)
        db.session.commit()
        pages = (
            f"/reports/{report_id}", f"/reports/{report_id}/fill", f"/reports/{report_id}/review",
            f"/projects/{report.project_id}", f"/projects/{report.project_id}/edit",
            f"/checklists/{report.version.checklist_id}", f"/documents/{document.id}",
            f"/photos/{scenarios.place_of(photo).id}/original", "/reports/new",
        )  # fmt: skip
        download = f"/documents/{document.id}/download"
    with house.app.test_request_context():
        names = ("team.index", "company.brand", "company.settings", "company.usage")
        pages += tuple(house.app.url_for(name) for name in (*names, "evidence.index"))
    opened(sam, cast.acme)
    for url in pages:
        answer = sam.get(url, follow_redirects=True)
        assert answer.status_code == 200, (url, answer.status_code)
    assert sam.get(download, follow_redirects=True).data == b"%PDF"
    link = sam.get(download).location
    assert house.client(cast.ana).get(link).status_code == 403
    sam.post("/platform/support/end")
    assert sam.get(link).status_code == 403
