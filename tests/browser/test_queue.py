"""The queue on the offline page, and the import of its file by an admin, on the real stack."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser import pages
from tests.browser.conftest import DESK, Ask, OpenPage, Watched
from tests.support.cast import Cast, Person

pytestmark = pytest.mark.xdist_group("offline")

LogIn = Callable[[Person], StorageState]
GONE = ["net::ERR_FAILED", "Failed to fetch"]
SENDING = re.compile(r"/operations$|/uploads")
WAITS = re.compile("Waits for the connection|No answer from the server|Is being sent")
# Records as the outbox keeps them. A JPEG with zeros after it is still one.
PUT_PHOTOS = """async ([count, account, report, jpeg]) => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open("laudo");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const picture = Uint8Array.from(atob(jpeg), (one) => one.charCodeAt(0));
  for (let number = 0; number < count; number += 1) {
    const clientId = crypto.randomUUID();
    const tx = db.transaction(["operations", "bytes"], "readwrite");
    const data = new Uint8Array(1_000_000);
    data.set(picture);
    tx.objectStore("bytes").put(data.buffer, clientId);
    tx.objectStore("operations").put({
      clientId, account, scope: `${account}|${report}`, report, reportName: "R", kind: "photo",
      field: "enclosure", block: "", payload: [["file_name", `${number}.jpg`]], baseVersion: null,
      after: [], things: ["photos|enclosure|", `photo|${clientId}`], seq: 1000 + number,
      clientAt: new Date().toISOString(), at: Date.now(), state: "parked", sentence: "Later.",
      tries: 0, heldUntil: 0,
    });
    await new Promise((resolve, reject) => { tx.oncomplete = resolve; tx.onerror = reject; });
  }
  db.close();
}"""


def _rows(page: Page):
    return page.locator("[data-queue-list] > li")


def _enter_without_sending(page: Page, folder: Path) -> None:
    page.context.route(SENDING, lambda route: route.abort())
    pages.enter(page, "customer", "Hospital São Lucas")
    pages.enter(page, "enclosure", "ok")
    pages.add_files(page, "enclosure", [pages.jpeg(folder / "one.jpg", 90)])
    pages.sign_here(page, "technician", "Tess Technician")
    expect(page.locator("#signature-technician [data-signature-local]")).to_be_visible()
    # After the signature: what the signer saw cannot be discarded without it.
    pages.enter(page, "remarks", "A slip of the finger")


def test_the_queue_is_shown_saved_imported_and_then_known(
    people: Cast,
    open_page: OpenPage,
    cookies_of: LogIn,
    ask: Ask,
    watched: Watched,
    tmp_path: Path,
) -> None:
    page = open_page(storage_state=cookies_of(people.tess))
    watched.expected += GONE
    pages.start_report(page, "Never sent")
    _enter_without_sending(page, tmp_path)

    page.locator("[data-unsent]").click()
    expect(page).to_have_url(re.compile("/offline#waiting$"))
    expect(_rows(page)).to_have_count(5)
    customer = _rows(page).filter(has_text="Hospital São Lucas")
    expect(customer.get_by_role("link")).to_have_text("Customer")
    expect(customer).to_contain_text(WAITS)
    expect(_rows(page).filter(has_text="a photo").locator("canvas")).to_be_visible()
    expect(_rows(page).filter(has_text="Tess Technician")).to_contain_text("before it")
    expect(_rows(page).filter(has_text="an answer").filter(has_text="Enclosure")).to_contain_text(
        "OK"
    )

    slip = _rows(page).filter(has_text="A slip of the finger")
    slip.get_by_role("button", name="Discard").click()
    sure = page.get_by_role("dialog")
    expect(sure).to_contain_text("It exists only on this device and nowhere else.")
    sure.get_by_role("button", name="Keep it").click()
    expect(slip).to_be_visible()
    slip.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(_rows(page)).to_have_count(4)

    with page.expect_download() as started:
        page.get_by_role("button", name="Save all as a file").click()
    file = tmp_path / "unsent.zip"
    started.value.save_as(file)

    desk = open_page(DESK, storage_state=cookies_of(people.ana))
    desk.goto("/company/unsent-work")
    desk.locator("#file").set_input_files(file)
    desk.get_by_role("button", name="Check the file").click()
    result = desk.locator("#import-result")
    expect(result).to_contain_text("Unsent work of Tess Technician")
    expect(result).to_contain_text("Will be imported: 4")
    desk.get_by_role("button", name="Import these entries").click()
    expect(result).to_contain_text("Imported: 4")
    found = ask(
        "select field_id, value from answers join reports r on r.id = report_id"
        " where r.title = 'Never sent' order by field_id"
    )
    assert found == [("customer", "Hospital São Lucas"), ("enclosure", "ok")]
    assert ask(
        "select count(*) from signatures s join reports r on r.id = s.report_id"
        " where r.title = 'Never sent'"
    ) == [(1,)]

    page.context.unroute(SENDING)
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("Nothing of yours is waiting")).to_be_visible()
    placed = ask(
        "select count(*) from photo_placements p join reports r on r.id = p.report_id"
        " where r.title = 'Never sent'"
    )
    assert placed == [(1,)]


def test_two_hundred_photos_open_at_once_and_are_read_only_in_view(
    people: Cast, open_page: OpenPage, cookies_of: LogIn, watched: Watched, tmp_path: Path
) -> None:
    page = open_page(storage_state=cookies_of(people.tom))
    watched.expected += GONE
    page.goto("/offline")
    expect(page.get_by_text("Nothing of yours is waiting")).to_be_visible()
    jpeg = base64.b64encode(pages.jpeg(tmp_path / "one.jpg", 90).read_bytes()).decode()
    page.evaluate(PUT_PHOTOS, [200, str(people.tom.id), str(people.ana.id), jpeg])
    page.goto("/offline")
    expect(_rows(page)).to_have_count(200)
    took = page.evaluate("performance.now()")
    assert took < 4_000
    expect(page.locator("[data-queue-list] canvas").first).to_be_visible()
    assert page.locator("[data-queue-list] canvas").count() < 40
