"""A report that Tess has filled in completely, with a checklist that asks for a review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from app.extensions import db
from app.models import ANY_MANAGER
from app.reports.completing.service import submit_report
from tests.support import scenarios
from tests.support.operations import make_complete

ONE = (ANY_MANAGER,)


@pytest.fixture
def filled(acting, cast) -> Callable[..., UUID]:
    """Makes the report; returns its id. `steps` is the rule of its checklist, `of_project` that of
    its project."""

    def make(steps: Sequence[str] = ONE, of_project: Sequence[str] | None = None) -> UUID:
        with acting(cast.tess) as actor:
            version = scenarios.a_checklist(actor, review_steps=list(steps))
            rule = None if of_project is None else list(of_project)
            project = scenarios.a_project(actor, review_steps=rule)
            report = scenarios.a_report(actor, version=version, project=project)
            make_complete(report, actor)
            return report.id

    return make


@pytest.fixture
def submitted(acting, cast, filled) -> Callable[..., UUID]:
    """The same, submitted by Tess."""

    def make(steps: Sequence[str] = ONE, of_project: Sequence[str] | None = None) -> UUID:
        report_id = filled(steps, of_project)
        with acting(cast.tess) as actor:
            submit_report(report_id=report_id, actor=actor)
            db.session.commit()
        return report_id

    return make
