"""The demo companies as whoever opens them first sees them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.commands import seed
from app.commands.demo.cast import ADMIN, NORTHWIND
from app.extensions import db
from app.models import Account, Mail, MailKind, Role, Tenant
from app.tenancy import platform_scope
from tests.cast import Person
from tests.platform_stage import stage


@pytest.fixture
def house(cast, tmp_path):
    yield from stage(cast, tmp_path)


def test_an_admins_start_page_has_no_trace_of_the_seed(house, monkeypatch):
    monkeypatch.setattr(seed, "_make_reports", lambda: None)
    with house.app.app_context():
        seed._make_company(NORTHWIND, "a good long sentence")
        with platform_scope() as session:
            tenant_id = session.scalars(
                select(Tenant.id).where(Tenant.slug == NORTHWIND.slug)
            ).one()
    with house.inside(tenant_id):
        admin = db.session.scalars(select(Account).where(Account.role == Role.ADMIN)).one()
        alice = Person(admin.id, tenant_id, admin.email, admin.name, admin.role)
        told = select(func.count(Mail.id)).where(Mail.kind == MailKind.PLATFORM_ACT)
        assert db.session.scalar(told) == 0
        assert admin.email.startswith(f"{ADMIN}@")
    client = house.client(alice)
    assert "demo seed" not in client.get("/").text
    audit = client.get("/audit").text
    assert f"{alice.name} made an account for Marcos Manager" in audit
    assert f"demo seed made an account for {alice.name}" in audit, "the first one came from outside"
