"""In WebKit: what is entered while the server is gone outlives a reload, and is sent once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import pages
from tests.browser.conftest import DESK, Ask, LogIn, OpenPage
from tests.browser.gate import Gate
from tests.browser.webkit import IS_KEPT, log_in, wait_for
from tests.support.cast import Cast

pytestmark = pytest.mark.xdist_group("offline")

COUNT = """
const [done] = arguments;
const opening = indexedDB.open("laudo");
opening.onsuccess = () => {
  const db = opening.result;
  const all = db.transaction("operations").objectStore("operations").getAll();
  all.onsuccess = () => {
    db.close();
    done(all.result.map(({ kind }) => kind).sort().join());
  };
};
"""


def _find(driver: WebKitGTK, selector: str) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, selector)


def _open_sections(driver: WebKitGTK) -> None:
    script = "for (const one of document.querySelectorAll('details.section')) one.open = true;"
    driver.execute_script(script)


def test_work_without_a_server_outlives_a_reload_and_is_sent_once(
    driver: WebKitGTK,
    local_gate: Gate,
    people: Cast,
    open_page: OpenPage,
    cookies_of: LogIn,
    ask: Ask,
    tmp_path: Path,
) -> None:
    elsewhere = open_page(size=DESK, storage_state=cookies_of(people.tess))
    fill = pages.start_report(elsewhere, "Sent from WebKit")
    path = "/reports/" + fill.split("/reports/")[1]
    report = path.split("/")[2]
    shot = pages.jpeg(tmp_path / "shot.jpg", 70)
    log_in(driver, local_gate.url, people.tess.email)
    wait_for(driver, lambda one: one.execute_async_script(IS_KEPT, path) is True)
    with local_gate.closed():
        driver.get(local_gate.url + path)
        _open_sections(driver)
        typed = _find(driver, "#field-customer [name=value]")
        typed.send_keys("Usina Norte")
        _find(driver, "#field-remarks [name=value]").send_keys("No signal here")
        _find(driver, "#field-enclosure [data-photo-input][data-source=file]").send_keys(str(shot))
        wait_for(driver, lambda one: one.execute_async_script(COUNT) == "answer,answer,photo")
        driver.get(local_gate.url + path)
        customer = _find(driver, "#field-customer [name=value]")
        wait_for(driver, lambda _one: customer.get_attribute("value") == "Usina Norte")
        local = (By.CSS_SELECTOR, "#field-enclosure [data-photo-local][data-where=phone]")
        wait_for(driver, lambda one: len(one.find_elements(*local)) == 1)
    driver.get(f"{local_gate.url}/")
    wait_for(driver, lambda one: one.execute_async_script(COUNT) == "")
    answers = ask("select field_id, value from answers where report_id = %s", report)
    assert dict(answers) == {"customer": "Usina Norte", "remarks": "No signal here"}
    photos = ask("select sha256 from photos where report_id = %s", report)
    assert photos == [(sha256(shot.read_bytes()).hexdigest(),)]
    receipts = ask("select kind, verdict from receipts where report_id = %s order by 1", report)
    assert receipts == [("answer", "applied"), ("answer", "applied"), ("photo", "applied")]
