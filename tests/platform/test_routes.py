"""The platform's pages: listing, creating, limiting and suspending companies, and the audit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Invitation, Mail, MailKind, Role, Tenant, TenantStatus
from app.plans.plans import GIB, Limit, Plan
from app.platform import queries
from app.platform.service import suggest_slug
from app.tenancy import platform_scope
from tests.support import labels
from tests.support.platform_stage import stage

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def house(cast, tmp_path_factory):
    yield from stage(cast, tmp_path_factory.mktemp("platform"))


@pytest.fixture
def sam(house, cast):
    return house.client(cast.sam)


def company(**changes):
    name = f"Norte {uuid4().hex[:6]}"
    form = {
        "name": name,
        "slug": "",
        "plan": "standard",
        "trial_ends_on": "",
        "locale": "pt_BR",
        "time_zone": "America/Sao_Paulo",
        "admin_name": "Nora Norte",
        "admin_email": f"nora-{uuid4().hex[:8]}@norte.test",
    }
    return {**form, **changes}


def create_company(sam, **changes) -> UUID:
    answer = sam.post("/platform/companies/", data=company(**changes))
    assert answer.status_code == 303, answer.text
    return UUID(answer.location.rsplit("/", 1)[1])


@pytest.fixture
def tenant_id(sam):
    return create_company(sam)


def page(tenant_id, tail=""):
    return f"/platform/companies/{tenant_id}{tail}"


# --- the list ------------------------------------------------------------------------------


def test_a_superadmin_starts_at_the_companies(sam):
    start = sam.get("/")
    assert start.status_code == 303 and start.location == "/platform/companies/"
    text = sam.get(start.location).text
    assert "Acme Commissioning" in text and "Other Works" in text
    assert "5" in text and 'href="/platform/audit"' in text


def test_the_list_can_be_searched_and_filtered(house, sam):
    suspended = create_company(sam, name="Sul Instruments 100%")
    house.change(suspended, status=TenantStatus.SUSPENDED, suspended_at=datetime.now(UTC))
    assert "Sul Instruments" in sam.get("/platform/companies/?search=instr").text
    assert "Acme" not in sam.get("/platform/companies/?search=instr").text
    assert "Sul Instruments" in sam.get("/platform/companies/?search=100%25").text
    assert "Nothing found" in sam.get("/platform/companies/?search=%25zz").text
    found = sam.get("/platform/companies/?standing=suspended").text
    assert "Sul Instruments" in found and "Acme" not in found
    assert "Sul Instruments" not in sam.get("/platform/companies/?standing=active").text
    assert "Acme" in sam.get("/platform/companies/?standing=nonsense").text
    assert "Nothing found" in sam.get("/platform/companies/?standing=leaving&search=sul").text


def test_page_and_fragment_agree(sam):
    whole, part = sam.get("/platform/companies/"), sam.get("/platform/companies/", headers=HTMX)
    assert "<html" in whole.text and "<html" not in part.text
    assert "Acme Commissioning" in part.text


def test_the_list_is_paged_with_a_constant_number_of_queries(house, sam, queries):
    size = house.app.config["PAGE_SIZE"]
    with queries() as few:
        sam.get("/platform/companies/?search=acme")
    with house.app.app_context(), platform_scope() as session:
        session.add_all(Tenant(name=f"Zz {n:03}", slug=f"zz-{n:03}") for n in range(size + 1))
        session.commit()
    assert "Page 1 of 2" in sam.get("/platform/companies/?search=zz-").text
    assert f"Zz {size:03}" in sam.get("/platform/companies/?search=zz-&page=2").text
    for strange in ("999999999999", "-5", "x", "0"):
        assert sam.get(f"/platform/companies/?page={strange}").status_code == 200
    with queries() as many:
        sam.get("/platform/companies/?search=zz-")
    assert len(many.statements) == len(few.statements)


# --- creating ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Elétrica São João Ltda.", "eletrica-sao-joao-ltda"),
        ("  --A & B--  ", "a-b"),
        ("日本", ""),
        ("x" * 100, "x" * 63),
    ],
)
def test_a_slug_is_derived_from_the_name(name, slug):
    assert suggest_slug(name) == slug


def test_a_company_is_created_with_its_first_admin(house, sam, cast):
    assert sam.get("/platform/companies/new").status_code == 200
    form = company(name="Ação Elétrica", admin_email=" Nora@Acao.test ")
    answer = sam.post("/platform/companies/", data=form)
    assert answer.status_code == 303
    tenant_id = UUID(answer.location.rsplit("/", 1)[1])
    tenant = house.tenant(tenant_id)
    assert (tenant.slug, tenant.locale, tenant.plan) == ("acao-eletrica", "pt_BR", "standard")
    assert (tenant.status, tenant.trial_ends_at) == (TenantStatus.ACTIVE, None)
    with house.inside(tenant_id):
        invitation = db.session.scalars(select(Invitation)).one()
        assert (invitation.email, invitation.role) == ("nora@acao.test", Role.ADMIN)
        assert (invitation.invited_by, invitation.invited_by_name) == (None, "Sam Super")
        mail = db.session.scalars(select(Mail)).one()
        assert (mail.kind, mail.invitation_id) == (MailKind.INVITATION, invitation.id)
    [(action, role, facts)] = house.chain(tenant_id, "tenant", tenant_id)
    assert (action, role, facts["slug"]) == ("tenant.created", "superadmin", "acao-eletrica")
    assert house.platform_actions(tenant_id) == ["tenant.created", "tenant.admin_invited"]
    again = sam.post("/platform/companies/", data=form)
    assert again.status_code == 422 and "already" in again.text
    text = sam.get(page(tenant_id)).text
    assert "1 of 100" in text and "including 1 invited" in text


def test_a_trial_ends_with_its_last_day_in_the_companys_time_zone(house, sam):
    tenant_id = create_company(sam, plan="trial", trial_ends_on="2026-12-31")
    tenant = house.tenant(tenant_id)
    assert tenant.status is TenantStatus.TRIAL
    assert tenant.trial_ends_at == datetime(2027, 1, 1, 3, tzinfo=UTC)
    assert "31 Dec 2026" in sam.get(page(tenant_id)).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Enter the company's name."),
        ({"slug": "Not A Slug"}, "Lowercase letters, digits and hyphens"),
        ({"slug": "acme"}, "A company with the slug acme already exists."),
        ({"name": "日本"}, "Lowercase letters, digits and hyphens"),
        ({"plan": "huge"}, "Not a valid choice"),
        ({"locale": "xx"}, "Not a valid choice"),
        ({"time_zone": "Mars/Base"}, "Not a valid choice"),
        ({"plan": "trial"}, "Enter the last day of the trial."),
        ({"plan": "trial", "trial_ends_on": "31/12"}, "Not a valid date"),
        ({"plan": "trial", "trial_ends_on": "9999-12-31"}, "out of range"),
        ({"admin_name": ""}, "Enter the first admin's name."),
        ({"admin_email": "nobody"}, "is not a valid e-mail address"),
        ({"admin_email": "ana@acme.test"}, "Someone already has the e-mail"),
        ({"admin_email": "sam@laudo.test"}, "Someone already has the e-mail"),
    ],
)
def test_invalid_input_creates_no_company(house, sam, changes, sentence):
    with house.app.app_context():
        before = len(queries.list_tenants())
    for headers in ({}, HTMX):
        answer = sam.post("/platform/companies/", data=company(**changes), headers=headers)
        assert answer.status_code == 422
        assert sentence in answer.text
        # The error summary above the fields takes the focus.
        assert answer.text.index('tabindex="-1" autofocus') < answer.text.index('name="name"')
    with house.app.app_context():
        assert len(queries.list_tenants()) == before


def test_a_missing_name_does_not_cause_a_slug_error(sam):
    form = sam.post("/platform/companies/", data=company(name="", slug="")).text
    assert "Enter the company's name." in form
    assert "Lowercase letters, digits and hyphens" not in form


def test_every_control_has_a_label_of_its_own(sam, tenant_id):
    own = page(tenant_id)
    for path in ("/platform/companies/new", own, f"{own}/edit", f"{own}/plan", "/platform/audit"):
        assert not labels.faults(sam.get(path).text), path
    assert re.search(r"Duration\s*</label>", sam.get(own).text), "a choice that is always made"


def test_a_company_whose_invitation_failed_offers_to_invite(house, sam, monkeypatch):
    from app.platform import routes
    from app.team.service import EmailTaken

    def taken(*args, **kwargs):
        raise EmailTaken(email="nora@x.test")

    monkeypatch.setattr(routes.tenants, "invite_admin", taken)
    answer = sam.post("/platform/companies/", data=company(), follow_redirects=True)
    assert answer.status_code == 200
    assert (
        "Someone already has the e-mail" in answer.text
        and "This company has no people yet" in answer.text
    )


# --- one company ---------------------------------------------------------------------------


def test_changes_are_recorded_in_both_audits(house, sam, tenant_id):
    assert sam.get(page(tenant_id, "/edit")).status_code == 200
    form = {"name": "New Name", "locale": "en", "time_zone": "UTC"}
    assert sam.post(page(tenant_id), data=form).status_code == 303
    assert sam.post(page(tenant_id), data=form).status_code == 303
    tenant = house.tenant(tenant_id)
    assert (tenant.name, tenant.locale, tenant.time_zone) == ("New Name", "en", "UTC")
    told = [one for one in house.chain(tenant_id, "tenant", tenant_id) if "updated" in one[0]]
    assert [(action, role) for action, role, _ in told] == [("tenant.updated", "superadmin")]
    assert told[0][2]["changes"]["time_zone"] == {"old": "America/Sao_Paulo", "new": "UTC"}
    assert house.platform_actions(tenant_id).count("tenant.updated") == 1
    refused = sam.post(page(tenant_id), data={**form, "name": ""})
    assert refused.status_code == 422 and "Enter the company's name." in refused.text


def plan_form(**changes):
    rules = {f"{limit.value}_rule": "plan" for limit in Limit}
    return {"plan": "small", "trial_ends_on": "", **rules, **changes}


def test_plan_and_own_limits(house, sam, tenant_id):
    assert sam.get(page(tenant_id, "/plan")).status_code == 200
    form = plan_form(
        people_rule="own",
        people="7",
        storage_bytes_rule="own",
        storage_bytes="1,5",
        reports_month_rule="none",
        reports_month="12",
    )
    assert sam.post(page(tenant_id, "/plan"), data=form).status_code == 303
    tenant = house.tenant(tenant_id)
    assert (tenant.plan, tenant.status) == ("small", TenantStatus.ACTIVE)
    assert tenant.limits == {"people": 7, "storage_bytes": GIB * 3 // 2, "reports_month": None}
    with house.app.app_context():
        assert queries.get_company(tenant_id).limits == {
            Limit.PEOPLE: 7,
            Limit.STORAGE_BYTES: GIB * 3 // 2,
            Limit.REPORTS_MONTH: None,
            Limit.PHOTOS_REPORT: 300,
        }
    again = sam.get(page(tenant_id, "/plan")).text
    assert 'value="7"' in again and 'value="1.5"' in again
    change = house.chain(tenant_id, "tenant", tenant_id)[-1]
    assert change[0] == "tenant.plan_changed"
    assert change[2]["changes"]["limits"]["new"]["people"] == "7"
    assert sam.post(page(tenant_id, "/plan"), data=plan_form()).status_code == 303
    assert house.tenant(tenant_id).limits == {}


def test_a_trial_is_extended_and_becomes_a_plan(house, sam, tenant_id):
    form = plan_form(plan=Plan.TRIAL.value, trial_ends_on="2026-12-01")
    sam.post(page(tenant_id, "/plan"), data=form)
    assert house.tenant(tenant_id).status is TenantStatus.TRIAL
    sam.post(page(tenant_id, "/plan"), data={**form, "trial_ends_on": "2027-01-31"})
    assert house.tenant(tenant_id).trial_ends_at == datetime(2027, 2, 1, 3, tzinfo=UTC)
    assert 'value="2027-01-31"' in sam.get(page(tenant_id, "/plan")).text
    sam.post(page(tenant_id, "/plan"), data=plan_form(plan="large"))
    tenant = house.tenant(tenant_id)
    assert (tenant.status, tenant.trial_ends_at) == (TenantStatus.ACTIVE, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"people_rule": "own"},
        {"people_rule": "own", "people": "0"},
        {"people_rule": "own", "people": "-3"},
        {"people_rule": "own", "people": "1.5"},
        {"people_rule": "own", "people": "1,000"},
        {"people_rule": "own", "people": "1.000"},
        {"people_rule": "own", "people": "7,0"},
        {"people_rule": "own", "people": "٣"},
        {"people_rule": "own", "people": "NaN"},
        {"people_rule": "own", "people": "1e12"},
        {"storage_bytes_rule": "own", "storage_bytes": "1.000"},
        {"storage_bytes_rule": "own", "storage_bytes": "1,000"},
        {"storage_bytes_rule": "own", "storage_bytes": "0,00"},
        {"storage_bytes_rule": "own", "storage_bytes": ",5"},
        {"storage_bytes_rule": "own", "storage_bytes": "1e2"},
        {"storage_bytes_rule": "own", "storage_bytes": "Infinity"},
        {"people_rule": "maybe", "people": "3"},
        {"plan": "trial"},
        {"plan": ""},
    ],
)
def test_invalid_limits_are_refused(house, sam, tenant_id, changes):
    answer = sam.post(page(tenant_id, "/plan"), data=plan_form(**changes))
    assert answer.status_code == 422
    assert house.tenant(tenant_id).plan == "standard"


def test_suspending_needs_a_reason_and_can_be_undone(house, sam, tenant_id):
    refused = sam.post(page(tenant_id, "/suspend"), data={"suspend-reason": " "})
    assert refused.status_code == 422 and "Enter a reason" in refused.text
    for _tap in range(2):
        answer = sam.post(page(tenant_id, "/suspend"), data={"suspend-reason": "Not paid"})
        assert answer.status_code == 303
    tenant = house.tenant(tenant_id)
    assert tenant.status is TenantStatus.SUSPENDED and tenant.suspended_reason == "Not paid"
    assert "Suspended since" in sam.get(page(tenant_id)).text
    for _tap in range(2):
        assert sam.post(page(tenant_id, "/reactivate")).status_code == 303
    tenant = house.tenant(tenant_id)
    assert (tenant.status, tenant.suspended_reason) == (TenantStatus.ACTIVE, None)
    actions = [action for action, _role, _facts in house.chain(tenant_id, "tenant", tenant_id)]
    assert actions == ["tenant.created", "tenant.suspended", "tenant.reactivated"]
    assert house.platform_actions(tenant_id)[-2:] == ["tenant.suspended", "tenant.reactivated"]


def test_a_trial_that_was_suspended_is_a_trial_again(house, sam):
    tenant_id = create_company(sam, plan="trial", trial_ends_on="2030-01-01")
    sam.post(page(tenant_id, "/suspend"), data={"suspend-reason": "x"})
    sam.post(page(tenant_id, "/plan"), data=plan_form(plan="trial", trial_ends_on="2031-01-01"))
    assert house.tenant(tenant_id).status is TenantStatus.SUSPENDED
    sam.post(page(tenant_id, "/reactivate"))
    assert house.tenant(tenant_id).status is TenantStatus.TRIAL


def test_people_of_a_suspended_company_stay_logged_in_but_cannot_change_anything(house, sam, cast):
    ana = house.client(cast.ana)
    sam.post(page(cast.acme, "/suspend"), data={"suspend-reason": "Unpaid since March"})
    try:
        read = ana.get("/projects/")
        assert read.status_code == 200 and "Unpaid since March" in read.text
        assert ana.post("/projects/", data={"name": "X"}).status_code == 403
    finally:
        sam.post(page(cast.acme, "/reactivate"))
    assert ana.post("/projects/", data={"name": "X"}).status_code == 303


def test_another_admin_is_invited(house, sam, tenant_id):
    data = {"invite-name": "Ari Admin", "invite-email": f"ari-{uuid4().hex[:6]}@norte.test"}
    for _tap in range(2):
        assert sam.post(page(tenant_id, "/invite"), data=data).status_code == 303
    with house.inside(tenant_id):
        emails = set(db.session.scalars(select(Invitation.email)))
    assert data["invite-email"] in emails and len(emails) == 2
    for wrong, sentence in (
        ({"invite-name": ""}, "Enter the admin's name"),
        ({"invite-email": "x"}, "not a valid e-mail"),
        ({"invite-email": "ana@acme.test"}, "Someone already has"),
        ({"invite-email": "sam@laudo.test"}, "Someone already has"),
    ):
        answer = sam.post(page(tenant_id, "/invite"), data={**data, **wrong})
        assert answer.status_code == 422 and sentence in answer.text


# --- access --------------------------------------------------------------------------------


def addresses(tenant_id):
    return [
        ("GET", "/platform/companies/"),
        ("GET", "/platform/companies/new"),
        ("POST", "/platform/companies/"),
        ("GET", page(tenant_id)),
        ("POST", page(tenant_id)),
        ("GET", page(tenant_id, "/edit")),
        ("GET", page(tenant_id, "/plan")),
        ("POST", page(tenant_id, "/plan")),
        ("POST", page(tenant_id, "/suspend")),
        ("POST", page(tenant_id, "/reactivate")),
        ("POST", page(tenant_id, "/invite")),
        ("POST", page(tenant_id, "/export")),
        ("POST", page(tenant_id, "/deletion")),
        ("POST", page(tenant_id, "/deletion/cancel")),
        ("POST", page(tenant_id, "/support")),
        ("POST", "/platform/support/end"),
        ("GET", "/platform/audit"),
        ("GET", "/platform/audit.csv"),
    ]


@pytest.mark.parametrize("who", ["ana", "max", "tess", "vera", "otto"])
def test_members_of_companies_have_no_access(house, cast, who):
    client = house.client(getattr(cast, who))
    for tenant_id in (cast.acme, cast.other):
        for method, url in addresses(tenant_id):
            assert client.open(url, method=method).status_code == 403, url
    assert "/platform" not in client.get("/account").text


def test_anonymous_requests_redirect_to_the_login(house, cast):
    nobody = house.app.test_client()
    for method, url in addresses(cast.acme):
        answer = nobody.open(url, method=method)
        assert answer.status_code == 303 and answer.location.startswith("/login")
        assert nobody.open(url, method=method, headers=HTMX).status_code == 401


def test_an_unknown_company_is_404(sam):
    for method, url in addresses(uuid4()):
        if re.search(r"[0-9a-f]{8}-", url):
            assert sam.open(url, method=method).status_code == 404, url


# --- the audit -----------------------------------------------------------------------------


def test_the_audit_can_be_read_and_filtered(sam, tenant_id):
    name = f"=1+1 {uuid4().hex[:6]}"
    sam.post(page(tenant_id), data={"name": name, "locale": "en", "time_zone": "UTC"})
    text = sam.get(f"/platform/audit?company={tenant_id}").text
    assert "Sam Super changed" in text and name in text
    assert "created the company" in text and "invited an admin" in text
    only = sam.get(f"/platform/audit?company={tenant_id}&kind=companies").text
    assert "3 entries" in only and "Superadmins and their accounts" in only
    assert "tenant.updated" not in only
    assert "Nothing found" in sam.get(f"/platform/audit?company={tenant_id}&kind=logins").text
    assert "Nothing found" in sam.get("/platform/audit?person=Nobody").text
    assert "Sam Super" in sam.get("/platform/audit?person=Sam+Super").text
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    assert "Nothing found" in sam.get(f"/platform/audit?since={tomorrow}").text
    assert "Nothing found" in sam.get("/platform/audit?until=2020-01-01").text
    for strange in ("company=x", "since=99", "kind=x", "page=-1", f"company={uuid4()}"):
        assert sam.get(f"/platform/audit?{strange}").status_code == 200
    part = sam.get("/platform/audit", headers=HTMX)
    assert "<html" not in part.text


def test_the_audit_export_contains_no_formulas(sam, tenant_id):
    sam.post(page(tenant_id), data={"name": "=cmd()", "locale": "en", "time_zone": "UTC"})
    answer = sam.get(f"/platform/audit.csv?company={tenant_id}")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 4 and '"\'=cmd()"' in lines[1]
    assert "exported the audit" in sam.get("/platform/audit?kind=audit").text


def test_a_file_with_too_many_entries_is_refused(house, sam, tenant_id):
    house.app.config["EXPORT_ROWS"] = 1
    try:
        answer = sam.get(f"/platform/audit.csv?company={tenant_id}")
    finally:
        house.app.config["EXPORT_ROWS"] = 50_000
    assert answer.status_code == 422 and "too many for one file" in answer.text
