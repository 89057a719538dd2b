"""Pieces that arrive at once, with real commits: each byte is taken once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.locks import lock_row
from app.models import Actor, PhotoPart, PhotoUpload, UploadState
from app.storage import whole_storage
from app.tenancy import tenant_scope
from app.uploads import service
from tests.conftest import signed_in_client
from tests.support.cast import Person, load_cast
from tests.support.pictures import a_jpeg
from tests.support.scenarios import a_report
from tests.support.stored import unwatched
from tests.support.uploads import Phone

AT_ONCE = 6


class Stage:
    """Tess, and phones of hers that send the same photo."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.tess: Person = load_cast(app).tess
        with self.acting():
            report_id = a_report(Actor(self.tess.name, self.tess.role, self.tess.id)).id
        self.phone = Phone(self.client(), report_id, a_jpeg() + bytes(100_000))
        self.phones = [
            Phone(self.client(), report_id, self.phone.data, self.phone.client_id)
            for _number in range(AT_ONCE)
        ]

    def client(self) -> FlaskClient:
        return signed_in_client(self.app, self.tess)

    @contextmanager
    def acting(self):
        assert self.tess.tenant_id
        with self.app.app_context(), tenant_scope(self.tess.tenant_id):
            yield

    def at_once(self, act: Callable[[Phone], int]) -> Counter[int]:
        """The statuses of one act by each phone."""
        barrier = threading.Barrier(AT_ONCE)

        def run(phone: Phone) -> int:
            barrier.wait()
            return act(phone)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(pool.map(run, self.phones))

    def is_whole(self) -> bool:
        with self.acting(), unwatched():
            upload = db.session.scalars(select(PhotoUpload)).one()
            assert db.session.scalars(select(PhotoPart)).all() == []
            assert upload.storage_key
            with whole_storage().open(upload.storage_key) as file:
                return upload.state is UploadState.COMPLETE and file.read() == self.phone.data


@pytest.fixture
def stage(alone) -> Stage:
    return Stage(alone)


def test_announcements_at_once_make_one_upload(stage):
    assert stage.at_once(lambda one: one.announce().status_code) == {201: AT_ONCE}
    with stage.acting():
        assert len(db.session.scalars(select(PhotoUpload)).all()) == 1


def test_photos_announced_at_once_do_not_pass_the_limit_together(stage, monkeypatch):
    """Each announcement counts and inserts before the next one counts."""
    monkeypatch.setattr(service, "MOST_WAITING", 1)
    counted, count = threading.Barrier(AT_ONCE), service.count_waiting

    def together(account_id):
        found = count(account_id)
        # All of them, or nobody else because each waits for its turn.
        with suppress(threading.BrokenBarrierError):
            counted.wait(timeout=1)
        return found

    monkeypatch.setattr(service, "count_waiting", together)
    for one in stage.phones:
        one.client_id = uuid4()
    assert stage.at_once(lambda one: one.announce().status_code) == {201: 1, 429: AT_ONCE - 1}
    with stage.acting():
        assert len(db.session.scalars(select(PhotoUpload)).all()) == 1


def test_different_photos_announced_at_once_under_one_id(stage, monkeypatch):
    """Nobody finds the id taken, so that the insert decides."""
    looked, find, first = threading.Barrier(AT_ONCE), service.find_upload, threading.local()

    def together(client_id):
        found = find(client_id)
        if not hasattr(first, "is_over"):
            first.is_over = looked.wait(timeout=30)
        return found

    monkeypatch.setattr(service, "find_upload", together)
    for one in stage.phones:
        one.data = stage.phone.data + bytes(1 + stage.phones.index(one))
    assert stage.at_once(lambda one: one.announce().status_code) == {201: 1, 409: AT_ONCE - 1}


def test_one_of_several_pieces_at_one_offset_counts(stage):
    stage.phone.announce()
    for end in (40_000, 90_000):
        first = stage.phone.offset()
        statuses = stage.at_once(lambda one, first=first, end=end: one.send(first, end).status_code)
        assert statuses[204] >= 1
        assert statuses == {204: 1, 409: AT_ONCE - 1}
        assert stage.phone.offset() == end
    statuses = stage.at_once(lambda one: one.send(90_000).status_code)
    assert statuses == {204: 1, 409: AT_ONCE - 1}
    assert stage.is_whole()


def test_pieces_of_different_lengths_at_one_offset(stage):
    stage.phone.announce()
    numbers = {one: number for number, one in enumerate(stage.phones)}
    statuses = stage.at_once(lambda one: one.send(0, 1000 + numbers[one]).status_code)
    assert statuses == {204: 1, 409: AT_ONCE - 1}
    assert 1000 <= stage.phone.offset() < 1000 + AT_ONCE
    stage.phone.send(stage.phone.offset())
    assert stage.is_whole()


def test_whole_photos_at_once(stage):
    statuses = stage.at_once(lambda one: one.announce(one.data).status_code)
    assert statuses[201] >= 1
    assert set(statuses) <= {201, 409}
    assert stage.is_whole()


def test_a_wrong_whole_does_not_spoil_a_right_one(stage):
    """One phone sends wrong bytes; whichever comes first, the photo arrives in the end."""
    stage.phone.announce(stage.phone.data[:50_000])
    wrong = stage.phones[0]

    def act(phone: Phone) -> int:
        rest = bytes(len(phone.data) - 50_000 - 1) + b"x" if phone is wrong else phone.data[50_000:]
        return phone.patch(50_000, rest).status_code

    assert set(stage.at_once(act)) <= {204, 409, 460}
    if (offset := stage.phone.offset()) < len(stage.phone.data):
        assert offset == 0
        assert stage.phone.send(0).status_code == 204
    assert stage.is_whole()


def test_a_part_that_lost_the_race_is_named_by_no_row(stage):
    stage.phone.announce()
    stage.at_once(lambda one: one.send(0, 40_000).status_code)
    with stage.acting(), unwatched():
        named = set(db.session.scalars(select(PhotoPart.storage_key)))
        listed = {one.key for one in whole_storage().list(stage.tess.tenant_id)}
    assert len(named) == 1
    assert named < {key for key in listed if "/parts/" in key}


def test_the_sweep_leaves_an_upload_alone_that_a_piece_is_added_to(stage):
    stage.phone.announce(stage.phone.data[:50_000])
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    def sweep() -> Sequence[str] | None:
        with stage.acting():
            dropped = service.drop_abandoned(before=tomorrow)
            db.session.commit()
            return dropped

    with ThreadPoolExecutor(1) as pool, stage.acting():
        lock_row(PhotoUpload, db.session.scalars(select(PhotoUpload.id)).one())
        swept = pool.submit(sweep)
        # It does not wait for the piece, either: the web process may be slow.
        assert swept.result(timeout=10) is None
        db.session.rollback()
    assert stage.phone.send(50_000).status_code == 204
    assert stage.is_whole()
