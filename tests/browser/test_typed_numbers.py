"""An ambiguous number: the page asks beside its field, one tap decides, and the colour follows the
chosen number, even if the connection breaks at the tap or scripts are off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import pages

pytestmark = pytest.mark.xdist_group("browser")


def mark_of(page: Page, name: str) -> Locator:
    """The coloured frame of the input with this name."""
    return page.locator(f"[data-reading]:has([name='{name}'])")


def question_of(page: Page, field_id: str) -> Locator:
    return page.locator(f"#status-{field_id} .read-as")


def look(page: Page, name: str) -> None:
    """Save a screenshot if LOOK=folder is set."""
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_one_tap_decides_and_the_colour_follows_the_number(people, open_page, cookies_of):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Two numbers")
    pages.answer(page, "insulation", "1,200")
    asked = question_of(page, "insulation")
    expect(asked).to_contain_text("Read as 1.2 MΩ. Or did you mean 1200?")
    expect(mark_of(page, "value").first).to_have_attribute("data-judged", "out_of_limits")
    look(page, "asked")
    for button in asked.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    asked.get_by_role("button", name="Use 1200").click()
    expect(asked.get_by_role("button")).to_have_count(0)
    expect(asked).to_contain_text("Read as 1200 MΩ.")
    expect(page.locator("#status-insulation")).to_contain_text("Within limits")
    expect(mark_of(page, "value").first).to_have_attribute("data-judged", "in_limits")
    expect(page.locator("#answer-insulation[aria-invalid]")).to_have_count(0)
    look(page, "decided")

    # After a reload, the decision is kept; a new text is read again.
    page.reload()
    pages.field(page, "insulation")
    expect(mark_of(page, "value").first).to_have_attribute("data-judged", "in_limits")
    pages.answer(page, "insulation", "1,300")
    expect(asked).to_contain_text("Or did you mean 1300?")


def test_questions_open_above_the_bottom_bar(people, open_page, cookies_of):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Asked at the foot")
    typed = pages.field(page, "insulation").locator("[name=value]")
    bar = page.locator(".mainnav")
    # The input is just above the bar, which would cover what opens below it.
    typed.evaluate(
        "(input, top) => scrollBy(0, input.getBoundingClientRect().bottom - top + 8)",
        bar.bounding_box()["y"],
    )
    typed.fill("1,200")
    typed.evaluate("input => input.blur()")
    asked = question_of(page, "insulation").get_by_role("button", name="Use 1200")
    expect(asked).to_be_visible()
    page.wait_for_function(
        """() => {
          const [asked, bar] = [".read-as", ".mainnav"].map((one) => document.querySelector(one));
          return asked.getBoundingClientRect().bottom <= bar.getBoundingClientRect().top;
        }"""
    )
    look(page, "asked-at-the-foot")


def test_each_ambiguous_cell_of_a_table_asks(people, open_page, cookies_of):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Two cells")
    cells = {"a:before": "1,200", "b:after": "0,1"}
    pages.answer(page, "contact_resistance", cells)
    expect(question_of(page, "contact_resistance")).to_contain_text("Phase A, Before")
    look(page, "table")
    question_of(page, "contact_resistance").get_by_role("button", name="Keep 1.2").click()
    expect(page.locator("#status-contact_resistance [data-choose]")).to_have_count(0)
    pages.expect_saved(page, "contact_resistance")


def test_a_unit_with_another_prefix_is_shown(people, open_page, cookies_of):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Kiloohms")
    pages.answer(page, "insulation", "980 k")
    expect(question_of(page, "insulation")).to_have_text("Read as 0.98 MΩ.")
    expect(mark_of(page, "value").first).to_have_attribute("data-judged", "out_of_limits")
    look(page, "unit")


def test_an_offline_tap_is_sent_when_the_connection_is_back(people, open_page, cookies_of, watched):
    watched.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "In the cellar")
    pages.answer(page, "insulation", "1,200")
    page.context.set_offline(True)
    question_of(page, "insulation").get_by_role("button", name="Use 1200").click()
    status = page.locator("#status-insulation")
    expect(status).to_have_attribute("data-state", "retrying")
    expect(question_of(page, "insulation")).to_be_hidden()
    page.context.set_offline(False)
    pages.expect_saved(page, "insulation")
    expect(status).to_contain_text("Within limits")


def test_two_different_decisions_are_a_conflict(people, open_page, cookies_of):
    tess, ana = (open_page(storage_state=cookies_of(one)) for one in (people.tess, people.ana))
    for page in (tess, ana):
        page.route("**/pulse?*", lambda route: route.fulfill(status=204))
    pages.start_report(tess, "Two at one number")
    pages.answer(tess, "insulation", "1,200")
    ana.goto(tess.url.split("#")[0])
    pages.field(ana, "insulation")
    question_of(ana, "insulation").get_by_role("button", name="Keep 1.2").click()
    expect(ana.locator("#status-insulation [data-choose]")).to_have_count(0)

    question_of(tess, "insulation").get_by_role("button", name="Use 1200").click()
    conflict = tess.locator("#status-insulation .conflict")
    expect(conflict).to_contain_text("1.2 MΩ (typed as 1,200)")
    expect(conflict).to_contain_text("1200 MΩ (typed as 1,200)")
    conflict.get_by_role("button", name="Use what was typed").click()
    pages.expect_saved(tess, "insulation")
    expect(question_of(tess, "insulation")).to_have_text("Read as 1200 MΩ.")


def test_without_scripts_a_button_decides_and_enter_does_not(people, open_page, cookies_of):
    page = open_page(java_script_enabled=False, storage_state=cookies_of(people.tess))
    pages.start_report(page, "By hand")
    card = pages.field(page, "insulation")
    card.locator("[name=value]").fill("1,200")
    card.locator("[name=value]").press("Enter")
    page.wait_for_load_state()
    card.locator("[name=value]").press("Enter")
    page.wait_for_load_state()
    expect(question_of(page, "insulation")).to_contain_text("Or did you mean 1200?")
    expect(question_of(page, "insulation")).to_be_in_viewport()
    look(page, "without_scripts")
    question_of(page, "insulation").get_by_role("button", name="Use 1200").click()
    page.wait_for_load_state()
    expect(question_of(page, "insulation")).to_have_text("Read as 1200 MΩ.")
    page.get_by_role("link", name="Check and submit").click()
    page.wait_for_load_state()
    expect(page.locator("#review")).not_to_contain_text("two numbers")
