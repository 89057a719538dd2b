"""A witness in Chromium: a manager sends a link, and somebody without an account signs on a phone."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from playwright.sync_api import expect

from app import create_app
from app.models import ANY_MANAGER, Actor
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import DESK
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.guests import definition_with_client

pytestmark = pytest.mark.xdist_group("browser")

WORDS = "Who closed the door?"


@pytest.fixture
def report_id(stack, people, tmp_path) -> UUID:
    """Tess's answers to a checklist whose client signs at the approval; a photo is missing."""
    app = create_app(settings_for(stack.database, tmp_path))
    with app.app_context(), tenant_scope(people.acme):
        tess = Actor(people.tess.name, people.tess.role, people.tess.id)
        version = scenarios.a_checklist(
            tess, definition_with_client(code="WITNESS"), review_steps=[ANY_MANAGER]
        )
        project = scenarios.a_project(tess, name="Witnessed hall")
        report = scenarios.a_report(tess, version=version, project=project)
        scenarios.all_answers(report, tess)
        return report.id


def test_a_witness_comments_and_signs_without_an_account(
    people, open_page, cookies_of, report_id, watched, tmp_path
):
    watched.expected.append("ERR_INTERNET_DISCONNECTED")
    phone = open_page(storage_state=cookies_of(people.tess))
    phone.goto(f"/reports/{report_id}/fill?at=enclosure")
    pages.add_files(phone, "enclosure", [pages.jpeg(tmp_path / "door.jpg", 90)])
    expect(phone.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    pages.sign(phone, "technician", "Tess Technician")
    phone.goto(f"/reports/{report_id}/review")
    phone.get_by_role("button", name="Submit for review").click()
    phone.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))

    desk = open_page(size=DESK, storage_state=cookies_of(people.max))
    desk.goto(f"/reports/{report_id}")
    desk.get_by_role("link", name="Send a witness link").click()
    desk.get_by_label("Name of the witness").fill("Wanda Witness")
    desk.get_by_label("Code word").fill("blue valve")
    desk.get_by_role("button", name="Make the link").click()
    address = desk.locator(".setup-key").inner_text()
    assert re.search(r"/w/[\w-]{43}$", address)

    # Another phone, which nobody has logged in on.
    guest = open_page()
    guest.goto(address)
    expect(guest).to_have_url(re.compile(r"/witness/[0-9a-f-]{36}/$"))
    guest.get_by_label("Code word").fill("Blue valve")
    guest.get_by_role("button", name="Open the report").click()
    expect(guest.get_by_role("heading", name="Main switchboard")).to_be_visible()
    token = address.rpartition("/")[2]
    assert token not in guest.evaluate("document.cookie + document.referrer + location.href")

    picture = guest.locator("#item-enclosure img")
    picture.scroll_into_view_if_needed()
    guest.wait_for_function("() => document.querySelector('#item-enclosure img').naturalWidth > 0")
    first = guest.locator("#item-customer")
    first.get_by_role("button", name="Accept").click()
    expect(first.get_by_text("Accepted")).to_be_visible()
    item = guest.locator("#item-enclosure")
    item.locator("summary").click()
    item.get_by_role("textbox").fill(WORDS)

    # Without a connection nothing is lost, and the page says so.
    guest.context.set_offline(True)
    item.get_by_role("button", name="Send the comment").click()
    expect(item.get_by_text("No connection.")).to_be_visible()
    pages.draw(guest)
    guest.get_by_role("button", name=re.compile("^Sign$")).click()
    signature = guest.locator("#signature")
    expect(signature.get_by_text("No connection.")).to_be_visible()
    guest.context.set_offline(False)
    guest.reload()
    expect(guest.locator("#item-enclosure").get_by_role("textbox")).to_have_value(WORDS)
    expect(guest.locator("[data-signature-undo]")).to_be_enabled()

    item.get_by_role("button", name="Send the comment").click()
    expect(item.locator(".review-comment")).to_contain_text(WORDS)
    guest.get_by_role("button", name=re.compile("^Sign$")).click()
    expect(signature.get_by_text("You have signed this report")).to_be_visible()
    guest.reload()
    expect(signature.get_by_role("img", name="Your signature")).to_be_visible()
    assert (
        guest.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('witness'))") == []
    )

    desk.goto(f"/reports/{report_id}/reviewing")
    field = desk.locator("#field-enclosure")
    expect(field).to_contain_text("Wanda Witness (witness)")
    expect(desk.get_by_role("button", name="Approve")).to_be_disabled()
    field.get_by_role("button", name="Mark as done").click()
    expect(desk.get_by_role("button", name="Approve")).to_be_enabled()
    desk.get_by_role("button", name="Approve").click()
    desk.get_by_role("button", name="Yes, continue").click()
    desk.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
    expect(desk.locator(".record-state")).to_contain_text("Completed")
    with desk.expect_download() as caught:
        desk.get_by_role("link", name="Download").first.click()
    caught.value.save_as(tmp_path / "report.pdf")
    text = " ".join(pages.pdf_text(tmp_path / "report.pdf").split())
    assert "link sent by Max Manager" in text and "Wanda Witness" in text

    desk.goto(f"/reports/{report_id}/witnesses")
    desk.get_by_role("link", name="Wanda Witness").click()
    desk.get_by_text("Revoke").first.click()
    desk.get_by_role("button", name="Revoke the link").click()
    expect(desk.get_by_text("Revoked").first).to_be_visible()
    guest.goto(address)
    expect(guest.get_by_text("This link was revoked")).to_be_visible()
