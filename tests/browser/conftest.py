"""Chromium against the running stack. A missing browser is a failure, never a skip."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from app import create_app
from app.models import Actor
from app.tenancy import tenant_scope
from tests import scenarios
from tests.browser import pages
from tests.browser.stack import Stack, running_stack
from tests.cast import Cast, Person, load_cast
from tests.conftest import settings_for

# The default of five seconds is short for two cores that also run the rest of the suite.
expect.set_options(timeout=15_000)

CHROMIUM = "/usr/bin/chromium-headless-shell"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    name = f"laudo_browser_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with running_stack(tmp_path_factory.mktemp("stack"), name) as running:
        yield running


@pytest.fixture(scope="session")
def people(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return add_people(stack, tmp_path_factory.mktemp("unused"))


def add_people(stack: Stack, folder: Path) -> Cast:
    """The cast of a stack's own database, with one published checklist and one project."""
    app = create_app(settings_for(stack.database, folder))
    cast = load_cast(app)
    with app.app_context(), tenant_scope(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        scenarios.a_checklist(ana, scenarios.a_definition(code="ATS"))
        scenarios.a_project(ana, name="Hall 7")
    return cast


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "install Debian's chromium-headless-shell: make browser"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, "--host-resolver-rules=MAP laudo.test 127.0.0.1"],
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def cookies_of(browser: Browser, stack: Stack) -> Callable[[Person], StorageState]:
    """`open_page(storage_state=cookies_of(people.tess))`: who logged in once, for all tests."""

    @cache
    def log_in(person: Person) -> StorageState:
        with browser.new_context(base_url=stack.url) as context:
            pages.log_in(context.new_page(), person.email)
            return context.storage_state()

    return log_in


class Watched:
    """What a page must not do: log errors, break the content security policy."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        # A refusal that the page answers to (409, 422 ...) is logged by Chromium as an error too.
        self.expected = ["the server responded with a status"]

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(one in message.text for one in self.expected):
            self.complaints.append(message.text)


OpenPage = Callable[..., Page]


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def open_page(browser: Browser, stack: Stack, watched: Watched) -> Iterator[OpenPage]:
    """`open_page(size=DESK)` is a page in a fresh profile; complaints fail the test at its end."""
    contexts: list[BrowserContext] = []

    def make(size: dict[str, int] = PHONE, url: str = "", **options: object) -> Page:
        context = browser.new_context(
            base_url=url or stack.url,
            viewport=size,  # type: ignore[arg-type]
            geolocation={"latitude": -23.55052, "longitude": -46.633308, "accuracy": 42},
            permissions=["geolocation"],
            has_touch=size == PHONE,
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", watched.note)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert watched.complaints == []
