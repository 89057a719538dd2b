"""The main job in Chromium, phone-sized, against web, worker and relay: from login to the PDF."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser import pages
from tests.support import scenarios

pytestmark = pytest.mark.xdist_group("browser")


def test_a_technician_fills_signs_submits_and_downloads(people, open_page, tmp_path):
    page = open_page()
    pages.log_in(page, people.tess.email)

    page.get_by_role("link", name="Reports").first.click()
    page.get_by_role("link", name="New report").first.click()
    pages.choose_project(page)
    pages.choose_checklist(page)
    page.get_by_label("Title").fill("Transfer switch QTA-01")
    page.get_by_label("Equipment tag").fill("QTA-01")
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url(re.compile(r"/fill"))

    # Too early: everything missing is listed, with a link to its place.
    page.get_by_role("link", name="Check and submit").click()
    expect(page.get_by_role("heading", name=re.compile(r"^\d+ left$"))).to_be_visible()
    page.get_by_role("link", name="Enclosure free of damage").first.click()
    expect(page.locator("#field-enclosure")).to_be_in_viewport()

    for field_id, value in scenarios.GOOD_ANSWERS.items():
        typed = value["text"] if isinstance(value, dict) and "text" in value else value
        if isinstance(value, dict) and "text" not in value:
            typed = {key: cell["text"] for key, cell in value.items()}
        pages.answer(page, field_id, typed)

    good = [pages.jpeg(tmp_path / f"board-{n}.jpg", 60 + 40 * n) for n in range(2)]
    broken = pages.jpeg(tmp_path / "broken.jpg", 200, cut=True)
    pages.add_files(page, "enclosure", [*good, broken])
    cards = page.locator("#field-enclosure [data-photo-list] > li")
    expect(cards).to_have_count(3)
    expect(page.locator("#field-enclosure li[data-state=good]")).to_have_count(2)
    quarantined = page.locator("#field-enclosure li[data-state=quarantined]")
    expect(quarantined).to_have_count(1)

    pages.sign(page, "technician", "Tess Technician")
    page.get_by_role("link", name="Check and submit").click()
    page.get_by_role("button", name=re.compile("Submit")).click()
    page.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
    expect(page.get_by_text("Completed").first).to_be_visible()

    download_link = page.get_by_role("link", name="Download").first
    expect(download_link).to_be_visible()
    with page.expect_download() as caught:
        download_link.click()
    name = caught.value.suggested_filename
    number = re.fullmatch(r"(ATS-\d{4}-R0)-Transfer switch QTA-01\.pdf", name)
    assert number, name
    saved = tmp_path / "report.pdf"
    caught.value.save_as(saved)
    text = pages.pdf_text(saved)
    for words in (number[1], "Hospital São Lucas", "MΩ", "2 of 2 photos printed", "Hall 7"):
        assert words in text, words


def test_typed_text_is_there_after_a_reload(people, open_page):
    page = open_page()
    pages.log_in(page, people.tom.email)
    page.goto("/reports/new")
    pages.choose_project(page)
    pages.choose_checklist(page)
    page.get_by_label("Title").fill("Second board")
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url(re.compile(r"/fill"))
    pages.answer(page, "customer", "Usina São João")
    pages.answer(page, "enclosure", "ok")
    page.reload()
    expect(page.locator("#field-customer [name=value]")).to_have_value("Usina São João")
    expect(page.locator("#field-enclosure [value=ok]")).to_be_checked()


def test_what_depends_on_the_project_waits_for_it(people, open_page, watched):
    """The answer replaces it, and would take along what was chosen meanwhile."""
    watched.expected += pages.GONE
    page = open_page()
    pages.log_in(page, people.tess.email)
    page.goto("/reports/new")
    held: list[Route] = []
    page.route("**/reports/start-choices?*", lambda route: held.append(route))
    page.get_by_label("Project").select_option(label="Hall 7")
    start = page.get_by_role("button", name="Start the report")
    expect(page.get_by_label("Checklist")).to_be_disabled()
    expect(start).to_be_disabled()
    page.get_by_label("Title").fill("Typed meanwhile")
    held[0].abort()
    expect(page.get_by_label("Checklist")).to_be_enabled()
    page.unroute_all()
    page.get_by_label("Project").select_option(index=0)
    expect(start).to_be_enabled()
    expect(page.get_by_label("Title")).to_have_value("Typed meanwhile")
