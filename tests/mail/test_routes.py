"""The page on which a person chooses which mails to get."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import select

from app.evidence.queries import list_entries
from app.extensions import db
from app.mail.choices import is_subscribed
from app.mail.service import choose_mails
from app.models import Account, MailKind, Tenant, TenantStatus
from app.tenancy import platform_scope

HTMX = {"HX-Request": "true"}
PAGE = "/account/mails"
SWITCHES = {
    "report_assigned",
    "report_submitted",
    "review_waiting",
    "report_returned",
    "pdf_ready",
}
OFFERED = {
    "ana": SWITCHES,
    "max": SWITCHES,
    "tess": {"report_assigned", "report_returned", "pdf_ready"},
    "vera": set(),
}


def switches(page: str) -> set[str]:
    return {name for name in SWITCHES if f'name="{name}"' in page}


def switched_on(page: str) -> set[str]:
    inputs = [part.split(">")[0] for part in page.split("<input")]
    return {name for name in SWITCHES for one in inputs if f'"{name}"' in one and "checked" in one}


def account_of(person) -> Account:
    return db.session.scalars(select(Account).where(Account.id == person.id)).one()


@pytest.mark.parametrize("name", OFFERED)
def test_each_role_sees_the_mails_that_it_can_get(client_of, cast, name):
    page = client_of(getattr(cast, name)).get(PAGE)
    assert page.status_code == 200
    assert switches(page.text) == OFFERED[name]
    assert ("No e-mail options" in page.text) == (name == "vera")


def test_submit_mails_are_on_by_default_for_managers_but_not_for_admins(client_of, cast):
    assert switched_on(client_of(cast.max).get(PAGE).text) == SWITCHES
    assert switched_on(client_of(cast.ana).get(PAGE).text) == SWITCHES - {"report_submitted"}


def test_a_choice_is_saved_and_audited(client_of, acting, cast):
    client = client_of(cast.ana)
    on = ("report_submitted", "review_waiting", "report_returned", "pdf_ready")
    answer = client.post(PAGE, data=dict.fromkeys(on, "y"))
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert switched_on(client.get(PAGE).text) == set(on)
    with acting(cast.ana):
        account = account_of(cast.ana)
        assert account.mail_choices == {"report_assigned": False, "report_submitted": True}
        assert not is_subscribed(account, MailKind.REPORT_ASSIGNED)
        entry = list_entries("account", cast.ana.id)[0]
        assert entry.action == "account.mails_chosen"
        assert entry.facts["facts"]["changes"] == {
            "report_assigned": {"old": True, "new": False},
            "report_submitted": {"old": False, "new": True},
        }


def test_a_repeated_choice_is_audited_once(client_of, acting, cast):
    client = client_of(cast.max)
    for _time in range(2):
        assert client.post(PAGE, data={"pdf_ready": "y"}).status_code == 303
    with acting(cast.max):
        entries = list_entries("account", cast.max.id)
        assert [one.action for one in entries].count("account.mails_chosen") == 1


def test_page_and_fragment_agree(client_of, cast):
    client = client_of(cast.tess)
    page, fragment = client.get(PAGE).text, client.get(PAGE, headers=HTMX).text
    assert "<html" in page and "<html" not in fragment
    assert switched_on(page) == switched_on(fragment) == OFFERED["tess"]
    saved = client.post(PAGE, data={}, headers=HTMX)
    assert saved.headers["HX-Redirect"] == PAGE


def test_mails_that_a_role_cannot_get_are_ignored(client_of, acting, cast):
    for name in ("tess", "vera"):
        answer = client_of(getattr(cast, name)).post(PAGE, data=dict.fromkeys(SWITCHES, "y"))
        assert answer.status_code == 303
        with acting(cast.tess):
            assert account_of(getattr(cast, name)).mail_choices == {}
    with acting(cast.tess) as actor:
        choose_mails(choices={MailKind.REPORT_SUBMITTED: True, MailKind.RESET: False}, actor=actor)
        assert account_of(cast.tess).mail_choices == {}
        assert not is_subscribed(account_of(cast.tess), MailKind.REPORT_SUBMITTED)
        assert is_subscribed(account_of(cast.tess), MailKind.RESET)


def test_nothing_is_saved_without_the_csrf_token(app, client_of, acting, cast, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client_of(cast.max).post(PAGE, data={}).status_code == 400
    with acting(cast.max):
        assert account_of(cast.max).mail_choices == {}


def test_people_of_a_suspended_company_can_still_choose(app, client_of, acting, cast):
    client = client_of(cast.max)
    with suspended(app, cast.acme):
        assert client.post(PAGE, data={}).status_code == 303
    with acting(cast.max):
        assert not is_subscribed(account_of(cast.max), MailKind.PDF_READY)


@contextmanager
def suspended(app, tenant_id):
    """Suspend the company in a committed transaction of the platform's role, then undo it."""

    def become(status: TenantStatus) -> None:
        with app.app_context(), platform_scope() as session:
            session.get_one(Tenant, tenant_id).status = status
            session.commit()

    become(TenantStatus.SUSPENDED)
    try:
        yield
    finally:
        become(TenantStatus.ACTIVE)


def test_superadmins_and_anonymous_people_have_no_such_page(client_of, anonymous, cast):
    assert client_of(cast.sam).get(PAGE).status_code == 403
    assert anonymous.get(PAGE).location.startswith("/login")
    assert anonymous.post(PAGE, headers=HTMX).status_code == 401
