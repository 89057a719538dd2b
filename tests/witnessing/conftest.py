"""Reports whose client signs at the approval, and browsers of people without an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from app.extensions import db
from app.models import ANY_MANAGER
from app.reports.completing.service import submit_report
from app.signing import WITNESS_LINK
from app.witnessing.links import LinkFacts, send_link
from tests.support import scenarios
from tests.support.guests import Guest, definition_with_client
from tests.support.operations import make_complete

TODAY = datetime.now(UTC).date()


@pytest.fixture
def filled(acting, cast) -> Callable[..., UUID]:
    """Tess's report, complete but for the client's signature; returns its id."""

    def make(steps: Sequence[str] = (ANY_MANAGER,), **definition) -> UUID:
        with acting(cast.tess) as actor:
            version = scenarios.a_checklist(
                actor, definition_with_client(**definition), review_steps=list(steps)
            )
            report = scenarios.a_report(actor, version=version)
            make_complete(report, actor)
            return report.id

    return make


@pytest.fixture
def submitted(acting, cast, filled) -> Callable[..., UUID]:
    def make(**columns) -> UUID:
        report_id = filled(**columns)
        with acting(cast.tess) as actor:
            submit_report(report_id=report_id, actor=actor)
            db.session.commit()
        return report_id

    return make


@pytest.fixture
def invited(app: Flask, acting, cast) -> Callable[..., Guest]:
    """Max sends a link for this report; returns the browser of whoever got it."""

    def make(report_id: UUID, role_id: str | None = "client", **facts) -> Guest:
        with acting(cast.max) as actor:
            values = {
                "name": "Wanda Witness",
                "email": "wanda@client.example",
                "until": TODAY + timedelta(days=7),
                **facts,
            }
            witness = send_link(
                report_id=report_id, facts=LinkFacts(role_id=role_id, **values), actor=actor
            )
            witness_id = witness.id
            db.session.commit()
            return Guest(app.test_client(), witness_id, WITNESS_LINK.token(witness_id))

    return make
