"""Acts of a person on Laudo's pages, by what is visible: labels, buttons, marks."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.support.cast import PASSWORD

# The requests of pages that are open while the server is gone.
GONE = ["Failed to load resource", "net::ERR_", "Failed to fetch"]
# What waits on this device, as the outbox has written it.
OPERATIONS = """async () => {
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const db = await asked(indexedDB.open("laudo"));
  const all = await asked(db.transaction("operations").objectStore("operations").getAll());
  db.close();
  return all;
}"""
IS_KEPT = """async ([path]) => {
  for (const name of await caches.keys()) {
    const isOwn = name.startsWith("laudo-kept-");
    if (isOwn && (await (await caches.open(name)).match(path))) return true;
  }
  return false;
}"""

COUNT_UNSENT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("laudo");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const counting = opening.result.transaction("operations").objectStore("operations").count();
    counting.onsuccess = () => {
      opening.result.close();
      resolve(counting.result);
    };
  };
})"""


def log_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def field(page: Page, field_id: str) -> Locator:
    """The question's card, with its section open."""
    card = page.locator(f"#field-{field_id}")
    section = page.locator("details.section", has=card)
    if section.count() and section.get_attribute("open") is None:
        section.locator("summary").first.click()
    card.scroll_into_view_if_needed()
    return card


def expect_saved(page: Page, field_id: str) -> None:
    expect(page.locator(f"#status-{field_id}")).to_have_attribute("data-state", "saved")


def answer(page: Page, field_id: str, value: object) -> None:
    """Answer like a person, and wait until the server has it."""
    enter(page, field_id, value)
    expect_saved(page, field_id)


def enter(page: Page, field_id: str, value: object) -> None:
    """Answer like a person: tap, type or tick."""
    card = field(page, field_id)
    inputs = card.locator("form[data-field-form] [name=value]")
    if isinstance(value, dict):
        for key, cell in value.items():
            card.locator(f"[name='cell:{key}']").fill(cell)
    elif isinstance(value, list):
        for option in value:
            card.locator(f"label:has([value='{option}'])").click()
    elif inputs.first.get_attribute("type") == "radio":
        card.locator(f"label:has([value='{value}'])").click()
    elif inputs.first.evaluate("node => node.tagName") == "SELECT":
        inputs.first.select_option(str(value))
    else:
        inputs.first.fill(str(value))
    card.locator("form[data-field-form]").evaluate("form => document.activeElement.blur()")


def jpeg(path: Path, shade: int, *, cut: bool = False) -> Path:
    """A picture file; `cut` truncates it to half, as a broken transfer does."""
    picture = Image.effect_noise((800, 600), 60).convert("RGB")
    picture.paste((shade, 90, 120), (100, 100, 700, 500))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    data = buffer.getvalue()
    path.write_bytes(data[: len(data) // 2] if cut else data)
    return path


def pdf_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def choose_project(page: Page) -> None:
    """Choose it on the start form, because other tests may have created more projects."""
    page.get_by_label("Project").select_option(label="Hall 7")


def choose_checklist(page: Page) -> None:
    """Choose the first one, because other tests may have published more."""
    first = page.locator("#checklist_id option", has_text="ATS").first.inner_text()
    page.get_by_label("Checklist").select_option(label=first)


def start_report(page: Page, title: str) -> str:
    """Start a report of the first checklist; returns the URL of its fill page."""
    page.goto("/reports/new")
    choose_project(page)
    choose_checklist(page)
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url(re.compile(r"/fill"))
    return page.url.split("#")[0].split("?")[0]


def add_files(page: Page, field_id: str, files: list[Path]) -> None:
    card = field(page, field_id)
    card.locator("input[data-photo-input][data-source=file]").set_input_files(files)


def sign(page: Page, role_id: str, name: str) -> None:
    """Sign, and wait until the server has it."""
    sign_here(page, role_id, name)
    expect(page.locator(f"#signature-{role_id}")).to_have_attribute("data-state", "signed")


def sign_here(page: Page, role_id: str, name: str) -> None:
    place = page.locator(f"#signature-{role_id}")
    place.scroll_into_view_if_needed()
    place.get_by_label("Signer's name").fill(name)
    canvas = place.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 12):
        across = box["x"] + 30 + step * 20
        page.mouse.move(across, box["y"] + box["height"] / 2 + (-1) ** step * 25, steps=3)
    page.mouse.up()
    place.get_by_role("button", name=re.compile("^Sign$")).click()


def draw(page: Page) -> None:
    """Draw one stroke on the only signature pad of the page."""
    page.locator("[data-signature-pad]").scroll_into_view_if_needed()
    box = page.locator("[data-signature-pad]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 120, steps=8)
    page.mouse.up()


def worker_runs(page: Page) -> None:
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def wait_until_kept(page: Page, path: str) -> None:
    deadline = time.monotonic() + 60
    while not page.evaluate(IS_KEPT, [path]):
        assert time.monotonic() < deadline, f"{path} is not kept"
        page.wait_for_timeout(100)


def wait_until_sent(page: Page) -> None:
    """Until nothing is left in the outbox of this device."""
    deadline = time.monotonic() + 120
    while left := page.evaluate(COUNT_UNSENT):
        assert time.monotonic() < deadline, f"{left} operations are still here"
        page.wait_for_timeout(100)
