"""In WebKit: a fill page opens from the service worker with the server gone."""

from __future__ import annotations

import pytest
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By

from tests.browser import pages
from tests.browser.conftest import DESK, LogIn, OpenPage
from tests.browser.gate import Gate
from tests.browser.releases import FILL, Releases
from tests.browser.webkit import IS_KEPT, log_in, wait_for
from tests.support.cast import Cast

pytestmark = pytest.mark.xdist_group("offline")


def test_a_fill_page_opens_from_the_worker(
    driver: WebKitGTK, local_gate: Gate, people: Cast, open_page: OpenPage, cookies_of: LogIn
) -> None:
    elsewhere = open_page(size=DESK, storage_state=cookies_of(people.tess))
    fill = pages.start_report(elsewhere, "Kept in WebKit")
    pages.answer(elsewhere, "customer", "Acme of the south")
    path = "/reports/" + fill.split("/reports/")[1]
    log_in(driver, local_gate.url, people.tess.email)
    wait_for(driver, lambda one: one.execute_async_script(IS_KEPT, path) is True)
    with local_gate.closed():
        driver.get(local_gate.url + path)
        title = driver.find_element(By.CLASS_NAME, "fill-title")
        assert title.get_attribute("textContent") == "Kept in WebKit"
        banner = driver.find_element(By.CSS_SELECTOR, "[data-kept]")
        wait_for(driver, lambda _one: banner.get_attribute("hidden") is None)
        shown = driver.find_element(By.CSS_SELECTOR, "#field-customer [name=value]")
        assert shown.get_attribute("value") == "Acme of the south"
        # Its scripts run too, also those that load later.
        shown.send_keys(", typed without a server")
        status = driver.find_element(By.ID, "status-customer")
        wait_for(driver, lambda _one: status.get_attribute("data-state") != "saved")
        driver.get(f"{local_gate.url}/projects/")
        notice = driver.find_element(By.CSS_SELECTOR, "[data-off=instead]")
        wait_for(driver, lambda _one: notice.get_attribute("hidden") is None)
        # What was typed is there too, although the page was left while it was being written.
        typed = (By.CSS_SELECTOR, "[data-queue-list] [data-queue-content]")
        wait_for(driver, lambda one: one.find_elements(*typed))
        words = driver.find_element(*typed).get_attribute("textContent")
        # The driver types over what a short input holds.
        assert words == ", typed without a server"
        kept = (By.CSS_SELECTOR, f"[data-off=list] a[href='{path}']")
        wait_for(driver, lambda one: one.find_elements(*kept))
        assert "Kept in WebKit" in driver.find_element(*kept).get_attribute("textContent")


def test_a_kept_page_opens_with_the_scripts_of_its_release(driver: WebKitGTK) -> None:
    releases = Releases()
    # Service workers need HTTPS, or localhost by this name.
    url = releases.url.replace("127.0.0.1", "localhost")
    driver.get(url + FILL)
    wait_for(
        driver, lambda one: one.execute_script("return navigator.serviceWorker.controller !== null")
    )
    driver.get(url + FILL)
    wait_for(driver, lambda one: one.execute_async_script(IS_KEPT, FILL) is True)
    releases.stop()
    driver.get(url + FILL)
    shown = driver.find_element(By.CSS_SELECTOR, "body[data-script]")
    assert (shown.get_attribute("data-page"), shown.get_attribute("data-script")) == ("1", "1")
    assert driver.execute_async_script("loadPart().then(arguments[0])") == 1
    assert driver.execute_script("return document.documentElement.dataset.keptAt")
