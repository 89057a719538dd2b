"""A new company from scratch, in Chromium against the running stack; everybody uses their own mail.

A superadmin creates the company. Its admin joins by the link in the mail, sets the brand and
invites a technician and a viewer, who join by their links.
"""

from __future__ import annotations

import email
import email.policy
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK
from tests.support.pictures import a_png

pytestmark = pytest.mark.xdist_group("browser")

PASSWORD = "a sentence that nobody guesses"


def link_in_mail(stack, address: str) -> str:
    """The invitation's URL in the newest mail file to this address; waits for the worker."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = sorted(Path(stack.environment["MAIL_DIR"]).glob(f"*invitation-{address}-*.eml"))
        if found:
            return _link(found[-1])
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address}\n{stack.log('worker')[-2000:]}")


def _link(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body
    found = re.search(r"https?://\S+/invitation/\S+", body.get_content())
    assert found, body.get_content()
    return found[0]


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(lambda url: "/invitation/" not in url)
    expect(page.locator(".topbar-name")).to_have_text(name)


def invite(page: Page, address: str, role: str) -> None:
    page.goto("/people/")
    page.get_by_role("link", name="Invite").first.click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("radio", name=re.compile(f"^{role}")).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text(address).first).to_be_visible()


def test_a_new_company_gets_admin_brand_and_people(stack, people, open_page, tmp_path):
    sam = open_page(size=DESK)
    pages.log_in(sam, people.sam.email)
    sam.goto("/platform/companies/new")
    sam.get_by_label("Name", exact=True).fill("Volta Commissioning")
    sam.get_by_label("Slug").fill("volta")
    sam.get_by_label("First admin's name").fill("Ada Admin")
    sam.get_by_label("First admin's e-mail").fill("ada@volta.test")
    sam.get_by_role("button", name="Create and invite").click()
    expect(sam.get_by_role("heading", name="Volta Commissioning")).to_be_visible()

    ada = open_page(size=DESK)
    link = link_in_mail(stack, "ada@volta.test")
    join(ada, link, "Ada Admin")
    ada.goto(link)
    expect(
        ada.get_by_text(re.compile("already been used|is used|was used|joined")).first
    ).to_be_visible()

    logo = tmp_path / "logo.png"
    logo.write_bytes(a_png((400, 120)))
    ada.goto("/company/brand")
    ada.get_by_label("Your logo").set_input_files(logo)
    ada.locator("input[name=accent]:visible").first.fill("#7a1f5c")
    ada.locator("[name=contact_address]").fill("Rua Um 12, Recife")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator("img.brand-logo")).to_be_visible()
    ground = ada.evaluate("getComputedStyle(document.body).getPropertyValue('--brand-accent')")
    assert ground.strip() == "#7a1f5c"

    invite(ada, "tina@volta.test", "Technician")
    invite(ada, "vito@volta.test", "Viewer")
    tina = open_page()
    join(tina, link_in_mail(stack, "tina@volta.test"), "Tina Technician")
    tina.goto("/reports/")
    expect(tina.get_by_role("link", name="Projects").first).to_be_visible()
    vito = open_page()
    join(vito, link_in_mail(stack, "vito@volta.test"), "Vito Viewer")
    assert vito.goto("/projects/").status == 403

    ada.goto("/people/")
    for name in ("Ada Admin", "Tina Technician", "Vito Viewer"):
        expect(ada.get_by_text(name).first).to_be_visible()
    sam.goto("/platform/companies/")
    expect(sam.get_by_text("Volta Commissioning").first).to_be_visible()
