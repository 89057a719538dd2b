"""The pages of a company's settings and of its usage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.company.service import CompanySettings, change_settings
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Account, Invitation, Passkey, Photo, Role, Tenant
from app.plans import limits
from app.plans.plans import GIB
from app.plans.usage import get_usage
from tests.support import scenarios
from tests.support.companies import company_as

HTMX = {"HX-Request": "true"}
SETTINGS, USAGE = "/company/settings", "/company/usage"


def form(**changes):
    shown = {"locale": "en", "time_zone": "America/Sao_Paulo", "technicians_correct": "y"}
    return {"name": "Acme", **shown, **changes}


def tenant_of(cast) -> Tenant:
    return db.session.scalars(select(Tenant).where(Tenant.id == cast.acme)).one()


def give_codes(cast) -> None:
    account = db.session.scalars(select(Account).where(Account.id == cast.ana.id)).one()
    account.totp_confirmed_at = datetime.now(UTC)
    db.session.commit()


# --- settings ------------------------------------------------------------------------------


def test_an_admin_changes_name_language_and_zone(client_of, acting, cast):
    client = client_of(cast.ana)
    page = client.get(SETTINGS)
    assert page.status_code == 200
    assert 'value="Acme Commissioning"' in page.text
    answer = client.post(SETTINGS, data=form(name="  Acme \x00 Sul ", locale="pt_BR"))
    assert (answer.status_code, answer.location) == (303, SETTINGS)
    assert "Acme Sul" in client.get(SETTINGS).text
    with acting(cast.ana):
        tenant = tenant_of(cast)
        assert (tenant.name, tenant.locale) == ("Acme Sul", "pt_BR")
        assert tenant.time_zone == "America/Sao_Paulo"
        (entry,) = list_entries("tenant", cast.acme)
        assert entry.action == "tenant.settings_changed"
        assert entry.facts["facts"]["changes"] == {
            "name": {"old": "Acme Commissioning", "new": "Acme Sul"},
            "locale": {"old": "en", "new": "pt_BR"},
            "time_zone": {"old": "UTC", "new": "America/Sao_Paulo"},
        }


def test_saving_again_changes_and_records_nothing(client_of, acting, cast):
    client = client_of(cast.ana)
    for _twice in range(2):
        assert client.post(SETTINGS, data=form()).status_code == 303
    with acting(cast.ana):
        assert len(list_entries("tenant", cast.acme)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "   "}, "Enter the company"),
        ({"name": "x" * 121}, "120"),
        ({"locale": "tlh"}, "Not a valid choice"),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_errors_are_shown_next_to_their_fields(client_of, acting, cast, changes, sentence):
    answer = client_of(cast.ana).post(SETTINGS, data=form(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    with acting(cast.ana):
        assert tenant_of(cast).name == "Acme Commissioning"


def test_fragment_and_page_agree(client_of, cast):
    client = client_of(cast.ana)
    for url in (SETTINGS, USAGE):
        page, fragment = client.get(url), client.get(url, headers=HTMX)
        assert "<html" in page.text
        assert "<html" not in fragment.text
        assert fragment.headers["Vary"].count("HX-Request")
        assert "<h1>" in fragment.text
    answer = client.post(SETTINGS, data=form(), headers=HTMX)
    assert answer.headers["HX-Redirect"] == SETTINGS


def test_an_admin_needs_a_second_factor_to_require_one(client_of, acting, cast):
    client = client_of(cast.ana)
    page = client.get(SETTINGS).text
    assert "You have no second factor yet" in page
    assert 'href="/account"' in page
    refused = client.post(SETTINGS, data=form(admins_need_two_factor="y"))
    assert refused.status_code == 422
    assert "You have no second factor, so this rule" in refused.text
    with acting(cast.ana):
        assert not tenant_of(cast).admins_need_two_factor
        assert tenant_of(cast).name == "Acme Commissioning"


@pytest.mark.parametrize("kind", ["codes", "passkey"])
def test_an_admin_with_a_second_factor_can_turn_the_rule_on_and_off(client_of, acting, cast, kind):
    with acting(cast.ana) as ana:
        if kind == "codes":
            give_codes(cast)
        else:
            db.session.add(
                Passkey(account_id=ana.account_id, credential_id="c", public_key="k", name="Key")
            )
            db.session.commit()
    client = client_of(cast.ana)
    assert client.post(SETTINGS, data=form(admins_need_two_factor="y")).status_code == 303
    assert "You have no second factor yet" not in client.get(SETTINGS).text
    with acting(cast.ana):
        assert tenant_of(cast).admins_need_two_factor
    assert client.post(SETTINGS, data=form()).status_code == 303
    with acting(cast.ana):
        assert not tenant_of(cast).admins_need_two_factor
        changes = [entry.facts["facts"]["changes"] for entry in list_entries("tenant", cast.acme)]
        assert changes[-1] == {"admins_need_two_factor": {"old": True, "new": False}}


def test_an_active_rule_does_not_block_other_changes(app, client_of, acting, cast):
    """Only turning it on requires a factor; later admins may not have one."""
    with acting(cast.ana) as ana:
        tenant_of(cast).admins_need_two_factor = True
        db.session.commit()
        wanted = CompanySettings(
            "Acme Norte",
            "en",
            "UTC",
            admins_need_two_factor=True,
            technicians_correct=True,
            may_approve_own=False,
        )
        assert change_settings(settings=wanted, actor=ana).name == "Acme Norte"


@pytest.mark.parametrize("url", [SETTINGS, USAGE])
def test_only_admins_see_these_pages(client_of, anonymous, cast, url):
    for key in ("max", "tess", "vera", "sam"):
        assert client_of(getattr(cast, key)).get(url).status_code == 403
    assert client_of(cast.max).post(SETTINGS, data=form()).status_code == 403
    assert anonymous.get(url).headers["Location"].startswith("/login")
    assert anonymous.get(url, headers=HTMX).status_code == 401


def test_another_companys_settings_are_not_accessible(client_of, acting, cast):
    assert client_of(cast.otto).post(SETTINGS, data=form(name="Theirs")).status_code == 303
    with acting(cast.ana):
        assert tenant_of(cast).name == "Acme Commissioning"


# --- usage ---------------------------------------------------------------------------------


def test_usage_shows_each_limit_with_numbers(app, acting, client_of, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        scenarios.a_photo(report, "enclosure", tess)
        number = report.full_number
    own = {"people": 6, "reports_month": 1, "storage_bytes": 2 * GIB, "photos_report": None}
    trial = {"plan": "trial", "trial_ends_at": datetime(2031, 5, 4, 12, tzinfo=UTC)}
    with company_as(app, cast.acme, limits=own, **trial):
        page = client_of(cast.ana).get(USAGE, headers={"Accept-Language": "en"}).text
    assert "5 of 6" in page
    assert "Nearly used up" in page
    assert "1 of 1" in page
    assert "Limit reached" in page
    assert "1 kB of 2 GB" in page
    assert "1, no limit" in page
    assert f"{number} has the most this month" in page
    assert "Trial" in page
    assert "4 May 2031" in page
    assert "can raise any limit" in page
    assert "style=" not in page


def test_usage_counts_in_the_same_way_as_the_limits(app, acting, cast):
    with company_as(app, cast.acme, limits={"people": 7}), acting(cast.ana) as ana:
        db.session.add(
            Invitation(
                email="new@acme.test",
                role=Role.VIEWER,
                invited_by=ana.account_id,
                invited_by_name=ana.name,
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
        )
        report = scenarios.a_report(ana)
        photo = scenarios.a_photo(report, "enclosure", ana)
        db.session.add(
            Photo(
                report_id=report.id,
                client_id=report.id,
                sha256=photo.sha256,
                byte_size=GIB,
                media_type="image/jpeg",
                source=photo.source,
                storage_key=photo.storage_key,
                uploaded_by=ana.account_id,
            )
        )
        db.session.commit()
        meters = {meter.limit.value: meter for meter in get_usage().meters}
        assert meters["people"].used == limits.count_people() == 6
        assert meters["reports_month"].used == limits.count_reports_of_month() == 1
        assert meters["storage_bytes"].used == 1
        assert meters["photos_report"].used == 1
        assert meters["people"].is_nearly_full


def test_twelve_months_are_listed_in_the_companys_time_zone(app, acting, cast):
    with company_as(app, cast.acme, time_zone="America/Sao_Paulo"), acting(cast.ana) as ana:
        first = limits.first_of_month("America/Sao_Paulo")
        scenarios.a_report(ana, created_at=first)
        # One second before local midnight is still the previous month, even if UTC is ahead.
        for _two in range(2):
            scenarios.a_report(ana, created_at=first - timedelta(seconds=1))
        scenarios.a_report(ana, created_at=first - timedelta(days=400))
        usage = get_usage()
        assert [month.reports for month in usage.months][-2:] == [2, 1]
        assert len(usage.months) == 12
        assert usage.months[-1].first == first.date()
        assert usage.busiest == 2
        assert sum(month.reports for month in usage.months) == 3


def test_usage_has_a_constant_number_of_queries(acting, cast, queries):
    with acting(cast.ana) as ana:
        for _ in range(3):
            scenarios.a_photo(scenarios.a_report(ana), "enclosure", ana)
        with queries() as seen:
            get_usage()
        assert len(seen.statements) <= 10, seen.statements
