"""Work without a connection, on the real stack: all of it arrives exactly once, from any page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser import pages
from tests.browser.conftest import DESK, Ask, OpenPage, Watched
from tests.support import scenarios
from tests.support.cast import Cast, Person

pytestmark = pytest.mark.xdist_group("offline")

LogIn = Callable[[Person], StorageState]
GONE = [
    "An unknown error occurred when fetching the script",
    "net::ERR_INTERNET_DISCONNECTED",
    "Failed to fetch",
    "net::ERR_FAILED",
]


def _report_of(url: str) -> str:
    found = re.search(r"[0-9a-f-]{36}", url)
    assert found
    return found.group()


def _go_offline(page: Page) -> None:
    """Once the scripts of the page are there, as they are for a person who sees it."""
    page.wait_for_function("() => document.documentElement?.dataset.parts === 'started'")
    page.context.set_offline(True)


# The count, where it counts and the percentage share one line above and beside the bar.
HEAD_IS_WHOLE = """() => {
  const boxOf = (one) => {
    const range = document.createRange();
    range.selectNode(document.querySelector("#fill-progress " + one).firstChild);
    return range.getBoundingClientRect();
  };
  const [count, where, percent] = [".progress-line .num", ".fill-counted", ".fill-percent"].map(boxOf);
  const bar = document.querySelector("#fill-progress progress").getBoundingClientRect();
  return count.right < where.left && where.right < percent.left && where.bottom <= bar.top && percent.top < bar.bottom;
}"""


def _typed(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return value["text"] if "text" in value else {key: cell["text"] for key, cell in value.items()}


def _is_here(page: Page, selector: str) -> None:
    expect(page.locator(selector)).to_have_attribute("data-where", "phone")


def _fill(page: Page, folder: Path) -> None:
    for field_id, value in scenarios.GOOD_ANSWERS.items():
        pages.enter(page, field_id, _typed(value))
        _is_here(page, f"#status-{field_id}")
    pages.enter(page, "customer", "first")
    pages.enter(page, "customer", "Hospital São Lucas")
    shots = [pages.jpeg(folder / f"{number}.jpg", 60 + 40 * number) for number in range(2)]
    pages.add_files(page, "enclosure", shots)
    cards = page.locator("#field-enclosure [data-photo-local]")
    expect(cards).to_have_count(2)
    cards.first.locator("[name=caption]").fill("Busbar L1")
    cards.first.locator("[name=caption]").blur()
    pages.sign_here(page, "technician", "Tess Technician")
    _is_here(page, "#signature-technician [data-signature-local]")


def test_a_report_filled_and_submitted_offline_arrives_from_the_start_page(
    people: Cast,
    open_page: OpenPage,
    cookies_of: LogIn,
    ask: Ask,
    watched: Watched,
    tmp_path: Path,
) -> None:
    page = open_page(storage_state=cookies_of(people.tess))
    watched.expected += GONE
    report = _report_of(pages.start_report(page, "In the basement"))
    context = page.context
    _go_offline(page)
    _fill(page, tmp_path)
    page.get_by_role("button", name="Submit without a connection").click()
    page.get_by_role("button", name="Yes, continue").click()
    expect(page.get_by_text("Submitted on this device")).to_be_visible()
    expect(page.locator("[data-closes-with-submit]")).to_have_attribute("inert", "")
    expect(page.locator("[data-unsent]")).to_contain_text("Not sent:")
    assert page.evaluate(HEAD_IS_WHOLE)
    page.close(run_before_unload=False)

    context.set_offline(False)
    again = context.new_page()
    again.goto("/")
    pages.wait_until_sent(again)
    expect(again.locator("[data-unsent]")).to_be_hidden()
    state = ask("select status, title from reports where id = %s", report)
    assert state == [("completed", "In the basement")]
    kinds = ask(
        "select kind, count(*), count(distinct client_id) from receipts"
        " where report_id = %s and verdict = 'applied' group by kind order by kind",
        report,
    )
    counts = {kind: (count, ids) for kind, count, ids in kinds}
    assert counts["photo"] == (2, 2)
    assert counts["signature"] == counts["submit"] == counts["caption"] == (1, 1)
    answers = ask("select field_id, value from answers where report_id = %s", report)
    assert len(answers) == len(scenarios.GOOD_ANSWERS)
    assert dict(answers)["customer"] == "Hospital São Lucas"
    captions = ask(
        "select caption from photo_placements where report_id = %s order by position", report
    )
    assert captions == [("Busbar L1",), ("",)]


def test_a_submit_that_is_refused_opens_the_report_with_what_is_missing(
    people: Cast, open_page: OpenPage, cookies_of: LogIn, watched: Watched
) -> None:
    page = open_page(storage_state=cookies_of(people.tess))
    watched.expected += GONE
    pages.start_report(page, "Too early")
    _go_offline(page)
    pages.enter(page, "customer", "Usina")
    page.get_by_role("button", name="Submit without a connection").click()
    page.get_by_role("button", name="Yes, continue").click()
    expect(page.locator("[data-closes-with-submit]")).to_have_attribute("inert", "")
    page.context.set_offline(False)
    place = page.locator("[data-submit-place]")
    expect(place.get_by_role("heading", name="Not submitted")).to_be_visible()
    expect(place.get_by_role("link", name="Enclosure free of damage")).to_be_visible()
    expect(page.locator("[data-closes-with-submit]")).not_to_have_attribute("inert", "")
    pages.answer(page, "customer", "Usina Sul")


def test_others_see_what_one_person_enters_while_they_work(
    people: Cast, open_page: OpenPage, cookies_of: LogIn, watched: Watched, tmp_path: Path
) -> None:
    watched.expected += GONE
    tess = open_page(storage_state=cookies_of(people.tess))
    ana = open_page(size=DESK, storage_state=cookies_of(people.ana))
    ana.goto(pages.start_report(tess, "Two sections"))
    pages.field(ana, "cable_entry")
    pages.answer(tess, "customer", "Usina Norte")
    theirs = ana.locator("#field-customer")
    expect(theirs.locator("[name=value]")).to_have_value("Usina Norte")
    expect(theirs).to_contain_text(f"Changed by {people.tess.name}")
    pages.answer(ana, "customer", "Usina Sul")

    # A photo of a question without an answer, and a value that waits for a choice.
    pages.add_files(tess, "enclosure", [pages.jpeg(tmp_path / "seen.jpg", 90)])
    expect(ana.locator("#field-enclosure [data-photo]")).to_have_count(1)
    expect(tess.locator("#field-customer [name=value]")).to_have_value("Usina Sul")
    tess.context.set_offline(True)
    pages.enter(tess, "customer", "Usina Leste")
    pages.answer(ana, "customer", "Usina Oeste")
    ana.locator("#field-cable_entry").click()
    tess.context.set_offline(False)
    expect(theirs.locator("[data-conflict]")).to_contain_text("Usina Leste")
