"""Each form that saves text for PDFs warns about letters that cannot be printed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.branding.draft import draft_of
from app.branding.forms import values_of
from app.extensions import db
from app.models import Tenant
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
SAID = "PDFs cannot print these characters and print their numbers instead: 😀 U+1F600"


@pytest.fixture
def place(acting, cast):
    """The ids of a project and its equipment, for addresses."""
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor, name="Hall 2", client="Norte")
        asset = scenarios.an_equipment(project, tag="Q1")
        return {"project": project.id, "equipment": asset.id}


@pytest.fixture
def brand(acting, cast):
    with acting(cast.ana):
        values = values_of(draft_of(db.session.scalars(select(Tenant)).one()))
    return {name: value for name, value in values.items() if value not in (False, None)}


PROJECT = {"name": "Hall 9", "client": "Client", "address": "Street 1"}
FORMS = {
    "project": ("/projects/", {**PROJECT, "client": "{}"}),
    "project edited": ("/projects/{project}", {**PROJECT, "address": "{}"}),
    "equipment": ("/projects/{project}/equipment", {"tag": "{}", "name": ""}),
    "equipment edited": ("/projects/{project}/equipment/{equipment}", {"tag": "Q1", "name": "{}"}),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("text", "is_said"), [("Sala 😀", True), ("배전반 הדלת", False)])
def test_project_forms_warn(client_of, cast, place, name, text, is_said):
    url, data = FORMS[name]
    client = client_of(cast.max)
    answer = client.post(
        url.format(**place), data={key: value.format(text) for key, value in data.items()}
    )
    assert answer.status_code == 303
    page = client.get(answer.location.partition("#")[0]).text
    assert (SAID in page) is is_said
    assert text in page or url.endswith("{project}")


def test_an_htmx_form_redirects_to_the_page_with_the_warning(client_of, cast, place):
    client = client_of(cast.max)
    url = FORMS["equipment"][0].format(**place)
    answer = client.post(url, data={"tag": "Q😀", "name": ""}, headers=HTMX)
    assert answer.headers["HX-Redirect"].endswith("#equipment")
    assert SAID in client.get(answer.headers["HX-Redirect"].partition("#")[0]).text


@pytest.mark.parametrize("field", ["contact", "footer", "cover_note"])
def test_the_brand_form_warns(client_of, cast, brand, field):
    client = client_of(cast.ana)
    name = next(one for one in brand if one.endswith(field))
    answer = client.post("/company/brand", data={**brand, name: "Fim 😀"})
    assert answer.status_code == 303
    assert SAID in client.get(answer.location).text


def test_the_account_form_warns(client_of, cast):
    client = client_of(cast.tess)
    data = {"name": "Tess 😀", "locale": "inherited", "time_zone": "inherited"}
    answer = client.post("/account", data=data)
    assert answer.status_code == 303
    assert SAID in client.get(answer.location).text
