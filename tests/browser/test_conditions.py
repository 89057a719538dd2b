"""Conditions and calculations on the fill page: at once, without a connection, and as the server has
them. 2,000 random expressions give the same in Chromium's JavaScript as in Python."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from app.models import Actor
from app.tenancy import tenant_scope
from tests.assets.building import ASSETS, node
from tests.browser import pages
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.conditional import a_conditional_definition
from tests.support.logic_cases import CHECKLIST, differing, random_cases
from tests.support.phone_logic import EVALUATE_ALL, packed_cases

pytestmark = pytest.mark.xdist_group("browser")

BUNDLE = """
const { buildSync } = require("esbuild");
const { outputFiles } = buildSync({
  entryPoints: ["src/logic/evaluating.js"], bundle: true, format: "iife", globalName: "phone", write: false,
});
process.stdout.write(outputFiles[0].text);
"""


@pytest.fixture
def report(people, stack, tmp_path) -> str:
    """The path of the fill page of a new report."""
    app = create_app(settings_for(stack.database, tmp_path))
    with app.app_context(), tenant_scope(people.acme):
        tess = Actor(people.tess.name, people.tess.role, people.tess.id)
        version = scenarios.a_checklist(
            tess, a_conditional_definition(f"C-{uuid4().hex[:8].upper()}")
        )
        return f"/reports/{scenarios.a_report(tess, version=version).id}/fill"


def choose(page: Page, words: str) -> None:
    pages.field(page, "present").get_by_text(words, exact=True).click()


def enter(page: Page, field_id: str, text: str) -> None:
    pages.field(page, field_id).locator("[name=value]").fill(text)


def test_fields_follow_the_answers(people, open_page, cookies_of, watched, report):
    watched.expected += pages.GONE
    page = open_page(storage_state=cookies_of(people.tess))
    page.goto(report)
    section = page.locator("#section-transformer")
    total = page.locator("#field-total output")
    expect(section).to_be_hidden()
    expect(total).to_contain_text("Empty until")

    choose(page, "Yes")
    expect(section).to_be_visible()
    enter(page, "a", "9,5")
    enter(page, "b", "0.75")
    expect(total).to_contain_text("10.25")
    rule = page.locator("#field-total [data-fails]")
    expect(rule).to_be_visible()
    why = page.locator("#field-why")
    expect(why).to_have_attribute("data-required", "true")
    expect(why.locator(".field-label .required-mark")).to_be_visible()
    for field_id in ("present", "a", "b"):
        pages.expect_saved(page, field_id)
    # oil, ratio, why, and the comment on the total
    expect(page.locator("#fill-progress")).to_contain_text("3 of 7 required")

    # Without a connection.
    page.context.set_offline(True)
    enter(page, "b", "0.5")
    expect(total).to_contain_text("10")
    expect(rule).to_be_hidden()
    expect(why).to_have_attribute("data-required", "false")
    expect(why.locator(".field-label .required-mark")).to_be_hidden()
    choose(page, "No")
    expect(section).to_be_hidden()
    page.context.set_offline(False)
    pages.wait_until_sent(page)

    page.reload()
    expect(page.locator("#fill-progress")).to_contain_text("3 of 3 required")
    expect(section).to_be_hidden()
    expect(total).to_contain_text("10")
    choose(page, "Yes")
    expect(pages.field(page, "oil")).to_be_visible()
    pages.expect_saved(page, "present")


def test_a_kept_page_follows_the_answers_without_a_connection(
    people, open_page, cookies_of, watched, report
):
    watched.expected += pages.GONE
    page = open_page(storage_state=cookies_of(people.tess))
    page.goto(report)
    pages.worker_runs(page)
    pages.wait_until_kept(page, report)
    page.context.set_offline(True)
    page.reload()
    choose(page, "Yes")
    expect(page.locator("#section-transformer")).to_be_visible()
    enter(page, "a", "1.2")
    enter(page, "b", "2")
    expect(page.locator("#field-total output")).to_contain_text("3.2")
    page.context.set_offline(False)
    pages.wait_until_sent(page)


def test_random_expressions_give_the_same_in_chromium(page):
    built = subprocess.run(
        [node(), "-e", BUNDLE], cwd=ASSETS, check=True, capture_output=True, text=True, timeout=60
    )
    cases = random_cases(2_000)
    page.add_script_tag(content=built.stdout)
    run = f"(given) => {{ {EVALUATE_ALL} return evaluateAll(phone.Logic, phone.Decimal, given); }}"
    found = page.evaluate(run, packed_cases(CHECKLIST, cases))
    assert differing(cases, found) == []
