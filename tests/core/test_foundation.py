"""The tenancy key, both locks and the audit chain, with the fixtures that all tests use."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.evidence.chain import verify_chain
from app.evidence.queries import get_chain_head
from app.evidence.service import About, record
from app.extensions import db
from app.models import Account, Project
from app.tenancy import ForeignTenant, NoTenantBound


def test_each_tenant_sees_its_own_people(acting, cast):
    with acting(cast.ana):
        assert len(db.session.scalars(select(Account)).all()) == 5
    with acting(cast.otto):
        assert [one.name for one in db.session.scalars(select(Account))] == ["Otto Other"]


def test_no_tenant_bound_is_an_error(app, transaction):
    with app.app_context(), pytest.raises(NoTenantBound):
        db.session.scalars(select(Account)).all()


def test_foreign_rows_are_refused_at_the_flush(acting, cast):
    with acting(cast.ana):
        db.session.add(Project(name="Theirs", tenant_id=cast.other))
        with pytest.raises(ForeignTenant):
            db.session.flush()


def test_sql_outside_the_orm_is_subject_to_row_level_security(acting, cast):
    with acting(cast.otto):
        rows = db.session.execute(text("select name from accounts")).all()
        assert [row.name for row in rows] == ["Otto Other"]


def test_the_audit_chain_links_and_verifies(acting, cast):
    with acting(cast.ana) as actor:
        start = get_chain_head().sequence
        for n in range(3):
            record("test.done", About("test", None), actor, n=str(n))
            db.session.commit()
        assert get_chain_head().sequence == start + 3
        assert verify_chain().broken_at is None
