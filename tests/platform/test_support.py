"""Support access: read-only, limited in time, visible to the company, ended by either side."""

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
from app.platform.jobs import end_overdue_support
from app.storage import object_key
from app.tenancy import platform_scope, reset_read_only, set_read_only
from tests.support import scenarios
from tests.support.platform_stage import stage
from tests.support.refusing import endpoints_sent_to, walk
from tests.support.stored import put_bytes

HTMX = {"HX-Request": "true"}
REASON = "Ticket 4711: the PDF does not open"
SENTENCE = "You have support access to this company"


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


def open_support_access(client, tenant_id, **changes):
    form = {"support-reason": REASON, "support-minutes": "30", **changes}
    return client.post(f"/platform/companies/{tenant_id}/support", data=form)


def newest_access(house, tenant_id) -> SupportAccess:
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


def test_company_pages_are_403_without_support_access(house, sam, report_id):
    for url in ("/projects/", "/reports/", f"/reports/{report_id}", "/checklists/"):
        assert sam.get(url).status_code == 403, url


def test_support_access_is_opened_recorded_and_lets_pages_be_read(house, sam, cast, report_id):
    answer = open_support_access(sam, cast.acme)
    assert (answer.status_code, answer.location) == (303, "/")
    access = newest_access(house, cast.acme)
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
    assert "Sam Super from Laudo has support access to your company" in tess and REASON in tess
    assert "/end" not in tess
    assert f"/support/{access.id}/end" in house.client(cast.ana).get("/reports/").text
    assert "of Laudo looks" not in house.client(cast.otto).get("/reports/").text


def test_pages_offer_no_action_that_support_access_refuses(house, sam, cast, report_id):
    open_support_access(sam, cast.acme)
    seen = 0
    for path, page in walk(sam):
        if "You have support access to Acme" not in page:
            continue  # the platform's own pages
        seen += 1
        for endpoint in endpoints_sent_to(house.app, path, page):
            guard = house.app.view_functions[endpoint].guard
            assert guard & {"public", Role.SUPERADMIN}, f"{path} offers {endpoint}"
    assert seen > 10


def test_platform_pages_stay_available_during_support_access(house, sam, cast):
    open_support_access(sam, cast.acme)
    listed = sam.get("/platform/companies/")
    assert listed.status_code == 200 and "Other Works" in listed.text
    assert "Your support access to Acme Commissioning is open" in listed.text
    assert "End support access" in sam.get(f"/platform/companies/{cast.acme}").text
    account = sam.get("/account")
    assert account.status_code == 200 and "sam@laudo.test" in account.text
    assert sam.post("/account", data={"locale": "en", "time_zone": "UTC"}).status_code in (303, 422)


def test_support_access_shows_the_current_state_of_evidence(house, sam, cast):
    """Support access stores no verdict, so the page must not show an older, clean verdict."""
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        # Completed without a snapshot, so that the report differs from what was frozen.
        changed = scenarios.completed(scenarios.a_report(ana, title="Changed since"), ana).id
        keep_rows_verdict(changed, ())
        db.session.commit()
    open_support_access(sam, cast.acme)
    page = sam.get(f"/reports/{changed}/evidence", headers=HTMX).text
    assert "no longer matches what was frozen" in page
    with house.inside(cast.acme):
        assert find_verification(changed).differences == []


def test_other_companies_stay_closed(house, sam, cast):
    with house.inside(cast.other):
        otto = Actor(cast.otto.name, cast.otto.role, cast.otto.id)
        theirs = scenarios.a_report(otto, title="Secret of Other").id
    open_support_access(sam, cast.acme)
    assert sam.get(f"/reports/{theirs}").status_code == 404
    assert "Secret of Other" not in sam.get("/reports/").text
    assert sam.get(f"/logo/{cast.other}/first").status_code == 404
    refused = open_support_access(sam, cast.other)
    assert refused.status_code == 409 and "End it before you open another" in refused.text
    assert re.search(rf'name="support-reason"[^>]*>\s*{re.escape(REASON)}</textarea>', refused.text)
    again = open_support_access(sam, cast.acme)
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


def test_every_write_is_refused_with_the_same_message(house, sam, cast):
    open_support_access(sam, cast.acme)
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


def test_every_page_of_the_company_can_be_opened(house, sam, cast):
    """Pages that write during a GET show the refusal; none of them fails."""
    open_support_access(sam, cast.acme)
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


def test_the_database_refuses_writes_during_support_access(house, cast):
    with house.inside(cast.acme):
        token = set_read_only()
        try:
            db.session.add(Project(name="Written by support"))
            with pytest.raises(Exception, match="read-only transaction"):
                db.session.flush()
            db.session.rollback()
            assert db.session.scalars(select(Project)).all() is not None
        finally:
            reset_read_only(token)
        db.session.add(Project(name=f"Written by the company {uuid4()}"))
        db.session.commit()


def test_the_expiry_is_checked_at_every_request(house, sam, cast, report_id):
    open_support_access(sam, cast.acme)
    access = newest_access(house, cast.acme)
    assert sam.get("/reports/").status_code == 200
    run_out(house, access.id)
    assert sam.get("/reports/").status_code == 403
    assert "of Laudo looks" not in house.client(cast.ana).get("/reports/").text
    with house.app.app_context():
        assert end_overdue_support() == 1
        assert end_overdue_support() == 0
    assert told(house, access) == ["support.opened", "support.ended"]
    assert house.chain(cast.acme, "support", access.id)[1][2]["ran_out"] is True
    ended = newest_access(house, cast.acme)
    assert ended.ended_at == ended.expires_at


def test_a_superadmin_can_end_support_access(house, sam, cast):
    open_support_access(sam, cast.acme)
    access = newest_access(house, cast.acme)
    answer = sam.post("/platform/support/end")
    assert answer.location == f"/platform/companies/{cast.acme}"
    assert sam.post("/platform/support/end").location == "/platform/companies/"
    assert sam.get("/reports/").status_code == 403
    assert told(house, access) == ["support.opened", "support.ended"]
    [_, (_, role, facts)] = house.chain(cast.acme, "support", access.id)
    assert (role, facts["whose"]) == ("superadmin", "Sam Super")


def test_an_admin_can_end_support_access_even_if_suspended(house, sam, cast):
    open_support_access(sam, cast.acme)
    access = newest_access(house, cast.acme)
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


def test_support_access_belongs_to_one_session_of_one_superadmin(house, sam, cast):
    open_support_access(sam, cast.acme)
    assert house.client(cast.sam).get("/reports/").status_code == 403


def test_logging_out_ends_support_access_within_one_relay_round(house, cast):
    client = house.client(cast.sam)
    open_support_access(client, cast.acme)
    access = newest_access(house, cast.acme)
    assert client.post("/logout").status_code == 303
    with house.app.app_context():
        end_overdue_support()
    assert told(house, access) == ["support.opened", "support.ended"]


def test_a_session_cannot_use_another_companys_support_access(house, sam, cast):
    """The session's columns must agree with the row of the support access."""
    open_support_access(sam, cast.acme)
    with house.app.app_context(), platform_scope() as session:
        session.execute(
            update(SuperadminSession)
            .where(SuperadminSession.support_tenant_id == cast.acme)
            .values(support_tenant_id=cast.other)
        )
        session.commit()
    assert sam.get("/reports/").status_code == 403
    with house.app.app_context():
        end_overdue_support()


@pytest.mark.parametrize(
    "wrong", [{"support-reason": " "}, {"support-minutes": "99999"}, {"support-minutes": "x"}]
)
def test_support_access_without_a_reason_or_too_long_is_refused(house, sam, cast, wrong):
    for headers in ({}, HTMX):
        answer = sam.post(
            f"/platform/companies/{cast.acme}/support",
            data={"support-reason": REASON, "support-minutes": "30", **wrong},
            headers=headers,
        )
        assert answer.status_code == 422
        # The form is far down the page, so the error must be scrolled into view.
        (refused,) = wrong
        assert re.search(rf'<[^>]* autofocus [^>]*name="{refused}"', answer.text)
    assert sam.get("/reports/").status_code == 403


def test_the_app_role_cannot_grant_support_access(house, cast):
    with house.inside(cast.acme), pytest.raises(Exception, match="permission denied"):
        db.session.execute(
            text(
                "insert into support_accesses (tenant_id, superadmin_id, superadmin_name,"
                " reason, expires_at) values (:t, :t, 'x', 'x', now())"
            ),
            {"t": cast.acme},
        )


def test_pages_photos_and_pdfs_can_be_read(house, sam, cast, report_id):
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        photo = scenarios.a_photo(report, "enclosure", ana, data=b"the camera's bytes")
        key = object_key(cast.acme, "pdf", sha256(b"%PDF").hexdigest(), ".pdf")
        put_bytes(key, b"%PDF")
        document = Document(
            report_id=report.id,
            requested_by=ana.account_id,
            is_preview=True,
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256(b"%PDF").hexdigest(),
            byte_size=4,
            pages=1,
        )
        db.session.add(document)
        db.session.commit()
        pages = (
            f"/reports/{report_id}",
            f"/reports/{report_id}/fill",
            f"/reports/{report_id}/review",
            f"/projects/{report.project_id}",
            f"/projects/{report.project_id}/edit",
            f"/checklists/{report.version.checklist_id}",
            f"/documents/{document.id}",
            f"/photos/{scenarios.place_of(photo).id}/original",
            "/reports/new",
        )
        download = f"/documents/{document.id}/download"
    with house.app.test_request_context():
        names = ("team.index", "branding.edit", "company.settings", "plans.usage")
        pages += tuple(house.app.url_for(name) for name in (*names, "audit.index"))
    open_support_access(sam, cast.acme)
    for url in pages:
        answer = sam.get(url, follow_redirects=True)
        assert answer.status_code == 200, (url, answer.status_code)
    assert sam.get(download, follow_redirects=True).data == b"%PDF"
    link = sam.get(download).location
    assert house.client(cast.ana).get(link).status_code == 403
    sam.post("/platform/support/end")
    assert sam.get(link).status_code == 403
