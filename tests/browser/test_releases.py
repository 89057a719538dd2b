"""A new release while pages are kept and open: pages and scripts never mix, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.releases import FILL, Releases

ALL_KEPT = """async ([page, mark, ...scripts]) => {
  for (const path of scripts) if (!(await caches.match(path))) return false;
  const kept = await caches.match(page);
  return Boolean(kept) && (await kept.text()).includes(mark);
}"""
UPDATED = """async () => {
  const taken = new Promise((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
  });
  await (await navigator.serviceWorker.ready).update();
  await taken;
}"""


@pytest.fixture
def releases() -> Iterator[Releases]:
    made = Releases()
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, releases: Releases) -> Iterator[Page]:
    """The fill page of release 1, kept by release 1's worker."""
    context = browser.new_context(base_url=releases.url)
    page = context.new_page()
    page.goto(FILL)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.goto(FILL)
    wait_until_kept(page, release=1)
    yield page
    context.close()


def wait_until_kept(page: Page, *, release: int) -> None:
    scripts = [f"/static/dist/{one}-{release}.js" for one in ("app", "part")]
    paths = [FILL, f'data-page="{release}"', *scripts]
    deadline = time.monotonic() + 20
    while not page.evaluate(ALL_KEPT, paths):
        assert time.monotonic() < deadline, f"release {release} is not kept"
        page.wait_for_timeout(50)


def releases_on(page: Page) -> tuple[str | None, str | None, int]:
    """The release of the page, of its script and of the part that it loads later."""
    body = page.locator("body[data-script]")
    part: int = page.evaluate("() => window.loadPart()")
    return body.get_attribute("data-page"), body.get_attribute("data-script"), part


def test_a_kept_page_of_the_old_release_opens_whole_under_the_new_worker(
    page: Page, releases: Releases
) -> None:
    releases.now = 2
    page.evaluate(UPDATED)
    releases.stop()
    page.goto(FILL)
    assert releases_on(page) == ("1", "1", 1)
    assert page.evaluate("() => document.documentElement.dataset.keptAt")


def test_a_new_worker_takes_over_without_touching_an_open_page(
    page: Page, releases: Releases
) -> None:
    page.get_by_label("Typed").fill("half a sentence")
    releases.now = 2
    page.evaluate(UPDATED)
    expect(page.get_by_label("Typed")).to_have_value("half a sentence")
    # The server no longer has this part of the old release.
    assert releases_on(page) == ("1", "1", 1)
    page.goto(FILL)
    assert releases_on(page) == ("2", "2", 2)


def test_an_old_worker_keeps_pages_of_a_new_server_whole(page: Page, releases: Releases) -> None:
    releases.now = 2
    releases.is_updating = False
    page.goto(FILL)
    assert releases_on(page) == ("2", "2", 2)
    wait_until_kept(page, release=2)
    releases.stop()
    page.goto(FILL)
    assert releases_on(page) == ("2", "2", 2)
    assert page.evaluate("() => document.documentElement.dataset.keptAt")
