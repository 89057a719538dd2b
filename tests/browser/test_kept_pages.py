"""Pages that open without a server, on a phone: kept before and after a visit, for one person."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK, LogIn, OpenPage, Watched
from tests.browser.gate import Gate
from tests.browser.pages import GONE, wait_until_kept, worker_runs
from tests.browser.stack import Stack
from tests.support.cast import PASSWORD, Cast, Person

pytestmark = pytest.mark.xdist_group("offline")

KEPT_HOME = "async () => (await (await caches.match('/'))?.text()) ?? ''"

KEPT = "() => document.documentElement?.dataset.keptAt ?? ''"


@pytest.fixture
def gate(stack: Stack) -> Iterator[Gate]:
    made = Gate(stack.url)
    yield made
    made.close()


@pytest.fixture
def phone(open_page: OpenPage, gate: Gate, watched: Watched) -> Page:
    """A page behind the gate; nobody is logged in."""
    watched.expected += GONE
    return open_page(url=gate.url)


def ask(page: Page, order: str, **given: object) -> dict[str, object] | None:
    """Give the worker an order, as pages do."""
    script = """async ([order, given]) => {
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      const account = document.querySelector('meta[name="account"]')?.content;
      active.postMessage({ order, account, ...given }, [port2]);
      return new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
    }"""
    found: dict[str, object] | None = page.evaluate(script, [order, given])
    return found


def kept_reports(page: Page) -> list[str]:
    found = ask(page, "list")
    assert found is not None
    reports = found["reports"]
    assert isinstance(reports, list)
    return [one["report"] for one in reports]


def id_of(fill_url: str) -> str:
    found = re.search(r"/reports/([0-9a-f-]{36})/", fill_url)
    assert found
    return found[1]


def logged_in(page: Page, person: Person) -> None:
    pages.log_in(page, person.email)
    worker_runs(page)


def test_the_worker_comes_after_an_outage_without_another_page(phone: Page, gate: Gate) -> None:
    phone.goto("/login")
    with gate.closed():
        # Longer than a page rests before it asks for the worker.
        phone.wait_for_timeout(4_000)
        assert phone.evaluate("async () => !(await navigator.serviceWorker.getRegistration())")
    worker_runs(phone)


def test_own_reports_open_before_they_were_ever_visited(
    phone: Page, gate: Gate, people: Cast, open_page: OpenPage, cookies_of: LogIn
) -> None:
    elsewhere = open_page(size=DESK, storage_state=cookies_of(people.tess))
    fill = pages.start_report(elsewhere, "Kept before a visit")
    pages.answer(elsewhere, "customer", "Acme of the north")
    logged_in(phone, people.tess)
    wait_until_kept(phone, urlsplit(fill).path)
    with gate.closed():
        phone.goto("/")
        expect(phone.get_by_role("heading", name="Hello, Tess")).to_be_visible()
        expect(phone.locator("[data-kept]")).to_be_visible()
        phone.get_by_role("link", name="Kept before a visit").click()
        phone.wait_for_url(re.compile("/fill"))
        expect(phone.locator("[data-kept-words]")).to_contain_text("Copy of")
        assert phone.evaluate(KEPT)
        card = pages.field(phone, "customer")
        expect(card.locator("[name=value]")).to_have_value("Acme of the north")
        # Styles, fonts and the scripts that load later are there too.
        assert phone.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")
        expect(card.locator("[data-field-status]")).to_be_visible()
        phone.goto("/reports/")
        expect(phone.get_by_role("heading", name="Reports")).to_be_visible()
        # The list links to the page of the report, which is not kept: its questions are.
        phone.get_by_role("link", name="Kept before a visit").click()
        phone.wait_for_url(re.compile(f"/reports/{id_of(fill)}/fill"))
    phone.locator("[data-kept]").get_by_role("link", name="Reload").click()
    phone.wait_for_function(f"({KEPT})() === ''")
    expect(phone.locator("[data-kept]")).to_be_hidden()


def test_other_addresses_show_what_is_kept(phone: Page, gate: Gate, people: Cast) -> None:
    logged_in(phone, people.tess)
    fill = pages.start_report(phone, "Kept by a visit")
    wait_until_kept(phone, urlsplit(fill).path)
    phone.goto("/")
    wait_until_kept(phone, "/offline")
    with gate.closed():
        phone.goto("/projects/")
        expect(phone.get_by_text("The page you opened is not on this device")).to_be_visible()
        row = phone.get_by_role("listitem").filter(has=phone.locator(f"a[href*='{id_of(fill)}']"))
        expect(row).to_be_visible()
        expect(phone.get_by_text("Nothing of yours is waiting")).to_be_visible()
        phone.get_by_role("button", name="Try again").wait_for()
    phone.get_by_role("button", name="Try again").click()
    expect(phone.get_by_role("heading", name="Projects")).to_be_visible()


def test_a_report_is_taken_offline_and_removed(
    phone: Page, gate: Gate, people: Cast, open_page: OpenPage, cookies_of: LogIn
) -> None:
    """A manager takes along a report that is not theirs, so that nothing keeps it by itself."""
    elsewhere = open_page(size=DESK, storage_state=cookies_of(people.tess))
    report = id_of(pages.start_report(elsewhere, "Taken along"))
    logged_in(phone, people.max)
    phone.goto(f"/reports/{report}")
    button = phone.locator("[data-take-offline]")
    button.click()
    expect(button).to_have_attribute("data-state", "kept")
    expect(button).to_contain_text(re.compile(r"Update copy of .+ kB"))
    with gate.closed():
        phone.goto(f"/reports/{report}/fill")
        expect(phone.get_by_role("heading", name="Taken along")).to_be_visible()
        phone.goto("/offline")
        row = phone.get_by_role("listitem").filter(has_text="Taken along")
        expect(row).to_contain_text("taken offline by you")
        row.get_by_role("button", name="Remove").click()
        expect(row).to_have_count(0)
    assert report not in kept_reports(phone)


def test_all_of_mine_are_taken_offline(
    phone: Page, people: Cast, open_page: OpenPage, cookies_of: LogIn
) -> None:
    logged_in(phone, people.tom)
    report = id_of(pages.start_report(phone, "One of all"))
    phone.goto("/offline")
    phone.get_by_role("button", name="Take all of mine offline").click()
    expect(phone.get_by_text("It opens without a connection.")).to_be_visible()
    assert report in kept_reports(phone)
    phone.get_by_role("button", name="Remove all from this device").click()
    expect(phone.get_by_text("No report is kept here yet")).to_be_visible()
    assert kept_reports(phone) == []


def test_a_report_that_was_just_started_is_on_the_home_page(
    phone: Page, gate: Gate, people: Cast
) -> None:
    logged_in(phone, people.tess)
    # What the device has kept by itself a moment ago does not show the report yet.
    wait_until_kept(phone, "/")
    pages.start_report(phone, "Just started")
    deadline = time.monotonic() + 60
    while "Just started" not in phone.evaluate(KEPT_HOME):
        assert time.monotonic() < deadline, "the home page was not kept again"
        phone.wait_for_timeout(100)
    with gate.closed():
        phone.goto("/")
        expect(phone.get_by_role("link", name="Just started")).to_be_visible()


def test_a_kept_page_has_its_photos(phone: Page, gate: Gate, people: Cast, tmp_path: Path) -> None:
    logged_in(phone, people.tess)
    fill = pages.start_report(phone, "With a photo")
    pages.add_files(phone, "enclosure", [pages.jpeg(tmp_path / "panel.jpg", 40)])
    picture = phone.locator("#field-enclosure .photo-card[data-state=good] img")
    expect(picture).to_be_visible()
    phone.reload()
    wait_until_kept(phone, picture.get_attribute("src") or "")
    with gate.closed():
        phone.goto(fill)
        pages.field(phone, "enclosure")
        phone.wait_for_function(
            "() => document.querySelector('#field-enclosure img')?.naturalWidth > 0"
        )


def test_logging_out_erases_what_is_kept(phone: Page, gate: Gate, people: Cast) -> None:
    logged_in(phone, people.tess)
    fill = pages.start_report(phone, "Erased at log-out")
    wait_until_kept(phone, urlsplit(fill).path)
    phone.goto("/account")
    with gate.closed():
        phone.get_by_role("button", name="Log out").click()
        expect(phone.get_by_text("You are still logged in")).to_be_visible()
    phone.goto("/account")
    phone.get_by_role("button", name="Log out").click()
    phone.wait_for_url(re.compile("/login"))
    names = phone.evaluate("async () => (await caches.keys()).join()")
    assert "laudo-kept-" not in names
    with gate.closed():
        phone.goto(fill)
        expect(phone.get_by_text("Nobody is logged in. Kept pages")).to_be_visible()
        expect(phone.get_by_text("Log in to see what waits on this device.")).to_be_visible()
        expect(phone.get_by_text("Erased at log-out")).to_have_count(0)


def test_after_a_log_out_the_worker_begins_no_session(phone: Page, people: Cast) -> None:
    """What it still fetches for the former account may arrive beside the form of the log-in, whose
    session it must not replace."""
    logged_in(phone, people.tess)
    report = id_of(pages.start_report(phone, "Kept too late"))
    kept_pages = [f"/reports/{report}/fill", f"/reports/{report}/review"]
    wait_until_kept(phone, kept_pages[0])
    phone.context.clear_cookies()
    late = {"id": report, "name": "", "changed": "2100-01-01T00:00:00+00:00", "pages": kept_pages}
    assert ask(phone, "keep", reports=[late], isAsked=True) is None
    assert phone.context.cookies() == []
    phone.goto("/login")
    assert ask(phone, "keep", account=str(people.tess.id), reports=[late]) is None
    phone.get_by_label("E-mail").fill(people.tess.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in").click()
    phone.wait_for_url(lambda url: "/login" not in url)


def test_another_account_sees_nothing(phone: Page, gate: Gate, people: Cast) -> None:
    logged_in(phone, people.tess)
    fill = pages.start_report(phone, "Only for Tess")
    wait_until_kept(phone, urlsplit(fill).path)
    # An answer to the open page could bring its cookie back.
    phone.goto("about:blank")
    # Not logged out: the session has ended at the server, or its cookie is gone.
    phone.context.clear_cookies()
    logged_in(phone, people.tom)
    assert id_of(fill) not in kept_reports(phone)
    with gate.closed():
        phone.goto(fill)
        expect(phone.get_by_text("The page you opened is not on this device")).to_be_visible()
        expect(phone.get_by_text("Only for Tess")).to_have_count(0)
        phone.goto("/")
        expect(phone.get_by_text("Only for Tess")).to_have_count(0)


def test_with_unsent_work_logging_out_asks(
    phone: Page, gate: Gate, people: Cast, watched: Watched
) -> None:
    logged_in(phone, people.tess)
    fill = pages.start_report(phone, "Not sent")
    wait_until_kept(phone, urlsplit(fill).path)
    phone.goto("/account")
    tab = phone.context.new_page()
    tab.on("dialog", lambda dialog: dialog.accept())
    with gate.closed():
        tab.goto(fill)
        card = pages.field(tab, "customer")
        card.locator("[name=value]").fill("Typed in the basement")
        expect(tab.locator("#status-customer")).not_to_have_attribute("data-state", "empty")
        tab.wait_for_timeout(500)
        tab.close()
        # With the server in reach again, the entry would be sent before anybody can choose.
        phone.context.route("**/operations", lambda route: route.abort())
    phone.get_by_role("button", name="Log out").click()
    dialog = phone.get_by_role("dialog")
    expect(dialog).to_contain_text("Unsent entries on this device: 1.")
    dialog.get_by_role("button", name="Stay logged in").click()
    expect(dialog).to_have_count(0)
    assert phone.url.endswith("/account")
    phone.get_by_role("button", name="Log out").click()
    dialog.get_by_role("button", name="Log out and leave them here").click()
    phone.wait_for_url(re.compile("/login"))
    phone.context.unroute("**/operations")
    phone.get_by_label("E-mail").fill(people.tess.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in").click()
    phone.goto(fill)
    card = pages.field(phone, "customer")
    expect(card.locator("[name=value]")).to_have_value("Typed in the basement")
    pages.expect_saved(phone, "customer")


def test_the_offline_page_says_how_much_room_is_left(phone: Page, people: Cast) -> None:
    logged_in(phone, people.tess)
    phone.goto("/account")
    phone.get_by_role("link", name="Offline").click()
    expect(
        phone.get_by_text(re.compile(r"Used by Laudo: .+B\. Still free for it: .+B\."))
    ).to_be_visible()
    expect(phone.get_by_text(re.compile("clear this storage"))).to_have_count(3)
    said = phone.locator("[data-off=stays]:visible, [data-off=may-go]:visible")
    expect(said).to_have_count(1)
    expect(phone.locator("[data-off=room-short]")).to_be_hidden()


def test_little_room_is_said_before_it_is_short(phone: Page, people: Cast) -> None:
    little = {"quota": 300_000_000, "usage": 180_000_000}
    phone.add_init_script(
        f"navigator.storage.estimate = async () => ({json.dumps(little)});"
        "Object.defineProperty(navigator.storage, 'persisted', { value: undefined });"
    )
    pages.log_in(phone, people.tess.email)
    expect(phone.locator("#toasts")).to_contain_text("Only 120 MB of storage is left")
    phone.goto("/offline")
    expect(phone.locator("[data-off=room-short]")).to_be_visible()
    expect(phone.locator("[data-off=stays-unknown]")).to_be_visible()


def test_an_insecure_origin_works_and_says_why_nothing_is_kept(
    open_page: OpenPage, stack: Stack, people: Cast, watched: Watched
) -> None:
    # Chromium says that it ignores a header there.
    watched.expected += ["Cross-Origin-Opener-Policy"]
    port = stack.url.rsplit(":", 1)[1]
    page = open_page(url=f"http://laudo.test:{port}")
    pages.log_in(page, people.tess.email)
    fill = pages.start_report(page, "Without a worker")
    pages.answer(page, "customer", "Acme")
    page.goto("/offline")
    expect(page.get_by_text("Browsers keep pages only from a secure address")).to_be_visible()
    page.goto(fill.replace("/fill", ""))
    expect(page.locator("[data-take-offline]")).to_be_hidden()


def test_save_data_keeps_nothing_by_itself(phone: Page, people: Cast) -> None:
    phone.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
    )
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    logged_in(phone, people.tess)
    expect(phone.locator("[data-offline-mine]")).to_be_visible()
    phone.wait_for_timeout(500)
    assert not [url for url in asked if url.endswith("/offline/reports.json")]


def test_ios_gets_a_hint_that_stays_dismissed(
    open_page: OpenPage, cookies_of: LogIn, people: Cast
) -> None:
    page = open_page(
        storage_state=cookies_of(people.tess),
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15",
    )
    page.goto("/")
    hint = page.locator("[data-install-hint]")
    expect(hint).to_contain_text("Add to Home Screen")
    hint.get_by_role("button", name="Dismiss").click()
    expect(hint).to_be_hidden()
    page.reload()
    expect(page.locator("[data-offline-mine]")).to_be_visible()
    expect(hint).to_be_hidden()
