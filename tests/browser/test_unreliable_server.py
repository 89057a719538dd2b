"""When the server or network fails, nothing that a technician enters is lost or sent twice."""

from __future__ import annotations

import hashlib
import io
import json
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser import pages
from tests.browser.canned import MAX_UPLOAD, Answer, Canned, status, verdict

# The stack is not used; the group saves starting a browser in each xdist worker.
# Not "browser": without the stack, these run beside its tests.
pytestmark = pytest.mark.xdist_group("canned")
SERIAL = "#answer-serial"
STATUS = "#status-serial"


def _state(page: Page, state: str) -> None:
    expect(page.locator(STATUS)).to_have_attribute("data-state", state)


def test_a_field_saves_itself_once(page: Page, server: Canned) -> None:
    page.locator(SERIAL).press_sequentially("SN-1", delay=20)
    _state(page, "saved")
    page.locator("#reason-serial").evaluate("element => element.blur()")
    page.locator(SERIAL).blur()
    page.wait_for_timeout(300)
    (save,) = server.sent("answer")
    assert save["value"] == "SN-1"
    assert save["base_version"] == "0"
    assert (save["field_id"], save["block"]) == ("serial", "")
    assert save["client_at"].endswith("Z")


def test_an_answer_keeps_focus_and_newer_text(page: Page, server: Canned) -> None:
    field = page.locator(SERIAL)
    server.answer = lambda form: time.sleep(0.5) or server.saved(form)
    field.press_sequentially("one")
    while not server.sent("answer"):
        page.wait_for_timeout(20)
    field.press_sequentially("two", delay=40)
    expect(page.locator(f"{STATUS} input")).to_have_value("2")
    assert page.evaluate("document.activeElement.id") == "answer-serial"
    assert field.input_value() == "onetwo"
    first, last = server.sent("answer")[0], server.sent("answer")[-1]
    assert last["value"] == "onetwo"
    assert last["client_id"] != first["client_id"]
    # Entered while the first was on its way, or after its answer.
    based = (last.get("after"), last.get("base_version"))
    assert based in ((first["client_id"], None), (None, "1"))


def test_a_save_that_waited_for_another_gets_its_answer_too(page: Page, server: Canned) -> None:
    """Two taps within one round trip: the answer to the second save must apply, with its
    version."""
    server.answer = lambda form: time.sleep(0.4) or server.saved(form)
    page.locator("label:has([value=ok])").click()
    # Until it is sent, the second tap would only change it.
    while not server.posts:
        page.wait_for_timeout(10)
    page.locator("label:has([value=not_ok])").click()
    status = page.locator("#status-tight")
    expect(status.locator("input")).to_have_value("2")
    expect(status).to_have_attribute("data-state", "saved")


def test_a_save_of_unknown_outcome_is_resent_before_newer_text(page: Page, server: Canned) -> None:
    server.answer = lambda form: Answer(503)
    page.fill(SERIAL, "first")
    _state(page, "retrying")
    server.answer = server.saved
    page.fill(SERIAL, "second")
    expect(page.locator(f"{STATUS} input")).to_have_value("2")
    lost, again, newer = (server.sent("answer")[0], *server.sent("answer")[-2:])
    assert again == lost
    assert (newer["value"], newer["after"]) == ("second", lost["client_id"])


def test_text_typed_offline_survives_a_reload(page: Page, server: Canned) -> None:
    server.answer = lambda form: Answer(is_cut=True)
    page.fill(SERIAL, "kept")
    _state(page, "retrying")
    sent = server.sent("answer")[0]
    server.answer = server.saved
    page.reload()
    expect(page.locator(SERIAL)).to_have_value("kept")
    _state(page, "saved")
    assert server.sent("answer")[-1] == sent
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#toasts")).to_be_empty()


CONFLICT = (
    '<div class="conflict" data-conflict="c1"><input type="hidden" name="conflict" value="c1">'
    '<button type="submit" data-settle="theirs" data-conflict-id="c1" data-version="7" data-typed="t1">Theirs</button>'
    '<button type="submit" data-settle="mine" data-conflict-id="c1" data-version="7" data-typed="t1">Mine</button></div>'
)


def _in_conflict(form: dict[str, str]) -> Answer:
    return verdict(
        form, "conflict", conflict="c1", fragment=status("serial", "conflict", 7, CONFLICT)
    )


def test_a_conflict_keeps_the_typed_text_until_one_tap_decides(page: Page, server: Canned) -> None:
    server.answer = _in_conflict
    page.fill(SERIAL, "mine")
    _state(page, "conflict")
    expect(page.locator(STATUS)).to_have_attribute("data-where", "phone")
    expect(page.locator(SERIAL)).to_have_value("mine")
    page.wait_for_timeout(1000)
    assert len(server.posts) == 1
    server.answer = server.saved
    page.click("[data-settle=mine]")
    page.wait_for_event("load")
    (settled,) = server.sent("settle")
    assert (settled["conflict"], settled["keep"]) == ("c1", "mine")
    assert (settled["base_version"], settled["typed"]) == ("7", "t1")
    expect(page.locator("[data-unsent]")).to_be_hidden()


def test_an_answer_beside_a_conflict_decides_it(page: Page, server: Canned) -> None:
    server.answer = _in_conflict
    page.fill(SERIAL, "mine")
    _state(page, "conflict")
    server.answer = server.saved
    page.fill(SERIAL, "mine, longer")
    _state(page, "saved")
    last = server.sent("answer")[-1]
    assert (last["value"], last["conflict"], last["base_version"]) == ("mine, longer", "c1", "7")
    page.reload()
    expect(page.locator("#toasts")).to_be_empty()


def test_a_refused_value_stays_with_the_reason(page: Page, server: Canned) -> None:
    server.answer = lambda form: verdict(
        form, "refused", status=422, fragment=status("serial", "refused", 0)
    )
    page.fill(SERIAL, "no")
    _state(page, "refused")
    expect(page.locator(SERIAL)).to_have_value("no")
    page.reload()
    expect(page.locator(SERIAL)).to_have_value("no")
    _state(page, "refused")
    assert len(server.posts) == 1


def test_an_ended_session_asks_for_the_login_and_then_saves(page: Page, server: Canned) -> None:
    server.is_logged_in = False
    page.fill(SERIAL, "typed while logged out")
    page.fill("dialog input[type=password]", "secret")
    page.click("dialog button")
    _state(page, "saved")
    expect(page.locator("dialog")).to_have_count(0)
    assert server.sent("answer")[-1]["value"] == "typed while logged out"
    assert server.token == "second-token"


def test_a_session_that_another_tab_renewed_needs_no_login(page: Page, server: Canned) -> None:
    server.is_logged_in, server.is_back = False, True
    page.fill(SERIAL, "typed meanwhile")
    _state(page, "saved")
    expect(page.locator("dialog")).to_have_count(0)
    assert server.sent("answer")[-1]["value"] == "typed meanwhile"
    assert server.token == "second-token"


def test_a_failed_login_keeps_the_dialog_and_the_text(page: Page, server: Canned) -> None:
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
    assert server.sent("answer")[-1]["value"] == "still here"


def test_a_refused_photo_keeps_its_card_and_can_be_resent(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(picture, "JPEG")
    (tmp_path / "p.jpg").write_bytes(picture.getvalue())
    server.answer = lambda form: Answer(413, "Larger than 40 MB.", "text/plain")
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "p.jpg")
    card = page.locator("[data-photo-local]")
    expect(card).to_contain_text("Larger than 40 MB.")
    expect(card.locator("img")).to_be_visible()
    page.reload()
    expect(card).to_contain_text("Larger than 40 MB.")
    server.answer = server.saved
    card.get_by_role("button", name="Try again").click()
    expect(page.locator("#photos-tight #taken")).to_be_visible()
    expect(card).to_have_count(0)
    # Once by itself, when the page was opened again, and once by the person.
    assert len(server.posts) == 3
    taken = server.sent("photo")[-1]
    assert taken["sha256"] == hashlib.sha256(picture.getvalue()).hexdigest()
    assert server.uploads[taken["client_id"]] == picture.getvalue()


def test_a_photo_over_the_size_limit_is_reported_and_not_sent(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    (tmp_path / "huge.jpg").write_bytes(bytes(MAX_UPLOAD + 1))
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "huge.jpg")
    card = page.locator("[data-photo-local]")
    expect(card).to_contain_text("huge.jpg is 1.0 MB")
    assert server.posts == []
    assert server.uploads == {}


def test_photos_over_the_count_are_refused_one_by_one_and_stay(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    """A camera's photo may exist nowhere else, so only the server may refuse it."""
    paths = [tmp_path / f"{number}.jpg" for number in range(7)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def answer(form: dict[str, str]) -> Answer:
        if len(server.posts) > 5:
            return verdict(form, "refused", status=409, sentence="This field already has 5 photos.")
        card = f'<li class="taken">{len(server.posts)}</li>'
        return verdict(form, fragment=card, sha256=form["sha256"], placement=form["client_id"])

    server.answer = answer
    page.set_input_files("#field-tight [data-source=file]", paths)
    expect(page.locator("#photos-tight .taken")).to_have_count(5)
    refused = page.locator("[data-photo-local]")
    expect(refused).to_have_count(2)
    expect(refused.nth(1)).to_contain_text("already has 5 photos")
    expect(refused.nth(1).get_by_role("button", name="Remove")).to_be_visible()


SLOW_FILES = """() => {
  const read = File.prototype.arrayBuffer;
  File.prototype.arrayBuffer = async function () {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    return read.call(this);
  };
}"""
LINK = (
    """() => document.body.insertAdjacentHTML("beforeend", '<a href="/elsewhere">Elsewhere</a>')"""
)
# How long a page waits for the device's position.
POSITION_MS = 8_000


def test_a_link_waits_until_a_photo_is_on_the_device(
    page: Page, server: Canned, tmp_path: Path
) -> None:
    (tmp_path / "p.jpg").write_bytes(b"picture")
    server.answer = lambda form: Answer(503)
    page.evaluate(SLOW_FILES)
    page.evaluate(LINK)
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "p.jpg")
    page.get_by_role("link", name="Elsewhere").click()
    page.wait_for_url("**/elsewhere")
    expect(page.locator("[data-photo-local]")).to_have_count(1)


def test_photos_do_not_wait_for_a_position(page: Page, server: Canned, tmp_path: Path) -> None:
    page.evaluate("navigator.geolocation.getCurrentPosition = () => undefined")
    page.evaluate(LINK)
    files = [tmp_path / "one.jpg", tmp_path / "two.jpg"]
    for file in files:
        file.write_bytes(file.name.encode())
    page.set_input_files("#field-tight [data-source=file]", files)
    # Both are on the device, and nothing holds the person, long before the position is given up.
    expect(page.locator("[data-photo-local]")).to_have_count(2, timeout=POSITION_MS / 2)
    page.get_by_role("link", name="Elsewhere").click(timeout=POSITION_MS / 2)
    page.wait_for_url("**/elsewhere", timeout=POSITION_MS / 2)
    expect(page.locator("[data-photo-local]")).to_have_count(2)


CARD = (
    '<li class="photo-card" hx-get="/card" hx-trigger="every 200ms" hx-swap="outerHTML">'
    '<input name="caption" value=""></li>'
)


@pytest.fixture
def caption(page: Page, server: Canned, tmp_path: Path) -> Locator:
    """The caption of a taken photo whose card polls."""
    (tmp_path / "p.jpg").write_bytes(b"p")
    server.fragments["/card"] = CARD
    server.answer = lambda form: verdict(form, fragment=CARD, sha256=form["sha256"], placement="p1")
    page.set_input_files("#field-tight [data-source=file]", tmp_path / "p.jpg")
    typed = page.locator("#photos-tight input[name=caption]")
    expect(typed).to_be_visible()
    return typed


def test_a_polling_card_does_not_overwrite_a_caption(
    page: Page, server: Canned, caption: Locator
) -> None:
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


def test_the_answer_to_an_earlier_poll_does_not_overwrite_a_caption(
    page: Page, server: Canned, caption: Locator
) -> None:
    server.is_slow = True
    while not server.waiting:
        page.wait_for_timeout(20)
    caption.fill("Busbar L1, before")
    caption.blur()
    server.release()
    page.wait_for_timeout(600)
    expect(caption).to_have_value("Busbar L1, before")


def test_another_signature_of_a_role_replaces_one_that_was_not_sent(
    page: Page, server: Canned
) -> None:
    server.is_logged_in = False
    page.fill("#signer-tech", "Ana")
    pages.draw(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    local = page.locator("[data-signature-local]")
    expect(local).to_contain_text("Ana")
    expect(local).to_contain_text("Signed on this device")
    page.fill("dialog input[type=password]", "secret")
    server.answer = lambda form: verdict(
        form, "conflict", sentence="Ana changed the serial number."
    )
    page.click("dialog button")
    expect(local).to_contain_text("Ana changed the serial number.")
    local.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Yes, continue").click()
    page.fill("#signer-tech", "Ana Souza")
    server.answer = server.saved
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#taken")).to_be_visible()
    first, corrected = server.sent("signature")
    assert first["client_id"] != corrected["client_id"]
    assert corrected["signer_name"] == "Ana Souza"


def test_leaving_with_a_drawing_that_is_not_signed_asks_first(page: Page, server: Canned) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    pages.draw(page)
    page.reload()
    assert asked == ["beforeunload"]


def test_a_signature_survives_a_reload_and_is_sent_as_it_was_drawn(
    page: Page, server: Canned
) -> None:
    server.answer = lambda form: Answer(is_cut=True)
    page.fill("#signer-tech", "Ana")
    pages.draw(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    local = page.locator("[data-signature-local]")
    expect(local).to_contain_text("retrying")
    page.reload()
    expect(local).to_contain_text("Ana")
    expect(local.locator("img")).to_be_visible()
    server.answer = server.saved
    expect(page.locator("#taken")).to_be_visible()
    lost, taken = server.posts[0], server.posts[-1]
    for part in (b"\x89PNG\r\n", b"Content-Type: application/json", b'"strokes":[[['):
        assert part in lost and part in taken
    first, last = server.sent("signature")[0], server.sent("signature")[-1]
    assert first["client_id"] == last["client_id"]
    assert json.loads(last["seen"])["fields"] == {"serial|": 0, "tight|": 0}
