"""A checklist's own PDF layout: chosen on its page, audited, and frozen with each report."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.branding.service import change_pdf
from app.evidence.queries import list_entries
from app.extensions import db
from app.layouts import Layout
from app.models import Checklist
from app.pdf.settings import PdfSettings
from tests.support import scenarios


@pytest.fixture
def checklist_id(acting, cast) -> UUID:
    with acting(cast.max) as actor:
        return scenarios.a_checklist(actor).checklist_id


@pytest.fixture
def stored(acting, cast, checklist_id):
    def get() -> Layout | None:
        with acting(cast.max):
            return db.session.scalars(select(Checklist.layout)).one()

    return get


def choose(client, checklist_id, layout, **headers):
    address = f"/checklists/{checklist_id}/layout"
    return client.post(address, data={"layout": layout}, headers=headers or None)


def checked(page: str) -> list[str]:
    return [part for part in page.split("<input")[1:] if " checked" in part.partition(">")[0]]


def test_a_manager_chooses_a_layout_and_gives_it_back_to_the_company(
    client_of, cast, checklist_id, stored
):
    client, address = client_of(cast.max), f"/checklists/{checklist_id}"
    assert "The company&#39;s layout (now Classic)" in client.get(address).text
    saved = choose(client, checklist_id, "protocol")
    assert (saved.status_code, saved.location) == (303, f"{address}#layout")
    assert stored() is Layout.PROTOCOL
    assert [part for part in checked(client.get(address).text) if 'value="protocol"' in part]
    assert choose(client, checklist_id, "company").status_code == 303
    assert stored() is None


def test_each_layout_is_shown_with_its_drawing_and_its_purpose(client_of, cast, checklist_id):
    for address, person in (
        (f"/checklists/{checklist_id}", cast.max),
        ("/company/brand", cast.ana),
    ):
        page = client_of(person).get(address).text
        assert page.count('class="layout-picture"') == len(Layout)
        for words in (
            "Fewest pages",
            "read by their pictures",
            "readers who decide",
            "ruled tables",
        ):
            assert words in page


def test_a_change_is_audited_once_with_old_and_new(client_of, acting, cast, checklist_id):
    client = client_of(cast.max)
    for layout in ("compact", "compact", "company"):
        assert choose(client, checklist_id, layout).status_code == 303
    with acting(cast.max):
        changes = [
            one.facts["facts"]["changes"]["layout"]
            for one in list_entries("checklist", checklist_id)
            if one.action == "checklist.layout_changed"
        ]
    assert changes == [
        {"old": "company", "new": "compact"},
        {"old": "compact", "new": "company"},
    ]
    page = client_of(cast.ana).get("/audit").text
    assert "changed the PDF layout of checklist" in page
    assert "Layout: &#34;As the company&#34; → &#34;Compact&#34;" in page


def test_the_first_choice_names_the_layout_of_the_company(client_of, acting, cast, checklist_id):
    with acting(cast.ana) as actor:
        change_pdf(PdfSettings(layout=Layout.EXECUTIVE), actor=actor)
        db.session.commit()
    page = client_of(cast.max).get(f"/checklists/{checklist_id}").text
    assert "The company&#39;s layout (now Executive)" in page


@pytest.mark.parametrize("layout", ["", "fancy", None])
def test_another_value_is_refused(client_of, cast, checklist_id, stored, layout):
    answer = choose(client_of(cast.max), checklist_id, layout)
    assert answer.status_code == 422
    assert "Not saved yet" in answer.text
    assert stored() is None


def test_only_managers_and_admins_of_the_company_choose(client_of, anonymous, cast, checklist_id):
    technician = client_of(cast.tess)
    page = technician.get(f"/checklists/{checklist_id}")
    assert page.status_code == 200 and f"/checklists/{checklist_id}/layout" not in page.text
    assert choose(technician, checklist_id, "compact").status_code == 403
    assert choose(client_of(cast.vera), checklist_id, "compact").status_code == 403
    assert choose(client_of(cast.otto), checklist_id, "compact").status_code == 404
    assert choose(client_of(cast.max), uuid4(), "compact").status_code == 404
    assert choose(client_of(cast.ana), checklist_id, "compact").status_code == 303
    assert "/login" in choose(anonymous, checklist_id, "compact").location
