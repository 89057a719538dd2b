"""Sweeping and checking, with rows in a real database and both storages."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.extensions import db
from app.jobs import daily
from app.jobs.daily import sweep_if_due
from app.jobs.queue import redis_client
from app.storage import StorageUnavailable, object_key, put_bytes, sweeping
from tests.storage.stages import Stage
from tests.support import scenarios
from tests.support.pictures import sha256_of

DAYS = timedelta(days=2)


@pytest.fixture
def held(app, stage, monkeypatch) -> Stage:
    """The app with this stage's storage."""
    monkeypatch.setitem(app.extensions, "laudo_storage", stage.store)
    return stage


@pytest.fixture
def photo(held, acting, cast) -> str:
    """The key of a photo that has a row and was put two days ago."""
    with acting(cast.ana) as ana:
        key = scenarios.a_photo(
            scenarios.a_report(ana), "enclosure", ana, data=b"photo"
        ).storage_key
        db.session.commit()
    held.age(key, DAYS)
    return key


def loose(
    app, held, tenant_id, data: bytes = b"loose", by: timedelta = DAYS, kind: str = "orig"
) -> str:
    with app.app_context():
        key = object_key(tenant_id, kind, sha256_of(data))
        put_bytes(key, data, held.store)
    held.age(key, by)
    return key


def run(app, *arguments: str):
    return app.test_cli_runner().invoke(args=["storage", *arguments])


def test_objects_without_a_row_for_a_day_are_deleted(app, held, cast, photo):
    gone = loose(app, held, cast.acme)
    young = loose(app, held, cast.acme, b"young", timedelta(hours=23))
    strange = loose(app, held, uuid4(), b"of another installation")
    result = run(app, "sweep")
    assert result.exit_code == 0, result.output
    assert "1 deleted, 5 bytes" in result.output
    left = {name for name in held.names() if name != "ballast"}
    assert left == {Path(key).name for key in (photo, young, strange)} - {Path(gone).name}


def test_a_key_of_another_companys_row_is_no_row(app, held, cast, photo):
    """The same bytes are in another company's folder, without a row there."""
    other = loose(app, held, cast.otto.tenant_id, b"photo")
    run(app, "sweep")
    assert not held.store.exists(other)
    assert held.store.exists(photo)


def test_a_row_added_after_the_listing_is_seen(app, held, acting, cast, monkeypatch):
    key = loose(app, held, cast.acme, b"late")
    before = sweeping.find_named

    def then_the_row_came(keys):
        with app.app_context():
            return before(keys) | {key}

    monkeypatch.setattr(sweeping, "find_named", then_the_row_came)
    run(app, "sweep")
    assert held.store.exists(key)


def test_too_many_objects_without_a_row_stop_the_sweep(app, held, cast, photo, monkeypatch):
    monkeypatch.setattr(sweeping, "SUSPICIOUS_COUNT", 3)
    keys = [loose(app, held, cast.acme, bytes([number])) for number in range(4)]
    result = run(app, "sweep")
    assert result.exit_code == 1
    assert str(cast.acme) in result.output and "0 deleted" in result.output
    assert all(map(held.store.exists, keys))
    assert "4 deleted" in run(app, "sweep", "--sure").output


@pytest.mark.parametrize("kind", ["preview", "answers"])
def test_short_lived_objects_are_deleted_in_any_number(app, held, cast, photo, monkeypatch, kind):
    monkeypatch.setattr(sweeping, "SUSPICIOUS_COUNT", 3)
    for number in range(6):
        loose(app, held, cast.acme, bytes([number]), kind=kind)
    assert "6 deleted" in run(app, "sweep").output


def test_a_check_names_tenant_and_row_of_damage(app, held, acting, cast, photo):
    assert run(app, "check").exit_code == 0
    with acting(cast.ana) as ana:
        report = scenarios.a_report(ana)
        bad, lost = (
            scenarios.a_photo(report, "enclosure", ana, data=data) for data in (b"bad", b"lost")
        )
        rows = {"corrupt": (bad.id, bad.storage_key), "missing": (lost.id, lost.storage_key)}
        db.session.commit()
    held.harm(rows["corrupt"][1])
    held.store.delete(rows["missing"][1])
    result = run(app, "check")
    assert result.exit_code == 1
    for word, (row_id, key) in rows.items():
        assert f"{word}: tenant {cast.acme}, photos {row_id}: {key}\n" in result.output
    assert "3 objects read, 2 wrong." in result.output


def test_a_sample_reads_its_count(app, held, acting, cast):
    with acting(cast.ana) as ana:
        report = scenarios.a_report(ana)
        for number in range(6):
            scenarios.a_photo(report, "enclosure", ana, data=bytes([number]))
        db.session.commit()
    assert "2 objects read, 0 wrong." in run(app, "check", "--sample", "2").output
    assert "6 objects read, 0 wrong." in run(app, "check", "--sample", "99").output


def test_a_storage_that_does_not_answer_is_one_sentence(app, held, photo):
    with held.unavailable():
        result = run(app, "check")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The file storage is not responding.")


class TestDaily:
    @pytest.fixture(autouse=True)
    def turn(self, app, monkeypatch) -> str:
        """A key for the turn of this test only, because other tests share the server."""
        name = f"laudo:sweep:{uuid4()}"
        monkeypatch.setattr(daily, "TURN", name)
        return name

    def test_relays_share_one_sweep_a_day(self, app, held, cast, photo, turn):
        key = loose(app, held, cast.acme)
        stop = threading.Event()
        assert [sweep_if_due(app, stop) for _relay in range(2)] == [True, False]
        assert not held.store.exists(key)
        with app.app_context():
            assert 80_000 < redis_client().ttl(turn) <= 86_400

    def test_a_failed_sweep_is_repeated(self, app, held, cast, photo, monkeypatch):
        def fails(*_arguments, **_options):
            raise StorageUnavailable

        with monkeypatch.context() as patched:
            patched.setattr("app.jobs.daily.sweep", fails)
            assert not sweep_if_due(app, threading.Event())
        assert sweep_if_due(app, threading.Event())

    def test_a_stopping_relay_deletes_no_more(self, app, held, cast, photo):
        key = loose(app, held, cast.acme)
        stop = threading.Event()
        stop.set()
        sweep_if_due(app, stop)
        assert held.store.exists(key)


def test_every_column_that_holds_a_key_is_known(app):
    from app.storage.references import _columns

    assert {f"{model.__tablename__}.{column.key}" for model, column in _columns()} == {
        "photos.storage_key",
        "derivatives.storage_key",
        "documents.storage_key",
        "document_stamps.storage_key",
        "bundles.storage_key",
        "signatures.image_key",
        "tenants.logo_key",
        "tenants.second_logo_key",
        "exports.storage_key",
        "brand_previews.cover_key",
        "brand_previews.page_key",
        "brand_previews.photo_key",
        "answer_exports.storage_key",
        "photo_uploads.storage_key",
        "photo_parts.storage_key",
    }
