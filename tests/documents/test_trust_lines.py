"""The evidence page prints what speaks for each photo: as it is in a preview, and in a final PDF as
it was frozen, whatever is found later."""

from __future__ import annotations

import json

from sqlalchemy import select

from app.evidence.verdicts import check_rows
from app.extensions import db
from app.models import Snapshot
from tests.support.desk import Desk
from tests.support.photo_site import PhotoSite
from tests.support.scenes import Camera, a_copy, a_scene, as_jpeg, shoot

BOARD = as_jpeg(shoot(a_scene(0), Camera(seed=1)))
GAUGE = as_jpeg(shoot(a_scene(1), Camera(seed=3)))
SAME = "Same picture used before in another report"
UNLIKE = "Not found among earlier photos"


def snapshot_of(site: PhotoSite, report_id) -> dict:
    with site.acting(site.cast.tess):
        body = db.session.scalars(select(Snapshot.body).where(Snapshot.report_id == report_id))
        return json.loads(body.one())


def test_what_was_found_by_the_completion_is_frozen_and_printed(app, acting, cast):
    site, desk = PhotoSite(app, acting, cast), Desk(app, acting, cast)
    site.take(BOARD)
    site.photograph(desk.report_id, a_copy(BOARD, 1), GAUGE)
    site.compare()
    desk.answer()
    preview = desk.text(desk.make())
    assert SAME in preview and UNLIKE in preview
    desk.submit()
    final = desk.text(desk.make())
    for words in (SAME, UNLIKE, "Origin of the photos", "Chosen from gallery or files"):
        assert words in final
    told = snapshot_of(site, desk.report_id)["likenesses"]
    assert sorted(one["same_elsewhere"] for one in told.values()) == ["0", "1"]
    with acting(cast.tess):
        assert not check_rows(desk.report_id)


def test_what_is_found_later_changes_no_pdf_and_no_snapshot(app, acting, cast):
    site, desk = PhotoSite(app, acting, cast), Desk(app, acting, cast)
    site.take(BOARD)
    site.photograph(desk.report_id, a_copy(BOARD, 1))
    desk.answer()
    desk.submit()
    assert "likenesses" not in snapshot_of(site, desk.report_id)
    first = desk.text(desk.make())
    site.compare()
    assert site.found(desk.report_id)[0].same_elsewhere == 1
    again = desk.text(desk.make())
    for text in (first, again):
        assert SAME not in text and UNLIKE not in text
        assert "Origin of the photos" in text
    with acting(cast.tess):
        assert not check_rows(desk.report_id)
