"""Chromium says that the network is back: the worker sends what waits, with no page open.

The headless browser has no Background Sync of its own: it refuses what a page asks for, and says
what it is told to by the DevTools.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import pages
from tests.browser.conftest import Ask, LogIn, OpenPage, Watched
from tests.browser.stack import Stack
from tests.support.cast import Cast

GONE = [*pages.GONE, "An unknown error occurred when fetching the script"]
NOTE_WHAT_IS_ASKED = """
window.asked = [];
const register = SyncManager.prototype.register;
SyncManager.prototype.register = function (tag) {
  window.asked.push(tag);
  return register.call(this, tag);
};
"""


class Network:
    """Tells the service worker of a profile that the network is back, from a page that is not
    Laudo's."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._page = context.new_page()
        self._devtools = context.new_cdp_session(self._page)
        self._url = url
        self._registrations: list[str] = []
        self._devtools.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._devtools.send("ServiceWorker.enable")

    def _note(self, event: dict[str, Any]) -> None:
        ours = [one for one in event["registrations"] if one["scopeURL"] == f"{self._url}/"]
        self._registrations += [one["registrationId"] for one in ours]

    def is_back(self) -> None:
        self._until(lambda: bool(self._registrations))
        event = {"origin": self._url, "tag": "laudo-outbox", "lastChance": False}
        self._devtools.send(
            "ServiceWorker.dispatchSyncEvent", {**event, "registrationId": self._registrations[-1]}
        )

    def is_back_until(self, condition: Callable[[], bool]) -> None:
        self.is_back()
        self._until(condition)

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end
            self._page.wait_for_timeout(50)


def _receipts(ask: Ask, report: str) -> list[tuple]:
    return ask(
        "select client_id::text, kind, verdict, client_at from receipts where report_id = %s",
        report,
    )


def _captured(page: Page) -> list[tuple]:
    """What the server's receipts must say of what is on this phone."""
    kept = page.evaluate(pages.OPERATIONS)
    return [
        (one["clientId"], one["kind"], "applied", datetime.fromisoformat(one["clientAt"]))
        for one in kept
    ]


def _go_offline(page: Page) -> None:
    pages.wait_until_kept(page, urlsplit(page.url).path)
    page.wait_for_function("() => document.documentElement?.dataset.parts === 'started'")
    page.context.set_offline(True)


def _report_of(url: str) -> str:
    return urlsplit(url).path.split("/")[2]


def test_what_was_entered_offline_is_sent_with_no_page_open(
    stack: Stack,
    people: Cast,
    open_page: OpenPage,
    cookies_of: LogIn,
    ask: Ask,
    watched: Watched,
    tmp_path: Path,
) -> None:
    page = open_page(storage_state=cookies_of(people.tess))
    page.add_init_script(NOTE_WHAT_IS_ASKED)
    watched.expected += GONE
    fill = pages.start_report(page, "Sent while closed")
    report = _report_of(fill)
    _go_offline(page)
    pages.enter(page, "customer", "Usina")
    pages.enter(page, "customer", "Usina Norte")
    shot = pages.jpeg(tmp_path / "shot.jpg", 70)
    pages.add_files(page, "enclosure", [shot])
    caption = page.locator("#field-enclosure [data-photo-local] [name=caption]")
    caption.fill("The lid")
    caption.blur()
    pages.sign_here(page, "technician", "Tess Technician")
    expect(page.locator("#signature-technician [data-signature-local]")).to_be_visible()
    page.wait_for_function("() => window.asked.includes('laudo-outbox')")
    captured = _captured(page)
    assert sorted(one[1] for one in captured) == ["answer", "caption", "photo", "signature"]
    context = page.context
    page.close(run_before_unload=False)
    network = Network(context, stack.url)
    assert [other.url for other in context.pages] == ["about:blank"]

    context.set_offline(False)
    network.is_back_until(lambda: len(_receipts(ask, report)) == len(captured))
    assert sorted(_receipts(ask, report)) == sorted(captured)
    answers = ask("select field_id, value, row_version from answers where report_id = %s", report)
    assert answers == [("customer", "Usina Norte", 1)]
    photos = ask("select sha256 from photos where report_id = %s", report)
    assert photos == [(sha256(shot.read_bytes()).hexdigest(),)]

    again = context.new_page()
    again.goto(fill)
    expect(pages.field(again, "customer").locator("[name=value]")).to_have_value("Usina Norte")
    pages.expect_saved(again, "customer")
    expect(again.locator("#signature-technician")).to_have_attribute("data-state", "signed")
    assert again.evaluate(pages.OPERATIONS) == []


def test_only_the_work_of_who_is_logged_in_is_sent(
    stack: Stack, people: Cast, open_page: OpenPage, cookies_of: LogIn, ask: Ask, watched: Watched
) -> None:
    watched.expected += GONE
    page = open_page()
    context = page.context
    reports = {}
    for person in (people.tess, people.ana):
        context.set_offline(False)
        context.clear_cookies()
        context.add_cookies(cookies_of(person)["cookies"])  # type: ignore[arg-type]
        reports[person] = _report_of(pages.start_report(page, f"By {person.name}"))
        _go_offline(page)
        pages.enter(page, "customer", f"Typed by {person.name}")
        expect(page.locator("#status-customer")).to_have_attribute("data-where", "phone")
        # Not the fill page: as soon as another person is logged in, it would ask who that is.
        page.goto("about:blank")
    context.set_offline(False)
    network = Network(context, stack.url)
    page.close()
    network.is_back_until(lambda: bool(_receipts(ask, reports[people.ana])))
    # Hers is the later entry.
    assert _receipts(ask, reports[people.tess]) == []

    context.clear_cookies()
    context.add_cookies(cookies_of(people.tess)["cookies"])  # type: ignore[arg-type]
    network.is_back_until(lambda: bool(_receipts(ask, reports[people.tess])))
    for person, report in reports.items():
        answers = ask("select field_id, value from answers where report_id = %s", report)
        assert answers == [("customer", f"Typed by {person.name}")]


def test_a_page_and_the_worker_at_once_send_each_operation_once(
    stack: Stack, people: Cast, open_page: OpenPage, cookies_of: LogIn, ask: Ask, watched: Watched
) -> None:
    page = open_page(storage_state=cookies_of(people.tess))
    watched.expected += GONE
    report = _report_of(pages.start_report(page, "Two senders"))
    _go_offline(page)
    texts = {"customer": "Usina Norte", "remarks": "Two at once", "cable_entry": "top"}
    for field_id, value in texts.items():
        pages.enter(page, field_id, value)
    pages.enter(page, "accessories", ["lamp", "fan"])
    for role in ("technician", "client"):
        pages.sign_here(page, role, "Somebody")
        expect(page.locator(f"#signature-{role} [data-signature-local]")).to_be_visible()
    captured = _captured(page)
    assert len(captured) == 6
    network = Network(page.context, stack.url)
    page.context.set_offline(False)
    page.evaluate("() => void dispatchEvent(new Event('focus'))")
    network.is_back_until(lambda: len(_receipts(ask, report)) == len(captured))
    expect(page.locator("#signature-client")).to_have_attribute("data-state", "signed")
    assert sorted(_receipts(ask, report)) == sorted(captured)
    sent = re.findall(rf"POST /reports/{report}/operations 200", stack.log("web"))
    assert len(sent) == len(captured)
