"""A large upload that is refused before it is received: Chromium shows the answer, not an error.

A browser sends the whole body before it reads the answer, so if the server closes early, the
browser reports that it "unexpectedly closed the connection".
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.conftest import DESK

pytestmark = pytest.mark.xdist_group("browser")

LARGE = 8 * 1024 * 1024
SEND = """async (size) => {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(size)]), "photo.jpg");
  const headers = { "X-Requested-With": "fetch" };
  const url = "/reports/00000000-0000-0000-0000-000000000000/fields/x/photos";
  return (await fetch(url, { method: "POST", body: form, headers })).status;
}"""


def test_a_form_sent_after_the_session_ended_leads_to_the_login(people, open_page, tmp_path):
    page = open_page(size=DESK, java_script_enabled=False)
    pages.log_in(page, people.ana.email)
    page.goto("/checklists/new")
    workbook = tmp_path / "large.xlsx"
    workbook.write_bytes(bytes(LARGE))
    page.locator("input[type=file]").set_input_files(workbook)
    page.context.clear_cookies()
    page.locator("form:has(input[type=file]) [type=submit]").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert "/login" in page.url


def test_a_script_reads_that_it_is_logged_out(people, open_page):
    page = open_page()
    pages.log_in(page, people.tess.email)
    page.context.clear_cookies()
    assert [page.evaluate(SEND, LARGE) for _each in range(3)] == [401] * 3


def test_a_too_large_upload_gets_a_message_not_a_reset(people, open_page):
    page = open_page()
    pages.log_in(page, people.tess.email)
    assert page.evaluate(SEND, 5 * LARGE) == 413
