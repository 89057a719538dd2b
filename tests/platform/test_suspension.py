"""Read-only companies: every write is refused with the reason, and nothing changes.

The list of writes is the map of addresses, so that a new one is refused before anybody thinks of
it.
"""

from __future__ import annotations

import html
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from app.extensions import db
from app.jobs import runner
from app.models import (
    TENANT_ROLES,
    Account,
    Document,
    Export,
    Photo,
    PhotoCheck,
    PhotoVerdict,
    TenantStatus,
    WorkState,
)
from app.photos.jobs import CHECKING
from app.storage import object_key
from tests.support import scenarios
from tests.support.companies import company_as
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.refusing import endpoints_sent_to, walk
from tests.support.stored import put_bytes
from tests.support.suspension import REASON, SINCE, SUSPENDED

TRIAL_OVER = {"status": TenantStatus.TRIAL, "trial_ends_at": SINCE}
SENTENCES = {
    "suspended": f"suspended since 9 Mar 2026: everything can be read, but nothing can be changed."
    f" Reason given: {REASON}",
    "trial": "trial ended on 9 Mar 2026: everything can be read and exported",
}
STATES = {"suspended": SUSPENDED, "trial": TRIAL_OVER}
# The person's own account, logging out, and exports.
ALLOWED = {
    "auth.add_passkey",
    "auth.change_password",
    "auth.confirm_totp",
    "auth.logout",
    "auth.offer_passkey",
    "auth.remove_passkey",
    "auth.renew_codes",
    "auth.sign_out_device",
    "auth.sign_out_others",
    "auth.turn_off_totp",
    "auth.update",
    "exports.bundle_project",
    "exports.bundle_report",
    "exports.company_create",
    "exports.create",
    "exports.fill_project_workbook",
    "mail.choose",
    "platform.end_visit",
}
PEOPLE = {"admin": "ana", "manager": "max", "technician": "tess", "viewer": "vera"}
ENGLISH = {"Accept-Language": "en"}
HTMX = {**ENGLISH, "HX-Request": "true"}
FETCH = {**ENGLISH, "X-Requested-With": "fetch"}


@pytest.fixture(params=sorted(STATES))
def state(request, app, cast):
    """Make Acme read-only. Returns the message of the banner as plain text."""
    with company_as(app, cast.acme, locale="en", **STATES[request.param]):
        yield SENTENCES[request.param]


def writes(app):
    """(endpoint, method, url, permitted role) of all routes with which a company's people can
    change something."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        roles = [role for role in TENANT_ROLES if role in getattr(view, "guard", ())]
        methods = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if not roles or not methods:
            continue
        values = {}
        for argument in rule.arguments:
            converter = rule._converters[argument]
            is_uuid = type(converter).__name__ == "UUIDConverter"
            values[argument] = uuid4() if is_uuid else next(iter(converter_words(converter)), "x")
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        for method in sorted(methods):
            yield rule.endpoint, method, url, roles[0].value


def converter_words(converter):
    return sorted(getattr(converter, "items", ()))


def words(answer) -> str:
    """The visible text on one line."""
    return " ".join(html.unescape(answer.text).split())


def digest() -> dict[str, tuple[int, int]]:
    """The row count and a sum of row hashes of every table that the company can see.

    Sessions are left out, because they record their last use.
    """
    tables = db.session.scalars(
        text(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind = 'r' and has_table_privilege(oid, 'select')"
            " and relname not in ('account_sessions', 'alembic_version')"
        )
    )
    return {
        table: tuple(
            db.session.execute(
                text(f"select count(*), coalesce(sum(hashtext(t::text)), 0) from {table} t")
            ).one()
        )
        for table in tables
    }


def test_every_write_is_refused_with_the_reason(app, acting, cast, client_of, state):
    clients = {role: client_of(getattr(cast, key)) for role, key in PEOPLE.items()}
    with acting(cast.ana):
        before = digest()
    refused = 0
    for endpoint, method, url, role in writes(app):
        if endpoint in ALLOWED:
            continue
        for headers in (ENGLISH, HTMX, FETCH):
            answer = clients[role].open(url, method=method, headers=headers)
            assert answer.status_code == 403, (endpoint, method, answer.status_code)
            assert state in words(answer), (endpoint, headers)
        refused += 1
    assert refused > 25
    with acting(cast.ana):
        assert digest() == before


def test_the_allowed_endpoints_exist(app):
    assert {endpoint for endpoint, *_ in writes(app)} >= ALLOWED


def test_htmx_requests_get_a_toast_and_replace_nothing(client_of, cast, state):
    client = client_of(cast.tess)
    answer = client.post("/reports/", headers=HTMX)
    assert answer.mimetype == "text/plain"
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert state in toast["text"]
    # A 403 response is never swapped in, so the input stays.
    assert "403" in client.get("/").text.partition('"noSwap": [')[2].partition("]")[0]


def test_report_input_is_refused_and_kept_in_the_browser(acting, client_of, cast, state):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        report_id = report.id
        scenarios.an_answer(report, "customer", "Before", tess)
        before = digest()
    client = client_of(cast.tess)
    photo = {"file": (io.BytesIO(a_jpeg()), "a.jpg")}
    for path, data in (
        ("fields/customer", {"value": "After", "row_version": "1", "client_id": str(uuid4())}),
        ("fields/enclosure/photos", photo),
        ("signatures/technician", {"signer_name": "Rui", "client_id": str(uuid4())}),
        ("submit", {}),
        ("documents", {}),
    ):
        answer = client.post(f"/reports/{report_id}/{path}", data=data, headers=HTMX)
        assert answer.status_code == 403, path
        assert state in words(answer), path
    with acting(cast.tess):
        assert digest() == before


def test_every_page_shows_the_banner_and_can_be_read(app, acting, client_of, cast, state):
    with acting(cast.tess) as tess:
        report_id = scenarios.a_report(tess).id
    for key in ("ana", "tess", "vera"):
        page = client_of(getattr(cast, key)).get("/", headers=ENGLISH)
        assert page.status_code == 200
        assert state in words(page)
    page = client_of(cast.tess).get(f"/reports/{report_id}/fill", headers=ENGLISH)
    assert state in words(page)


@pytest.fixture
def furnished(acting, cast):
    """At least one row of everything that pages with forms show."""
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        scenarios.an_equipment(report.project)
        scenarios.an_answer(report, "customer", "Kept in sight", tess)
        scenarios.a_photo(report, "enclosure", tess)
        scenarios.a_photo(report, "enclosure", tess, verdict=PhotoVerdict.QUARANTINED, position=1)
        scenarios.a_signature(report, "technician", tess)
        scenarios.completed(scenarios.a_report(tess), tess)
        return report.id


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_no_page_offers_a_refused_action(app, client_of, cast, state, furnished, role):
    client = client_of(getattr(cast, PEOPLE[role]))
    seen, kept = set(), set()
    for path, page in walk(client):
        seen.add(path)
        for endpoint in endpoints_sent_to(app, path, page):
            is_public = "public" in app.view_functions[endpoint].guard
            assert is_public or endpoint in ALLOWED, f"{path} offers {endpoint}"
            kept.add(endpoint)
        assert page.count('class="read-only"') == page.count('class="shell"'), path
    assert "auth.logout" in kept, "what is allowed stays"
    assert len(seen) > 10
    if role != "viewer":
        assert f"/reports/{furnished}" in seen
        fill = client.get(f"/reports/{furnished}/fill?at=customer").text
        assert 'value="Kept in sight"' in fill and '<fieldset class="refused" disabled>' in fill
        assert "/reports/new" not in client.get("/").text
        assert "Start filling in" not in client.get(f"/reports/{furnished}").text


@pytest.mark.parametrize("role", ["admin", "technician"])
def test_the_same_pages_offer_the_actions_to_active_companies(
    app, client_of, cast, furnished, role
):
    """The control: for an active company the same pages do contain the forms."""
    client = client_of(getattr(cast, PEOPLE[role]))
    found = {one for path, page in walk(client) for one in endpoints_sent_to(app, path, page)}
    assert len(found - ALLOWED) > (25 if role == "admin" else 8), sorted(found)


def test_other_companies_are_not_affected(client_of, cast, state):
    page = client_of(cast.otto).get("/")
    assert "read-only" not in page.text


def test_pdfs_can_be_downloaded_and_an_export_requested(acting, client_of, cast, state):
    data = b"%PDF-1.7 small"
    with acting(cast.ana) as ana:
        report = scenarios.completed(scenarios.a_report(ana), ana)
        key = object_key(cast.acme, "pdf", sha256_of(data), ".pdf")
        put_bytes(key, data)
        document = Document(
            report_id=report.id,
            requested_by=ana.account_id,
            is_preview=False,
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(data),
            byte_size=len(data),
            pages=1,
        )
        db.session.add(document)
        db.session.commit()
        url = f"/documents/{document.id}/download"
    client = client_of(cast.ana)
    assert client.get(url, follow_redirects=True).get_data() == data
    assert client.post("/company/exports").status_code == 303
    with acting(cast.ana):
        assert db.session.scalars(select(Export)).one().state is WorkState.QUEUED


def test_people_can_use_their_own_account(client_of, cast, state):
    client = client_of(cast.tess)
    assert client.get("/account").status_code == 200
    form = {"name": "Tess Tested", "locale": "en", "time_zone": "Europe/Lisbon"}
    answer = client.post("/account", data=form)
    assert answer.status_code == 303
    assert client.post("/logout").status_code == 303


def test_a_suspension_without_a_reason_has_a_message_too(app, client_of, cast):
    with company_as(app, cast.acme, status=TenantStatus.SUSPENDED):
        answer = client_of(cast.ana).post("/projects/", headers=HTMX)
    assert answer.status_code == 403
    assert "is suspended: everything can be read" in answer.text


def test_the_last_day_of_a_trial_is_shown_in_the_companys_time_zone(app, acting, client_of, cast):
    """It ends at midnight in São Paulo; in Auckland that is the afternoon of the next day."""
    with acting(cast.ana):
        mine = update(Account).where(Account.id == cast.ana.id)
        db.session.execute(mine.values(time_zone="Pacific/Auckland"))
        db.session.commit()
    client, zone = client_of(cast.ana), ZoneInfo("America/Sao_Paulo")
    trial = {"status": TenantStatus.TRIAL, "plan": "trial", "time_zone": zone.key}
    over = datetime(2026, 3, 10, tzinfo=zone)
    with company_as(app, cast.acme, trial_ends_at=over, **trial):
        assert "ended on 9 Mar 2026" in client.get("/projects/").text
    last = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=3)
    with company_as(app, cast.acme, trial_ends_at=last + timedelta(days=1), **trial):
        for url, words in (("/", "The trial runs until"), ("/company/usage", "trial until")):
            assert f"{words} {last:%-d %b %Y}" in client.get(url).text, url


def test_a_running_trial_allows_writes(app, client_of, cast):
    later = datetime.now(UTC) + timedelta(days=1)
    with company_as(app, cast.acme, status=TenantStatus.TRIAL, trial_ends_at=later):
        assert client_of(cast.max).post("/projects/", data={"name": "New"}).status_code == 303


def test_jobs_requested_before_the_suspension_are_finished(app, acting, cast):
    with acting(cast.tess) as tess:
        data = a_jpeg((320, 240))
        report = scenarios.a_report(tess)
        photo = scenarios.a_photo(report, "enclosure", tess, verdict=None, data=data)
        check = PhotoCheck(photo_id=photo.id)
        db.session.add(check)
        db.session.commit()
        photo_id, check_id = photo.id, check.id
    with company_as(app, cast.acme, **SUSPENDED):
        with app.app_context():
            runner.run(CHECKING.name, str(check_id))
        with acting(cast.tess):
            photo = db.session.scalars(select(Photo).where(Photo.id == photo_id)).one()
            assert photo.reading.verdict is PhotoVerdict.GOOD
            row = db.session.scalars(select(PhotoCheck).where(PhotoCheck.id == check_id)).one()
            assert row.state is WorkState.DONE
