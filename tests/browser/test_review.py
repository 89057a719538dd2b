"""A review in Chromium: returned with two comments, fixed on the phone, and approved by keyboard."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.models import ANY_MANAGER, Actor
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import DESK
from tests.conftest import settings_for
from tests.support import scenarios

pytestmark = pytest.mark.xdist_group("browser")

IS_UNCOVERED = """(node) => {
  const { left, top, width, height } = node.getBoundingClientRect();
  return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""
ENCLOSURE = "Show the closed door"
INSULATION = "Measure again with 1 kV"


@pytest.fixture
def report_id(stack, people, tmp_path) -> UUID:
    """Tess's answers to a checklist that any manager reviews; a photo and a signature are missing."""
    app = create_app(settings_for(stack.database, tmp_path))
    with app.app_context(), tenant_scope(people.acme):
        tess = Actor(people.tess.name, people.tess.role, people.tess.id)
        version = scenarios.a_checklist(
            tess, scenarios.a_definition(code="REVIEW"), review_steps=[ANY_MANAGER]
        )
        project = scenarios.a_project(tess, name="Reviewed hall")
        report = scenarios.a_report(tess, version=version, project=project)
        scenarios.all_answers(report, tess)
        return report.id


def submit(page: Page, report_id: UUID) -> None:
    page.goto(f"/reports/{report_id}/review")
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
    expect(page.get_by_text("Submitted: waiting for review")).to_be_visible()


def test_returned_with_two_comments_fixed_and_approved(
    people, open_page, cookies_of, report_id, tmp_path
):
    phone = open_page(storage_state=cookies_of(people.tess))
    phone.goto(f"/reports/{report_id}/fill?at=enclosure")
    pages.add_files(phone, "enclosure", [pages.jpeg(tmp_path / "door.jpg", 90)])
    expect(phone.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    pages.sign(phone, "technician", "Tess Technician")
    submit(phone, report_id)

    desk = open_page(size=DESK, storage_state=cookies_of(people.max))
    desk.goto("/")
    waiting = (
        desk.locator("section", has_text="Waiting for your review")
        .locator("li")
        .filter(has_text="Reviewed hall")
    )
    expect(waiting.get_by_text(re.compile("waiting for"))).to_be_visible()
    waiting.get_by_role("link").click()
    desk.wait_for_url(re.compile("/reviewing$"))
    first = desk.locator("[data-review-field]").first
    expect(first).to_be_visible()

    # By keys: accept the first question, then comment on two others.
    expect(desk.locator("[data-review-keys]")).to_be_visible()
    desk.keyboard.press("j")
    expect(first).to_be_focused()
    desk.keyboard.press("a")
    expect(first.get_by_text("Accepted")).to_be_visible()
    # The field was drawn anew, and the next Tab goes on from it.
    expect(first).to_be_focused()
    for field_id, words in (("enclosure", ENCLOSURE), ("insulation", INSULATION)):
        field = desk.locator(f"#field-{field_id}")
        while not field.evaluate("node => node === document.activeElement"):
            desk.keyboard.press("j")
        desk.keyboard.press("c")
        expect(field.locator("textarea")).to_be_focused()
        desk.keyboard.type(words)
        save = field.get_by_role("button", name="Save the comment")
        assert save.evaluate(IS_UNCOVERED), "the bar covers the button"
        save.click()
        expect(field.get_by_text(words)).to_be_visible()
        expect(field).to_be_focused()
    expect(desk.locator("#review-bar")).to_contain_text("2 open comments")
    expect(desk.get_by_role("button", name="Approve")).to_be_disabled()
    desk.get_by_role("button", name="Return").click()
    desk.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))

    # The phone opens at the first comment.
    phone.goto("/")
    # Other tests leave reports of the same title.
    phone.locator(f"main a[href*='{report_id}']").first.click()
    phone.wait_for_url(re.compile("at=enclosure#comments-enclosure"))
    comments = phone.locator("#comments-enclosure")
    expect(comments).to_be_in_viewport()
    expect(comments.get_by_text(ENCLOSURE)).to_be_visible()
    comments.get_by_label("Your answer").fill("It is closed in the photo")
    comments.get_by_role("button", name="Done").click()
    expect(comments.get_by_text("Done: Tess Technician")).to_be_visible()
    pages.answer(phone, "insulation", "250")
    again = phone.locator("#comments-insulation")
    again.get_by_role("button", name="Done").click()
    expect(again.get_by_text("Done: Tess Technician")).to_be_visible()
    expect(phone.locator("#signature-technician")).to_have_attribute("data-state", "void")
    pages.sign(phone, "technician", "Tess Technician")
    pages.wait_until_sent(phone)
    submit(phone, report_id)

    # The second round shows what changed, and the comments.
    desk.goto(f"/reports/{report_id}/reviewing")
    expect(desk.locator("[data-review-field]")).to_have_count(2)
    expect(desk.locator("#field-insulation ins")).to_contain_text("250")
    expect(desk.locator("#field-enclosure")).to_contain_text("It is closed in the photo")
    desk.get_by_role("button", name="Approve").click()
    desk.get_by_role("button", name="Yes, continue").click()
    desk.wait_for_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
    expect(desk.locator(".record-state")).to_contain_text("Completed")
    with desk.expect_download() as caught:
        desk.get_by_role("link", name="Download").first.click()
    caught.value.save_as(tmp_path / "report.pdf")
    text = " ".join(pages.pdf_text(tmp_path / "report.pdf").split())
    assert re.search("Round 1.{0,20}returned.{0,20}2 comments", text), text
    assert re.search("Round 2.{0,20}approved", text), text
