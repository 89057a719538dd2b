"""Photos and positions on a phone: repeats, missing positions, photos near here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.models import Actor, ChecklistStatus
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import PHONE
from tests.conftest import settings_for
from tests.support import scenarios

pytestmark = pytest.mark.xdist_group("browser")


def card(page: Page, field_id: str, state: str = "good"):
    return page.locator(f"#field-{field_id} li[data-state={state}]")


def test_a_repeated_photo_is_reported_and_placed_by_one_tap(
    people, open_page, cookies_of, tmp_path
):
    page = open_page(storage_state=cookies_of(people.tess))
    fill = pages.start_report(page, "Twice the same photo")
    picture = pages.jpeg(tmp_path / "board.jpg", 80)
    pages.add_files(page, "enclosure", [picture])
    expect(card(page, "enclosure")).to_have_count(1)

    pages.add_files(page, "cable_entry", [picture])
    repeated = card(page, "cable_entry", "repeated")
    expect(repeated).to_contain_text("You already added this photo to “Enclosure free of damage”.")
    # The question waits for the person, also on another page and after this one is opened again.
    waits = page.get_by_role("link", name=re.compile("^Waiting for you: 1"))
    expect(waits).to_be_visible()
    words = page.locator("[data-unsent-words]")
    words.evaluate("line => { line.textContent = line.textContent.repeat(9); }")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.reload()
    pages.field(page, "cable_entry")
    expect(repeated).to_have_count(1)
    repeated.get_by_role("button", name="Leave it as it is").click()
    expect(repeated).to_have_count(0)
    expect(waits).to_be_hidden()

    pages.add_files(page, "cable_entry", [picture])
    repeated.get_by_role("button", name="Add it here as well").click()
    expect(card(page, "cable_entry")).to_have_count(1)
    expect(repeated).to_have_count(0)
    card(page, "cable_entry").get_by_label("Caption of photo 1").fill("From behind")
    card(page, "cable_entry").get_by_label("Caption of photo 1").blur()
    page.wait_for_load_state("networkidle")

    page.on("dialog", lambda dialog: dialog.accept())
    card(page, "enclosure").get_by_role("button", name="Remove photo 1").click()
    confirm = page.get_by_role("button", name="Yes, continue")
    if confirm.count():
        confirm.click()
    expect(card(page, "enclosure")).to_have_count(0)
    page.goto(f"{fill}?at=cable_entry#field-cable_entry")
    expect(card(page, "cable_entry")).to_have_count(1)
    expect(card(page, "cable_entry").get_by_label("Caption of photo 1")).to_have_value(
        "From behind"
    )


def test_without_scripts_a_page_asks_about_repeated_photos(people, open_page, cookies_of, tmp_path):
    page = open_page(storage_state=cookies_of(people.tess))
    fill = pages.start_report(page, "Twice, without scripts")
    plain = open_page(storage_state=cookies_of(people.tess), java_script_enabled=False)
    picture = pages.jpeg(tmp_path / "board.jpg", 120)
    for field_id in ("enclosure", "cable_entry"):
        plain.goto(f"{fill}?at={field_id}")
        form = plain.locator(f"#field-{field_id}")
        form.locator("input[type=file][data-source=file]").set_input_files([picture])
        form.get_by_role("button", name="Upload").click()
    expect(plain.get_by_text("You already added this photo to")).to_be_visible()
    plain.get_by_role("button", name="Add it here as well").click()
    expect(plain.locator("#field-cable_entry [data-photo-list] > li")).to_have_count(1)
    expect(plain.locator("#field-enclosure [data-photo-list] > li")).to_have_count(1)


@pytest.fixture(scope="module")
def cellar(stack, people, tmp_path_factory) -> str:
    """The URL of a report whose photos of the enclosure need a position. Its checklist is not
    offered to other tests."""
    app = create_app(settings_for(stack.database, tmp_path_factory.mktemp("unused")))
    with app.app_context(), tenant_scope(people.acme):
        tess = Actor(people.tess.name, people.tess.role, people.tess.id)
        version = scenarios.a_checklist(tess, scenarios.a_definition_with_positions())
        version.checklist.status = ChecklistStatus.RETIRED
        report = scenarios.a_report(tess, version=version, title="Cable cellar")
        scenarios.all_answers(report, tess)
        return f"/reports/{report.id}/fill"


def test_a_photo_without_a_position_goes_through_with_a_reason(
    people, open_page, cookies_of, cellar, tmp_path
):
    page = open_page(storage_state=cookies_of(people.tess))
    page.context.clear_permissions()
    page.goto(f"{cellar}?at=enclosure")
    pages.add_files(page, "enclosure", [pages.jpeg(tmp_path / "cellar.jpg", 30)])
    expect(card(page, "enclosure")).to_have_count(1)
    expect(card(page, "enclosure")).to_contain_text("This question requires a position")

    page.get_by_role("link", name="Check and submit").click()
    expect(page.get_by_text("Photos without a position: 1.")).to_be_visible()
    page.get_by_role("link", name="Enclosure free of damage").first.click()
    expect(page.locator("#photo-enclosure-0")).to_be_in_viewport()
    card(page, "enclosure").get_by_text("Position not available").click()
    card(page, "enclosure").get_by_label("Why there is no position").fill("12 m below ground.")
    card(page, "enclosure").get_by_role("button", name="Save the reason").click()
    expect(card(page, "enclosure")).to_contain_text("No position, for the reason below.")
    page.get_by_role("link", name="Check and submit").click()
    expect(page.get_by_text("Photos without a position")).to_have_count(0)


def test_a_button_finds_photos_taken_near_here(people, open_page, cookies_of, tmp_path: Path):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Board beside me")
    pages.add_files(page, "enclosure", [pages.jpeg(tmp_path / "here.jpg", 160)])
    expect(card(page, "enclosure")).to_have_count(1)

    page.goto("/reports/")
    page.get_by_text("Filter and sort").click()
    button = page.get_by_role("button", name="Use my position")
    # Other languages have longer words.
    button.evaluate("button => button.append(' (Usar minha posição)')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button.click()
    expect(page.get_by_label("Photos taken near")).to_have_value("-23.550520, -46.633308")
    expect(page.locator("#reports .chips")).to_contain_text("within 500 m of")
    expect(page.get_by_role("link", name="Board beside me")).to_be_visible()
    page.wait_for_url(re.compile("near="))

    page.get_by_label("Photos taken near").fill("-22,9071; -47,0632")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.get_by_label("Photos taken near").fill("-22,9071")
    expect(page.get_by_text("The coordinates “-22,9071” cannot be read.")).to_be_visible()

    page.goto("/photos/")
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("#photos .photo-card").first).to_be_visible()
    expect(page.get_by_text("0 m").first).to_be_visible()
