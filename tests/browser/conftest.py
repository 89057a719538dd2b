"""Chromium against the running stack. A missing browser is a failure, never a skip."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
    sync_playwright,
)
from selenium.webdriver import WebKitGTK

from app import create_app
from app.models import Actor
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.canned import Canned
from tests.browser.gate import Gate
from tests.browser.stack import PROCESSES, Stack, running_stack
from tests.browser.webkit import webkit
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.cast import Cast, Person, load_cast

# Two cores run the rest of the suite too, and workers give way to it: what takes seconds on a quiet
# machine may take a minute.
PATIENCE_MS = 150_000
expect.set_options(timeout=PATIENCE_MS)

LOG_CHARACTERS = 4000
CHROMIUM = "/usr/bin/chromium-headless-shell"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, object]:
    """A failure comes with the last that the processes of the stack have said, and with what the
    pages still wait for."""
    report = yield
    used = getattr(item, "funcargs", {})
    stack, watched = used.get("stack"), used.get("watched")
    if report.failed and isinstance(watched, Watched):
        report.sections.append(("requests without an answer", "\n".join(watched.unanswered())))
    if report.failed and isinstance(stack, Stack):
        for name in PROCESSES:
            report.sections.append((f"log of {name}", stack.log(name)[-LOG_CHARACTERS:]))
    return report


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


def _run_beside(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """As asyncio.run, but in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_RUN, main, **options).result()


_RUN = asyncio.run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "install Debian's chromium-headless-shell: make browser"
    # Playwright's loop runs in this thread until the last test of the process; seals need one, too.
    asyncio.run = _run_beside
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, "--host-resolver-rules=MAP laudo.test 127.0.0.1"],
        )
        yield launched
        launched.close()
    asyncio.run = _RUN


@pytest.fixture(scope="session")
def cookies_of(browser: Browser, stack: Stack) -> Callable[[Person], StorageState]:
    """`open_page(storage_state=cookies_of(people.tess))`: one log-in per person for all tests."""

    @cache
    def log_in(person: Person) -> StorageState:
        with browser.new_context(base_url=stack.url) as context:
            pages.log_in(context.new_page(), person.email)
            return context.storage_state()

    return log_in


LogIn = Callable[[Person], StorageState]


class Watched:
    """Watches for what a page must not do: log errors, violate the content security policy."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        # Chromium also logs refusals that the page handles (409, 422 ...) as errors.
        self.expected = ["the server responded with a status"]
        # A page that is left while the browser fetches the service worker; the next page goes on.
        self.expected += ["An unknown error occurred when fetching the script"]

        self._waiting: dict[Request, None] = {}

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self._waiting.setdefault(request))
        for event in ("requestfinished", "requestfailed"):
            page.on(event, lambda request: self._waiting.pop(request, None))  # type: ignore[call-overload]

    def unanswered(self) -> list[str]:
        return [f"{request.method} {request.url}" for request in self._waiting]

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(one in message.text for one in self.expected):
            self.complaints.append(message.text)


OpenPage = Callable[..., Page]


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def open_page(browser: Browser, stack: Stack, watched: Watched) -> Iterator[OpenPage]:
    """`open_page(size=DESK)` opens a page in a fresh profile; logged errors fail the test."""
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
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", watched.note)
        watched.follow(page)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert watched.complaints == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone without the stack, answered by `server`. Violating the policy fails the test."""
    context = browser.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    made = context.new_page()
    console: list[str] = []
    made.on("console", lambda message: console.append(message.text))
    made.on("dialog", lambda dialog: dialog.accept())
    yield made
    context.close()
    assert not [words for words in console if "Content Security" in words]


@pytest.fixture
def server(page: Page) -> Canned:
    """The open canned fill page, which accepts every save until a test changes that."""
    canned = Canned()
    canned.answer = canned.saved
    canned.open(page)
    return canned


Ask = Callable[..., list[tuple]]


@pytest.fixture
def ask(stack: Stack) -> Ask:
    """Query or change the stack's database, bypassing every lock; returns the rows."""

    def run(statement: str, *values: object) -> list[tuple]:
        connection = psycopg2.connect(
            test_servers.current().postgres().dsn(database=stack.database)
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                rows = cursor.fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    return run


@pytest.fixture
def driver() -> Iterator[WebKitGTK]:
    with webkit() as made:
        yield made


@pytest.fixture
def local_gate(stack: Stack) -> Iterator[Gate]:
    made = Gate(stack.url)
    yield made
    made.close()
