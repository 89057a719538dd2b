"""A report's whole life in browsers: filled in, returned with two comments, fixed, signed by a witness
without an account, approved, sealed, checked by a stranger, corrected on a newer version of the
checklist, and superseded."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.config import ROOT
from app.definition.schema import Definition
from app.extensions import db
from app.models import ANY_MANAGER, Actor, Version
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import DESK
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.guests import definition_with_client
from tests.support.revisions import a_newer_version

pytestmark = pytest.mark.xdist_group("browser")

IS_REPORT = re.compile(r"/reports/[0-9a-f-]{36}$")
COMMENTS = {"enclosure": "Show the closed door", "insulation": "Measure again with 1 kV"}
CHECK_PAGE = re.compile(r"/v/[0-9a-f]{32}")


class Company:
    """What the app does beside the browsers: a reviewed checklist, and its next version."""

    def __init__(self, stack, people, folder: Path) -> None:
        self._app, self._people = create_app(settings_for(stack.database, folder)), people
        self._tess = Actor(people.tess.name, people.tess.role, people.tess.id)

    def start(self) -> UUID:
        with self._app.app_context(), tenant_scope(self._people.acme):
            version = scenarios.a_checklist(
                self._tess, definition_with_client(code="LIFE"), review_steps=[ANY_MANAGER]
            )
            self._version_id = version.id
            report = scenarios.a_report(self._tess, version=version, title="A whole life")
            scenarios.all_answers(report, self._tess)
            return report.id

    def publish_without_cable_entry(self) -> None:
        """The next version asks one question less, and one in other words."""
        with self._app.app_context(), tenant_scope(self._people.acme):
            version = db.session.get_one(Version, self._version_id)
            a_newer_version(version, _changed(version.definition), self._tess)


def _changed(definition: Definition) -> Definition:
    visual, tests = definition.sections
    fields = tuple(field for field in visual.fields if field.id != "cable_entry")
    return definition.model_copy(
        update={"sections": (visual.model_copy(update={"fields": fields}), tests)}
    )


def submit(phone: Page, report_id: str) -> None:
    pages.wait_until_sent(phone)
    # A page of its own: on the other one, what was just answered draws the signatures again.
    phone.goto(f"/reports/{report_id}/fill")
    pages.sign(phone, "technician", "Tess Technician")
    pages.wait_until_sent(phone)
    phone.goto(f"/reports/{report_id}/review")
    phone.get_by_role("button", name="Submit for review").click()
    phone.wait_for_url(IS_REPORT)
    expect(phone.get_by_text("Submitted: waiting for review")).to_be_visible()


def witness(desk: Page, guest: Page, report_id: str) -> None:
    """The manager makes a link, and the client opens it on a phone of their own and signs."""
    desk.goto(f"/reports/{report_id}")
    desk.get_by_role("link", name="Send a witness link").click()
    desk.get_by_label("Name of the witness").fill("Wanda Witness")
    desk.get_by_role("button", name="Make the link").click()
    guest.goto(desk.locator(".setup-key").inner_text())
    pages.draw(guest)
    guest.get_by_role("button", name=re.compile("^Sign$")).click()
    expect(guest.get_by_text("You have signed this report")).to_be_visible()


def approve(desk: Page, report_id: str) -> None:
    desk.goto(f"/reports/{report_id}/reviewing")
    desk.get_by_role("button", name="Approve").click()
    desk.get_by_role("button", name="Yes, continue").click()
    desk.wait_for_url(IS_REPORT)
    expect(desk.locator(".record-state")).to_contain_text("Completed")


def download(page: Page, target: Path) -> Path:
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").first.click()
    caught.value.save_as(target)
    return target


def verify(*files: Path) -> str:
    """What the verifier says of the files; it must find nothing wrong."""
    command = [sys.executable, str(ROOT / "verifier" / "laudo_verify.py"), *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def words_of(pdf: Path) -> str:
    return " ".join(pages.pdf_text(pdf).split())


def test_a_report_lives_from_its_first_photo_to_its_successor(
    stack, people, open_page, cookies_of, tmp_path: Path
) -> None:
    company = Company(stack, people, tmp_path / "storage")
    report = str(company.start())
    phone = open_page(storage_state=cookies_of(people.tess))
    phone.goto(f"/reports/{report}/fill?at=enclosure")
    pages.add_files(phone, "enclosure", [pages.jpeg(tmp_path / "door.jpg", 90)])
    expect(phone.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    submit(phone, report)

    desk = open_page(size=DESK, storage_state=cookies_of(people.max))
    desk.goto(f"/reports/{report}/reviewing")
    for field_id, words in COMMENTS.items():
        field = desk.locator(f"#field-{field_id}")
        field.locator("[data-review-comment]").click()
        field.locator("textarea").fill(words)
        field.get_by_role("button", name="Save the comment").click()
        expect(field.get_by_text(words)).to_be_visible()
    desk.get_by_role("button", name="Return").click()
    desk.wait_for_url(IS_REPORT)

    phone.goto(f"/reports/{report}/fill")
    pages.answer(phone, "insulation", "250")
    for field_id in COMMENTS:
        comments = phone.locator(f"#comments-{field_id}")
        pages.field(phone, field_id)
        comments.get_by_role("button", name="Done").click()
        expect(comments.get_by_text("Done: Tess Technician")).to_be_visible()
    submit(phone, report)
    guest = open_page()
    witness(desk, guest, report)
    approve(desk, report)
    older = download(desk, tmp_path / "r0.pdf")
    assert "seal" in verify(older).lower()
    address = CHECK_PAGE.search(words_of(older))
    assert address

    stranger = open_page(locale="en-GB")
    stranger.goto(address.group())
    expect(stranger.get_by_role("heading", name="Valid")).to_be_visible()
    stranger.set_input_files("[data-file]", older)
    expect(stranger.locator("[data-answer]:visible h3")).to_have_text(["Same file"])

    company.publish_without_cable_entry()
    phone.goto(f"/reports/{report}")
    phone.get_by_role("link", name="Correct", exact=True).click()
    phone.get_by_label("Reason for the correction").fill("The customer's name was wrong.")
    phone.get_by_role("radio", name="Version 2").check()
    expect(phone.get_by_text("1 question loses an answer or photos")).to_be_visible()
    phone.get_by_role("button", name="Start the correction").click()
    phone.wait_for_url(re.compile("/fill"))
    successor = phone.url.split("/reports/")[1][:36]
    expect(phone.locator("#field-cable_entry")).to_have_count(0)
    pages.answer(phone, "customer", "Clínica Sul")
    stranger.reload()
    expect(stranger.get_by_role("heading", name="Valid")).to_be_visible()
    submit(phone, successor)
    witness(desk, guest, successor)
    approve(desk, successor)

    newer = download(desk, tmp_path / "r1.pdf")
    verify(newer)
    text = words_of(newer)
    for words in ("Changes since", "Hospital São Lucas", "Clínica Sul", "Cable entry"):
        assert words in text, words
    stranger.reload()
    expect(stranger.get_by_role("heading", name="Superseded by R1")).to_be_visible()
    stranger.get_by_role("link", name="Check R1").click()
    expect(stranger.get_by_role("heading", name="Valid")).to_be_visible()
    desk.goto(f"/reports/{report}")
    expect(desk.get_by_text("This report is superseded")).to_be_visible()
    again = download(desk, tmp_path / "r0-again.pdf")
    assert (
        hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(older.read_bytes()).digest()
    )
