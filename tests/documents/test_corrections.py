"""The PDF of a correction: its page of changes, and the prints that it shares with the older one."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from uuid import UUID, uuid4

import pikepdf
import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from app.documents import making
from app.documents.making import EVIDENCE_DIFFERS
from app.evidence.service import About, record
from app.extensions import db
from app.layouts import Layout
from app.models import Derivative, DerivativeKind, Document, Report, Tenant, WorkState
from app.photos import checking, strip
from app.photos.placing import remove_photo
from app.photos.service import PhotoAlreadyHere, Upload, add_photo
from app.photos.strip import StripFrame
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.lifecycle import discard_report
from app.reports.queries import get_report
from app.storage import receive
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.revisions import REASON, correct, placements_of
from tests.support.stored import storage


@pytest.fixture
def desk(app, acting, cast):
    """A completed report with two photos and its PDF."""
    made = Desk(app, acting, cast)
    made.answer()
    made.photograph(a_jpeg(), a_jpeg())
    made.read_photos()
    made.submit()
    return made


def revise(desk: Desk) -> UUID:
    """Correct the report; the desk goes on with the correction. Returns the older one's id."""
    with desk.acting(desk.tess) as tess:
        older_id = desk.report_id
        desk.report_id = correct(get_report(older_id, person=tess), tess).id
    return older_id


def pages(desk: Desk, document: Document) -> list[str]:
    found = PdfDocument(desk._bytes(document))
    return [" ".join(page.get_textpage().get_text_range().split()) for page in found]


def change(desk: Desk, **values: str) -> None:
    with desk.acting(desk.tess) as tess:
        for field_id, value in values.items():
            given = AnswerInput(row_version=1, value=value)
            save_answer(report_id=desk.report_id, field_id=field_id, given=given, actor=tess)
        db.session.commit()


def test_a_correction_opens_with_its_changes(desk):
    first = desk.make()
    bytes_before = desk._bytes(first)
    older_id = revise(desk)
    change(desk, customer="Clínica Sul", insulation="150")
    with desk.acting(desk.tess) as tess:
        remove_photo(
            placement_id=placements_of(get_report(desk.report_id, person=tess))[0].id, actor=tess
        )
        db.session.commit()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    document = desk.make()
    assert (document.state, document.error) == (WorkState.DONE, None)
    assert document.photos_printed == 2
    page = pages(desk, document)[1]
    with desk.acting(desk.tess) as tess:
        older = get_report(older_id, person=tess).full_number
    for words in (f"Changes since {older}", REASON, desk.tess.name, "Hospital São Lucas"):
        assert words in page, words
    for words in ("Clínica Sul", ">200 MΩ", "150 MΩ", "Photos added", "Photos removed"):
        assert words in page, words
    assert "Nada a declarar" not in page
    assert desk._bytes(first) == bytes_before
    with desk.acting(desk.tess):
        assert (
            db.session.scalar(select(Document.sha256).where(Document.id == first.id))
            == first.sha256
        )


def test_without_a_change_the_page_says_so(desk):
    revise(desk)
    desk.submit()
    page = pages(desk, desk.make())[1]
    assert "No answer and no photo was changed." in page


@pytest.mark.parametrize("layout", list(Layout))
def test_every_layout_has_the_page(desk, layout):
    revise(desk)
    change(desk, customer="Clínica Sul")
    with desk.acting(desk.tess):
        tenant = db.session.scalars(select(Tenant)).one()
        tenant.pdf = {"layout": layout.value}
        db.session.commit()
    desk.submit()
    document = desk.make()
    assert document.layout == layout
    whole = desk.text(document)
    assert "Changes since" in whole and "Hospital São Lucas" in whole


def test_the_page_compares_with_the_last_completed_revision(desk):
    older_id = revise(desk)
    change(desk, customer="Discarded")
    with desk.acting(desk.tess) as tess:
        discard_report(report_id=desk.report_id, actor=tess)
        db.session.commit()
        desk.report_id = older_id
    revise(desk)
    change(desk, customer="Clínica Sul")
    desk.submit()
    page = pages(desk, desk.make())[1]
    assert "-R0" in page and "Discarded" not in page and "Hospital São Lucas" in page


def test_one_print_serves_every_revision(desk):
    desk.make()
    with desk.acting(desk.tess):
        count = db.session.scalar(select(func.count(Derivative.id)))
    revise(desk)
    desk.submit()
    document = desk.make()
    assert document.photos_printed == 2
    with desk.acting(desk.tess):
        assert db.session.scalar(select(func.count(Derivative.id))) == count


def test_the_bytes_of_a_carried_photo_are_already_here(app, acting, cast):
    desk, data = Desk(app, acting, cast), a_jpeg()
    desk.answer()
    desk.photograph(data)
    desk.read_photos()
    desk.submit()
    revise(desk)
    with desk.acting(desk.tess) as tess:
        (placement,) = placements_of(get_report(desk.report_id, person=tess))
        at = {"report_id": desk.report_id, "field_id": "enclosure", "actor": tess}
        with receive(BytesIO(data)) as received, pytest.raises(PhotoAlreadyHere) as refused:
            add_photo(upload=Upload(received, client_id=uuid4()), **at)
        assert refused.value.placement_id == placement.id
        db.session.rollback()
        remove_photo(placement_id=placement.id, actor=tess)
        db.session.commit()
        with receive(BytesIO(data)) as received:
            again = add_photo(upload=Upload(received, client_id=uuid4()), **at)
        assert again.photo_id == placement.photo_id, "the same photo, not another one"


def test_a_difference_in_the_corrected_report_stops_the_pdf(desk):
    """What the page of changes quotes must be what was completed."""
    older_id = revise(desk)
    desk.submit()
    with desk.acting(desk.tess) as tess:
        record("document.requested", About("report", older_id), tess, document=str(uuid4()))
        db.session.commit()
    document = desk.make()
    assert (document.state, document.error) == (WorkState.FAILED, EVIDENCE_DIFFERS)


@pytest.fixture
def of_an_earlier_release(app, acting, cast):
    """A completed report whose prints name its revision, as strips did before corrections."""

    def frame_of(report: Report, *places, **names) -> StripFrame:
        return replace(strip.frame_of(report, *places, **names), report=report.full_number)

    with pytest.MonkeyPatch.context() as patched:
        for module in (checking, making):
            patched.setattr(module, "frame_of", frame_of)
        made = Desk(app, acting, cast)
        made.answer()
        made.photograph(a_jpeg())
        made.read_photos()
        made.submit()
        first = made.make()
        yield_bytes = made._bytes(first)
    return made, yield_bytes


def images_of(data: bytes) -> list[str]:
    with BytesIO(data) as file, pikepdf.open(file) as pdf:
        found = [one for page in pdf.pages for one in page.images.values()]
        return sorted(sha256(one.read_raw_bytes()).hexdigest() for one in found)


def test_a_print_that_names_a_revision_stays_as_it_is(of_an_earlier_release):
    """It is neither drawn again nor, if its bytes are lost, drawn differently; and a correction
    prints it as well."""
    desk, data = of_an_earlier_release
    assert images_of(desk._bytes(desk.make())) == images_of(data)
    with desk.acting(desk.tess):
        (key,) = db.session.scalars(
            select(Derivative.storage_key).where(Derivative.kind == DerivativeKind.PRINT)
        )
        storage().delete(key)
    again = desk.make()
    assert (again.state, again.error) == (WorkState.DONE, None)
    assert images_of(desk._bytes(again)) == images_of(data)
    revise(desk)
    desk.submit()
    corrected = desk.make()
    assert (corrected.state, corrected.photos_printed) == (WorkState.DONE, 1)
    assert set(images_of(data)) <= set(images_of(desk._bytes(corrected)))
