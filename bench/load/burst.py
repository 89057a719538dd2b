"""Many people log in at the same moment, as after a network outage. Each has a browser."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from bench.load.ledger import Line
from bench.load.stage import Stage
from tests.support.cast import PASSWORD

KIND = "log-in at once"
TOKEN = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')
LONGEST_SECONDS = 120


def log_in_at_once(stage: Stage, first: int, people: int, delay: float) -> list[Line]:
    """Log in after `delay` seconds; returns a line of the ledger for each log-in."""
    time.sleep(delay)
    together = threading.Barrier(people)
    with ThreadPoolExecutor(people) as threads:
        numbers = range(first, first + people)
        return list(threads.map(lambda number: _log_in(stage.site.url, number, together), numbers))


def _log_in(url: str, number: int, together: threading.Barrier) -> Line:
    browser = requests.Session()
    browser.headers["X-Forwarded-For"] = f"10.{number >> 8 & 255}.{number & 255}.7"
    found = TOKEN.search(browser.get(f"{url}/login", timeout=LONGEST_SECONDS).text)
    form = {
        "email": f"load{number}@acme.test",
        "password": PASSWORD,
        "csrf_token": found[1] if found else "",
    }
    together.wait()
    began = time.monotonic()
    try:
        status = browser.post(
            f"{url}/login", form, timeout=LONGEST_SECONDS, allow_redirects=False
        ).status_code
        trouble = None if status == 303 else f"log-in refused with {status}"
    except requests.RequestException as error:
        status, trouble = 0, str(error)
    milliseconds = (time.monotonic() - began) * 1000
    return {
        "kind": KIND,
        "ms": milliseconds,
        "status": status,
        "trouble": trouble,
        "at": time.time(),
    }
