"""A row read as JSON equals the same row read as an object, column by column."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, text

from app.extensions import db
from app.models import Tenant, TenantStatus
from app.rows import own_tenant, row_from_json
from app.tenancy import platform_scope


def test_a_company_is_the_same_either_way(acting, cast):
    with acting(cast.ana):
        whole = text("select to_jsonb(t) from tenants t where id = :id")
        values = db.session.scalar(whole, {"id": cast.acme})
        read, loaded = row_from_json(Tenant, values), own_tenant()
        for column in inspect(Tenant).column_attrs:
            assert getattr(read, column.key) == getattr(loaded, column.key), column.key
        assert read not in db.session


def test_times_and_states_have_their_types(cast, app):
    moment = "2026-03-31T09:05:07.123456+00:00"
    with app.app_context(), platform_scope() as session:
        values = session.scalar(text("select to_jsonb(t) from tenants t limit 1"))
    read = row_from_json(Tenant, {**values, "trial_ends_at": moment, "status": "trial"})
    assert read.status is TenantStatus.TRIAL
    assert read.trial_ends_at == datetime(2026, 3, 31, 9, 5, 7, 123456, tzinfo=UTC)
    assert read.is_trial_over


def test_a_missing_column_is_an_error():
    with pytest.raises(KeyError):
        row_from_json(Tenant, {"id": None})
