"""The reading of photos: good ones, quarantined ones, and the rows about both."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from app.extensions import db
from app.imaging.decode import Reason, UndecodableImage
from app.jobs import runner
from app.models import (
    Derivative,
    DerivativeKind,
    Photo,
    PhotoCheck,
    PhotoReading,
    PhotoVerdict,
    Report,
    WorkState,
)
from app.photos import checking
from app.photos.service import Upload, add_photo
from app.photos.strip import frame_of, strip_text
from app.reports.facts import read_surroundings
from app.storage import receive
from tests.support.pictures import a_jpeg, a_png, a_truncated_jpeg
from tests.support.scenarios import a_project, a_report
from tests.support.stored import storage

# 11.6 km from where the strip's photo was taken.
SITE = {"latitude": Decimal("-23.626612"), "longitude": Decimal("-46.711234")}


@pytest.fixture
def receive_photo(acting, cast):
    """`receive_photo(data, ...)` stores an upload and returns (photo id, check id)."""

    def run(data: bytes, **claims) -> tuple[UUID, UUID]:
        with acting(cast.tess) as actor:
            project = a_project(actor, address="Al. Araguaia 3571", **SITE)
            report_id = a_report(actor, project=project).id
            with receive(io.BytesIO(data)) as received:
                upload = Upload(received, client_id=uuid4(), **claims)
                placement = add_photo(
                    report_id=report_id, field_id="enclosure", upload=upload, actor=actor
                )
                photo_id = placement.photo_id
            db.session.commit()
            check = select(PhotoCheck.id).where(PhotoCheck.photo_id == photo_id)
            return photo_id, db.session.scalars(check).one()

    return run


def read(app, check_id):
    with app.app_context():
        runner.run("photo_check", str(check_id))


def test_a_good_photo_is_read_and_drawn(app, acting, cast, receive_photo):
    data = a_jpeg(
        (640, 480),
        taken="2026:03:14 09:30:00",
        offset="-03:00",
        place=(-23.55052, -46.633308),
        orientation=6,
    )
    photo_id, check_id = receive_photo(data)
    read(app, check_id)
    with acting(cast.tess):
        reading = db.session.scalars(select(PhotoReading)).one()
        assert reading.verdict is PhotoVerdict.GOOD
        assert (reading.width, reading.height, reading.orientation) == (480, 640, 6)
        assert (reading.taken_at, reading.taken_offset) == ("2026-03-14T09:30:00", "-03:00")
        assert reading.latitude == pytest.approx(Decimal("-23.550520"), abs=Decimal("0.00001"))
        assert reading.exif["EXIF DateTimeOriginal"] == "2026:03:14 09:30:00"
        assert db.session.scalars(select(PhotoCheck)).one().state is WorkState.DONE
        made = {row.kind: row for row in db.session.scalars(select(Derivative))}
        assert set(made) == {DerivativeKind.THUMBNAIL, DerivativeKind.PRINT}
        for row in made.values():
            stored = storage().open(row.storage_key).read()
            assert len(stored) == row.byte_size
            with Image.open(io.BytesIO(stored)) as image:
                assert image.size == (row.width, row.height)
                assert not image.getexif()
        # The strip is below the picture and covers none of it.
        assert made[DerivativeKind.PRINT].height > made[DerivativeKind.THUMBNAIL].height
        photo = db.session.scalars(select(Photo).where(Photo.id == photo_id)).one()
        assert storage().open(photo.storage_key).read() == data


def test_a_truncated_photo_is_quarantined_with_its_reason(app, acting, cast, receive_photo):
    _photo_id, check_id = receive_photo(a_truncated_jpeg())
    read(app, check_id)
    with acting(cast.tess):
        reading = db.session.scalars(select(PhotoReading)).one()
        assert (reading.verdict, reading.reason) == (PhotoVerdict.QUARANTINED, "truncated")
        assert db.session.scalar(select(func.count()).select_from(Derivative)) == 0
        assert db.session.scalars(select(PhotoCheck)).one().state is WorkState.DONE


def test_a_whole_photo_beyond_the_pixel_limit_is_quarantined(
    app, acting, cast, receive_photo, monkeypatch
):
    monkeypatch.setitem(app.config, "MAX_PICTURE_PIXELS", 320 * 240 - 1)
    _photo_id, check_id = receive_photo(a_jpeg((320, 240)))
    read(app, check_id)
    with acting(cast.tess):
        reading = db.session.scalars(select(PhotoReading)).one()
        assert (reading.verdict, reading.reason) == (PhotoVerdict.QUARANTINED, "bomb")


def test_odd_exif_alone_is_no_reason(app, acting, cast, receive_photo):
    _photo_id, check_id = receive_photo(a_jpeg(taken="0000:00:00 00:00:00", offset="+99:00"))
    read(app, check_id)
    with acting(cast.tess):
        reading = db.session.scalars(select(PhotoReading)).one()
        assert reading.verdict is PhotoVerdict.GOOD
        assert reading.taken_at is None
        assert "gps_missing" in reading.notes


def test_a_png_without_exif_is_good(app, acting, cast, receive_photo):
    _photo_id, check_id = receive_photo(a_png())
    read(app, check_id)
    with acting(cast.tess):
        reading = db.session.scalars(select(PhotoReading)).one()
        assert reading.verdict is PhotoVerdict.GOOD
        assert "exif_missing" in reading.notes


def test_read_twice_nothing_is_added(app, acting, cast, receive_photo):
    _photo_id, check_id = receive_photo(a_jpeg())
    read(app, check_id)
    with acting(cast.tess):
        first = sorted(db.session.scalars(select(Derivative.sha256)))
        db.session.execute(update(PhotoCheck).values(state=WorkState.QUEUED))
        db.session.commit()
    read(app, check_id)
    with acting(cast.tess):
        assert sorted(db.session.scalars(select(Derivative.sha256))) == first
        assert db.session.scalar(select(func.count()).select_from(PhotoReading)) == 1
        assert db.session.scalars(select(PhotoCheck)).one().fence == 2


def test_a_worker_that_lost_its_fence_writes_nothing(app, acting, cast, receive_photo, monkeypatch):
    _photo_id, check_id = receive_photo(a_jpeg())
    examine = checking._examine

    def overtaken(*args):
        finding = examine(*args)
        db.session.execute(update(PhotoCheck).values(fence=PhotoCheck.fence + 1))
        db.session.commit()
        return finding

    monkeypatch.setattr(checking, "_examine", overtaken)
    read(app, check_id)
    with acting(cast.tess):
        assert db.session.scalar(select(func.count()).select_from(PhotoReading)) == 0
        assert db.session.scalars(select(PhotoCheck)).one().state is WorkState.RUNNING


@pytest.mark.parametrize(
    ("harm", "code"),
    [(lambda path: path.unlink(), "bytes_missing"), (lambda path: spoil(path), "bytes_changed")],
)
def test_bytes_that_are_gone_or_changed_fail_with_words(
    app, acting, cast, receive_photo, harm, code
):
    _photo_id, check_id = receive_photo(a_jpeg())
    with acting(cast.tess):
        key = db.session.scalars(select(Photo.storage_key)).one()
        harm(storage().local_path(key, Path("/nowhere")))
    read(app, check_id)
    with acting(cast.tess):
        check = db.session.scalars(select(PhotoCheck)).one()
        assert (check.state, check.error) == (WorkState.FAILED, code)
        assert db.session.scalar(select(func.count()).select_from(PhotoReading)) == 0


def spoil(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def test_too_heavy_counts_only_when_it_is_found_again(
    app, acting, cast, receive_photo, monkeypatch
):
    def heavy(*args, **kwargs):
        raise UndecodableImage(Reason.TOO_HEAVY, "busy")

    monkeypatch.setattr(checking, "draw", heavy)
    _photo_id, check_id = receive_photo(a_jpeg())
    for attempt in range(1, checking.TRIES_WHEN_HEAVY):
        with pytest.raises(UndecodableImage):
            read(app, check_id)
        with acting(cast.tess):
            check = db.session.scalars(select(PhotoCheck)).one()
            assert (check.state, check.attempts) == (WorkState.QUEUED, attempt)
            db.session.execute(update(PhotoCheck).values(lease_until=None))
            db.session.commit()
    read(app, check_id)
    with acting(cast.tess):
        assert db.session.scalars(select(PhotoReading)).one().reason == "too_heavy"


def test_the_strip_says_when_where_which_report_and_which_file(app, acting, cast, receive_photo):
    data = a_jpeg(taken="2026:03:14 09:30:00", offset="-03:00")
    photo_id, check_id = receive_photo(
        data,
        latitude=Decimal("-23.550520"),
        longitude=Decimal("-46.633308"),
        accuracy_m=Decimal("12.0"),
    )
    read(app, check_id)
    with acting(cast.tess):
        photo = db.session.scalars(select(Photo).where(Photo.id == photo_id)).one()
        report = db.session.scalars(select(Report)).one()
        strip = strip_text(photo, photo.reading, frame_of(report, read_surroundings(report)))
        assert strip.time == "2026-03-14 09:30:00 UTC−03:00 · camera"
        assert strip.position == "−23.550520, −46.633308 ±12 m · browser"
        assert strip.place == "365 m from Se, SP, BR (GeoNames)"
        assert strip.from_site == "11.6 km from the site"
        assert strip.site == f"Site: {report.project.name} · Al. Araguaia 3571"
        assert strip.report == report.number
        assert strip.sha256 == photo.sha256


def test_a_strip_without_witnesses_says_that_too(app, acting, cast, receive_photo):
    photo_id, check_id = receive_photo(a_jpeg(taken="2026:03:14 09:30:00"))
    read(app, check_id)
    with acting(cast.tess):
        photo = db.session.scalars(select(Photo).where(Photo.id == photo_id)).one()
        report = db.session.scalars(select(Report)).one()
        frame = frame_of(report, read_surroundings(report))
        strip = strip_text(photo, photo.reading, frame)
        assert strip.time == "2026-03-14 09:30:00 (no zone) · camera"
        assert strip.position == "No position recorded"
        # No place was measured, so none is named, and the site's is not the photo's.
        assert (strip.place, strip.from_site) == ("", "")
        assert strip.site.startswith("Site: ")
        bare = strip_text(photo, None, frame)
        assert bare.time.endswith("UTC+00:00 · received")
