"""WebKit, which every iPhone runs: Debian's MiniBrowser on a display of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import WebKitGTK, WebKitGTKOptions
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from selenium.webdriver.webkitgtk.service import Service

from tests.support.cast import PASSWORD

BROWSER = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
DRIVER = Path("/usr/bin/WebKitWebDriver")
# Two cores run three other browsers meanwhile.
SECONDS = 60
IS_KEPT = """
const [path, done] = arguments;
(async () => {
  if (!navigator.serviceWorker.controller) return false;
  for (const name of await caches.keys()) {
    if (!name.startsWith("laudo-kept-")) continue;
    if (await (await caches.open(name)).match(path)) return true;
  }
  return false;
})().then(done, (error) => done(String(error)));
"""


@contextmanager
def display() -> Iterator[str]:
    """A virtual screen; its number is free, since Xvfb chooses it."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "800x1000x24",
        "-nolisten",
        "tcp",
    ]
    screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            yield f":{said.readline().strip()}"
    finally:
        screen.terminate()
        screen.wait(timeout=20)


@contextmanager
def webkit() -> Iterator[WebKitGTK]:
    assert BROWSER.exists() and DRIVER.exists(), "install Debian's webkit2gtk-driver: make browser"
    options = WebKitGTKOptions()
    options.binary_location = str(BROWSER)
    options.add_argument("--automation")
    with display() as number:
        environment = {
            **os.environ,
            "DISPLAY": number,
            # Its sandbox needs namespaces, which containers do not give.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        driver = WebKitGTK(options=options, service=Service(str(DRIVER), env=environment))
        driver.set_script_timeout(SECONDS)
        try:
            yield driver
        finally:
            driver.quit()


def wait_for(driver: WebKitGTK, what: Callable[[WebKitGTK], object]) -> None:
    WebDriverWait(driver, SECONDS).until(what)


def log_in(driver: WebKitGTK, url: str, email: str) -> None:
    driver.get(f"{url}/login")
    driver.find_element(By.NAME, "email").send_keys(email)
    driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    driver.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
    wait_for(driver, lambda one: "/login" not in one.current_url)
