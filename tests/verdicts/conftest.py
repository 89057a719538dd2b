"""A report of Tess, her phone and her manager's, and what the audit holds."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import AuditEntry
from tests.support import scenarios
from tests.support.phone import Phone


@pytest.fixture
def report_id(acting, cast):
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor).id


@pytest.fixture
def tess(client_of, cast, report_id):
    return Phone(client_of(cast.tess), report_id)


@pytest.fixture
def max_(client_of, cast, report_id):
    return Phone(client_of(cast.max), report_id)


@pytest.fixture
def entries(acting, cast) -> Callable[[str], list[dict]]:
    """The facts of all audit entries of an action, oldest first."""

    def read(action: str) -> list[dict]:
        with acting(cast.ana):
            found = select(AuditEntry.body).where(AuditEntry.action == action)
            bodies = db.session.scalars(found.order_by(AuditEntry.sequence))
            return [json.loads(one)["facts"] for one in bodies]

    return read
