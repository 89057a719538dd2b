"""`make pictures`: a stack of its own with the demo company, a browser, one small PNG per picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
import pypdfium2
from flask import url_for
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from app.commands.demo.cast import NORTHWIND
from app.commands.seed import make_company
from app.extensions import db
from app.models import Document, Report, WorkState
from app.platform.queries import get_tenant_id
from app.tenancy import tenant_scope
from tests.browser import pages
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.faults.site import Site, running_site, wait_until
from tests.screenshots.pictures import PDF_PAGE, PICTURES, Picture
from tests.support.cast import PASSWORD

# Letters keep their distances at a scale that is no whole number.
HINTING = "--font-render-hinting=none"
SCALE = 1.5
PDF_WIDTH = 745
COLOURS = 128


def main() -> None:
    with running_site(_seed) as site, _browser() as browser:
        _wait_for_documents(site)
        for picture in PICTURES:
            taken = (_page if picture.size else _pdf)(site, browser, picture)
            picture.path.parent.mkdir(parents=True, exist_ok=True)
            taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                picture.path, optimize=True
            )
            click.echo(f"{picture.path} {taken.width} x {taken.height}")


def _seed(site: Site) -> None:
    assert site.app
    with site.app.app_context():
        make_company(NORTHWIND, PASSWORD)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, HINTING])
        yield launched
        launched.close()


def _wait_for_documents(site: Site) -> None:
    def are_done() -> bool:
        states = site.ask("select distinct state from documents")
        return states == [(WorkState.DONE.value,)]

    wait_until(are_done, "the PDFs were not made", 120)


def _page(site: Site, browser: Browser, picture: Picture) -> Image.Image:
    """The visible part of a page."""
    context = browser.new_context(
        base_url=site.url,
        viewport=picture.size,
        device_scale_factor=SCALE if picture.size and picture.size["width"] < 600 else 1,
        reduced_motion="reduce",
        locale="en",
        color_scheme="light",
    )
    with context:
        page = context.new_page()
        pages.log_in(page, picture.email)
        answer = page.goto(_address(site, picture))
        assert answer and answer.ok, f"{picture.endpoint} answered {answer and answer.status}"
        page.wait_for_load_state("networkidle")
        picture.act(page)
        return Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))


def _pdf(site: Site, browser: Browser, picture: Picture) -> Image.Image:
    """A page of the PDF, downloaded in the person's session."""
    with browser.new_context(base_url=site.url) as context:
        pages.log_in(context.new_page(), picture.email)
        answer = context.request.get(_address(site, picture))
        assert answer.ok, f"{picture.endpoint} answered {answer.status}"
        with closing(pypdfium2.PdfDocument(answer.body())) as pdf:
            drawn = pdf[PDF_PAGE - 1]
            image = drawn.render(scale=PDF_WIDTH / drawn.get_width()).to_pil()
        assert isinstance(image, Image.Image)
        return image


def _address(site: Site, picture: Picture) -> str:
    assert site.app
    with site.app.test_request_context():
        tenant_id = get_tenant_id(NORTHWIND.slug)
        with tenant_scope(tenant_id):
            return url_for(picture.endpoint, **_ids(picture))


def _ids(picture: Picture) -> dict[str, object]:
    if not picture.report:
        return {}
    report_id = db.session.scalars(select(Report.id).where(Report.title == picture.report)).one()
    if not picture.endpoint.startswith("documents."):
        return {"report_id": report_id}
    newest = select(Document.id).where(Document.report_id == report_id)
    return {"document_id": db.session.scalars(newest).one()}


if __name__ == "__main__":
    main()
