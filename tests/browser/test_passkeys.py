"""Passkeys and second steps in Chromium with its virtual authenticator."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import pyotp
import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.auth.passwords import hash_password
from app.extensions import db
from app.models import Account, Role
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import DESK, PHONE
from tests.conftest import settings_for
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def email(stack, people, tmp_path):
    """The address of a new technician: a factor ends the sessions that other tests share."""
    app = create_app(settings_for(stack.database, tmp_path))
    email = f"{uuid4().hex}@acme.test"
    with app.app_context(), tenant_scope(people.acme):
        digest = hash_password(PASSWORD)
        db.session.add(
            Account(email=email, name="Nina", role=Role.TECHNICIAN, password_hash=digest)
        )
        db.session.commit()
    return email


@pytest.fixture
def page(open_page):
    return open_page(PHONE)


def with_device(page: Page) -> tuple[object, str]:
    """Give the browser a device that stores passkeys and verifies its user."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools, made["authenticatorId"]


def add_passkey(page: Page, name: str = "Work phone") -> None:
    page.goto("/account/passkeys/new")
    page.get_by_label("Passkey name").fill(name)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def log_out(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r"/login$"))


def remove_passkey(page: Page, name: str = "Work phone") -> None:
    page.goto("/account/second-factor")
    page.get_by_role("link", name=f"Remove {name}").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey was removed.")).to_be_visible()


def test_a_passkey_is_created_used_and_removed(page, email):
    tools, device = with_device(page)
    pages.log_in(page, email)
    add_passkey(page)
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    code = page.locator(".recovery-codes li").first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert code in download.value.path().read_text()
    page.get_by_role("link", name="I have saved them").click()
    kept = tools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert len(kept) == 1 and kept[0]["isResidentCredential"] and kept[0]["rpId"] == "localhost"

    # A device that is registered already gets a message.
    add_passkey(page, "Again")
    expect(page.get_by_text("This device already has a passkey for this account.")).to_be_visible()

    log_out(page)
    page.goto("/login?next=/projects/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: url.endswith("/projects/") and "/login" not in url)

    log_out(page)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/login" not in url)

    # Nobody confirms on the device: the page says so, and other methods remain.
    log_out(page)
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used.")).to_be_visible(timeout=70_000)
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/login" not in url)
    remove_passkey(page)
    log_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("The passkey was not accepted.")).to_be_visible()


def test_the_login_dialog_takes_both_steps_and_loses_no_text(email, open_page):
    """By a code, then by a passkey after the password, then by a passkey alone."""
    page = open_page(DESK)
    with_device(page)
    pages.log_in(page, email)
    add_passkey(page)
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator(".setup-key").inner_text().replace(" ", "")
    totp = pyotp.TOTP(secret)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("Code from your authenticator app").fill(totp.now())
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("The authenticator app is set up.")).to_be_visible()
    pages.start_report(page, "Two steps")
    words, dialog = "written by ", page.locator("dialog")

    def lose_the_session(value: str) -> None:
        page.context.clear_cookies()
        pages.field(page, "customer").locator("[name=value]").fill(value)
        expect(dialog.get_by_label("Password")).to_be_visible()

    def give_the_password() -> None:
        dialog.get_by_label("E-mail").fill(email)
        dialog.get_by_label("Password").fill(PASSWORD)
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog.get_by_role("heading", name="Second factor")).to_be_visible()

    def expect_back(value: str) -> None:
        pages.expect_saved(page, "customer")
        expect(dialog).to_have_count(0)
        expect(page.locator("#field-customer [name=value]")).to_have_value(value)

    lose_the_session(words + "code")
    give_the_password()
    dialog.get_by_label("Code from your authenticator app").fill("000000")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_text("This code is incorrect.")).to_be_visible()
    ahead = totp.generate_otp(int(time.time()) // 30 + 1)
    dialog.get_by_label("Code from your authenticator app").fill(ahead)
    dialog.get_by_role("button", name="Confirm").click()
    expect_back(words + "code")

    lose_the_session(words + "passkey after the password")
    give_the_password()
    dialog.get_by_role("button", name="Use a passkey").click()
    expect_back(words + "passkey after the password")

    lose_the_session(words + "passkey alone")
    dialog.get_by_role("button", name="Use a passkey").click()
    expect_back(words + "passkey alone")
    page.reload()
    expect(page.locator("#field-customer [name=value]")).to_have_value(words + "passkey alone")
