"""A whole report from a basement: cuts at every stage, two kills, two tabs, an expired session.

The phone is a Chromium with a profile on disk behind a gate. What it captured is read from its
database before the gate opens, and compared with what the server has at the end.
"""

from __future__ import annotations

import io
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from app import create_app
from app.definition.schema import Field, FieldType, PhotoPolicy, Section, Text
from app.models import Actor
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS, PHONE, Ask
from tests.browser.cuts import Cut, CuttingGate
from tests.browser.pages import wait_until_kept, worker_runs
from tests.browser.stack import Stack
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.cast import PASSWORD, Cast

pytestmark = pytest.mark.xdist_group("offline")

NAME = "A phone in the basement"
TITLE = "Three floors down"
TEXTS = [f"room_{number:02}" for number in range(28)]
SHOTS = {"enclosure": 3, "wall_0": 9, "wall_1": 9, "wall_2": 9}
KINDS = {"answer": 40, "photo": 30, "caption": 30, "signature": 2, "submit": 1}
TWICE = ["customer", "remarks", *TEXTS[:4]]
ROLES = {"technician": "Tess Technician", "client": "Clara Client"}
# Every third request of what there is much of; each request of what there is little of.
SPREAD = [cut for one in Cut for cut in (None, one, None)]
PLAN = dict.fromkeys(("session", "upload", "answer", "photo", "caption"), SPREAD) | {
    stage: list(Cut) for stage in ("signature", "submit")
}


class Phone:
    """One profile on disk. `kill` ends all processes of its browser, as a phone without power."""

    def __init__(self, browser: Browser, folder: Path, url: str) -> None:
        self._browser, self._folder, self._url = browser, folder, url
        self._context: BrowserContext | None = None

    def start(self) -> Page:
        self._context = self._browser.browser_type.launch_persistent_context(
            str(self._folder),
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            base_url=self._url,
            user_agent=NAME,
            viewport=PHONE,  # type: ignore[arg-type]
            has_touch=True,
            geolocation={"latitude": -23.55052, "longitude": -46.633308, "accuracy": 42},
            permissions=["geolocation"],
        )
        return self.tab()

    def tab(self) -> Page:
        assert self._context
        page = self._context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    def kill(self) -> None:
        pids = [pid for pid in _pids() if str(self._folder) in _command(pid)]
        assert pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        with suppress(Error):
            if self._context:
                self._context.close()
        self._context = None


def _pids() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.fixture
def gate(stack: Stack) -> Iterator[CuttingGate]:
    made = CuttingGate(stack.url, {})
    yield made
    made.close()


@pytest.fixture
def phone(browser: Browser, gate: CuttingGate, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(browser, tmp_path / "profile", gate.url)
    yield made
    made.close()


@pytest.fixture
def checklist(stack: Stack, people: Cast, tmp_path: Path) -> str:
    """The title of a checklist with 40 questions that have an answer."""
    title = "Inspection of a basement"
    texts = tuple(Field(id=one, type=FieldType.TEXT, label=_said(one)) for one in TEXTS)
    walls = tuple(
        Field(id=one, type=FieldType.VERDICT, label=_said(one), photos=PhotoPolicy(max=20))
        for one in SHOTS
        if one != "enclosure"
    )
    more = Section(id="rooms", title=_said("rooms"), fields=texts + walls)
    whole = scenarios.a_definition(code="CELLAR")
    header = whole.header.model_copy(update={"title": Text(en=title, pt=title)})
    definition = whole.model_copy(update={"header": header, "sections": (*whole.sections, more)})
    app = create_app(settings_for(stack.database, tmp_path))
    with app.app_context(), tenant_scope(people.acme):
        scenarios.a_checklist(Actor(people.ana.name, people.ana.role, people.ana.id), definition)
    return title


def _said(words: str) -> Text:
    return Text(en=words, pt=words)


def _start(page: Page, person_email: str, checklist: str) -> str:
    pages.log_in(page, person_email)
    worker_runs(page)
    page.goto("/reports/new")
    pages.choose_project(page)
    page.get_by_label("Checklist").select_option(label=_option(page, checklist))
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url("**/fill*")
    path = urlsplit(page.url).path
    wait_until_kept(page, path)
    return path


def _option(page: Page, words: str) -> str:
    return page.locator("option", has_text=words).first.inner_text()


def _typed(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return value["text"] if "text" in value else {key: cell["text"] for key, cell in value.items()}


def _shot(path: Path, number: int) -> Path:
    noise = Image.effect_noise((320, 240), 60).convert("RGB")
    noise.paste((number * 8, 90, 120), (40, 40, 280, 200))
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=80)
    path.write_bytes(buffer.getvalue())
    return path


def _photograph(page: Page, field_id: str, files: list[Path]) -> None:
    pages.add_files(page, field_id, files)
    cards = page.locator(f"#field-{field_id} [data-photo-local]")
    expect(cards).to_have_count(len(files))
    for at, file in enumerate(files):
        box = cards.nth(at).locator("[name=caption]")
        box.fill(f"Shot {file.stem}")
        box.blur()


def _kept(page: Page) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = page.evaluate(pages.OPERATIONS)
    return kept


def _wait_until_kept(page: Page, kinds: Mapping[str, int]) -> list[dict[str, Any]]:
    end = time.monotonic() + 20
    while True:
        kept = _kept(page)
        count = Counter(one["kind"] for one in kept)
        # An operation that may still grow is held back for a moment.
        if count == kinds:
            return kept
        assert time.monotonic() < end, f"{count} are on the phone, not {kinds}"
        page.wait_for_timeout(100)


def _log_in_again(page: Page, email: str) -> None:
    """In the dialog that opens over the page."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in", exact=True).click()
    expect(dialog).to_have_count(0)


def _open_start_page(page: Page, email: str) -> None:
    page.goto("/")
    if not page.locator("meta[name=account]").count():
        pages.log_in(page, email)
        page.goto("/")


def _until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _fill(page: Page, second: Page, folder: Path) -> None:
    """Everything but the signatures, in two tabs."""
    answers = {name: _typed(value) for name, value in scenarios.GOOD_ANSWERS.items()}
    for field_id in TWICE:
        pages.enter(page, field_id, "first words")
    for field_id, value in answers.items():
        pages.enter(page, field_id, value)
    for field_id in TEXTS[:14]:
        pages.enter(page, field_id, f"Words of {field_id}")
    for field_id in TEXTS[14:]:
        pages.enter(second, field_id, f"Words of {field_id}")
    for field_id in SHOTS:
        if field_id not in answers:
            pages.enter(second, field_id, "ok")
    number = 0
    for field_id, count in SHOTS.items():
        files = [_shot(folder / f"{n:02}.jpg", n) for n in range(number, number + count)]
        _photograph(page if number % 2 else second, field_id, files)
        number += count


def _close_report(page: Page) -> None:
    for role, name in ROLES.items():
        pages.sign_here(page, role, name)
        here = page.locator(f"#signature-{role} [data-signature-local]")
        expect(here).to_have_attribute("data-where", "phone")
    page.get_by_role("button", name="Submit without a connection").click()
    page.get_by_role("button", name="Yes, continue").click()
    expect(page.locator("[data-closes-with-submit]")).to_have_attribute("inert", "")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _expect_same(ask: Ask, stack: Stack, report: str, captured: list[dict[str, Any]]) -> None:
    rows = ask(
        "select client_id::text, kind, verdict, client_at from receipts where report_id = %s",
        report,
    )
    assert Counter(row[2] for row in rows) == {"applied": len(captured)}
    sent = {one["clientId"]: (one["kind"], _moment(one["clientAt"])) for one in captured}
    assert {client_id: (kind, at) for client_id, kind, _verdict, at in rows} == sent
    _expect_same_answers(ask, report, captured)
    _expect_same_photos(ask, stack, report, captured)
    signatures = ask(
        "select client_id::text, signer_name, client_at, strokes from signatures"
        " where report_id = %s and not withdrawn",
        report,
    )
    drawn = {one["clientId"]: one for one in captured if one["kind"] == "signature"}
    assert len(signatures) == len(drawn) == len(ROLES)
    for client_id, name, at, strokes in signatures:
        assert dict(drawn[client_id]["payload"])["signer_name"] == name
        assert _moment(drawn[client_id]["clientAt"]) == at
        assert strokes


def _expect_same_answers(ask: Ask, report: str, captured: list[dict[str, Any]]) -> None:
    rows = ask(
        "select field_id, value, client_at, row_version from answers where report_id = %s", report
    )
    times = {one["field"]: _moment(one["clientAt"]) for one in captured if one["kind"] == "answer"}
    assert {field: at for field, _value, at, _version in rows} == times
    assert {version for *_rest, version in rows} == {1}
    values = {field: value for field, value, *_rest in rows}
    expected = dict(scenarios.GOOD_ANSWERS)
    expected |= {field: f"Words of {field}" for field in TEXTS}
    expected |= dict.fromkeys(SHOTS, "ok")
    assert {field: _typed(value) for field, value in values.items()} == {
        field: _typed(value) for field, value in expected.items()
    }


def _expect_same_photos(
    ask: Ask, stack: Stack, report: str, captured: list[dict[str, Any]]
) -> None:
    rows = ask(
        "select p.client_id::text, p.sha256, p.client_at, p.storage_key, l.caption, l.field_id"
        " from photos p join photo_placements l on l.photo_id = p.id and l.removed_at is null"
        " where p.report_id = %s",
        report,
    )
    shot = {one["clientId"]: one for one in captured if one["kind"] == "photo"}
    captions = {
        dict(one["payload"])["photo"]: dict(one["payload"])["caption"]
        for one in captured
        if one["kind"] == "caption"
    }
    assert sorted(row[0] for row in rows) == sorted(shot)
    for client_id, digest, at, key, caption, field in rows:
        one = shot[client_id]
        assert digest == dict(one["payload"])["sha256"]
        assert at == _moment(one["clientAt"])
        assert (caption, field) == (captions[client_id], one["field"])
        stored = Path(stack.environment["STORAGE_DIR"]) / key
        assert sha256(stored.read_bytes()).hexdigest() == digest


def test_a_whole_report_from_a_basement(
    phone: Phone,
    gate: CuttingGate,
    stack: Stack,
    people: Cast,
    checklist: str,
    ask: Ask,
    tmp_path: Path,
) -> None:
    email = people.tess.email
    page = phone.start()
    fill = _start(page, email, checklist)
    report = fill.split("/")[2]

    def receipts() -> int:
        return int(ask("select count(*) from receipts where report_id = %s", report)[0][0])

    def expire() -> None:
        ended = ask(
            "update account_sessions set revoked_at = now()"
            " where user_agent = %s and revoked_at is null returning id",
            NAME,
        )
        assert ended

    gate.close()
    second = phone.tab()
    second.goto(fill)
    page.goto(fill)
    _fill(page, second, tmp_path)
    _wait_until_kept(page, {kind: KINDS[kind] for kind in ("answer", "photo", "caption")})

    phone.kill()
    page = phone.start()
    page.goto(fill)
    expect(page.locator("[data-photo-local]")).to_have_count(KINDS["photo"])
    _close_report(page)
    captured = _wait_until_kept(page, KINDS)
    files = {sha256(one.read_bytes()).hexdigest() for one in tmp_path.glob("*.jpg")}
    photos = [dict(one["payload"]) for one in captured if one["kind"] == "photo"]
    assert {one["sha256"] for one in photos} == files
    page.close(run_before_unload=False)
    assert receipts() == 0

    # Found by the network, hours later: the session is over, on the start page.
    expire()
    gate.plan = {stage: list(cuts) for stage, cuts in PLAN.items()}
    gate.open()
    page, second = phone.tab(), phone.tab()
    _open_start_page(page, email)
    second.goto("/reports/")
    expect(page.locator("[data-unsent]")).to_be_visible()
    _until(lambda: receipts() >= 15, 240, "15 were not sent")
    expire()
    _log_in_again(page, email)
    _until(lambda: receipts() >= 60, 240, "60 were not sent")
    phone.kill()

    page = phone.start()
    _open_start_page(page, email)
    _until(lambda: receipts() == len(captured), 240, "not everything was sent")
    expect(page.locator("[data-unsent]")).to_be_hidden()
    assert _kept(page) == []
    assert {stage for stage, _cut in gate.cut} == set(PLAN)
    assert {cut for _stage, cut in gate.cut} == set(Cut)
    _expect_same(ask, stack, report, captured)

    assert ask("select status from reports where id = %s", report) == [("completed",)]
    text = _pdf_of(page, report, tmp_path)
    assert f"{KINDS['photo']} of {KINDS['photo']} photos printed" in text
    for file in tmp_path.glob("[0-9]*.jpg"):
        assert f"Shot {file.stem}" in text


def _pdf_of(page: Page, report: str, folder: Path) -> str:
    page.goto(f"/reports/{report}")
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible()
    with page.expect_download() as caught:
        link.click()
    caught.value.save_as(folder / "report.pdf")
    return pages.pdf_text(folder / "report.pdf")
