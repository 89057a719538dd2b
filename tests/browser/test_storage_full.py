"""A phone without room: what is entered and shot lives on the page, is said so, saved and sent."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Ask, OpenPage, Watched
from tests.browser.gate import Gate
from tests.browser.stack import Stack
from tests.support.cast import Cast

pytestmark = pytest.mark.xdist_group("offline")

PHOTOS = 5
# Enough for what is typed and about two of the photos.
ROOM_BYTES = 300_000
UNKEPT = "Only on this page: no storage space is left."

USE_UP = """async () => {
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const opening = indexedDB.open("ballast");
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept", {autoIncrement: true});
  const database = await answer(opening);
  const add = () => new Promise((resolve) => {
    const writing = database.transaction("kept", "readwrite");
    writing.objectStore("kept").add("x".repeat(1000));
    writing.oncomplete = () => resolve(true);
    writing.onabort = () => resolve(false);
  });
  while (await add());
}"""


@pytest.fixture
def gate(stack: Stack) -> Iterator[Gate]:
    made = Gate(stack.url)
    yield made
    made.close()


def _leave_room(page: Page, url: str, room: int) -> None:
    used = page.evaluate("async () => (await navigator.storage.estimate()).usage")
    _allow(page, url, used + room)


def _leave_none(page: Page, url: str) -> None:
    _allow(page, url, 1)
    # Chromium asks for the quota only when what it was last granted, up to 30 s ago, is used up.
    page.evaluate(USE_UP)


def _allow(page: Page, url: str, size: int) -> None:
    given = {"origin": url, "quotaSize": size}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", given)


def test_what_finds_no_room_stays_on_the_page_is_saved_as_a_file_and_is_sent(
    people: Cast, open_page: OpenPage, gate: Gate, ask: Ask, watched: Watched, tmp_path: Path
) -> None:
    watched.expected += pages.GONE
    page = open_page(url=gate.url)
    pages.log_in(page, people.tess.email)
    pages.worker_runs(page)
    pages.wait_until_kept(page, urlsplit(pages.start_report(page, "No room")).path)
    _leave_room(page, gate.url, ROOM_BYTES)
    with gate.closed():
        shot = [pages.jpeg(tmp_path / f"{n}.jpg", 30 + n * 30) for n in range(PHOTOS)]
        pages.add_files(page, "enclosure", shot)
        cards = page.locator("#field-enclosure [data-photo-local]")
        expect(cards).to_have_count(PHOTOS)
        expect(cards.last).to_contain_text(UNKEPT)
        expect(cards.first).not_to_contain_text(UNKEPT)
        pages.enter(page, "customer", "x" * 2000)

        note = page.locator("[data-toast][data-kind=warning]")
        expect(note).to_have_count(1)
        with page.expect_download() as started:
            note.get_by_role("button", name="Save all as a file").click()
        started.value.save_as(tmp_path / "unsent.zip")
        note.get_by_role("button", name="Close").click()
        _leave_none(page, gate.url)
        pages.sign_here(page, "technician", "Tess Technician")
        expect(page.locator("#signature-technician")).to_contain_text(UNKEPT)
    saved = zipfile.ZipFile(tmp_path / "unsent.zip").namelist()
    assert len([name for name in saved if name.startswith("photos/")]) == PHOTOS

    page.evaluate("dispatchEvent(new Event('online'))")
    expect(cards).to_have_count(0)
    signed = page.locator("#signature-technician")
    expect(signed).to_have_attribute("data-state", re.compile("signed"))
    placed = ask(
        "select count(*) from photo_placements p join reports r on r.id = p.report_id"
        " where r.title = 'No room'"
    )
    assert placed == [(PHOTOS,)]
