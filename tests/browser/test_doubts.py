"""A blurred or dark photo is doubted on its card before the person leaves; it is kept either way."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.support.scenes import Camera, a_scene, as_jpeg, shoot

pytestmark = pytest.mark.xdist_group("browser")

SHARP = shoot(a_scene(0), Camera(seed=1))
BLURRED, DARK = "Looks blurred: take it again?", "Looks too dark: take it again?"


@pytest.fixture
def picture(tmp_path):
    def run(name: str, image: Image.Image):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(as_jpeg(image))
        return path

    return run


@pytest.fixture
def page(people, open_page, cookies_of) -> Page:
    page = open_page(storage_state=cookies_of(people.tess))
    pages.start_report(page, "Doubted photos")
    return page


def cards(page: Page, state: str = "good"):
    return page.locator(f"#field-enclosure li[data-state={state}]")


def test_a_sharp_photo_is_not_doubted(page, picture):
    pages.add_files(page, "enclosure", [picture("sharp", SHARP)])
    expect(cards(page)).to_have_count(1)
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-photo-doubt]")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("blurred", SHARP.filter(ImageFilter.GaussianBlur(14)), BLURRED),
        ("dark", SHARP.point(lambda level: level * 0.04), DARK),
    ],
)
def test_a_doubt_stands_on_the_card_and_the_photo_is_kept(page, picture, name, image, words):
    pages.add_files(page, "enclosure", [picture("sharp", SHARP), picture(name, image)])
    expect(cards(page)).to_have_count(2)
    doubt = cards(page).locator("[data-photo-doubt]")
    expect(doubt).to_have_count(1)
    expect(doubt).to_contain_text(words)
    # The server's card replaced the one of this device, and still it says so.
    assert doubt.locator("xpath=ancestor::li").get_attribute("data-where") == "server"
    with page.expect_file_chooser():
        doubt.get_by_role("button", name="Take again").click()
    expect(page.locator("[data-photo-doubt]")).to_have_count(0)
    expect(cards(page)).to_have_count(2)


def test_good_enough_takes_the_doubt_away(page, picture):
    pages.add_files(
        page, "enclosure", [picture("soft", SHARP.filter(ImageFilter.GaussianBlur(14)))]
    )
    expect(cards(page)).to_have_count(1)
    page.get_by_role("button", name="Good enough").click()
    expect(page.locator("[data-photo-doubt]")).to_have_count(0)
    expect(cards(page)).to_have_count(1)


def test_without_a_connection_it_is_doubted_too(page, picture, watched):
    """The photo waits on this device, and the person still stands before the thing."""
    pages.add_files(page, "enclosure", [picture("sharp", SHARP)])
    expect(cards(page)).to_have_count(1)
    watched.expected += pages.GONE
    page.context.set_offline(True)
    pages.add_files(
        page, "enclosure", [picture("soft", SHARP.filter(ImageFilter.GaussianBlur(14)))]
    )
    expect(page.locator("[data-photo-local] [data-photo-doubt]")).to_contain_text(BLURRED)
    page.context.set_offline(False)
    expect(cards(page)).to_have_count(2)
    expect(cards(page).locator("[data-photo-doubt]")).to_have_count(1)
