"""Titles, names, answers and comments without a space: no page gets wider than its screen."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import ViewportSize
from sqlalchemy import select

from app import create_app
from app.evidence.service import record
from app.extensions import db
from app.models import ANY_MANAGER, Actor, Answer
from app.reports.queries import get_report
from app.signing import WITNESS_LINK
from app.tenancy import tenant_scope
from app.witnessing.links import hash_of
from tests.browser.conftest import DESK
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.guests import definition_with_client
from tests.support.revisions import a_completed_report, correct, finish

pytestmark = pytest.mark.xdist_group("browser")

LONG = "Wwwwwwwwww" * 11
SMALLEST = ViewportSize(width=320, height=640)
OPENED = "for (const one of document.querySelectorAll('details.history')) one.open = true"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


def _write(report, field_id: str, words: str) -> None:
    row = db.session.scalars(
        select(Answer).where(Answer.report_id == report.id, Answer.field_id == field_id)
    ).one()
    row.value = row.comment = words
    db.session.commit()


@pytest.fixture
def paths(stack, people, tmp_path) -> tuple[list[str], str]:
    """The pages of a report in its review, of a corrected one and of its correction; and the link
    of a witness."""
    app = create_app(settings_for(stack.database, tmp_path))
    with app.app_context(), tenant_scope(people.acme):
        tess = Actor(people.tess.name, people.tess.role, people.tess.id)
        version = scenarios.a_checklist(
            tess, definition_with_client(code="LONG"), review_steps=[ANY_MANAGER]
        )
        project = scenarios.a_project(tess, name="Long hall")
        report = scenarios.a_report(tess, version=version, project=project, title=LONG)
        scenarios.all_answers(report, tess)
        scenarios.a_photo(report, "enclosure", tess, caption=LONG)
        _write(report, "customer", LONG)
        report = get_report(report.id, person=tess)
        record("answer.saved", report, tess, field="customer", old=LONG, new=LONG * 2)
        report = finish(report, tess)
        witness_id = uuid4()
        token = WITNESS_LINK.token(witness_id)
        scenarios.a_witness(
            report,
            tess,
            role_id="client",
            id=witness_id,
            token_hash=hash_of(token),
            name=LONG,
            email=f"{'e' * 60}@client.example",
        )
        finished = scenarios.a_checklist(tess, scenarios.a_definition(code="LONGER"))
        older = a_completed_report(tess, version=finished, project=project, title=LONG)
        newer = correct(older, tess, reason=LONG)
        _write(newer, "customer", LONG)
        first, second, third = (f"/reports/{one.id}" for one in (report, older, newer))
        shown = [first, f"{first}/witnesses", f"{first}/witnesses/{witness_id}", second, third]
        return [*shown, f"{first}/reviewing", f"{third}/fill", "/reports/", "/"], f"/w/{token}"


def test_no_page_gets_wider(people, open_page, cookies_of, paths):
    addresses, link = paths
    page = open_page(size=SMALLEST, storage_state=cookies_of(people.max))
    guest = open_page(size=SMALLEST)
    wide = {}
    for visitor, path in [*((page, one) for one in addresses), (guest, link)]:
        visitor.goto(path)
        for size in (SMALLEST, DESK):
            visitor.set_viewport_size(size)
            visitor.evaluate(OPENED)
            if (more := visitor.evaluate(TOO_WIDE)) > 0:
                wide[path, size["width"]] = more
    assert wide == {}
