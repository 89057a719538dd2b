"""Two people, two tabs, double taps, the back button, a session that ends: nothing is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK, OpenPage
from tests.support.cast import PASSWORD, Cast, Person
from tests.support.pictures import a_jpeg

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def two(people: Cast, open_page: OpenPage, cookies_of) -> tuple[Page, Page, str]:
    """Tess on her phone and Ana at her desk, on the fill page of one new report. Neither page hears
    of the other's answers, as without a connection."""
    tess = open_page(storage_state=cookies_of(people.tess))
    ana = open_page(size=DESK, storage_state=cookies_of(people.ana))
    for page in (tess, ana):
        page.route("**/pulse?*", lambda route: route.fulfill(status=204))
    url = pages.start_report(tess, "Two at one report")
    ana.goto(url)
    return tess, ana, url


def report_of(url: str) -> str:
    found = re.search(r"[0-9a-f-]{36}", url)
    assert found
    return found.group()


def stale(page: Page, field_id: str, value: object) -> None:
    """Answer on a page with an older answer; wait for the conflict."""
    card = pages.field(page, field_id)
    if isinstance(value, list):
        for option in value:
            card.locator(f"label:has([value='{option}'])").click()
    elif isinstance(value, dict):
        for key, cell in value.items():
            card.locator(f"[name='cell:{key}']").fill(cell)
    elif card.locator("[type=radio]").count():
        card.locator(f"label:has([value='{value}'])").click()
    else:
        card.locator("[name=value]").fill(str(value))
    card.locator("form[data-field-form]").evaluate("form => document.activeElement.blur()")
    expect(page.locator(f"#status-{field_id}")).to_have_attribute("data-state", "conflict")


# field, what Tess saves, how it is shown, what Ana types on her older page, how that is shown
VALUES = (
    ("customer", "Usina Sul", "Usina Sul", "Usina Norte", "Usina Norte"),
    ("inspected_on", "2026-03-31", "31 Mar 2026", "2026-04-01", "1 Apr 2026"),
    ("enclosure", "ok", "OK", "not_ok", "Not OK"),
    ("cable_entry", "top", "Top", "bottom", "Bottom"),
    ("accessories", ["lamp", "fan"], "Lamp, Fan", ["heater"], "Heater"),
    ("insulation", ">200", ">200 MΩ", "150", "150 MΩ"),
    ("contact_resistance", {"a:before": "0,08"}, "0,08 mΩ", {"a:before": "0,3"}, "0,3 mΩ"),
)


def test_both_values_are_shown_and_one_tap_keeps_either(two, people, ask):
    tess, ana, url = two
    for number, (field_id, theirs, their_words, mine, my_words) in enumerate(VALUES):
        pages.answer(tess, field_id, theirs)
        stale(ana, field_id, mine)
        conflict = ana.locator(f"#status-{field_id} .conflict")
        expect(conflict).to_contain_text(re.compile(f"{people.tess.name} at .*20\\d\\d"))
        expect(conflict).to_contain_text(their_words)
        expect(conflict).to_contain_text(my_words)
        if number % 2 == 0:
            conflict.get_by_role("button", name="Use what was typed").click()
            pages.expect_saved(ana, field_id)
        else:
            conflict.get_by_role("button", name="Keep what is there now").click()
            expect(ana.locator(f"#status-{field_id} .conflict")).to_have_count(0)
            pages.expect_saved(ana, field_id)
    kept = dict(
        ask("select field_id, answered_by::text from answers where report_id = %s", report_of(url))
    )
    ids = (str(people.ana.id), str(people.tess.id))
    assert kept == {one[0]: ids[number % 2] for number, one in enumerate(VALUES)}
    aside = ask(
        "select facts->'facts'->>'field', facts->'actor'->>'name' from audit_entries"
        " where action = 'answer.settled' and object_id = %s order by sequence",
        report_of(url),
    )
    assert aside == [(one[0], people.ana.name) for one in VALUES]
    # After a reload, both pages show the same.
    tess.reload()
    expect(tess.locator("#field-customer [name=value]")).to_have_value("Usina Norte")
    ana.goto(url.removesuffix("/fill"))
    ana.locator(".history summary").click()
    expect(ana.locator(".history")).to_contain_text(
        'kept the current answer to "Date" and set aside the one that waited: 1 Apr 2026'
    )


def test_a_newer_answer_during_the_decision_is_a_new_conflict(two, ask):
    tess, ana, url = two
    pages.answer(tess, "customer", "first")
    stale(ana, "customer", "mine")
    pages.enter(tess, "customer", "second")
    # Tess has not seen what waits for a choice, so her answer does not decide it.
    expect(tess.locator("#status-customer[data-where=server] .conflict")).to_contain_text("mine")
    ana.get_by_role("button", name="Use what was typed").click()
    conflict = ana.locator("#status-customer .conflict")
    expect(conflict).to_contain_text("second")
    expect(conflict).to_contain_text("mine")
    ana.get_by_role("button", name="Use what was typed").click()
    pages.expect_saved(ana, "customer")
    rows = ask(
        "select value, row_version from answers where report_id = %s and field_id = 'customer'",
        report_of(url),
    )
    assert rows == [("mine", 3)]


def test_equal_answers_are_no_conflict(two):
    tess, ana, _url = two
    pages.answer(tess, "customer", "the same")
    pages.answer(ana, "customer", "the same")


def test_double_taps_count_once(people, open_page, cookies_of, ask, tmp_path):
    page = open_page(storage_state=cookies_of(people.tess))
    page.goto("/reports/new")
    pages.choose_project(page)
    pages.choose_checklist(page)
    page.get_by_label("Title").fill("Twice tapped")
    page.get_by_role("button", name="Start the report").dblclick()
    page.wait_for_url(re.compile(r"/fill"))
    started = ask("select count(*) from reports where title = 'Twice tapped'")
    assert started == [(1,)]
    report = report_of(page.url)

    pages.field(page, "enclosure").locator("label:has([value=ok])").dblclick()
    pages.expect_saved(page, "enclosure")
    one = pages.jpeg(tmp_path / "one.jpg", 40)
    pages.add_files(page, "enclosure", [one])
    pages.add_files(page, "enclosure", [one])
    expect(
        page.locator("#field-enclosure [data-photo-list] > li[data-state=good]").first
    ).to_be_visible()
    place = page.locator("#signature-technician")
    place.scroll_into_view_if_needed()
    place.get_by_label("Signer's name").fill("Tess")
    box = place.locator("canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 70, steps=8)
    page.mouse.up()
    place.get_by_role("button", name="Sign", exact=True).dblclick()
    expect(place).to_have_attribute("data-state", "signed")
    page.wait_for_timeout(500)
    assert ask("select count(*) from signatures where report_id = %s", report) == [(1,)]
    saves = "select count(*) from audit_entries where action = 'answer.saved' and object_id = %s"
    assert ask(saves, report) == [(1,)]


def test_the_back_button_shows_current_answers_and_overwrites_nothing(two, ask):
    tess, ana, url = two
    pages.answer(tess, "customer", "before")
    tess.goto("/reports/")
    ana.reload()
    pages.answer(ana, "customer", "newer")
    tess.go_back()
    expect(tess.locator("#field-customer [name=value]")).to_have_value("newer")
    pages.answer(tess, "insulation", "300")
    rows = ask(
        "select value from answers where report_id = %s and field_id = 'customer'", report_of(url)
    )
    assert rows == [("newer",)]


def test_two_tabs_of_one_person_show_the_same(two, ask):
    """They share the outbox, so that nobody is in conflict with themselves."""
    tess, _ana, url = two
    other = tess.context.new_page()
    other.goto(url)
    pages.answer(tess, "customer", "from the first tab")
    field = other.locator("#field-customer [name=value]")
    expect(field).to_have_value("from the first tab")
    pages.expect_saved(other, "customer")
    pages.answer(other, "customer", "from the second tab")
    pages.answer(tess, "insulation", "300")
    pages.answer(other, "started_at", "14:05")
    tess.reload()
    expect(tess.locator("#field-customer [name=value]")).to_have_value("from the second tab")
    expect(tess.locator("#field-insulation [name=value]")).to_have_value("300")
    rows = ask(
        "select field_id, row_version from answers where report_id = %s order by field_id",
        report_of(url),
    )
    assert rows == [("customer", 2), ("insulation", 1), ("started_at", 1)]


def end_session(page: Page) -> None:
    """End the session without the page's knowledge: delete the cookie."""
    page.context.clear_cookies()


def log_in_here(page: Page, person: Person) -> None:
    dialog = page.locator("dialog")
    dialog.get_by_label("E-mail").fill(person.email)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()


def test_text_typed_after_the_session_ended_is_saved_after_login(two, people, ask):
    tess, _ana, url = two
    end_session(tess)
    pages.field(tess, "customer").locator("[name=value]").fill("typed while logged out")
    log_in_here(tess, people.tess)
    pages.expect_saved(tess, "customer")
    expect(tess.locator("dialog")).to_have_count(0)
    rows = ask("select value from answers where report_id = %s", report_of(url))
    assert rows == [("typed while logged out",)]


def test_another_person_on_the_device_neither_sees_nor_sends_unsent_work(two, people, ask):
    tess, _ana, url = two
    end_session(tess)
    words = pages.field(tess, "customer").locator("[name=value]")
    words.fill("Tess alone may send this")
    log_in_here(tess, people.ana)
    # The page is reloaded for Ana, with nothing of Tess's.
    expect(tess.locator(f"meta[name=account][content='{people.ana.id}']")).to_have_count(1)
    expect(tess.get_by_text("Another account logged in, so this page")).to_be_visible()
    tess.wait_for_load_state("networkidle")
    expect(tess.locator("#field-customer [name=value]")).to_have_value("")
    assert ask("select value from answers where report_id = %s", report_of(url)) == []
    pages.answer(tess, "started_at", "08:00")
    tess.context.clear_cookies()
    tess.on("dialog", lambda dialog: dialog.accept())
    pages.log_in(tess, people.tess.email)
    tess.goto(url)
    expect(tess.locator("#field-customer [name=value]")).to_have_value("Tess alone may send this")
    pages.expect_saved(tess, "customer")
    rows = ask(
        "select a.value, p.name from answers a join accounts p on p.id = a.answered_by"
        " where report_id = %s and field_id = 'customer'",
        report_of(url),
    )
    assert rows == [("Tess alone may send this", people.tess.name)]


def test_text_typed_offline_survives_closing_the_tab(two, people, ask, watched):
    tess, _ana, url = two
    watched.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    tess.context.set_offline(True)
    card = pages.field(tess, "customer")
    card.locator("[name=value]").fill("typed in the basement")
    expect(tess.locator("#status-customer")).to_have_attribute("data-where", "phone")
    context = tess.context
    tess.close(run_before_unload=False)
    context.set_offline(False)
    again = context.new_page()
    again.goto(url)
    pages.expect_saved(again, "customer")
    expect(again.locator("#field-customer [name=value]")).to_have_value("typed in the basement")
    rows = ask("select value from answers where report_id = %s", report_of(url))
    assert rows == [("typed in the basement",)]


def test_unsent_work_is_shown_once_the_report_is_closed(two, people, ask, watched, tmp_path):
    tess, _ana, url = two
    watched.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    (tmp_path / "busbar.jpg").write_bytes(a_jpeg((60, 40)))
    tess.context.set_offline(True)
    pages.field(tess, "customer").locator("[name=value]").fill("typed in the basement")
    pages.field(tess, "enclosure").locator("[data-source=file]").set_input_files(
        tmp_path / "busbar.jpg"
    )
    expect(tess.locator("[data-photo-local]")).to_have_attribute("data-where", "phone")
    expect(tess.locator("#status-customer")).to_have_attribute("data-where", "phone")
    context = tess.context
    tess.close(run_before_unload=False)
    ask(
        "update reports set status = 'completed', outcome = 'passed', completed_at = now(),"
        " submitted_at = now() where id = %s returning id",
        report_of(url),
    )
    context.set_offline(False)
    again = context.new_page()
    again.goto(url)
    kept = again.locator("[data-leftovers]")
    expect(kept).to_contain_text("Not sent from this device")
    expect(kept.locator("li").first).to_contain_text("Customer")
    expect(kept.locator("li").first).to_contain_text("typed in the basement")
    with again.expect_download() as download:
        kept.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "busbar.jpg"
    assert download.value.path().read_bytes() == (tmp_path / "busbar.jpg").read_bytes()
    kept.get_by_role("button", name="Discard").click()
    again.get_by_role("button", name="Yes, continue").click()
    expect(kept).to_be_hidden()
    again.reload()
    expect(again.locator("h1")).to_be_visible()
    expect(kept).to_be_hidden()
