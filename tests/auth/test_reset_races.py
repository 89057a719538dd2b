"""A reset link that is used twice at the same time works once, on real connections."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.auth import resets
from app.auth.account_stores import Visit, account_store_by_reset
from app.auth.resets import LinkUsed
from app.extensions import db
from app.models import AuditEntry, PasswordReset
from app.tenancy import tenant_scope
from tests.support.alone import DONE, all_at_once, app_alone


@pytest.fixture
def stage(tmp_path, cast):
    with app_alone(tmp_path) as app:
        yield app


def a_reset(app, person):
    ends = datetime.now(UTC) + timedelta(minutes=30)
    with app.app_context(), tenant_scope(person.tenant_id):
        reset = PasswordReset(account_id=person.id, expires_at=ends)
        db.session.add(reset)
        db.session.commit()
        return reset.id


def test_a_link_used_twice_at_once_sets_one_password(stage, cast, monkeypatch):
    set_password = resets.set_password

    def slowly(**arguments):
        time.sleep(0.5)  # a second request that got this far would arrive meanwhile
        set_password(**arguments)

    monkeypatch.setattr(resets, "set_password", slowly)
    reset = a_reset(stage, cast.tess)

    def use(new):
        def act():
            with account_store_by_reset(reset) as store:
                resets.use_reset(store=store, reset_id=reset, new=new, visit=Visit())
                db.session.commit()

        return act

    outcomes = all_at_once(
        stage, cast.acme, [use("a good long sentence"), use("quite another one")]
    )
    assert outcomes.count(DONE) == 1
    assert [type(one) for one in outcomes if one != DONE] == [LinkUsed]
    with stage.app_context(), tenant_scope(cast.acme):
        told = select(AuditEntry.action).where(AuditEntry.object_id == cast.tess.id)
        assert db.session.scalars(told).all() == ["account.password_reset"]
