"""In Firefox: fill pages open with the server gone, and what is entered on them is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.browser import pages
from tests.browser.conftest import DESK, PHONE, Ask, LogIn, OpenPage
from tests.browser.firefox import Firefox, Page, running_firefox
from tests.browser.gate import Gate
from tests.browser.releases import FILL, Releases
from tests.browser.stack import Stack
from tests.support.cast import PASSWORD, Cast, Person

CONTROLLED = "() => navigator.serviceWorker.controller !== null"
KINDS = ["answer", "answer", "answer", "caption", "photo", "signature"]
COUNT = f"""async (expected) => {{
  const all = await ({pages.OPERATIONS})();
  return all.map(({{ kind }}) => kind).sort().join() === expected;
}}"""
OPEN = "() => { for (const one of document.querySelectorAll('details.section')) one.open = true; }"


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with running_firefox(tmp_path_factory.mktemp("firefox")) as running:
        yield running


@pytest.fixture
def tab(firefox: Firefox) -> Iterator[Page]:
    with firefox.page(PHONE) as page:
        yield page
    assert firefox.complaints == []


def _log_in(tab: Page, url: str, person: Person) -> None:
    tab.goto(f"{url}/login")
    tab.type("[name=email]", person.email)
    tab.type("[name=password]", PASSWORD)
    tab.click("form [type=submit]")
    tab.until("() => document.querySelector('meta[name=account]') !== null")


def _begun(open_page: OpenPage, cookies_of: LogIn, person: Person, title: str) -> str:
    """The path of the fill page of a report that was started elsewhere."""
    elsewhere = open_page(size=DESK, storage_state=cookies_of(person))
    return "/reports/" + pages.start_report(elsewhere, title).split("/reports/")[1]


def test_a_kept_page_opens_with_the_scripts_of_its_release(tab: Page) -> None:
    releases = Releases()
    # Firefox opens connections ahead: a server that only stops to listen answers those.
    gate = Gate(releases.url)
    tab.goto(gate.url + FILL)
    tab.until(CONTROLLED)
    tab.goto(gate.url + FILL)
    tab.until(pages.IS_KEPT, [FILL])
    gate.close()
    releases.stop()
    tab.goto(gate.url + FILL)
    assert tab.run("() => ({ ...document.body.dataset })") == {"page": "1", "script": "1"}
    assert tab.run("() => loadPart()") == 1
    assert tab.run("() => document.documentElement.dataset.keptAt")


def test_a_fill_page_opens_from_the_worker(
    tab: Page, local_gate: Gate, people: Cast, open_page: OpenPage, cookies_of: LogIn
) -> None:
    path = _begun(open_page, cookies_of, people.tess, "Kept in Firefox")
    _log_in(tab, local_gate.url, people.tess)
    tab.until(pages.IS_KEPT, [path])
    with local_gate.closed():
        tab.goto(local_gate.url + path)
        tab.until_shown("[data-kept]")
        assert tab.attribute(".fill-title", "textContent") == "Kept in Firefox"
        # Its scripts run too, also those that load later.
        tab.run(OPEN)
        tab.type("#field-customer [name=value]", "Acme of the south")
        tab.until_shown("#status-customer:not([data-state=saved])")
        tab.goto(f"{local_gate.url}/projects/")
        tab.until_shown("[data-off=instead]")
        link = f"[data-off=list] a[href='{path}']"
        tab.until_shown(link)
        assert tab.attribute(link, "textContent").endswith("Kept in Firefox")


def test_work_without_a_server_outlives_a_reload_and_is_sent_once(
    tab: Page,
    local_gate: Gate,
    stack: Stack,
    people: Cast,
    open_page: OpenPage,
    cookies_of: LogIn,
    ask: Ask,
    tmp_path: Path,
) -> None:
    path = _begun(open_page, cookies_of, people.tess, "Sent from Firefox")
    report = path.split("/")[2]
    shot = pages.jpeg(tmp_path / "shot.jpg", 70)
    _log_in(tab, local_gate.url, people.tess)
    tab.until(pages.IS_KEPT, [path])
    with local_gate.closed():
        tab.goto(local_gate.url + path)
        _enter(tab, shot)
        tab.goto(local_gate.url + path)
        tab.run(OPEN)
        tab.until(
            "() => document.querySelector('#field-customer [name=value]').value === 'Usina Norte'"
        )
        tab.until_shown("#field-enclosure [data-photo-local][data-where=phone]")
        tab.until_shown("#signature-client [data-signature-local][data-where=phone]")
        kept = tab.run(pages.OPERATIONS)
    assert ask("select 1 from receipts where report_id = %s", report) == []
    tab.goto(f"{local_gate.url}/")
    tab.until(COUNT, "")
    _expect_stored(ask, stack, report, kept, shot)


def _enter(tab: Page, shot: Path) -> None:
    tab.run(OPEN)
    tab.type("#field-customer [name=value]", "Usina")
    tab.type("#field-customer [name=value]", "Usina Norte")
    tab.click("#field-enclosure label:has([value=ok])")
    tab.type("#field-remarks [name=value]", "No signal here")
    tab.give_file("#field-enclosure [data-photo-input][data-source=file]", shot)
    tab.type("#field-enclosure [data-photo-local] [name=caption]", "The lid")
    client = "#signature-client"
    tab.type(f"{client} [name=signer_name]", "Clara Client")
    tab.draw(f"{client} canvas", [(-120, 0), (-60, 25), (0, -25), (60, 25), (120, 0)])
    tab.click(f"{client} [type=submit]")
    tab.until(COUNT, ",".join(KINDS))


def _expect_stored(
    ask: Ask, stack: Stack, report: str, kept: list[dict[str, Any]], shot: Path
) -> None:
    receipts = ask(
        "select client_id::text, kind, client_at, verdict from receipts where report_id = %s",
        report,
    )
    captured = [
        (one["clientId"], one["kind"], datetime.fromisoformat(one["clientAt"]), "applied")
        for one in kept
    ]
    assert sorted(receipts) == sorted(captured)
    answers = ask("select field_id, value, row_version from answers where report_id = %s", report)
    expected = {"customer": "Usina Norte", "enclosure": "ok", "remarks": "No signal here"}
    assert {field: value for field, value, _version in answers} == expected
    assert {version for *_rest, version in answers} == {1}
    [(digest, key, caption)] = ask(
        "select p.sha256, p.storage_key, l.caption from photos p"
        " join photo_placements l on l.photo_id = p.id where p.report_id = %s",
        report,
    )
    stored = Path(stack.environment["STORAGE_DIR"]) / key
    assert stored.read_bytes() == shot.read_bytes()
    assert (digest, caption) == (sha256(shot.read_bytes()).hexdigest(), "The lid")
    [(name, strokes)] = ask(
        "select signer_name, strokes from signatures where report_id = %s", report
    )
    assert name == "Clara Client" and len(strokes["strokes"]) == 1
