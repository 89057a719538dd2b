"""The comparison of photos: what is named where, what is not, and work that is stopped or races."""

from __future__ import annotations

import io
from contextlib import closing
from uuid import UUID, uuid4

import psycopg2
import pytest
from PIL import Image
from rq import Queue
from rq.worker import DequeueStrategy
from sqlalchemy import func, select, update

from app.commands.check.services import _queue
from app.database_roles import APP
from app.extensions import db
from app.imaging.corners import WORDS as ALL_WORDS
from app.jobs import runner
from app.jobs.registry import list_last_queues, list_queues
from app.jobs.worker import ForkingWorker
from app.models import (
    Derivative,
    LikenessKind,
    PhotoCheck,
    PhotoComparison,
    PhotoFeatures,
    PhotoPlacement,
    PhotoVerdict,
    WorkState,
)
from app.photos import comparing
from app.photos.comparisons import catch_up
from app.photos.placing import remove_photo
from app.reports.lifecycle import discard_report
from app.reports.likenesses import Likenesses
from app.reports.queries import get_report
from app.storage import storage
from app.transactions import pause
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.photo_site import PhotoSite
from tests.support.pictures import a_truncated_jpeg
from tests.support.revisions import correct
from tests.support.scenes import Camera, a_copy, a_scene, as_jpeg, shoot

BOARD = as_jpeg(shoot(a_scene(0), Camera(seed=1)))
OTHER_SHOT = as_jpeg(shoot(a_scene(0), Camera(seed=2)))
GAUGE = as_jpeg(shoot(a_scene(1), Camera(seed=3)))
COPY = a_copy(BOARD, 4)
NOTHING = Likenesses()


def a_black_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (3, 3, 3)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def site(app, acting, cast) -> PhotoSite:
    return PhotoSite(app, acting, cast)


class TestWhatIsNamed:
    @pytest.mark.parametrize("data", [BOARD, COPY], ids=["the same bytes", "a copy"])
    def test_a_picture_of_another_report_is_named_on_the_later_one(self, site, data):
        first, (earlier,) = site.take(BOARD)
        second, (later,) = site.take(data)
        assert site.named() == [(later, earlier, LikenessKind.SAME)]
        assert site.found(first) == [NOTHING]
        assert site.found(second) == [Likenesses(same_elsewhere=1)]

    def test_bytes_without_any_detail_are_named_if_they_are_the_same(self, site):
        black = a_black_picture()
        site.take(black)
        second, _photos = site.take(black)
        assert site.found(second) == [Likenesses(same_elsewhere=1)]

    def test_another_shot_of_the_same_thing_only_looks_alike(self, site):
        site.take(BOARD)
        second, _photos = site.take(OTHER_SHOT)
        assert site.found(second) == [Likenesses(alike_elsewhere=1)]

    def test_in_one_report_a_copy_is_said_and_a_second_shot_is_not(self, site):
        report_id, _photos = site.take(BOARD, OTHER_SHOT, COPY)
        assert site.found(report_id) == [NOTHING, NOTHING, Likenesses(same_here=1)]

    def test_another_picture_is_like_none(self, site):
        site.take(BOARD)
        second, _photos = site.take(GAUGE)
        assert site.found(second) == [NOTHING]

    def test_whichever_is_compared_first_the_later_photo_is_named(self, site):
        first = site.report()
        (earlier,) = site.photograph(first, BOARD)
        second = site.report()
        (later,) = site.photograph(second, COPY)
        with site.acting(site.cast.tess):
            ids = list(
                db.session.scalars(
                    select(PhotoComparison.id).order_by(PhotoComparison.created_at.desc())
                )
            )
        for work_id in ids:
            with site.app.app_context():
                runner.run("photo_comparison", str(work_id))
        assert site.named() == [(later, earlier, LikenessKind.SAME)]

    def test_before_the_comparison_nothing_is_said(self, site):
        report_id = site.report()
        site.photograph(report_id, BOARD)
        assert site.found(report_id) == [None]

    def test_a_photo_that_was_removed_was_not_used(self, site):
        _first, (earlier,) = site.take(BOARD)
        second, _photos = site.take(COPY)
        with site.acting(site.cast.tess) as tess:
            place = select(PhotoPlacement.id).where(PhotoPlacement.photo_id == earlier)
            remove_photo(placement_id=db.session.scalars(place).one(), actor=tess)
            db.session.commit()
        assert site.found(second) == [NOTHING]

    def test_a_discarded_report_used_nothing(self, site):
        first, _photos = site.take(BOARD)
        second, _photos = site.take(COPY)
        with site.acting(site.cast.max) as manager:
            discard_report(report_id=first, actor=manager)
            db.session.commit()
        assert site.found(second) == [NOTHING]

    def test_what_a_correction_carries_is_no_second_use(self, site):
        """The same photo row, and a copy that is taken anew belongs to the same report."""
        first, _photos = site.take(BOARD)
        with site.acting(site.cast.tess) as tess:
            older = get_report(first, person=tess)
            scenarios.completed(older, tess)
            newer = correct(older, tess).id
        assert site.found(newer) == [NOTHING]
        site.photograph(newer, COPY)
        site.compare()
        assert sorted(site.found(newer), key=lambda one: one.same_here) == [
            NOTHING,
            Likenesses(same_here=1),
        ]

    def test_a_quarantined_photo_is_not_compared(self, site):
        site.photograph(site.report(), a_truncated_jpeg())
        with site.acting(site.cast.tess):
            assert db.session.scalar(select(func.count(PhotoComparison.id))) == 0

    def test_a_picture_that_is_everywhere_is_named_a_few_times(self, site, monkeypatch):
        monkeypatch.setattr(comparing, "MOST_NAMED", 2)
        for _report in range(3):
            site.take(BOARD)
        _last, (photo,) = site.take(COPY)
        assert len([one for one in site.named() if one[0] == photo]) == 2


class TestCompanies:
    def test_nothing_is_found_across_companies(self, site, cast):
        site.take(BOARD, person=cast.otto)
        report_id, _photos = site.take(BOARD)
        assert site.found(report_id) == [NOTHING]
        assert site.named() == site.named(cast.otto) == []

    def test_companies_share_no_word(self, site, cast):
        site.take(BOARD, person=cast.otto)
        site.take(BOARD)
        words = []
        for person in (cast.otto, cast.tess):
            with site.acting(person):
                words.append(set(db.session.scalars(select(PhotoFeatures.words)).one()))
        assert words[0] and words[1] and not words[0] & words[1]

    def test_the_search_answers_for_the_bound_company_only(self, site, cast, database):
        """Even if one asks for the words of another company."""
        site.take(BOARD, person=cast.otto)
        with site.acting(cast.otto):
            words = db.session.scalars(select(PhotoFeatures.words)).one()
            asked = func.find_photos_by_words(words, 1, 10)
            assert len(db.session.execute(select(asked)).all()) == 1
        with site.acting(cast.tess):
            assert db.session.execute(select(asked)).all() == []
        url = test_servers.current().url(APP, database).replace("+psycopg2", "")
        with closing(psycopg2.connect(url)) as unbound, unbound.cursor() as cursor:
            cursor.execute("select * from find_photos_by_words(%s::bigint[], 1, 10)", (words,))
            assert cursor.fetchall() == []


class TestWork:
    def test_repeating_it_adds_nothing(self, site):
        site.take(BOARD)
        second, _photos = site.take(COPY)
        with site.acting(site.cast.tess):
            db.session.execute(update(PhotoComparison).values(state=WorkState.QUEUED))
            db.session.commit()
        site.compare()
        assert len(site.named()) == 1
        assert site.found(second) == [Likenesses(same_elsewhere=1)]

    def test_reading_a_photo_again_plans_no_second_comparison(self, site):
        _report_id, _photos = site.take(BOARD)
        with site.acting(site.cast.tess):
            db.session.execute(update(PhotoCheck).values(state=WorkState.QUEUED))
            db.session.commit()
        site.work("photo_check", PhotoCheck)
        with site.acting(site.cast.tess):
            row = db.session.scalars(select(PhotoComparison)).one()
            assert (row.state, row.attempts) == (WorkState.DONE, 1)

    def test_a_worker_that_is_killed_half_way_leaves_its_words_and_is_repeated(
        self, site, monkeypatch
    ):
        site.take(BOARD)
        second = site.report()
        site.photograph(second, COPY)
        with monkeypatch.context() as patch:
            patch.setattr(comparing, "_look_at", lambda *_all: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                site.compare()
        with site.acting(site.cast.tess):
            assert db.session.scalar(select(func.count(PhotoFeatures.id))) == 2
            db.session.execute(update(PhotoComparison).values(lease_until=None))
            db.session.commit()
        assert site.found(second) == [None]
        site.compare()
        assert site.found(second) == [Likenesses(same_elsewhere=1)]

    @pytest.mark.parametrize("step", ["_describe", "_search"])
    def test_a_worker_that_lost_its_fence_writes_nothing_more(self, site, monkeypatch, step):
        site.take(BOARD)
        second = site.report()
        site.photograph(second, COPY)
        original = getattr(comparing, step)

        def overtaken(*arguments):
            result = original(*arguments)
            db.session.execute(update(PhotoComparison).values(fence=PhotoComparison.fence + 1))
            db.session.commit()
            return result

        monkeypatch.setattr(comparing, step, overtaken)
        site.compare()
        with site.acting(site.cast.tess):
            kept = db.session.scalar(select(func.count(PhotoFeatures.id)))
            assert kept == (1 if step == "_describe" else 2)
        assert site.named() == []

    def test_of_two_at_once_one_finds_the_other(self, site, monkeypatch):
        """The second is compared while the first is between its words and its search."""
        first, second = site.report(), site.report()
        (earlier,), (later,) = site.photograph(first, BOARD), site.photograph(second, COPY)
        search = comparing._search

        def while_searching(*arguments):
            monkeypatch.setattr(comparing, "_search", search)
            with site.acting(site.cast.tess):
                waiting = select(PhotoComparison.id).where(
                    PhotoComparison.state == WorkState.QUEUED
                )
                (other,) = db.session.scalars(waiting)
            with site.app.app_context():
                runner.run("photo_comparison", str(other))
            return search(*arguments)

        monkeypatch.setattr(comparing, "_search", while_searching)
        with site.acting(site.cast.tess):
            work_id = db.session.scalars(
                select(PhotoComparison.id).where(PhotoComparison.photo_id == earlier)
            ).one()
        with site.app.app_context():
            runner.run("photo_comparison", str(work_id))
        assert site.named() == [(later, earlier, LikenessKind.SAME)]

    def test_bytes_that_are_gone_fail_with_words(self, site, monkeypatch):
        site.photograph(site.report(), BOARD)
        with site.acting(site.cast.tess):
            keys = list(db.session.scalars(select(Derivative.storage_key)))
            pause()
            for key in keys:
                storage().delete(key)
        site.compare()
        with site.acting(site.cast.tess):
            row = db.session.scalars(select(PhotoComparison)).one()
            assert (row.state, row.error) == (WorkState.FAILED, "bytes_missing")

    def test_a_candidate_whose_bytes_are_gone_is_passed_over(self, site):
        _first, (earlier,) = site.take(BOARD)
        with site.acting(site.cast.tess):
            named = select(Derivative.storage_key).where(Derivative.photo_id == earlier)
            keys = list(db.session.scalars(named))
            pause()
            for key in keys:
                storage().delete(key)
        second, _photos = site.take(COPY)
        assert site.found(second) == [NOTHING]

    def test_a_photo_without_a_thumbnail_is_compared_by_its_original(self, site):
        site.take(BOARD)
        with site.acting(site.cast.tess) as tess:
            report = scenarios.a_report(tess)
            photo = scenarios.a_photo(report, "enclosure", tess, data=COPY)
            report_id, photo_id = report.id, photo.id
            db.session.add(PhotoComparison(photo_id=photo_id))
            db.session.commit()
        site.compare()
        assert site.found(report_id) == [Likenesses(same_elsewhere=1)]


class TestOlderPhotos:
    def plan(self, site) -> int:
        with site.app.app_context():
            rounds = 0
            for _done in catch_up(lambda: False):
                db.session.commit()
                rounds += 1
            return rounds

    def waiting(self, site, person) -> set[UUID]:
        with site.acting(person):
            return set(db.session.scalars(select(PhotoComparison.photo_id)))

    def test_good_photos_of_all_companies_are_planned_once(self, site, cast, monkeypatch):
        monkeypatch.setattr("app.photos.comparisons.PLANNED_AT_ONCE", 2)
        good = {}
        for person in (cast.tess, cast.otto):
            with site.acting(person) as actor:
                report = scenarios.a_report(actor)
                good[person] = {
                    scenarios.a_photo(report, "enclosure", actor).id for _photo in range(5)
                }
                for verdict in (PhotoVerdict.QUARANTINED, None):
                    scenarios.a_photo(report, "enclosure", actor, verdict=verdict)
        self.plan(site)
        for person, photos in good.items():
            assert self.waiting(site, person) == photos
        self.plan(site)
        for person, photos in good.items():
            assert self.waiting(site, person) == photos

    def test_no_more_wait_than_a_queue_should_hold(self, site, cast, monkeypatch):
        monkeypatch.setattr("app.photos.comparisons.MOST_WAITING", 3)
        with site.acting(cast.tess) as actor:
            report = scenarios.a_report(actor)
            for _photo in range(5):
                scenarios.a_photo(report, "enclosure", actor)
        self.plan(site)
        assert len(self.waiting(site, cast.tess)) == 3


class TestPriority:
    def test_its_queue_is_looked_at_last_whoever_had_the_turn(self, app):
        with app.app_context():
            assert list_last_queues() == {"comparisons"}
            connection = app.extensions["laudo_redis"]
            queues = [Queue(name, connection=connection) for name in list_queues()]
            worker = ForkingWorker(
                queues, connection=connection, app=app, stopping=None, name=uuid4().hex
            )
            worker._dequeue_strategy = DequeueStrategy.ROUND_ROBIN
            for turn in queues:
                worker.reorder_queues(turn)
                assert worker._ordered_queues[-1].name == "comparisons"
                assert {one.name for one in worker._ordered_queues} == set(list_queues())

    def test_nobody_is_told_that_it_waits(self, site, app):
        report_id = site.report()
        site.photograph(report_id, BOARD)
        with app.app_context():
            words = " ".join(finding.sentence for finding in _queue())
        assert "comparison" not in words


FILL = """
set session_replication_role = replica;
insert into photo_features (tenant_id, photo_id, recipe, words)
  select tenant, gen_random_uuid(), '1', array(
    select abs(hashtextextended(n::text, at)) from generate_series(1, 100) at)
  from unnest(%s::uuid[]) tenant, generate_series(1, 5000) n;
set session_replication_role = origin;
analyze photo_features
"""
# The words of one of them, among thousands that nobody has.
WORDS = """
select array(select abs(hashtextextended('77', at)) from generate_series(1, 100) at
  union all select generate_series(1, 8000))
"""


def test_the_search_uses_the_index(cast):
    """auto_explain logs the plan of the statement inside the function. Only a superuser may load
    it, so the session switches to the app's role afterwards."""
    running = test_servers.current()
    name = running.clone(f"laudo_words_{uuid4().hex[:8]}")
    with closing(psycopg2.connect(running.postgres().dsn(database=name))) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(FILL, ([str(cast.acme), str(cast.other)],))
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "load 'auto_explain'; set auto_explain.log_min_duration = 0;"
                " set auto_explain.log_nested_statements = on;"
                f" set client_min_messages = log; set session authorization {APP}"
            )
            cursor.execute("select set_config('app.tenant_id', %s, true)", (str(cast.acme),))
            cursor.execute(WORDS)
            (asked,) = cursor.fetchone()
            del connection.notices[:]
            cursor.execute("select * from find_photos_by_words(%s::bigint[], 3, 10)", (asked,))
            rows = cursor.fetchall()
            plan = "".join(connection.notices)
            assert rows[0][1] == 100
            cursor.execute(
                "select count(*) from photo_features where photo_id = any(%s::uuid[])",
                ([photo_id for photo_id, _shared in rows],),
            )
            assert cursor.fetchone() == (len(rows),), "row-level security shows every one of them"
    running.drop(name)
    assert "Bitmap Index Scan on ix_photo_features_words" in plan, plan
    assert "Seq Scan on photo_features" not in plan, plan


def test_words_of_a_picture_are_mixed_without_a_clash(site, cast):
    with site.acting(cast.tess):
        mixed = comparing.mixed([0, ALL_WORDS - 1])
    assert mixed[1] - mixed[0] == ALL_WORDS - 1
    assert all(0 <= word < 1 << 63 for word in mixed)
