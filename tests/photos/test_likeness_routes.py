"""The page that shows a photo beside the earlier ones that it is like."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import PhotoPlacement
from app.photos.placing import remove_photo
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.photo_site import PhotoSite
from tests.support.scenes import Camera, a_copy, a_scene, as_jpeg, shoot

BOARD = as_jpeg(shoot(a_scene(0), Camera(seed=1)))
OTHER_SHOT = as_jpeg(shoot(a_scene(0), Camera(seed=2)))
HIDDEN = "1 place is in a report that you may not open."


@pytest.fixture
def site(app, acting, cast) -> PhotoSite:
    return PhotoSite(app, acting, cast)


def placed(site: PhotoSite, photo_id: UUID) -> UUID:
    with site.acting(site.cast.ana):
        return db.session.scalars(
            select(PhotoPlacement.id).where(PhotoPlacement.photo_id == photo_id)
        ).one()


def number_of(site: PhotoSite, report_id: UUID) -> str:
    with site.acting(site.cast.ana) as ana:
        return get_report(report_id, person=ana).full_number


def test_whoever_may_see_both_reports_compares_the_pictures(site, client_of, cast):
    first, (earlier,) = site.take(BOARD, person=cast.tom)
    alike, (another,) = site.take(OTHER_SHOT, person=cast.tom)
    _second, (later,) = site.take(a_copy(BOARD, 1), person=cast.tess)
    page = client_of(cast.max).get(f"/photos/{placed(site, later)}/likenesses")
    assert page.status_code == 200
    assert "The same picture" in page.text and "Looks alike" in page.text
    for report_id, photo_id in ((first, earlier), (alike, another)):
        assert number_of(site, report_id) in page.text
        assert f"/photos/{placed(site, photo_id)}/thumbnail.jpg" in page.text
    assert "may not open" not in page.text


@pytest.mark.parametrize("who", ["tess", "vera"])
def test_whoever_may_not_see_the_other_report_learns_nothing_of_it(site, client_of, cast, who):
    first, (earlier,) = site.take(BOARD, person=cast.tom)
    second, (later,) = site.take(a_copy(BOARD, 1), person=cast.tess)
    with site.acting(cast.tess) as tess:
        report = get_report(second, person=tess)
        scenarios.completed(report, tess)
        scenarios.a_grant(cast.vera.id, report.project_id)
    page = client_of(getattr(cast, who)).get(f"/photos/{placed(site, later)}/likenesses")
    assert page.status_code == 200
    assert HIDDEN in page.text
    assert number_of(site, first) not in page.text
    assert str(placed(site, earlier)) not in page.text and str(first) not in page.text


def test_a_photo_of_a_report_that_one_may_not_see_is_not_found(site, client_of, cast):
    site.take(BOARD, person=cast.tess)
    _second, (later,) = site.take(a_copy(BOARD, 1), person=cast.tess)
    for person in (cast.tom, cast.vera, cast.otto):
        assert client_of(person).get(f"/photos/{placed(site, later)}/likenesses").status_code == 404


def test_nothing_similar_says_so(site, client_of, cast):
    _first, (earlier,) = site.take(BOARD)
    _second, (later,) = site.take(a_copy(BOARD, 1))
    with site.acting(cast.tess) as tess:
        remove_photo(placement_id=placed(site, earlier), actor=tess)
        db.session.commit()
    page = client_of(cast.tess).get(f"/photos/{placed(site, later)}/likenesses").text
    assert "No similar photo" in page


def test_card_and_figure_say_it_with_a_link(site, client_of, cast):
    site.take(BOARD)
    second, (later,) = site.take(a_copy(BOARD, 1))
    link = f"/photos/{placed(site, later)}/likenesses"
    client = client_of(cast.tess)
    for address in (
        f"/photos/{placed(site, later)}/card",
        f"/reports/{second}/fill?at=enclosure",
        f"/reports/{second}",
    ):
        page = client.get(address).text
        assert "Same picture used before in another report" in page, address
        assert link in page, address
        assert "Chosen from gallery or files" in page, address
