"""A phone while the company is suspended or the report is full: the page shows the reason, loses no
text or photo, and sends them by itself once that is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from app import create_app
from app.extensions import db
from app.models import Report, TenantStatus
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import OpenPage
from tests.browser.stack import Stack
from tests.conftest import settings_for
from tests.support.cast import Cast
from tests.support.companies import company_as

pytestmark = pytest.mark.xdist_group("browser")

REASON = "The invoice of March is not paid."
SUSPENDED = {
    "status": TenantStatus.SUSPENDED,
    "suspended_at": datetime(2026, 3, 9, 12, tzinfo=UTC),
    "suspended_reason": REASON,
}


@pytest.fixture
def inside(stack: Stack, tmp_path: Path) -> Flask:
    """The app on the stack's own database."""
    return create_app(settings_for(stack.database, tmp_path / "unused"))


@pytest.fixture
def tess(people: Cast, open_page: OpenPage, cookies_of) -> Page:
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Meanwhile suspended")
    return page


def cards(page: Page, field_id: str, state: str) -> Locator:
    return page.locator(f"#field-{field_id} [data-photo-list] > [data-state={state}]")


def limit_photos(inside: Flask, people: Cast, report_id: str, most: int) -> None:
    with inside.app_context(), tenant_scope(people.acme):
        statement = update(Report).where(Report.id == UUID(report_id))
        db.session.execute(statement.values(photo_limit=most))
        db.session.commit()


def type_words(page: Page, field_id: str, words: str) -> None:
    card = pages.field(page, field_id)
    card.locator("[name=value]").first.fill(words)
    card.locator("form[data-field-form]").evaluate("form => document.activeElement.blur()")


def test_the_phone_of_a_suspended_company_keeps_text_and_photos(
    inside: Flask, people: Cast, tess: Page, tmp_path: Path
) -> None:
    with company_as(inside, people.acme, **SUSPENDED):
        type_words(tess, "customer", "Typed in vain")
        status = tess.locator("#status-customer")
        expect(status).to_have_attribute("data-state", "refused")
        expect(status).to_contain_text(REASON)
        pages.add_files(tess, "enclosure", [pages.jpeg(tmp_path / "a.jpg", 60)])
        refused = cards(tess, "enclosure", "refused")
        expect(refused).to_have_count(1)
        expect(refused).to_contain_text(REASON)
        tess.reload()
        banner = tess.locator(".read-only")
        expect(banner).to_contain_text("suspended since 9 Mar 2026")
        expect(banner).to_contain_text(REASON)
        # What was refused is still on the device, and is refused again.
        pages.field(tess, "customer")
        expect(tess.locator("#field-customer [name=value]").first).to_have_value("Typed in vain")
        expect(cards(tess, "enclosure", "refused")).to_have_count(1)
    tess.reload()
    pages.expect_saved(tess, "customer")
    expect(tess.locator("#field-customer [name=value]").first).to_have_value("Typed in vain")
    expect(cards(tess, "enclosure", "good")).to_have_count(1)
    expect(tess.locator(".read-only")).to_have_count(0)


def test_a_photo_over_the_limit_names_the_limit(
    inside: Flask, people: Cast, tess: Page, tmp_path: Path
) -> None:
    report_id = tess.url.split("/reports/")[1].split("/")[0]
    limit_photos(inside, people, report_id, 1)
    files = [pages.jpeg(tmp_path / f"{shade}.jpg", shade) for shade in (20, 200)]
    pages.add_files(tess, "enclosure", files)
    expect(cards(tess, "enclosure", "good")).to_have_count(1)
    refused = cards(tess, "enclosure", "refused")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("Photos in this report: 1 of 1")
    # It is kept on the device and sent when there is room.
    limit_photos(inside, people, report_id, 2)
    tess.reload()
    expect(cards(tess, "enclosure", "good")).to_have_count(2)
