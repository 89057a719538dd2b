"""The whole job with scripts off: fill every type of field, photograph, sign by image, submit,
PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.support import scenarios
from tests.support.pictures import a_png

pytestmark = pytest.mark.xdist_group("browser")


def put(page: Page, field_id: str, value: Any) -> None:
    """Enter a value in the card of a field, without sending it."""
    card = pages.field(page, field_id)
    inputs = card.locator("form[data-field-form] [name=value]")
    if isinstance(value, Mapping):
        for key, text in value.items():
            card.locator(f"[name='cell:{key}']").fill(text)
    elif isinstance(value, list):
        for option in value:
            card.locator(f"label:has([value='{option}'])").click()
    elif inputs.first.get_attribute("type") == "radio":
        card.locator(f"label:has([value='{value}'])").click()
    else:
        inputs.first.fill(value)


def save(page: Page, field_id: str) -> None:
    pages.field(page, field_id).get_by_role("button", name="Save").click()
    page.wait_for_load_state()


def typed(value: Any) -> Any:
    """A valid answer as a person types it."""
    if isinstance(value, Mapping) and "text" in value:
        return value["text"]
    if isinstance(value, Mapping):
        return {key: cell["text"] for key, cell in value.items()}
    return value


def test_a_whole_report(people, open_page, tmp_path):
    page = open_page(java_script_enabled=False)
    pages.log_in(page, people.tess.email)
    pages.start_report(page, "Without scripts")

    for field_id, value in scenarios.GOOD_ANSWERS.items():
        put(page, field_id, typed(value))
        save(page, field_id)
        expect(page.locator(f"#field-{field_id}")).to_be_in_viewport()
        expect(page.locator(f"#status-{field_id}")).to_have_attribute("data-state", "saved")

    files = [pages.jpeg(tmp_path / f"{n}.jpg", 90 + 50 * n) for n in range(2)]
    card = pages.field(page, "enclosure")
    card.get_by_label("Add files").set_input_files(files)
    card.get_by_role("button", name="Upload").click()
    expect(page.locator("#field-enclosure")).to_be_in_viewport()
    expect(page.locator("#field-enclosure [data-photo-list] > li")).to_have_count(2)

    sign_by_image(page, "technician", "Tess Technician", tmp_path)
    page.get_by_role("link", name="Check and submit").click()
    # The worker may still be reading; without scripts, reload the page.
    submit = page.get_by_role("button", name=re.compile("Submit"))
    for _look in range(300):
        if submit.is_enabled():
            break
        page.wait_for_timeout(500)
        page.reload()
    submit.click()
    page.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))

    link = page.get_by_role("link", name="Download").first
    for _look in range(300):
        if link.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    with page.expect_download() as caught:
        link.click()
    saved = tmp_path / "report.pdf"
    caught.value.save_as(saved)
    text = pages.pdf_text(saved)
    for words in (
        "Without scripts",
        "Hospital São Lucas",
        "2 of 2 photos printed",
        "Hall 7",
        "Tess Technician",
        "0,08",
        "Nada a declarar.",
    ):
        assert words in text, words


def test_the_pickers_of_photos_fit_a_phone(people, open_page, tmp_path):
    page = open_page(java_script_enabled=False)
    pages.log_in(page, people.tess.email)
    pages.start_report(page, "Narrow")
    card = pages.field(page, "enclosure")
    for picker in card.locator(".photo-pick").all():
        box, file = picker.bounding_box(), picker.locator("input").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert file["x"] + file["width"] <= box["x"] + box["width"] + 0.5
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_bad_file_comes_back_to_its_question_with_the_reason(people, open_page, tmp_path):
    page = open_page(java_script_enabled=False)
    pages.log_in(page, people.tess.email)
    pages.start_report(page, "One bad file")
    (tmp_path / "notes.txt").write_text("words")
    card = pages.field(page, "enclosure")
    card.get_by_label("Add files").set_input_files(tmp_path / "notes.txt")
    card.get_by_role("button", name="Upload").click()
    expect(page.locator("#field-enclosure")).to_be_in_viewport()
    expect(page.get_by_text("notes.txt: Only JPEG")).to_be_visible()


def sign_by_image(page: Page, role_id: str, name: str, folder: Path) -> None:
    image = folder / "signature.png"
    image.write_bytes(a_png((400, 160)))
    place = page.locator(f"#signature-{role_id}")
    place.get_by_label("Signer's name").fill(name)
    # There is no pad, so the file input is open at once.
    place.get_by_label("Signature image").set_input_files(image)
    place.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_load_state()
    expect(page.locator(f"#signature-{role_id}")).to_have_attribute("data-state", "signed")


def test_refused_input_stays_on_the_page_with_the_reason(people, open_page, tmp_path):
    page = open_page(java_script_enabled=False)
    pages.log_in(page, people.tess.email)
    pages.start_report(page, "Refused")
    put(page, "insulation", "about two hundred")
    save(page, "insulation")
    status = page.locator("#status-insulation")
    expect(status).to_have_attribute("data-state", "refused")
    expect(status).to_be_in_viewport()
    expect(page.locator("#field-insulation [name=value]")).to_have_value("about two hundred")

    place = page.locator("#signature-technician")
    place.get_by_label("Signer's name").fill("Tess Technician")
    place.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_load_state()
    expect(place.get_by_role("alert")).to_have_text("Draw the signature, or choose an image of it.")
    expect(place.get_by_role("alert")).to_be_in_viewport()
    expect(place.get_by_label("Signer's name")).to_have_value("Tess Technician")


def test_a_conflict_is_a_page_with_both_values_and_either_is_kept(people, open_page, tmp_path):
    tess, ana = open_page(java_script_enabled=False), open_page(java_script_enabled=False)
    pages.log_in(tess, people.tess.email)
    pages.log_in(ana, people.ana.email)
    pages.start_report(tess, "Two at one report")
    ana.goto(tess.url.split("#")[0])

    put(tess, "customer", "Tess says")
    save(tess, "customer")
    put(ana, "customer", "Ana says")
    save(ana, "customer")
    conflict = ana.locator("#status-customer .conflict")
    expect(conflict).to_contain_text(f"{people.tess.name} saved at")
    expect(conflict).to_contain_text("Tess says")
    expect(conflict).to_contain_text("Ana says")
    expect(conflict).to_be_in_viewport()
    conflict.get_by_role("button", name="Keep mine").click()
    expect(ana.locator("#field-customer [name=value]")).to_have_value("Ana says")

    put(tess, "customer", "Tess again")
    save(tess, "customer")
    tess.get_by_role("button", name="Use the other").click()
    expect(tess.locator("#field-customer [name=value]")).to_have_value("Ana says")
    tess.goto(re.sub(r"/fill.*", "", tess.url))
    tess.locator(".history summary").click()
    expect(tess.locator(".history")).to_contain_text("set aside: Tess again")
