"""A project's place on the map: typed, tapped, moved by keys, taken from the device."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import DESK

pytestmark = pytest.mark.xdist_group("browser")
PIN = ".site-pin"


@pytest.fixture
def form(open_page, people, cookies_of) -> Page:
    """The form of a new project with its map. An error logged by the page fails the test."""
    page = open_page(storage_state=cookies_of(people.max))
    page.goto("/projects/new")
    expect(page.locator(".leaflet-tile path").first).to_be_attached()
    return page


def typed(page: Page) -> tuple[str, str]:
    return page.get_by_label("Latitude").input_value(), page.get_by_label("Longitude").input_value()


def pin_place(page: Page) -> tuple[float, float]:
    """Where the pin's point is on the screen."""
    box = page.locator(PIN).bounding_box()
    assert box
    return box["x"] + 24, box["y"] + 46


def test_typed_coordinates_move_the_pin(form):
    expect(form.locator(PIN)).to_have_count(0)
    form.get_by_label("Latitude").fill("-22,9071")
    expect(form.locator(PIN)).to_have_count(0)
    form.get_by_label("Longitude").fill("-47.06324")
    expect(form.locator(PIN)).to_be_visible()
    expect(form.locator(".leaflet-control-scale-line")).to_contain_text("m")
    expect(form.locator(".is-longitude").first).to_contain_text("−47.0")
    before = pin_place(form)
    form.get_by_label("Longitude").fill("-47.06224")
    assert pin_place(form)[0] > before[0]
    for nonsense in ("east", "-200", "-"):
        form.get_by_label("Longitude").fill(nonsense)
    expect(form.locator(PIN)).to_be_visible()
    form.get_by_label("Latitude").fill("")
    form.get_by_label("Longitude").fill("")
    expect(form.locator(PIN)).to_have_count(0)


def test_taps_drags_and_keys_fill_in_the_coordinates(form):
    chart = form.locator(".site-map")
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] / 2 + 40, "y": box["height"] / 2 + 30})
    expect(form.locator(PIN)).to_be_visible()
    tapped = tuple(map(float, typed(form)))
    assert tapped[0] < 0 < tapped[1]
    form.locator(PIN).hover()
    x, y = pin_place(form)
    form.mouse.down()
    form.mouse.move(x - 80, y - 90, steps=6)
    form.mouse.up()
    moved = tuple(map(float, typed(form)))
    assert moved[0] > tapped[0] and moved[1] < tapped[1]
    form.locator(PIN).focus()
    form.keyboard.press("ArrowRight")
    stepped = tuple(map(float, typed(form)))
    assert stepped[1] > moved[1] and abs(stepped[0] - moved[0]) < 0.001


def test_zoom_switches_between_land_outline_and_site_circle(form):
    land, circle = form.locator(".site-land"), form.locator(".site-radius")
    expect(land).to_have_count(1)
    box = land.bounding_box()
    assert box and box["width"] > 300
    expect(circle).to_have_count(0)
    form.get_by_label("Latitude").fill("-22.9071")
    form.get_by_label("Longitude").fill("-47.06324")
    expect(land).to_have_count(0)
    wide, chart = circle.bounding_box(), form.locator(".site-map").bounding_box()
    assert wide and chart and 60 < wide["width"] < chart["width"]
    form.get_by_label("Site radius").fill("500")
    half = circle.bounding_box()
    assert half and abs(half["width"] * 2 - wide["width"]) < 6
    form.get_by_label("Site radius").fill("far")
    expect(circle).to_have_count(0)


def test_the_device_fills_in_position_and_accuracy(form):
    form.get_by_role("button", name="Use my position").click()
    expect(form.get_by_text("Accurate to 42 m")).to_be_visible()
    assert typed(form) == ("-23.550520", "-46.633308")
    expect(form.locator(PIN)).to_be_visible()
    circle = form.locator(".site-accuracy").bounding_box()
    assert circle and circle["width"] > 20
    form.get_by_label("Name").fill("Picked on the map")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("heading", name="Picked on the map")).to_be_visible()
    expect(form.get_by_text("-23.550520, -46.633308")).to_be_visible()


def test_a_saved_place_is_shown_on_the_map(open_page, people, cookies_of):
    page = open_page(size=DESK, storage_state=cookies_of(people.max))
    page.goto("/projects/new")
    for label, text in (("Name", "At a desk"), ("Latitude", "48.137"), ("Longitude", "11.575")):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Edit").click()
    expect(page.locator(PIN)).to_be_visible()
    assert typed(page) == ("48.137000", "11.575000")
    page.wait_for_timeout(500)  # until a running zoom is over
    expect(page.locator(".leaflet-control-scale-line")).to_have_text(re.compile(r"^\d+ m$"))
    buttons = page.locator(".leaflet-bar a")
    for n in range(2):
        box = buttons.nth(n).bounding_box()
        assert box and min(box["width"], box["height"]) >= 47
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_coordinates_can_be_typed(open_page, people):
    page = open_page(java_script_enabled=False)
    pages.log_in(page, people.max.email)
    page.goto("/projects/new")
    expect(page.locator(".site-map")).to_be_hidden()
    for label, text in (("Name", "Typed"), ("Latitude", "1,5"), ("Longitude", "2")):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1.500000, 2.000000")).to_be_visible()
