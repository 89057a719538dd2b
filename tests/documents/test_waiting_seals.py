"""Whatever keeps the sealer from sealing: PDFs and bundles wait, lose no attempt, and say why."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select, update

from app.commands.check.sealing import check_sealing
from app.documents import making
from app.documents.own_keys import use_own_key
from app.exports.bundle.service import request_report_bundle
from app.extensions import db
from app.models import Actor, Bundle, Document, Work, WorkState
from app.sealing import client
from app.sealing.client import ask_wrapped
from tests.support.certificates import a_pair
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.sealers import RunningSealer, running_sealer, sealing_with

MODELS: dict[str, type[Work]] = {"document": Document, "bundle": Bundle}
YESTERDAY, TOMORROW = timedelta(days=-1), timedelta(days=1)


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def completed(app, acting, cast) -> Desk:
    desk = Desk(app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    return desk


@contextmanager
def expired(keys: RunningSealer, key) -> Iterator[None]:
    keys.keys.replace(a_pair(key, since=YESTERDAY * 30, until=YESTERDAY))
    yield


@contextmanager
def not_yet_valid(keys: RunningSealer, key) -> Iterator[None]:
    keys.keys.replace(a_pair(key, since=TOMORROW, until=TOMORROW * 30))
    yield


@contextmanager
def without_file(keys: RunningSealer, _key) -> Iterator[None]:
    keys.keys.current.unlink()
    yield


@contextmanager
def with_garbage(keys: RunningSealer, _key) -> Iterator[None]:
    keys.keys.current.chmod(0o600)
    keys.keys.current.write_bytes(b"no key")
    yield


@contextmanager
def with_folder(keys: RunningSealer, _key) -> Iterator[None]:
    """The file cannot be read, whoever asks."""
    keys.keys.current.unlink()
    keys.keys.current.mkdir()
    yield


# What is wrong with the key; the code of the waiting work; words for people, and for operators.
FAULTS: dict[str, tuple[Callable, str, str, str]] = {
    "expired": (expired, "SealExpired", "certificate of the seal has expired", "ended on"),
    "not yet valid": (
        not_yet_valid,
        "SealNotYetValid",
        "certificate of the seal is not valid yet",
        "is valid only from",
    ),
    "missing": (without_file, "SealKeyUnusable", "cannot use its key", "current.p12"),
    "garbage": (with_garbage, "SealKeyUnusable", "cannot use its key", "current.p12"),
    "unreadable": (with_folder, "SealKeyUnusable", "cannot use its key", "current.p12"),
}


def state_of(desk: Desk, kind: str, work_id) -> tuple[WorkState, str | None, int]:
    model = MODELS[kind]
    with desk.acting(desk.tess):
        row = db.session.execute(
            select(model.state, model.error, model.attempts).where(model.id == work_id)
        ).one()
        return row.state, row.error, row.attempts


def due(desk: Desk, kind: str, work_id) -> None:
    """The pause has ended."""
    model = MODELS[kind]
    with desk.acting(desk.tess):
        db.session.execute(update(model).where(model.id == work_id).values(lease_until=None))
        db.session.commit()


def asked_bundle(desk: Desk):
    with desk.acting(desk.tess) as actor:
        bundle_id = request_report_bundle(report_id=desk.report_id, actor=actor).id
        db.session.commit()
        return bundle_id


def said_by_check(app) -> str:
    with app.app_context():
        return "\n".join(f"{one.level} {one.sentence}" for one in check_sealing())


@pytest.mark.parametrize("name", FAULTS)
def test_work_waits_says_why_and_goes_on_when_the_key_is_replaced(
    app, completed, client_of, cast, tmp_path, key, name, monkeypatch
):
    break_it, code, for_people, for_operators = FAULTS[name]
    rendered = []
    monkeypatch.setattr(
        making, "render_pdf", lambda *given, **more: rendered.append(1) or render(*given, **more)
    )
    works = {"document": completed.ask(), "bundle": asked_bundle(completed)}
    with ExitStack() as stack:
        sealer = stack.enter_context(running_sealer(tmp_path))
        stack.enter_context(sealing_with(app, sealer.socket))
        with break_it(sealer, key):
            for _try in range(app.config["JOB_ATTEMPTS"] + 1):
                for kind, work_id in works.items():
                    completed.run(kind, work_id)
                    assert state_of(completed, kind, work_id) == (WorkState.QUEUED, code, 0), kind
                    due(completed, kind, work_id)
            assert rendered == [], "what cannot be sealed is not rendered each time"
            person = client_of(cast.tess)
            page = person.get(f"/documents/{works['document']}").text
            assert for_people in page and "The PDF waits for its seal" in page
            page = person.get(f"/bundles/{works['bundle']}", headers={"HX-Request": "true"}).text
            assert for_people in page and "The bundle waits for its seal" in page
            said = said_by_check(app)
            assert for_operators in said and said.startswith("wrong"), said
        if sealer.keys.current.is_dir():
            sealer.keys.current.rmdir()
        sealer.keys.replace(a_pair(key))
        completed.run("document", works["document"])
        assert state_of(completed, "document", works["document"]) == (WorkState.DONE, None, 1)
    assert rendered == [1]


render = making.render_pdf


def test_an_own_key_that_expired_or_cannot_be_opened_is_waited_for(
    app, completed, cast, client_of, key, tmp_path
):
    pair = a_pair(key, until=TOMORROW)
    other = a_pair(rsa.generate_private_key(65537, 2048))
    with completed.acting(completed.tess):
        for_other, certificate = ask_wrapped(
            app.config["SEAL_SOCKET"], cast.other, other.as_pkcs12(), None
        )
        use_own_key(wrapped=for_other, certificate=certificate, actor=Actor("Operator"))
        db.session.commit()
    document_id = completed.ask()
    completed.run("document", document_id)
    assert state_of(completed, "document", document_id) == (
        WorkState.QUEUED,
        "SealKeyUnreadable",
        0,
    )
    page = client_of(cast.tess).get(f"/documents/{document_id}").text
    assert "own seal cannot be opened" in page
    with completed.acting(completed.tess):
        wrapped, certificate = ask_wrapped(
            app.config["SEAL_SOCKET"], cast.acme, pair.as_pkcs12(), None
        )
        use_own_key(wrapped=wrapped, certificate=certificate, actor=Actor("Operator"))
        db.session.commit()
    due(completed, "document", document_id)
    completed.run("document", document_id)
    assert completed.document(document_id).seal_fingerprint == certificate.fingerprint


def test_a_sealer_that_answers_nothing_in_time_is_waited_for(app, completed, tmp_path, monkeypatch):
    """It takes the connection and says nothing, as a hanging token would."""
    monkeypatch.setattr(client, "SECONDS", 0.2)
    path = tmp_path / "slow.sock"
    stop = threading.Event()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(0.1)
        held = []

        def hold() -> None:
            while not stop.is_set():
                try:
                    held.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        try:
            document_id = completed.ask()
            with sealing_with(app, path):
                completed.run("document", document_id)
                assert state_of(completed, "document", document_id) == (
                    WorkState.QUEUED,
                    "SealerAway",
                    0,
                )
        finally:
            stop.set()
            thread.join()
            for one in held:
                one.close()


def test_a_key_that_expires_while_the_pdf_is_rendered_is_waited_for(
    app, completed, tmp_path, key, monkeypatch
):
    attach = making.attach_evidence
    with running_sealer(tmp_path) as sealer, sealing_with(app, sealer.socket):
        valid = a_pair(key)
        sealer.keys.replace(valid)

        def late(*given):
            monkeypatch.setattr(
                "app.sealing.certificates.now", lambda: datetime.now(UTC) + timedelta(days=4000)
            )
            return attach(*given)

        monkeypatch.setattr(making, "attach_evidence", late)
        document_id = completed.ask()
        completed.run("document", document_id)
        assert state_of(completed, "document", document_id) == (
            WorkState.QUEUED,
            "SealExpired",
            0,
        )
        assert completed.document(document_id).storage_key is None
