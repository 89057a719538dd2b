"""The first steps of a new company, and the sample checklists."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.definition.fields import kind_of
from app.definition.samples import SAMPLES
from app.definition.schema import CommentPolicy, FieldType, Language, PhotoMode
from app.evidence.queries import list_entries
from app.extensions import db
from app.home.onboarding import Step, find_onboarding
from app.models import Account, Checklist, Role, Tenant, Version
from app.reports.starting.service import start_report
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
TITLE = "Three steps to your first report"


def home(client) -> str:
    page = client.get("/")
    assert page.status_code == 200
    return page.text


def skip(client, *steps: str, **headers: str):
    for step in steps:
        answer = client.post(f"/first-steps/{step}/skip", headers=headers or None)
    return answer


def test_the_first_admin_is_guided_through_the_steps(client_of, acting, cast):
    ana = client_of(cast.ana)
    assert TITLE in home(ana) and "Set up your brand" in home(ana)
    with acting(cast.ana):
        db.session.execute(update(Tenant).values(contact="Street 1"))
        db.session.commit()
    assert "Choose a checklist" in home(ana) and "Set up your brand" not in home(ana)
    draft = ana.post("/checklists/samples/board").location
    assert draft in home(ana) and "Publish draft" in home(ana)
    ana.post(f"{draft}/publish")
    assert "Create a project" in home(ana)
    with acting(cast.ana) as actor:
        project = scenarios.a_project(actor).id
    assert "Start the first report" in home(ana)
    with acting(cast.ana) as actor:
        checklist = db.session.scalars(select(Checklist)).one()
        start_report(checklist_id=checklist.id, project_id=project, title="First", actor=actor)
        db.session.commit()
    assert "first-steps" not in home(ana)


@pytest.mark.parametrize(
    "column",
    ["logo_key", "second_logo_key", "colour_third", "contact"],
)
def test_any_branding_setting_completes_the_brand_step(acting, cast, column):
    value = f"t/{cast.acme}/logo/x" if column.endswith("_key") else "#000000"
    with acting(cast.ana) as ana:
        assert find_onboarding(ana).now is Step.BRAND
        db.session.execute(update(Tenant).values({column: value}))
        assert find_onboarding(ana).now is Step.CHECKLIST


def test_a_step_can_be_skipped_and_resumed(client_of, acting, cast):
    ana = client_of(cast.ana)
    assert skip(ana, "brand").location == "/"
    assert "Choose a checklist" in home(ana) and "skipped" in home(ana)
    skip(ana, "checklist", "report")
    assert TITLE not in home(ana) and "Skipped steps:" in home(ana)
    assert ana.post("/first-steps/resume").location == "/"
    assert TITLE in home(ana) and "Set up your brand" in home(ana)
    with acting(cast.ana):
        told = [entry.action for entry in list_entries("tenant", cast.acme)]
        assert told == ["onboarding.skipped"] * 3 + ["onboarding.resumed"]


def test_skipping_twice_is_audited_once(client_of, acting, cast):
    ana = client_of(cast.ana)
    assert skip(ana, "brand", "brand").status_code == 303
    assert [ana.post("/first-steps/resume").status_code for _ in range(2)] == [303, 303]
    with acting(cast.ana):
        assert len(list_entries("tenant", cast.acme)) == 2


def test_a_skipped_step_can_still_be_completed(client_of, acting, cast):
    ana = client_of(cast.ana)
    skip(ana, "brand")
    with acting(cast.ana) as actor:
        db.session.execute(update(Tenant).values(contact="x"))
        db.session.commit()
        assert find_onboarding(actor).skipped_steps == ()


def test_the_fragment_equals_the_card_on_the_page(client_of, cast):
    ana = client_of(cast.ana)
    fragment = skip(ana, "brand", **HTMX)
    assert fragment.status_code == 200
    assert (
        fragment.text.strip().startswith('<div id="first-steps">') and "<html" not in fragment.text
    )
    assert "Choose a checklist" in fragment.text and "Choose a checklist" in home(ana)
    assert skip(ana, "checklist", "report", **HTMX).headers["HX-Redirect"] == "/"
    assert ana.post("/first-steps/resume", headers=HTMX).headers["HX-Redirect"] == "/"
    assert TITLE in home(ana)


def test_an_unknown_step_is_not_found(client_of, cast):
    assert skip(client_of(cast.ana), "nonsense").status_code == 404


def test_later_admins_do_not_see_the_steps(client_of, acting, cast):
    for person in (cast.max, cast.tess, cast.vera):
        assert "first-steps" not in home(client_of(person))
    with acting(cast.max):
        account = db.session.scalars(select(Account).where(Account.id == cast.max.id)).one()
        account.role = Role.ADMIN
        db.session.commit()
    assert "first-steps" not in home(client_of(cast.max))
    with acting(cast.ana):
        account = db.session.scalars(select(Account).where(Account.id == cast.ana.id)).one()
        account.is_active = False
        db.session.commit()
    assert TITLE in home(client_of(cast.max))


def test_each_company_has_its_own_steps(client_of, cast):
    skip(client_of(cast.ana), "brand", "checklist", "report")
    assert TITLE in home(client_of(cast.otto))


def test_other_roles_and_anonymous_people_cannot_skip(client_of, anonymous, cast):
    for person in (cast.max, cast.tess, cast.vera, cast.sam):
        assert skip(client_of(person), "brand").status_code == 403
        assert client_of(person).post("/first-steps/resume").status_code == 403
    assert skip(anonymous, "brand").location == "/login"


# --- samples ---------------------------------------------------------------------------------


def test_the_samples_are_shown_and_copied_into_a_draft(client_of, acting, cast):
    client = client_of(cast.max)
    page = client.get("/checklists/samples").text
    for definition in SAMPLES.values():
        assert definition.header.title.en in page
    answer = client.post("/checklists/samples/ups")
    assert answer.status_code == 303
    assert "Publish version 1" in client.get(answer.location).text
    with acting(cast.max):
        version = db.session.scalars(select(Version)).one()
        assert version.is_draft and version.definition == SAMPLES["ups"]
        told = [one.action for one in list_entries("checklist", version.checklist_id)]
        assert told == ["checklist.copied"]
    assert "Open the copy" in client.get("/checklists/samples").text


def test_copying_twice_finds_the_first_copy(client_of, acting, cast):
    client = client_of(cast.max)
    first, second = (client.post("/checklists/samples/ups").location for _ in range(2))
    assert first == second
    client.post(f"{first}/publish")
    assert client.post("/checklists/samples/ups").location == first
    with acting(cast.max):
        assert len(db.session.scalars(select(Version)).all()) == 1
    assert client_of(cast.otto).post("/checklists/samples/ups").location != first


def test_unknown_samples_are_not_found_and_other_roles_cannot_copy(client_of, anonymous, cast):
    assert client_of(cast.max).post("/checklists/samples/nonsense").status_code == 404
    for person in (cast.tess, cast.vera, cast.sam):
        assert client_of(person).get("/checklists/samples").status_code == 403
        assert client_of(person).post("/checklists/samples/ups").status_code == 403
    assert anonymous.get("/checklists/samples").status_code == 303


def test_every_sample_has_a_url(app):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "checklists.copy")
    assert set(rule._converters["kind"].items) == set(SAMPLES)


@pytest.mark.parametrize("key", list(SAMPLES))
def test_each_limit_of_a_sample_names_its_source(key):
    for field in SAMPLES[key].all_fields():
        if field.limits and field.limits.bounded:
            assert field.hint and "Limit: " in field.hint.en and "Limite: " in field.hint.pt, (
                field.id
            )


@pytest.mark.parametrize("key", list(SAMPLES))
def test_a_sample_is_a_complete_checklist_in_two_languages(key):
    definition = SAMPLES[key]
    assert definition.languages == (Language.EN, Language.PT)
    assert definition.header.reference_standards and definition.header.planning_requirements
    texts = [definition.header.title, *(one.title for one in definition.sections)]
    for field in definition.all_fields():
        texts += [
            field.label,
            *(one.label for one in (*field.options, *field.rows, *field.columns)),
        ]
        texts += [field.hint] if field.hint else []
    assert all(text.en and text.pt for text in texts)
    fields = list(definition.all_fields())
    kinds = {field.type for field in fields}
    assert {FieldType.VERDICT, FieldType.NOTE} <= kinds
    assert any(field.photos.mode is PhotoMode.REQUIRED for field in fields)
    assert any(field.photos.gps_required for field in fields)
    verdicts = [field for field in fields if field.type is FieldType.VERDICT]
    assert all(one.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK for one in verdicts)
    if definition.header.category == "Commissioning":
        assert {FieldType.NUMBER, FieldType.TABLE} <= kinds
        assert any(field.limits and field.limits.bounded for field in fields)
    assert definition.signature_roles[0].required
    assert all(kind_of(one).parse(one, "ok") == "ok" for one in verdicts)
