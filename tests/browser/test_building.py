"""A manager builds a bilingual checklist of twelve fields with a condition in Chromium; it is published,
and filled on a phone, where fields come and go with the answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK, PHONE

pytestmark = pytest.mark.xdist_group("browser")

FIELDS = (
    ("Enclosure free of damage", "Invólucro sem danos", "verdict"),
    ("Labels in place", "Etiquetas no lugar", "verdict"),
    ("Cable entry", "Entrada de cabos", "select_one"),
    ("Accessories", "Acessórios", "select_many"),
    ("Serial number", "Número de série", "text"),
    ("Remarks", "Observações", "long_text"),
    ("Supply voltage", "Tensão de alimentação", "number"),
    ("Manufactured on", "Fabricado em", "date"),
    ("Started at", "Início", "time"),
    ("Insulation resistance", "Resistência de isolamento", "table"),
    ("Keep clear of live parts", "Afaste-se de partes vivas", "note"),
    ("Door locks", "Porta trava", "verdict"),
)


def start(page: Page, code: str) -> None:
    page.goto("/checklists/build")
    page.get_by_label("Title").fill("Board inspection")
    page.get_by_label("Code").fill(code)
    page.get_by_label("First language").select_option("en")
    page.get_by_label("Second language").select_option("pt")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/edit")


def saving(page: Page):
    """Wait for the answer to the next save."""
    return page.expect_response(
        lambda answer: answer.request.method == "POST" and "/edit/" in answer.url
    )


def put(page: Page, place, words: str) -> None:
    with saving(page) as answer:
        place.fill(words)
        place.blur()
    assert answer.value.status == 200, answer.value.text()


def part(page: Page, name: str):
    return page.locator("article.build-part", has=page.locator(".build-name", has_text=name)).last


def add(page: Page, list_of, name: str, kind: str | None = None):
    form = list_of.locator("> form[data-add]")
    form.locator("[name=text]").fill(name)
    if kind:
        form.locator("[name=type]").select_option(kind)
    form.get_by_role("button", name="Add").click()
    expect(part(page, name)).to_have_class("build-part is-open")
    return part(page, name)


def build(page: Page, code: str) -> None:
    start(page, code)
    section = add(page, page.locator("[data-list=section]"), "Visual")
    put(page, section.locator("[name='title.pt']"), "Inspeção visual")
    questions = page.locator("[data-list=field]").last
    for name, translated, kind in FIELDS:
        card = add(page, questions, name, kind)
        put(page, card.locator("[name='label.pt']"), translated)
        if kind in ("select_one", "select_many"):
            entries(page, card, "options", ("Top", "Bottom"))
        if kind == "table":
            entries(page, card, "rows", ("L1", "L2"))
            entries(page, card, "columns", ("Value",))
            put(page, card.locator("[name='limits.min']"), "1")
            put(page, card.locator("[name='limits.unit']"), "MΩ")
        if name == "Door locks":
            with saving(page):
                card.locator("[name='photos.mode']").select_option("required_when_not_ok")
            expect(card.locator(".build-phone")).to_contain_text("when Not OK: at least 1 photo")
        expect(card.locator(".build-phone, .build-state").first).to_be_visible()
        card.locator(".build-name").click()
        expect(part(page, name)).to_have_class("build-part")
    expect(page.locator("#build-bar")).to_contain_text("Ready to publish")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no side scrolling"


def entries(page: Page, card, name: str, words: tuple[str, ...]) -> None:
    rows = card.locator("[data-entries]", has=page.locator(f"[name='{name}.id']"))
    for number, text in enumerate(words):
        if number:
            rows.locator("[data-entry-add]").click()
        put(page, rows.locator(f"[name='{name}.en']").nth(number), text)
        put(page, rows.locator(f"[name='{name}.pt']").nth(number), text)


def test_a_checklist_is_built_published_and_filled(open_page, people, cookies_of):
    page = open_page(size=DESK, storage_state=cookies_of(people.max))
    build(page, "DESK-1")
    moved_by_keys(page)
    undone_after_a_reload(page)
    condition(page)
    page.get_by_role("link", name="Preview and publish").click()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.locator("main")).to_contain_text("Board inspection")
    fill(open_page(size=PHONE, storage_state=cookies_of(people.max)), "DESK-1")


def condition(page: Page) -> None:
    """Shown when "Labels in place" is "OK", chosen from rows."""
    part(page, "Door locks").locator(".build-name").click()
    card = part(page, "Door locks")
    card.locator(".build-logic > summary").click()
    card.locator(".build-rule > summary", has_text="Shown when").click()
    row = card.locator(".build-condition").first
    row.locator("[name='shown_when.of']").fill("Labels in place")
    row.locator("[name='shown_when.of']").blur()
    # The row saves itself after the question, too, and then says what it lacks.
    expect(card.locator(".build-state")).to_contain_text('Say what "Labels in place"')
    answer = row.locator("[name='shown_when.to']")
    answer.fill("OK")
    answer.blur()
    expect(card.locator(".build-state")).to_contain_text("Saved in the draft")


def moved_by_keys(page: Page) -> None:
    handle = part(page, "Door locks").locator("[data-handle]")
    handle.focus()
    with saving(page) as answer:
        page.keyboard.press("ArrowUp")
    assert answer.value.status == 200
    names = page.locator("[data-list=field]").last.locator(".build-name > span:first-child")
    expect(names.nth(10)).to_have_text("Door locks")


def undone_after_a_reload(page: Page) -> None:
    page.reload()
    with saving(page) as answer:
        page.get_by_role("button", name="Undo").click()
    assert answer.value.status == 200
    names = page.locator("[data-list=field]").last.locator(".build-name > span:first-child")
    expect(names.nth(11)).to_have_text("Door locks")
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()


def fill(page: Page, code: str) -> None:
    page.goto("/reports/new")
    pages.choose_project(page)
    named = page.locator("#checklist_id option", has_text=code).first.inner_text()
    page.get_by_label("Checklist").select_option(label=named)
    page.get_by_label("Title").fill("A board")
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url("**/fill*")
    card = page.locator("#field-visual_door_locks")
    expect(card).to_be_hidden()
    pages.answer(page, "visual_labels_in_place", "ok")
    expect(card).to_be_visible()
    pages.answer(page, "visual_door_locks", "not_ok")
    expect(card).to_contain_text("at least 1")
    pages.answer(page, "visual_labels_in_place", "not_ok")
    expect(card).to_be_hidden()


def test_a_part_is_dragged(open_page, people, cookies_of):
    page = open_page(size=DESK, storage_state=cookies_of(people.max))
    start(page, "DRAG-1")
    for name in ("First", "Second"):
        add(page, page.locator("[data-list=section]"), name)
        part(page, name).locator(".build-name").click()
    sections = page.locator(".build-section[data-section]")
    expect(sections).to_have_count(2)
    with saving(page) as answer:
        sections.nth(1).locator("[data-handle]").first.drag_to(
            sections.nth(0).locator("[data-handle]").first, target_position={"x": 5, "y": 2}
        )
    assert answer.value.status == 200
    page.reload()
    expect(sections.nth(0)).to_contain_text("Second")


def test_two_people_see_both_texts_and_lose_none(open_page, people, cookies_of):
    max_page = open_page(size=DESK, storage_state=cookies_of(people.max))
    start(max_page, "TWO-1")
    add(max_page, max_page.locator("[data-list=section]"), "Visual")
    ana_page = open_page(size=PHONE, storage_state=cookies_of(people.ana))
    ana_page.goto(max_page.url)
    part(ana_page, "Visual").locator(".build-name").click()
    title = ana_page.locator("article.is-open textarea[name='title.en']")
    expect(title).to_be_visible()
    put(max_page, part(max_page, "Visual").locator("[name='title.en']"), "By Max")
    with saving(ana_page) as answer:
        title.fill("By Ana")
        title.blur()
    assert answer.value.status == 409
    conflict = ana_page.locator(".build-conflict")
    expect(conflict).to_contain_text("By Max")
    expect(conflict).to_contain_text("By Ana")
    expect(title).to_have_value("By Ana")
    conflict.get_by_role("button", name="Keep mine").click()
    expect(ana_page.locator(".build-conflict")).to_have_count(0)
    ana_page.reload()
    expect(part(ana_page, "By Ana")).to_be_visible()
