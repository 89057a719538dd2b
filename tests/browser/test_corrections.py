"""A completed report is corrected on a phone: its next revision, its page of changes, its end."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK, LogIn, OpenPage
from tests.support import scenarios

pytestmark = pytest.mark.xdist_group("browser")

IS_REPORT = re.compile(r"/reports/[0-9a-f-]{36}$")


def fill(page: Page) -> None:
    for field_id, value in scenarios.GOOD_ANSWERS.items():
        typed = value["text"] if isinstance(value, dict) and "text" in value else value
        if isinstance(value, dict) and "text" not in value:
            typed = {key: cell["text"] for key, cell in value.items()}
        pages.answer(page, field_id, typed)


def submit(page: Page) -> str:
    """Sign and submit; returns the address of the completed report."""
    pages.sign(page, "technician", "Tess Technician")
    page.get_by_role("link", name="Check and submit").click()
    page.get_by_role("button", name=re.compile("Submit")).click()
    page.wait_for_url(IS_REPORT)
    return page.url


def download(page: Page, target: Path) -> Path:
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    with page.expect_download() as caught:
        link.click()
    caught.value.save_as(target)
    return target


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def look(page: Page, name: str) -> None:
    """Keep a picture of the page, if LOOK names a folder."""
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_report_is_corrected_and_superseded(
    people, open_page: OpenPage, cookies_of: LogIn, tmp_path: Path
):
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Switch to correct")
    fill(page)
    pages.add_files(page, "enclosure", [pages.jpeg(tmp_path / "door.jpg", 90)])
    expect(page.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    older = submit(page)
    before = download(page, tmp_path / "r0.pdf")

    page.get_by_role("link", name="Correct", exact=True).click()
    look(page, "correct")
    page.get_by_role("button", name="Start the correction").click()
    expect(page.get_by_text("Enter the reason for the correction.").first).to_be_visible()
    page.get_by_label("Reason for the correction").fill("The customer's name was wrong.")
    page.get_by_role("button", name="Start the correction").click()
    page.wait_for_url(re.compile(r"/fill"))
    expect(page.locator("#field-customer [name=value]")).to_have_value("Hospital São Lucas")
    expect(page.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    expect(page.locator("#signature-technician")).not_to_have_attribute("data-state", "signed")

    desk = open_page(size=DESK, storage_state=cookies_of(people.max))
    desk.goto(older)
    expect(desk.get_by_text("This report is being corrected")).to_be_visible()
    look(desk, "being_corrected")

    pages.answer(page, "customer", "Clínica Sul")
    pages.add_files(page, "enclosure", [pages.jpeg(tmp_path / "hinge.jpg", 160)])
    expect(page.locator("#field-enclosure li[data-state=good]")).to_have_count(2)
    newer = submit(page)
    expect(page.get_by_text("The customer's name was wrong.").first).to_be_visible()
    look(page, "changes_phone")
    after = download(page, tmp_path / "r1.pdf")
    text = " ".join(pages.pdf_text(after).split())
    for words in ("Changes since", "Hospital São Lucas", "Clínica Sul", "name was wrong"):
        assert words in text, words

    desk.goto(older)
    expect(desk.get_by_text("This report is superseded")).to_be_visible()
    look(desk, "superseded")
    assert digest(download(desk, tmp_path / "r0-again.pdf")) == digest(before)
    desk.goto(newer)
    look(desk, "changes_desk")
    desk.goto("/reports/?search=Switch+to+correct")
    expect(desk.get_by_text("Superseded by R1")).to_have_count(1)
    look(desk, "list")
