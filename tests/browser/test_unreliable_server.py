"""Nothing that a technician enters is lost or sent twice when the server or the network fails."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.canned import MAX_UPLOAD, Answer, Canned, form_of, status
from tests.browser.conftest import PHONE

# The stack is not asked; the group saves each worker a browser of its own.
pytestmark = pytest.mark.xdist_group("browser")
SERIAL = "#answer-serial"
STATUS = "#status-serial"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
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
    canned = Canned()
    canned.answer = canned.saved
    canned.open(page)
    return canned


def _state(page: Page, state: str) -> None:
    expect(page.locator(STATUS)).to_have_attribute("data-state", state)


def test_a_field_saves_itself_once(page: Page, server: Canned) -> None:
    page.locator(SERIAL).press_sequentially("SN-1", delay=20)
    _state(page, "saved")
    page.locator("#reason-serial").evaluate("element => element.blur()")
    page.locator(SERIAL).blur()
    page.wait_for_timeout(300)
    (save,) = server.saves()
    assert save["value"] == "SN-1"
    assert save["row_version"] == "0"
    assert save["csrf_token"] == "first-token"
    assert save["client_at"].endswith("Z")


def test_an_answer_leaves_focus_and_newer_words_alone(page: Page, server: Canned) -> None:
    field = page.locator(SERIAL)
    server.answer = lambda path, form: time.sleep(0.5) or server.saved(path, form)
    field.press_sequentially("one")
    while not server.saves():
        page.wait_for_timeout(20)
    field.press_sequentially("two", delay=40)
    expect(page.locator(f"{STATUS} input")).to_have_value("2", timeout=10_000)
    assert page.evaluate("document.activeElement.id") == "answer-serial"
    assert field.input_value() == "onetwo"
    first, last = server.saves()[0], server.saves()[-1]
    assert last["value"] == "onetwo"
    assert last["client_id"] != first["client_id"]
    assert last["row_version"] == "1"


def test_a_save_that_waited_for_another_gets_its_answer_too(page: Page, server: Canned) -> None:
    """Two taps within one round trip: the second save's answer must land, version and all."""
    server.answer = lambda path, form: time.sleep(0.4) or server.saved(path, form)
    page.locator("label:has([value=ok])").click()
    page.wait_for_timeout(100)
    page.locator("label:has([value=not_ok])").click()
    status = page.locator("#status-tight")
    expect(status.locator("input")).to_have_value("2", timeout=10_000)
    expect(status).to_have_attribute("data-state", "saved")


def test_a_save_of_unknown_outcome_goes_again_before_newer_words(
    page: Page, server: Canned
) -> None:
    server.answer = lambda path, form: Answer(503)
    page.fill(SERIAL, "first")
    _state(page, "retrying")
    server.answer = server.saved
    page.fill(SERIAL, "second")
    expect(page.locator(f"{STATUS} input")).to_have_value("2", timeout=10_000)
    lost, again, newer = (server.saves()[0], *server.saves()[-2:])
    assert again == lost
    assert (newer["value"], newer["row_version"]) == ("second", "1")


def test_words_typed_without_a_connection_survive_a_reload(page: Page, server: Canned) -> None:
    server.answer = lambda path, form: Answer(is_cut=True)
    page.fill(SERIAL, "kept")
    _state(page, "retrying")
    sent = server.saves()[0]
    server.answer = server.saved
    page.reload()
    expect(page.locator(SERIAL)).to_have_value("kept")
    _state(page, "saved")
    assert server.saves()[-1] == sent
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#toasts")).to_be_empty()


def test_a_conflict_waits_for_a_decision(page: Page, server: Canned) -> None:
    keep = '<button type="submit" data-keep-mine="7">Keep mine</button>'
    server.answer = lambda path, form: Answer(409, status("serial", "conflict", 0, keep))
    page.fill(SERIAL, "mine")
    _state(page, "conflict")
    page.fill(SERIAL, "mine, longer")
    page.wait_for_timeout(1000)
    assert len(server.saves()) == 1
    server.answer = server.saved
    page.click("[data-keep-mine]")
    _state(page, "saved")
    assert server.saves()[-1]["value"] == "mine, longer"
    assert server.saves()[-1]["row_version"] == "7"


def test_a_value_that_is_refused_stays_and_says_why(page: Page, server: Canned) -> None:
    server.answer = lambda path, form: Answer(422, status("serial", "refused", 0))
    page.fill(SERIAL, "no")
    _state(page, "refused")
    expect(page.locator(SERIAL)).to_have_value("no")


def test_a_gone_session_asks_for_the_login_and_then_saves(page: Page, server: Canned) -> None:
    server.is_logged_in = False
    page.fill(SERIAL, "typed while logged out")
    page.fill("dialog input[type=password]", "secret")
    page.click("dialog button")
    _state(page, "saved")
    expect(page.locator("dialog")).to_have_count(0)
    assert server.saves()[-1]["value"] == "typed while logged out"
    assert server.saves()[-1]["csrf_token"] == "second-token"


def test_a_session_that_another_tab_renewed_needs_no_login(page: Page, server: Canned) -> None:
    server.is_logged_in, server.is_back = False, True
    page.fill(SERIAL, "typed meanwhile")
    _state(page, "saved")
    expect(page.locator("dialog")).to_have_count(0)
    assert server.saves()[-1]["value"] == "typed meanwhile"
    assert server.saves()[-1]["csrf_token"] == "second-token"


def test_a_login_that_fails_keeps_the_dialog_and_the_words(page: Page, server: Canned) -> None:
    server.is_logged_in, server.failed_logins = False, [503, 400]
    page.fill(SERIAL, "still here")
    for _failure in range(2):
        page.fill("dialog input[type=password]", "secret")
        page.click("dialog button")
        expect(page.locator("dialog input[type=password]")).to_have_value("")
    assert page.input_value(SERIAL) == "still here"
    page.fill("dialog input[type=password]", "secret")
    page.click("dialog button")
    _state(page, "saved")
    assert server.saves()[-1]["value"] == "still here"


def test_a_refused_photo_keeps_its_picture_and_goes_again(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(picture, "JPEG")
    (tmp_path / "p.jpg").write_bytes(picture.getvalue())
    server.answer = lambda path, form: Answer(413, "Larger than 40 MB.", "text/plain")
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "p.jpg")
    card = page.locator("[data-photo-local]")
    expect(card).to_contain_text("Larger than 40 MB.")
    expect(card.locator("img")).to_be_visible()
    page.reload()
    expect(card).to_contain_text("Larger than 40 MB.")
    server.answer = lambda path, form: Answer(body='<li id="taken">Taken</li>')
    card.get_by_role("button", name="Try again").click()
    expect(page.locator("#photos-tight #taken")).to_be_visible()
    expect(card).to_have_count(0)
    ids = {body.split(b'name="client_id"\r\n\r\n')[1][:36] for _path, body in server.posts}
    assert len(ids) == 1
    assert hashlib.sha256(picture.getvalue()).hexdigest().encode() in server.posts[-1][1]


def test_a_photo_past_the_limit_is_told_so_and_not_sent(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    (tmp_path / "huge.jpg").write_bytes(bytes(MAX_UPLOAD))
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "huge.jpg")
    card = page.locator("[data-photo-local]")
    expect(card).to_contain_text("huge.jpg has 1.0 MB")
    assert server.posts == []


def test_photos_past_the_number_are_refused_one_by_one_and_stay(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    """What a camera gave may exist nowhere else: nothing is left out before the server has said."""
    paths = [tmp_path / f"{number}.jpg" for number in range(7)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def answer(path: str, form: dict[str, str]) -> Answer:
        if len(server.posts) > 5:
            return Answer(409, "This field already has 5 photos.", "text/plain")
        return Answer(body=f'<li class="taken">{len(server.posts)}</li>')

    server.answer = answer
    page.set_input_files("#field-tight [data-source=file]", paths)
    expect(page.locator("#photos-tight .taken")).to_have_count(5)
    refused = page.locator("[data-photo-local]")
    expect(refused).to_have_count(2)
    expect(refused.nth(1)).to_contain_text("already has 5 photos")
    expect(refused.nth(1).get_by_role("button", name="Remove")).to_be_visible()


def test_a_caption_is_not_taken_by_the_card_that_asks_for_itself(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    (tmp_path / "p.jpg").write_bytes(b"p")
    card = (
        '<li class="photo-card" hx-get="/card" hx-trigger="every 200ms" hx-swap="outerHTML">'
        '<input name="caption" value=""></li>'
    )
    server.fragments["/card"] = card
    server.answer = lambda path, form: Answer(body=card)
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "p.jpg")
    caption = page.locator("#photos-tight input[name=caption]")
    expect(caption).to_be_visible()
    page.wait_for_timeout(500)
    assert server.polls
    caption.press_sequentially("Busbar L1, before", delay=40)
    caption.blur()
    page.wait_for_timeout(600)
    expect(caption).to_have_value("Busbar L1, before")
    asked = len(server.polls)
    page.wait_for_timeout(500)
    assert len(server.polls) == asked
    caption.fill("")
    caption.blur()
    page.wait_for_timeout(600)
    assert len(server.polls) > asked


def test_another_name_is_another_signature(page: Page, server: Canned) -> None:
    """The answer to the first one was lost: the server may have taken it under the wrong name."""
    server.answer = lambda path, form: Answer(500)
    page.fill("#signer-tech", "Ana")
    _draw(page)
    sign = page.get_by_role("button", name="Sign", exact=True)
    sign.click()
    expect(page.locator("[data-signature-error]")).to_be_visible()
    sign.click()
    page.wait_for_timeout(300)
    page.fill("#signer-tech", "Ana Souza")
    server.answer = lambda path, form: Answer(body='<p id="signed">Signed</p>')
    sign.click()
    expect(page.locator("#signed")).to_be_visible()
    first, again, corrected = (form_of(body)["client_id"] for _path, body in server.posts)
    assert first == again != corrected


def test_a_drawn_signature_is_not_left_without_a_question(page: Page, server: Canned) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    _draw(page)
    page.reload()
    assert asked == ["beforeunload"]


def _draw(page: Page) -> None:
    page.locator("[data-signature-pad]").scroll_into_view_if_needed()
    box = page.locator("[data-signature-pad]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 120, steps=8)
    page.mouse.up()


def test_a_refused_signature_stays_on_the_pad(page: Page, server: Canned) -> None:
    server.answer = lambda path, form: Answer(413, "Too large.", "text/plain")
    page.fill("#signer-tech", "Ana")
    _draw(page)
    sign = page.get_by_role("button", name="Sign", exact=True)
    sign.click()
    expect(page.locator("[data-signature-error]")).to_have_text("Too large.")
    server.answer = lambda path, form: Answer(body='<p id="signed">Signed</p>')
    sign.click()
    expect(page.locator("#signed")).to_be_visible()
    refused, taken = (body for _path, body in server.posts)
    for part in (b"\x89PNG\r\n", b"Content-Type: application/json", b'"strokes":[[['):
        assert part in refused and part in taken
