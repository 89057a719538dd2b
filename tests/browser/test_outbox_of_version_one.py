"""What the release before kept on a phone is sent by this one, from the start page, exactly once."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.conftest import DESK, Ask, LogIn, OpenPage
from tests.support.cast import Cast

pytestmark = pytest.mark.xdist_group("browser")

# The database as the scripts of that release made it: contents of fields, and chosen files.
KEEP = """async ({ account, report, photo, picture, save }) => {
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const opening = indexedDB.open("laudo", 1);
  opening.onupgradeneeded = () => {
    for (const name of ["saves", "photos"]) opening.result.createObjectStore(name, { keyPath: "key" });
  };
  const db = await asked(opening);
  const tx = db.transaction(["saves", "photos"], "readwrite");
  const keep = (field, entries, more) => tx.objectStore("saves").put({
    key: `${account} /reports/${report}/fields/${field}`,
    account, at: Date.now(), entries, rowVersion: "0", save: null, choice: [], ...more,
  });
  keep("customer", [["value", "Usina Norte"], ["comment", ""]]);
  keep("remarks", [["value", "newer words"], ["comment", ""]], {
    save: {
      clientId: save, clientAt: "2026-11-01T10:00:00.000Z", rowVersion: "0", choice: [],
      entries: [["value", "older words"], ["comment", ""]],
    },
  });
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  tx.objectStore("photos").put({
    key: `${account} ${photo}`, account, url: `/reports/${report}/fields/enclosure/photos`,
    file: new File([bytes], "busbar.jpg", { type: "image/jpeg" }), source: "file",
    clientAt: "2026-11-01T10:01:00.000Z", at: Date.now(), position: null,
  });
  await new Promise((resolve) => { tx.oncomplete = resolve; });
  db.close();
}"""


def test_what_version_one_kept_is_sent_once(
    people: Cast, open_page: OpenPage, cookies_of: LogIn, ask: Ask, tmp_path: Path
) -> None:
    elsewhere = open_page(size=DESK, storage_state=cookies_of(people.tess))
    report = pages.start_report(elsewhere, "Kept by the release before").split("/")[-2]
    shot = pages.jpeg(tmp_path / "shot.jpg", 50).read_bytes()
    photo, save = str(uuid4()), str(uuid4())
    phone = open_page()
    phone.goto("/login")
    given = {"account": str(people.tess.id), "report": report, "photo": photo, "save": save}
    phone.evaluate(KEEP, {**given, "picture": b64encode(shot).decode()})
    pages.log_in(phone, people.tess.email)
    phone.goto("/")
    count = "select count(*) from receipts where report_id = %s"
    for _turn in range(200):
        if ask(count, report) == [(4,)]:
            break
        phone.wait_for_timeout(100)
    answers = ask(
        "select field_id, value, row_version from answers where report_id = %s order by 1", report
    )
    assert answers == [("customer", "Usina Norte", 1), ("remarks", "newer words", 2)]
    photos = ask("select client_id::text, sha256 from photos where report_id = %s", report)
    assert photos == [(photo, sha256(shot).hexdigest())]
    receipts = ask("select client_id::text, verdict from receipts where report_id = %s", report)
    assert len(receipts) == 4 and {verdict for _id, verdict in receipts} == {"applied"}
    assert {photo, save} <= {client_id for client_id, _verdict in receipts}
    expect(phone.locator("[data-unsent]")).to_be_hidden()
