"""Which pictures there are: their names, whose page each one shows, and what is done on it first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from playwright.sync_api import Page, ViewportSize

from app.commands.demo.cast import MANAGER, NORTHWIND, TECHNICIAN
from app.commands.seed import draw_pictures
from app.config import ROOT

FOLDER = ROOT / "docs" / "images"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=1000)
# Titles that the demo seed gives to a half-filled and to a completed report.
HALF_FILLED, COMPLETED = "Board QGBT-04, start-up", "Board QGBT-06, start-up"
QUESTION = "Board is level, fixed and undamaged"
PDF_PAGE = 5


def _nothing(_page: Page) -> None:
    """The page as it opens."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`endpoint` is opened by one of the demo people; `report` is the title of its report."""

    name: str
    endpoint: str
    person: str
    report: str = ""
    size: ViewportSize | None = None
    act: Callable[[Page], None] = _nothing

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.png"

    @property
    def email(self) -> str:
        return f"{self.person}@{NORTHWIND.domain}"


def _add_photos(page: Page) -> None:
    card = page.locator("[id^=field-]", has=page.get_by_text(QUESTION, exact=True)).last
    section = page.locator("details.section", has=card)
    if section.count() and section.get_attribute("open") is None:
        section.locator("summary").first.click()
    with tempfile.TemporaryDirectory(prefix="laudo-pictures-") as folder:
        photos = draw_pictures(Path(folder), Random(4))[:2]
        card.locator("input[data-photo-input][data-source=file]").set_input_files(photos)
        page.wait_for_function(
            "card => [...card.querySelectorAll('img')].filter("
            "one => one.src.startsWith('http') && one.naturalWidth).length === 2",
            arg=card.element_handle(),
        )
    page.wait_for_load_state("networkidle")
    card.evaluate("card => scrollTo(0, card.getBoundingClientRect().top + scrollY - 180)")


PICTURES = (
    Picture("fill", "reports.fill", TECHNICIAN, HALF_FILLED, PHONE, _add_photos),
    Picture("report", "reports.show", TECHNICIAN, COMPLETED, PHONE),
    Picture("list", "reports.index", MANAGER, size=DESK),
    # Not a page of the browser: the downloaded file, drawn.
    Picture("pdf", "documents.download", MANAGER, COMPLETED),
)
