"""Routes of photos: all kinds of uploads, the cards, the files, and access rights."""

from __future__ import annotations

import errno
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.extensions import db
from app.models import (
    AuditEntry,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoSource,
    PhotoVerdict,
    Report,
    ReportStatus,
    WorkState,
)
from app.photos.placing import remove_photo
from app.photos.queries import photo_views
from app.reports.facts import PlacedPhoto
from app.storage import LocalStorage
from tests.support.pictures import a_jpeg, a_png, a_truncated_jpeg, sha256_of
from tests.support.scenarios import a_definition, a_grant, a_photo, a_report, completed, place_of
from tests.support.stored import storage

HX = {"HX-Request": "true"}


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as actor:
        return a_report(actor).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def done_of(answer: str) -> int:
    """The number that the header of the fill page counts as done."""
    head = answer.partition('id="fill-progress"')[2]
    return int(re.findall(r"(\d+) of \d+ required", head)[0])


def upload_url(report_id, field_id="enclosure"):
    return f"/reports/{report_id}/fields/{field_id}/photos"


def form(data: bytes, **claims):
    return {"file": (io.BytesIO(data), claims.pop("name", "IMG_0001.jpg")), **claims}


def send(client, report_id, data=None, *, field_id="enclosure", **claims):
    data = a_jpeg() if data is None else data
    claims = {"client_id": str(uuid4()), "sha256": sha256_of(data), **claims}
    url = upload_url(report_id, field_id)
    return client.post(url, data=form(data, **claims), headers=HX)


def photos_of(acting, person) -> list[Photo]:
    with acting(person):
        return list(db.session.scalars(select(Photo).order_by(Photo.created_at)))


def placements(acting, person) -> list[PhotoPlacement]:
    with acting(person):
        statement = select(PhotoPlacement).order_by(PhotoPlacement.position)
        return list(db.session.scalars(statement))


def a_placed(acting, person, report_id, **options) -> UUID:
    with acting(person) as actor:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        return place_of(a_photo(report, "enclosure", actor, **options)).id


class TestUpload:
    def test_stores_the_bytes_untouched_and_queues_the_reading(self, acting, cast, tess, report_id):
        data = a_jpeg()
        answer = send(
            tess,
            report_id,
            data,
            source="camera",
            client_at="2026-03-14T12:30:00.250Z",
            latitude="-23.5505201",
            longitude="-46.633308",
            accuracy="12.34",
            position_at="2026-03-14T12:29:58Z",
        )
        assert answer.status_code == 201
        assert 'data-state="reading"' in answer.text
        assert "every 2s" in answer.text
        (photo,) = photos_of(acting, cast.tess)
        assert photo.sha256 == sha256_of(data)
        assert photo.byte_size == len(data)
        assert photo.media_type == "image/jpeg"
        assert photo.source is PhotoSource.CAMERA
        assert (photo.latitude, photo.accuracy_m) == (Decimal("-23.550520"), Decimal("12.3"))
        assert photo.client_at.isoformat() == "2026-03-14T12:30:00.250000+00:00"
        with acting(cast.tess):
            assert photo.storage_key == f"t/{cast.acme}/orig/{photo.sha256}"
            assert storage().open(photo.storage_key).read() == data
            assert db.session.scalars(select(PhotoCheck)).one().state is WorkState.QUEUED
            entry = db.session.scalars(select(AuditEntry)).all()[-1]
            assert entry.action == "photo.received"
            assert entry.facts["facts"]["sha256"] == photo.sha256
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            assert report.status is ReportStatus.IN_PROGRESS
            assert report.started_at

    def test_sent_again_it_is_the_same_photo(self, acting, cast, tess, report_id):
        data, client_id = a_jpeg(), str(uuid4())
        first = send(tess, report_id, data, client_id=client_id)
        second = send(tess, report_id, data, client_id=client_id)
        assert second.status_code == 201
        # The form's token contains the second in which it was made.
        drawn = [
            re.sub(r'name="csrf_token" value="[^"]+"', "", one.text) for one in (first, second)
        ]
        assert drawn[0] == drawn[1]
        assert len(photos_of(acting, cast.tess)) == 1

    def test_other_bytes_under_the_same_id_are_refused(self, acting, cast, tess, report_id):
        client_id = str(uuid4())
        send(tess, report_id, client_id=client_id)
        answer = send(tess, report_id, client_id=client_id)
        assert answer.status_code == 409
        assert "same id" in answer.text
        assert len(photos_of(acting, cast.tess)) == 1

    def test_bytes_that_changed_on_the_way_are_not_stored(
        self, acting, cast, tess, report_id, monkeypatch
    ):
        stored = []
        monkeypatch.setattr(LocalStorage, "put", lambda *args: stored.append(args))
        for digest in (sha256_of(b"other"), "not a digest"):
            answer = send(tess, report_id, sha256=digest)
            assert answer.status_code == 422
            assert "send it again" in answer.text
        assert stored == []
        assert photos_of(acting, cast.tess) == []

    @pytest.mark.parametrize(
        "data", [b"", b"%PDF-1.7", b"GIF89a" + b"\0" * 50, b"<svg xmlns=''/>", b"II*\0" * 40]
    )
    def test_other_files_are_refused_with_a_sentence(self, acting, cast, tess, report_id, data):
        answer = send(tess, report_id, data)
        assert answer.status_code == 415
        assert "JPEG, PNG and HEIC" in answer.text
        assert photos_of(acting, cast.tess) == []

    def test_a_broken_picture_is_kept_for_the_worker_to_judge(self, acting, cast, tess, report_id):
        assert send(tess, report_id, a_truncated_jpeg()).status_code == 201
        assert len(photos_of(acting, cast.tess)) == 1

    def test_odd_claims_about_time_and_place_count_as_none(self, acting, cast, tess, report_id):
        send(
            tess,
            report_id,
            latitude="NaN",
            longitude="-46",
            accuracy="-5",
            client_at="0000-00-00",
            position_at="yesterday",
            source="drone",
        )
        (photo,) = photos_of(acting, cast.tess)
        assert photo.latitude is photo.longitude is photo.accuracy_m is photo.client_at is None
        assert photo.source is PhotoSource.FILE

    @pytest.mark.parametrize(
        "place", [("91", "0"), ("0", "181"), ("1e400", "0"), ("Infinity", "1"), ("", "")]
    )
    def test_impossible_places_are_not_recorded(self, acting, cast, tess, report_id, place):
        send(tess, report_id, latitude=place[0], longitude=place[1], accuracy="1")
        (photo,) = photos_of(acting, cast.tess)
        assert photo.latitude is None
        assert photo.accuracy_m is None

    def test_a_field_takes_no_more_than_its_maximum(self, acting, cast, tess, report_id):
        for _photo in range(5):
            assert send(tess, report_id).status_code == 201
        answer = send(tess, report_id)
        assert answer.status_code == 409
        assert "at most 5 photos" in answer.text

    def test_quarantined_photos_take_no_room(self, acting, cast, tess, report_id):
        for _photo in range(5):
            a_placed(acting, cast.tess, report_id, verdict=PhotoVerdict.QUARANTINED)
        assert send(tess, report_id).status_code == 201

    def test_fields_without_photos_and_unknown_fields(self, tess, report_id):
        assert send(tess, report_id, field_id="customer").status_code == 409
        assert send(tess, report_id, field_id="nowhere").status_code == 404

    def test_a_finished_report_takes_none(self, acting, cast, tess, report_id):
        with acting(cast.tess) as actor:
            completed(db.session.scalars(select(Report)).one(), actor)
        answer = send(tess, report_id)
        assert answer.status_code == 409
        assert "accepts no more changes" in answer.text
        assert photos_of(acting, cast.tess) == []

    def test_too_many_bytes_name_size_and_limit(self, app, tess, report_id, monkeypatch):
        monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 3 * 1024 * 1024)
        answer = send(tess, report_id, a_jpeg() + b"\0" * 4 * 1024 * 1024)
        assert answer.status_code == 413
        assert "4 MB" in answer.text
        assert "3 MB" in answer.text

    def test_a_full_disk_says_so_and_stores_no_row(
        self, acting, cast, tess, report_id, monkeypatch
    ):
        def full(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("app.storage.local.os.fsync", full)
        answer = send(tess, report_id)
        assert answer.status_code == 507
        assert "stays on your device" in answer.text
        assert photos_of(acting, cast.tess) == []

    def test_the_stored_name_never_comes_from_the_user(self, acting, cast, tess, report_id):
        names = ["../../etc/passwd", "..%2f..%2fx", "CON", "a" * 300 + ".jpg", "\u202egpj.exe"]
        for name in names:
            assert send(tess, report_id, name=name).status_code == 201
        for photo in photos_of(acting, cast.tess):
            assert re.fullmatch(rf"t/{cast.acme}/orig/[0-9a-f]{{64}}", photo.storage_key)


class TestPlainForm:
    def test_several_files_in_one_post_each_make_a_row(self, acting, cast, tess, report_id):
        data = [a_jpeg(), a_png()]
        files = [(io.BytesIO(one), f"{n}.jpg") for n, one in enumerate(data)]
        # The form's second input, which is empty.
        files.append((io.BytesIO(b""), ""))
        answer = tess.post(upload_url(report_id), data={"file": files})
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith("#field-enclosure")
        assert {p.sha256 for p in photos_of(acting, cast.tess)} == set(map(sha256_of, data))
        assert [p.position for p in placements(acting, cast.tess)] == [0, 1]

    def test_posted_twice_the_photos_are_there_once(self, acting, cast, tess, report_id):
        data = a_jpeg()
        for _post in range(2):
            assert tess.post(upload_url(report_id), data=form(data)).status_code == 303
        (placement,) = placements(acting, cast.tess)
        tess.post(f"/photos/{placement.id}/remove")
        tess.post(upload_url(report_id), data=form(data))
        assert len(photos_of(acting, cast.tess)) == 1
        with_removed = placements(acting, cast.tess)
        assert [p.removed_at is None for p in with_removed] == [False, True]

    def test_a_bad_file_never_blocks_the_rest(self, acting, cast, tess, report_id):
        files = [(io.BytesIO(b"words"), "notes.txt"), (io.BytesIO(a_jpeg()), "good.jpg")]
        answer = tess.post(upload_url(report_id), data={"file": files})
        assert answer.status_code == 303
        assert len(photos_of(acting, cast.tess)) == 1
        with tess.session_transaction() as cookie:
            ((kind, sentence),) = cookie["_flashes"]
        assert kind == "error"
        assert sentence.startswith("notes.txt: Only JPEG")

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [(b"words", "Only JPEG"), (b"", "Choose a photo first.")],
    )
    def test_one_bad_file_alone_goes_back_to_its_field_too(
        self, acting, cast, tess, report_id, data, sentence
    ):
        files = [(io.BytesIO(data), "notes.txt" if data else "")]
        answer = tess.post(upload_url(report_id), data={"file": files})
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith("?at=enclosure#field-enclosure")
        assert sentence in tess.get(answer.headers["Location"]).text
        assert photos_of(acting, cast.tess) == []

    def test_without_a_file_it_goes_back_to_the_field_and_says_so(self, tess, report_id):
        answer = tess.post(upload_url(report_id), data={"file": (io.BytesIO(b""), "")})
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith("#field-enclosure")
        with tess.session_transaction() as cookie:
            assert cookie["_flashes"] == [("error", "Choose a photo first.")]

    def test_without_a_file_a_script_is_told_what_is_taken(self, tess, report_id):
        assert tess.post(upload_url(report_id), data={}, headers=HX).status_code == 415


class TestCard:
    def test_the_progress_comes_with_it(self, acting, cast, tess, report_id):
        """A photo may be the last thing that a field needs; removing it opens the field
        again."""
        answered = {"value": "ok", "row_version": "0"}
        saved = tess.post(f"/reports/{report_id}/fields/enclosure", data=answered, headers=HX).text
        sent = send(tess, report_id).text
        (photo,) = placements(acting, cast.tess)
        with acting(cast.tess):
            db.session.add(
                PhotoReading(
                    photo_id=photo.photo_id, verdict=PhotoVerdict.GOOD, parser_version="test"
                )
            )
            db.session.commit()
        card = tess.get(f"/photos/{photo.id}/card", headers=HX).text
        removed = tess.post(f"/photos/{photo.id}/remove", headers=HX).text
        before, waits, after, again = (done_of(one) for one in (saved, sent, card, removed))
        assert (waits, after, again) == (before, before + 1, before)

    def test_reading_polls_and_good_does_not(self, acting, cast, tess, report_id):
        reading = a_placed(acting, cast.tess, report_id, verdict=None)
        good = a_placed(acting, cast.tess, report_id)
        assert (
            f'hx-get="/photos/{reading}/card?every=2"' in tess.get(f"/photos/{reading}/card").text
        )
        card = tess.get(f"/photos/{good}/card").text
        assert "hx-get" not in card
        assert f"/photos/{good}/thumbnail.jpg" in card

    def test_a_waiting_card_is_answered_in_one_query(
        self, acting, cast, tess, client_of, report_id, queries
    ):
        send(tess, report_id)
        (placed,) = placements(acting, cast.tess)
        address = f"/photos/{placed.id}/card?every="
        with queries() as seen:
            answer = tess.get(f"{address}2")
        assert (answer.status_code, answer.data) == (204, b"")
        assert sum("SAVEPOINT" not in one for one in seen.statements) <= 4, seen.statements
        # The interval has changed, or somebody else asks.
        assert tess.get(f"{address}6").status_code == 200
        assert client_of(cast.tom).get(f"{address}2").status_code == 404
        with acting(cast.tess):
            db.session.execute(update(PhotoCheck).values(state=WorkState.FAILED))
            db.session.commit()
        assert 'data-state="failed"' in tess.get(f"{address}2").text

    def test_a_removed_photo_no_longer_waits(self, acting, cast, tess, report_id):
        send(tess, report_id)
        (placed,) = placements(acting, cast.tess)
        assert tess.get(f"/photos/{placed.id}/card?every=2").status_code == 204
        with acting(cast.tess) as actor:
            remove_photo(placement_id=placed.id, actor=actor)
            db.session.commit()
        assert tess.get(f"/photos/{placed.id}/card?every=2").status_code == 404

    @pytest.mark.parametrize(("waited", "seconds"), [(0, 2), (9, 2), (11, 6), (3600, 6)])
    def test_it_asks_seldom_once_it_waits(self, waited, seconds):
        photo = Photo(created_at=datetime.now(UTC) - timedelta(seconds=waited))
        (view,) = photo_views([PlacedPhoto(PhotoPlacement(), photo, None)])
        assert view.ask_seconds == seconds

    def test_quarantined_says_why_and_what_to_do(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id, verdict=PhotoVerdict.QUARANTINED)
        card = tess.get(f"/photos/{placement_id}/card").text
        assert 'data-state="quarantined"' in card
        assert "is incomplete" in card
        assert "Retake photo" in card
        assert f"/photos/{placement_id}/reason" in card

    def test_what_the_worker_gave_up_can_be_tried_again(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id, verdict=None)
        (placement,) = placements(acting, cast.tess)
        with acting(cast.tess):
            db.session.add(
                PhotoCheck(
                    photo_id=placement.photo_id, state=WorkState.FAILED, attempts=5, error="gave_up"
                )
            )
            db.session.commit()
        assert 'data-state="failed"' in tess.get(f"/photos/{placement_id}/card").text
        again = tess.post(f"/photos/{placement_id}/read", headers=HX)
        assert again.status_code == 200
        assert 'data-state="reading"' in again.text
        with acting(cast.tess):
            check = db.session.scalars(select(PhotoCheck)).one()
            assert (check.state, check.attempts, check.error) == (WorkState.QUEUED, 0, None)
        assert tess.post(f"/photos/{placement_id}/read", headers=HX).status_code == 409

    def test_page_and_fragment_agree(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        page = tess.get(f"/reports/{report_id}/fill?at=enclosure").text
        start = page.index('<li class="photo-card"')
        shown = page[start : page.index("</li>", page.index("photo-actions", start)) + 5]
        answer = tess.get(f"/photos/{placement_id}/card").text
        card, count = answer.split('<span class="meta num" id="photo-count-enclosure"')
        assert squeezed(shown) == squeezed(card.strip())
        assert 'hx-swap-oob="true">1 photo<' in count

    def test_hostile_text_is_escaped(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        caption = '"><img src=x onerror=alert(1)><div hx-get=/x hx-trigger=load>'
        card = tess.post(f"/photos/{placement_id}", data={"caption": caption}, headers=HX).text
        assert "<img src=x" not in card
        assert "<div hx-get" not in card

    def test_a_position_outside_of_sense_is_none(self, acting, cast, tess, report_id):
        """The photo is stored without a position."""
        odd = [("0", "0"), ("-0.0", "0.0000001"), ("91", "1"), ("1", "-181")]
        for latitude, longitude in odd:
            send(tess, report_id, latitude=latitude, longitude=longitude, accuracy="5")
        photos = photos_of(acting, cast.tess)
        assert len(photos) == len(odd)
        assert {(one.latitude, one.longitude, one.accuracy_m) for one in photos} == {(None,) * 3}
        send(tess, report_id, latitude="0", longitude="0.1")
        assert any(one.longitude for one in photos_of(acting, cast.tess)), "on the equator"
        card = tess.get(f"/photos/{placements(acting, cast.tess)[0].id}/card").text
        assert "No position recorded" in card and "GeoNames" not in card

    def test_conflicts_are_shown(self, acting, cast, tess, report_id):
        send(tess, report_id, client_at="2020-03-14T12:30:00Z")
        (photo,) = placements(acting, cast.tess)
        card = tess.get(f"/photos/{photo.id}/card").text
        assert "Clocks disagree" in card
        assert "Positions disagree" not in card


class TestChanges:
    def test_a_caption_is_kept_and_audited_once(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        for _save in range(2):
            answer = tess.post(
                f"/photos/{placement_id}", data={"caption": " Door  open "}, headers=HX
            )
            assert answer.status_code == 200
            assert 'value="Door open"' in answer.text
            assert answer.headers["HX-Trigger"] == "content-changed"
        plain = tess.post(f"/photos/{placement_id}", data={"caption": "Door shut"})
        assert plain.status_code == 303
        (placement,) = placements(acting, cast.tess)
        assert placement.caption == "Door shut"
        with acting(cast.tess):
            actions = [entry.action for entry in db.session.scalars(select(AuditEntry))]
            assert actions.count("photo.edited") == 2

    def test_a_long_caption_is_refused_with_the_card(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        answer = tess.post(f"/photos/{placement_id}", data={"caption": "x" * 501}, headers=HX)
        assert answer.status_code == 422
        assert "501 characters" in answer.text
        assert placements(acting, cast.tess)[0].caption == ""

    def test_a_quarantined_photo_takes_a_reason(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id, verdict=PhotoVerdict.QUARANTINED)
        url = f"/photos/{placement_id}/reason"
        assert tess.post(url, data={"reason": "  "}, headers=HX).status_code == 422
        answer = tess.post(url, data={"reason": "Panel is live again."}, headers=HX)
        assert "Panel is live again." in answer.text
        assert ">1 photo<" in answer.text
        assert placements(acting, cast.tess)[0].quarantine_reason == "Panel is live again."
        good = a_placed(acting, cast.tess, report_id)
        refused = tess.post(f"/photos/{good}/reason", data={"reason": "no"}, headers=HX)
        assert refused.status_code == 409

    def test_moving_swaps_two_places_and_their_cards(self, acting, cast, tess, report_id):
        ids = [
            a_placed(acting, cast.tess, report_id, position=n, caption=f"p{n}") for n in range(3)
        ]
        answer = tess.post(f"/photos/{ids[2]}/move", data={"step": "-1"}, headers=HX)
        assert answer.status_code == 200
        # The requesting element becomes the other photo; the moved one is swapped out of band.
        cards, _found, progress = answer.text.partition('<div class="fill-progress"')
        assert "hx-swap-oob" in progress, "another order makes signatures void"
        first, second = re.findall(r"<li.*?</li>(?=\s*<li|\s*$)", cards.strip(), re.S)
        assert 'id="photo-enclosure-2"' in first and str(ids[1]) in first
        assert "hx-swap-oob" not in first
        assert 'id="photo-enclosure-1"' in second and str(ids[2]) in second
        assert 'hx-swap-oob="true"' in second
        assert [p.caption for p in placements(acting, cast.tess)] == ["p0", "p2", "p1"]
        at_the_end = tess.post(f"/photos/{ids[0]}/move", data={"step": "-1"}, headers=HX)
        assert at_the_end.status_code == 200
        assert tess.post(f"/photos/{ids[0]}/move", data={"step": "7"}).status_code == 422
        assert tess.post(f"/photos/{ids[0]}/move", data={"step": "1"}).status_code == 303

    def test_removing_hides_and_keeps(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        url = f"/photos/{placement_id}/remove"
        answer = tess.post(url, headers=HX)
        assert answer.status_code == 200
        assert "<li" not in answer.text
        assert ">0 of 1 photo needed<" in answer.text
        assert tess.post(url).status_code == 303
        assert tess.get(f"/photos/{placement_id}/card").status_code == 404
        assert len(photos_of(acting, cast.tess)) == 1
        with acting(cast.tess):
            actions = [entry.action for entry in db.session.scalars(select(AuditEntry))]
            assert actions.count("photo.removed") == 1

    def test_a_removed_photo_that_a_phone_sends_again_stays_removed(
        self, acting, cast, tess, report_id
    ):
        data, client_id = a_jpeg(), str(uuid4())
        send(tess, report_id, data, client_id=client_id)
        (photo,) = placements(acting, cast.tess)
        tess.post(f"/photos/{photo.id}/remove", headers=HX)
        again = send(tess, report_id, data, client_id=client_id)
        assert again.status_code == 201
        assert "<li" not in again.text

    @pytest.mark.parametrize(
        "verb", ["", "/reason", "/position-reason", "/move", "/remove", "/read"]
    )
    def test_nothing_changes_once_the_report_is_finished(self, acting, cast, tess, report_id, verb):
        placement_id = a_placed(acting, cast.tess, report_id, verdict=PhotoVerdict.QUARANTINED)
        with acting(cast.tess) as actor:
            completed(db.session.scalars(select(Report)).one(), actor)
        data = {"caption": "late", "reason": "late", "step": "1"}
        assert tess.post(f"/photos/{placement_id}{verb}", data=data, headers=HX).status_code == 409


class TestFiles:
    def test_the_original_comes_back_byte_by_byte_and_inert(self, acting, cast, tess, report_id):
        data = a_jpeg() + b"<script>alert(1)</script>"
        send(tess, report_id, data)
        (photo,) = placements(acting, cast.tess)
        answer = tess.get(f"/photos/{photo.id}/original", follow_redirects=True)
        assert answer.data == data
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "private, no-store"
        with acting(cast.tess):
            number = db.session.scalars(select(Report.number)).one()
        name = f"filename={number}_visual_enclosure_01.jpg"
        assert name in answer.headers["Content-Disposition"]

    def test_missing_derivatives_are_404(self, acting, cast, tess, report_id):
        placement_id = a_placed(acting, cast.tess, report_id)
        assert tess.get(f"/photos/{placement_id}/thumbnail.jpg").status_code == 404
        assert tess.get(f"/photos/{placement_id}/original.jpg").status_code == 404


PATHS = [
    ("GET", "/card"),
    ("POST", ""),
    ("POST", "/reason"),
    ("POST", "/position-reason"),
    ("POST", "/move"),
    ("POST", "/remove"),
    ("POST", "/read"),
    ("GET", "/original"),
    ("GET", "/thumbnail.jpg"),
    ("GET", "/print.jpg"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
class TestWhoMayNot:
    def call(self, client, method, path, placement_id, **options):
        data = {"caption": "x", "reason": "x", "step": "1"} if method == "POST" else None
        return client.open(f"/photos/{placement_id}{path}", method=method, data=data, **options)

    def test_another_company_finds_nothing(self, acting, cast, client_of, report_id, method, path):
        placement_id = a_placed(acting, cast.tess, report_id)
        assert self.call(client_of(cast.otto), method, path, placement_id).status_code == 404

    def test_a_colleague_without_the_report_finds_nothing(
        self, acting, cast, client_of, report_id, method, path
    ):
        placement_id = a_placed(acting, cast.tess, report_id)
        assert self.call(client_of(cast.tom), method, path, placement_id).status_code == 404

    def test_visitors_go_to_the_login(self, acting, cast, anonymous, report_id, method, path):
        placement_id = a_placed(acting, cast.tess, report_id)
        assert self.call(anonymous, method, path, placement_id).status_code == 303
        assert self.call(anonymous, method, path, placement_id, headers=HX).status_code == 401

    def test_viewers_change_nothing_and_read_what_is_granted(
        self, acting, cast, client_of, report_id, method, path
    ):
        with acting(cast.tess) as actor:
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            placement_id = place_of(a_photo(report, "enclosure", actor)).id
            a_grant(cast.vera.id, report.project_id)
        status = self.call(client_of(cast.vera), method, path, placement_id).status_code
        assert status == (404 if path.endswith((".jpg", "/original")) else 403)


def test_uploads_by_others(acting, cast, client_of, anonymous, report_id):
    assert send(client_of(cast.otto), report_id).status_code == 404
    assert send(client_of(cast.tom), report_id).status_code == 404
    assert send(client_of(cast.vera), report_id).status_code == 403
    assert send(anonymous, report_id).status_code == 401
    assert photos_of(acting, cast.tess) == []


def test_a_granted_viewer_reads_the_files_of_a_finished_report(
    acting, cast, client_of, tess, report_id
):
    send(tess, report_id, a_jpeg())
    (photo,) = placements(acting, cast.tess)
    with acting(cast.tess) as actor:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        a_grant(cast.vera.id, report.project_id)
        completed(report, actor)
    assert (
        client_of(cast.vera).get(f"/photos/{photo.id}/original", follow_redirects=True).status_code
        == 200
    )


def test_many_photos_cost_the_fill_page_no_more_queries(acting, cast, tess, report_id, queries):
    a_placed(acting, cast.tess, report_id)
    url = f"/reports/{report_id}/fill?at=enclosure"
    tess.get(url)
    with queries() as few:
        tess.get(url)
    for n in range(4):
        a_placed(acting, cast.tess, report_id, position=n + 1)
    with queries() as many:
        tess.get(url)
    assert len(many.statements) == len(few.statements)


def test_the_definition_used_here_allows_what_the_tests_send():
    assert a_definition().field("enclosure").photos.max == 5


def squeezed(html: str) -> str:
    html = re.sub(r'value="[^"]{60,}"', "", html)  # the form's token
    # The fill page has no line breaks between tags.
    return re.sub(r"\s+", " ", re.sub(r">\s*\n\s*<", "><", html))
