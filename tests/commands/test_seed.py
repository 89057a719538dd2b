"""The demo companies as a person sees them on the first visit."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.commands import seed
from app.commands.demo.cast import ADMIN, ATLAS, NORTHWIND
from app.extensions import db
from app.models import (
    Account,
    Invitation,
    Mail,
    MailKind,
    Project,
    ProjectGrant,
    Report,
    Role,
    Tenant,
)
from app.platform.queries import get_tenant_id, list_tenants
from app.tenancy import platform_scope, tenant_scope
from tests.support.cast import Person
from tests.support.platform_stage import stage


@pytest.fixture
def installation(cast, tmp_path):
    yield from stage(cast, tmp_path)


def test_an_admins_start_page_has_no_trace_of_the_seed(installation, monkeypatch):
    monkeypatch.setattr(seed, "_make_reports", lambda: None)
    with installation.app.app_context():
        seed.make_company(NORTHWIND, "a good long sentence")
        with platform_scope() as session:
            tenant_id = session.scalars(
                select(Tenant.id).where(Tenant.slug == NORTHWIND.slug)
            ).one()
    with installation.inside(tenant_id):
        admin = db.session.scalars(select(Account).where(Account.role == Role.ADMIN)).one()
        alice = Person(admin.id, tenant_id, admin.email, admin.name, admin.role)
        mails = select(func.count(Mail.id)).where(Mail.kind == MailKind.PLATFORM_ACT)
        assert db.session.scalar(mails) == 0
        assert admin.email.startswith(f"{ADMIN}@")
    client = installation.client(alice)
    assert "demo seed" not in client.get("/").text
    audit = client.get("/audit").text
    assert f"{alice.name} created an account for Marcos Manager" in audit
    assert f"demo seed created an account for {alice.name}" in audit, (
        "the first one came from outside"
    )


def test_the_demo_password_is_never_one_that_is_refused(monkeypatch):
    drawn = iter(["12345678", "ab12cd34"])
    monkeypatch.setattr("app.commands.seed.secrets.token_hex", lambda size: next(drawn))
    assert seed._draw_password() == "laudo-ab12cd34"


def test_an_interrupted_seed_is_finished_at_the_next_start(installation, monkeypatch, tmp_path):
    monkeypatch.setattr(seed, "PASSWORD_FILE", tmp_path / "password")
    monkeypatch.setattr(seed, "UNFINISHED_FILE", tmp_path / "unfinished")
    monkeypatch.setattr(seed, "REPORTS", ((4, 0.5, ""), (5, 0.2, "discard")))
    monkeypatch.setattr(seed, "list_tenants", lambda: demo_tenants())
    with installation.app.app_context():
        for step in ("_brand", "_grant_viewer", "discard_report", "_make_superadmin"):
            with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
                interrupted.setattr(seed, step, interrupt)
                seed.seed_demo()
            assert seed.UNFINISHED_FILE.exists()
        seed.seed_demo()
        assert not seed.UNFINISHED_FILE.exists()
        for company in (NORTHWIND, ATLAS):
            with tenant_scope(get_tenant_id(company.slug)):
                assert counts() == {Account: 5, Project: 1, ProjectGrant: 1, Invitation: 1}
                reports = db.session.scalars(select(Report).order_by(Report.number)).all()
                assert [report.discarded_at is None for report in reports].count(False) == 1
                assert {report.title for report in reports} == set(map(seed._title, (3, 4, 5)))
                assert len(reports) == 3
        monkeypatch.setattr(seed, "make_company", interrupt)
        seed.seed_demo()


def interrupt(*_given, **_named):
    raise KeyboardInterrupt


def demo_tenants():
    return [line for line in list_tenants() if line.slug in (NORTHWIND.slug, ATLAS.slug)]


def counts():
    models = (Account, Project, ProjectGrant, Invitation)
    return {model: db.session.scalar(select(func.count(model.id))) for model in models}
