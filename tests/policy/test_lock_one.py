"""Lock 1 alone: the app logs in as the owner, to whom row-level security does not apply."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.orm import aliased, joinedload

from app import create_app, tenancy
from app.database_roles import OWNER
from app.extensions import db
from app.models import Account, AccountSession, Checklist, Project, Version
from app.tenancy import NoTenantBound, tenant_scope
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.cast import load_cast


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory):
    """An app whose database role sees every row: only the ORM separates the tenants."""
    running = test_servers.current()
    name = running.clone(f"laudo_one_{uuid4().hex[:8]}")
    settings = settings_for(
        name, tmp_path_factory.mktemp("one"), database_url=running.url(OWNER, name)
    )
    app = create_app(settings)
    with app.app_context():
        # The pool would refuse such a role.
        event.remove(db.engine, "connect", tenancy._reject_privileged_role)
    cast = load_cast(app)
    with app.app_context():
        for tenant in (cast.acme, cast.other):
            with tenant_scope(tenant):
                db.session.add(Project(name="Same name"))
                db.session.commit()
        with tenant_scope(cast.acme):
            scenarios.a_checklist(scenarios.Actor("Ana", cast.ana.role, cast.ana.id))
        assert db.session.execute(text("select count(*) from projects")).scalar() == 2
        db.session.remove()
    yield app, cast
    with app.app_context():
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()
    running.drop(name)


@pytest.fixture
def as_other(unlocked):
    app, cast = unlocked
    with app.app_context(), tenant_scope(cast.other):
        yield cast


def test_selects_see_one_tenant(as_other):
    assert [one.name for one in db.session.scalars(select(Account))] == ["Otto Other"]
    assert db.session.scalar(select(func.count()).select_from(Project)) == 1


def test_columns_aliases_subqueries_and_joins_do_too(as_other):
    other = aliased(Account)
    assert db.session.scalars(select(other.email)).all() == ["otto@other.test"]
    inside = select(Account.id).where(Account.name.like("%"))
    found = db.session.scalars(select(Account.email).where(Account.id.in_(inside))).all()
    assert found == ["otto@other.test"]
    assert db.session.scalars(select(Version).options(joinedload(Version.checklist))).all() == []
    joined = select(Checklist.code).join(Version, Version.checklist_id == Checklist.id)
    assert db.session.scalars(joined).all() == []


def test_an_id_of_another_tenant_finds_nothing(as_other):
    assert db.session.scalars(select(Account).where(Account.id == as_other.ana.id)).all() == []


def test_updates_and_deletes_touch_one_tenant(as_other):
    touched = db.session.execute(update(Project).values(client="x"))
    assert touched.rowcount == 1
    gone = db.session.execute(delete(AccountSession))
    assert gone.rowcount == 0
    db.session.rollback()


def test_without_a_tenant_there_is_an_error_not_every_row(unlocked):
    app, _cast = unlocked
    with app.app_context():
        for statement in (select(Account), select(Account.id), update(Project).values(client="x")):
            with pytest.raises(NoTenantBound):
                db.session.execute(statement)
