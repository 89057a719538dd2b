"""What is kept of uploads: usage, the daily deletion, the sweep, the storage check and backups."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from app.commands.backup.surplus import find_surplus
from app.commands.storage import _find_wrong
from app.extensions import db
from app.jobs.registry import list_daily
from app.models import PhotoPart, PhotoUpload, SweepHold, UploadState
from app.plans.limits import count_bytes
from app.storage import LocalStorage
from app.storage.references import list_named, list_references
from app.storage.sweeping import sweep
from app.uploads import jobs
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.scenarios import a_photo, a_report
from tests.support.stored import storage, unwatched, whole_storage
from tests.support.uploads import an_upload

OLD = timedelta(days=8)


@pytest.fixture(autouse=True)
def own_storage(app, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(app.extensions, "laudo_storage", LocalStorage(tmp_path / "own"))


@pytest.fixture
def report(acting, cast):
    with acting(cast.tess) as tess:
        return a_report(tess).id


def age_rows(client_id, by: timedelta) -> None:
    db.session.execute(
        update(PhotoUpload)
        .where(PhotoUpload.client_id == client_id)
        .values(updated_at=datetime.now(UTC) - by)
    )
    db.session.commit()


def age_objects(app, by: timedelta) -> None:
    then = (datetime.now(UTC) - by).timestamp()
    for path in (app.extensions["laudo_storage"].root / "t").rglob("*"):
        os.utime(path, (then, then))


def keys_of(client_id) -> list[str]:
    upload = db.session.scalars(select(PhotoUpload).where(PhotoUpload.client_id == client_id)).one()
    parts = select(PhotoPart.storage_key).where(PhotoPart.upload_id == upload.id)
    return [*filter(None, [upload.storage_key]), *db.session.scalars(parts)]


def drop(app) -> None:
    """The daily act alone, as the relay runs it."""
    with app.app_context():
        for _done in jobs.drop_all_abandoned(lambda: False):
            db.session.commit()


def test_the_daily_job_knows_it(app):
    with app.app_context():
        assert jobs.drop_all_abandoned in list_daily()


def test_waiting_bytes_count_until_they_are_placed(acting, cast, report):
    data = a_jpeg()
    with acting(cast.tess) as tess:
        before = count_bytes()
        an_upload(report, tess, data, received=0)
        assert count_bytes() == before
        an_upload(report, tess, data, received=100)
        assert count_bytes() == before + 100
        client_id = an_upload(report, tess, data, received=len(data))
        assert count_bytes() == before + 100 + len(data)
        db.session.execute(
            update(PhotoUpload)
            .where(PhotoUpload.client_id == client_id)
            .values(state=UploadState.PLACED)
        )
        assert count_bytes() == before + 100


def test_abandoned_uploads_go_after_seven_days(app, acting, cast, report):
    with acting(cast.tess) as tess:
        old = [an_upload(report, tess, a_jpeg(), received=100) for _number in range(2)]
        whole = a_jpeg()
        old.append(an_upload(report, tess, whole, received=len(whole)))
        empty = an_upload(report, tess, whole, received=0)
        young = an_upload(report, tess, a_jpeg(), received=100)
        for client_id in (*old, empty):
            age_rows(client_id, OLD)
        age_rows(young, timedelta(days=6))
        gone = [key for client_id in old for key in keys_of(client_id)]
        kept = keys_of(young)
        assert len(gone) == 3
    age_objects(app, OLD)
    drop(app)
    with acting(cast.tess):
        assert db.session.scalars(select(PhotoUpload.client_id)).all() == [young]
        assert [key for key in gone if storage().exists(key)] == []
        assert all(storage().exists(key) for key in kept)


def test_all_of_many_abandoned_uploads_go(app, acting, cast, report, monkeypatch):
    monkeypatch.setattr("app.uploads.service.DROPPED_AT_ONCE", 2)
    with acting(cast.tess) as tess:
        for _number in range(5):
            age_rows(an_upload(report, tess, a_jpeg(), received=0), OLD)
    drop(app)
    with acting(cast.tess):
        assert db.session.scalar(select(func.count(PhotoUpload.id))) == 0


def test_an_original_that_a_photo_names_stays(app, acting, cast, report):
    """Its upload goes, whether it was placed or is one more of the same bytes."""
    data = a_jpeg()
    with acting(cast.tess) as tess:
        photo = a_photo(a_report(tess), "enclosure", tess, data=data)
        key = photo.storage_key
        age_rows(an_upload(report, tess, data, received=len(data)), OLD)
    age_objects(app, OLD)
    drop(app)
    with acting(cast.tess):
        assert db.session.scalar(select(func.count(PhotoUpload.id))) == 0
        with storage().open(key) as file:
            assert file.read() == data


def test_an_object_that_is_put_again_now_stays(app, acting, cast, report):
    """Its sender's row is about to be committed."""
    data = a_jpeg()
    with acting(cast.tess) as tess:
        client_id = an_upload(report, tess, data, received=len(data))
        (key,) = keys_of(client_id)
        age_rows(client_id, OLD)
    drop(app)
    with acting(cast.tess):
        assert storage().exists(key)


def test_a_hold_keeps_abandoned_uploads(app, acting, cast, report, monkeypatch):
    monkeypatch.setattr(jobs, "find_hold", lambda: SweepHold())
    with acting(cast.tess) as tess:
        age_rows(an_upload(report, tess, a_jpeg(), received=100), OLD)
    drop(app)
    with acting(cast.tess):
        assert db.session.scalar(select(func.count(PhotoUpload.id))) == 1


def test_the_sweep_takes_parts_without_a_row_and_no_others(app, acting, cast, report):
    with acting(cast.tess) as tess:
        client_ids = [an_upload(report, tess, a_jpeg(), received=100) for _number in range(2)]
        loose, named = (keys_of(one)[0] for one in client_ids)
        db.session.execute(delete(PhotoPart).where(PhotoPart.storage_key == loose))
        db.session.commit()
        assert named in list_named()
    age_objects(app, OLD)
    with app.app_context(), unwatched():
        sweep(whole_storage())
    with acting(cast.tess):
        assert storage().exists(named)
        assert not storage().exists(loose)


def test_parts_without_a_row_never_stop_a_sweep(app, acting, cast, monkeypatch, report):
    """Many objects without a row look like the wrong database; many cut uploads do not."""
    monkeypatch.setattr("app.storage.sweeping.SUSPICIOUS_COUNT", 1)
    with acting(cast.tess) as tess:
        for _number in range(4):
            an_upload(report, tess, a_jpeg(), received=100)
        db.session.execute(delete(PhotoPart))
        db.session.commit()
    age_objects(app, OLD)
    with app.app_context(), unwatched():
        assert sweep(whole_storage()).refused == ()
    with acting(cast.tess):
        assert [one for one in storage().list(cast.acme) if "/parts/" in one.key] == []


def test_a_surplus_after_a_restore_is_never_of_parts(app, acting, cast, report, tmp_path):
    """An in-place restore of an older backup finds parts of uploads that it does not know."""
    store = LocalStorage(tmp_path / "restored")
    data = tmp_path / "data"
    data.write_bytes(b"part")
    sha256 = sha256_of(b"part")
    store.put(f"t/{cast.acme}/parts/{sha256}.{'0' * 32}", data)
    with app.app_context(), unwatched():
        assert find_surplus(store, ()) == []
        store.put(f"t/{cast.acme}/orig/{sha256}", data)
        (surplus,) = find_surplus(store, ())
    assert (surplus.tenant_id, surplus.objects) == (cast.acme, 1)


def test_the_storage_check_reads_parts_and_does_not_miss_those_a_restore_lacks(
    app, acting, cast, report
):
    with acting(cast.tess) as tess:
        (gone, harmed) = (
            keys_of(an_upload(report, tess, a_jpeg(), received=100))[0] for _number in range(2)
        )
        storage().delete(gone)
    path = app.extensions["laudo_storage"].root / harmed
    path.chmod(0o600)
    with acting(cast.tess), unwatched():
        parts = [one for one in list_references() if one.table == PhotoPart.__tablename__]
        named = [(cast.acme, one) for one in parts]
        assert [one for one in _find_wrong(whole_storage(), named) if one] == []
        path.write_bytes(b"other")
        (sentence,) = filter(None, _find_wrong(whole_storage(), named))
    assert sentence.startswith("corrupt:") and sentence.endswith(harmed)
