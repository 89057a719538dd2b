"""The public page of a report in a browser: it compares a file itself, and sends it nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.extensions import db
from app.models import Actor
from app.tenancy import tenant_scope
from tests.browser.conftest import DESK
from tests.conftest import settings_for
from tests.support.checking import a_finished_report, a_pdf, a_revision, token_of
from tests.support.pictures import sha256_of

pytestmark = pytest.mark.xdist_group("browser")

FILES = {
    "newest": b"%PDF-1.7 the newest" + bytes(300_000),
    "earlier": b"%PDF-1.7 an earlier one",
    "preview": b"%PDF-1.7 a preview",
    "revision": b"%PDF-1.7 of R1",
    "changed": b"%PDF-1.7 the newest" + bytes(299_999) + b"x",
}
ANSWERS = {
    "newest": "Same file",
    "earlier": "An earlier PDF of this report",
    "preview": "A preview",
    "revision": "A PDF of another revision",
    "changed": "Not the same file",
}


@dataclass(frozen=True)
class Checked:
    """The public address of a superseded report, and its files."""

    path: str
    files: dict[str, Path]


@pytest.fixture(scope="module")
def checked(stack, people, tmp_path_factory) -> Checked:
    folder = tmp_path_factory.mktemp("checked")
    app = create_app(settings_for(stack.database, folder / "storage"))
    tess = Actor(people.tess.name, people.tess.role, people.tess.id)
    with app.app_context(), tenant_scope(people.acme):
        report = a_finished_report(tess, FILES["newest"], number="CHECK-1")
        token = token_of(report)
        a_pdf(report, tess, FILES["earlier"], minutes_ago=30)
        a_pdf(report, tess, FILES["preview"], minutes_ago=60, is_preview=True)
        db.session.refresh(report)
        a_pdf(a_revision(report, tess, 1), tess, FILES["revision"])
    files = {name: folder / f"{name}.pdf" for name in FILES}
    for name, path in files.items():
        path.write_bytes(FILES[name])
    return Checked(f"/v/{token}", files)


def answers(page: Page):
    return page.locator("[data-answer]:visible h3")


@pytest.mark.parametrize("name", FILES)
def test_a_chosen_file_gets_its_answer_and_is_sent_nowhere(
    open_page, checked: Checked, name: str
) -> None:
    page = open_page(locale="en-GB")
    page.goto(checked.path)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_input_files("[data-file]", checked.files[name])
    expect(answers(page)).to_have_text([ANSWERS[name]])
    expect(page.locator("[data-hash]")).to_have_text(sha256_of(FILES[name]))
    assert requests == []
    if name == "newest":
        expect(page.locator("[data-answer=same]")).to_contain_text("R1 has superseded it")
    if name == "revision":
        expect(page.locator("[data-answer=revision]")).to_contain_text("the PDF of R1")


def test_one_file_after_another_shows_the_last_answer_alone(open_page, checked: Checked) -> None:
    page = open_page(locale="pt-BR")
    page.goto(checked.path)
    for name in ("changed", "newest", "changed"):
        page.set_input_files("[data-file]", checked.files[name])
    expect(answers(page)).to_have_text(["Não é o mesmo arquivo"])


def test_a_dropped_file_is_compared_wherever_it_falls(open_page, checked: Checked) -> None:
    page = open_page(size=DESK, locale="en-GB")
    page.goto(checked.path)
    drop = """(text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "report.pdf", { type: "application/pdf" }));
      const over = new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector("h1").dispatchEvent(over);
      const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector("h1").dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert page.evaluate(drop, FILES["earlier"].decode())
    expect(answers(page)).to_have_text([ANSWERS["earlier"]])


def test_an_insecure_origin_compares_too(open_page, checked: Checked, stack, watched) -> None:
    """There the browser has no crypto.subtle."""
    # Chromium says that it ignores a header there.
    watched.expected += ["Cross-Origin-Opener-Policy"]
    page = open_page(url=f"http://laudo.test:{stack.url.rsplit(':', 1)[1]}", locale="en-GB")
    page.goto(checked.path)
    assert page.evaluate("crypto.subtle === undefined")
    page.set_input_files("[data-file]", checked.files["newest"])
    expect(answers(page)).to_have_text([ANSWERS["newest"]])


def test_without_scripts_the_page_says_how_to_compare_by_hand(open_page, checked: Checked) -> None:
    page = open_page(java_script_enabled=False, locale="en-GB")
    page.goto(checked.path)
    expect(page.get_by_text("sha256sum report.pdf")).to_be_visible()
    expect(page.locator("[data-drop]")).to_be_hidden()
    expect(page.get_by_role("heading", name="Superseded by R1")).to_be_visible()
    page.get_by_role("link", name="Português (Brasil)").click()
    expect(page.get_by_role("heading", name="Substituído pela R1")).to_be_visible()
    page.get_by_role("link", name="Conferir a R1").click()
    expect(page.get_by_role("heading", name="Válido")).to_be_visible()
    assert page.context.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_every_text_can_be_read(
    open_page, checked: Checked, scheme: str
) -> None:
    page = open_page(color_scheme=scheme, locale="pt-BR")
    page.goto(checked.path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for target in page.locator("main a.btn, nav a, .check-drop, summary").all():
        assert target.bounding_box()["height"] >= 44
