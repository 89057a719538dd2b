"""Time stamps of sealed PDFs: made beside the file by an authority, pending, never blocking."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator

import pytest
from asn1crypto import tsp
from sqlalchemy import select, update

from app.documents import stamping
from app.documents.stamps import request_missing_stamps
from app.extensions import db
from app.models import AuditEntry, Document, DocumentStamp, WorkState
from app.sealing.stamping import StampRefused, check_stamp
from tests.support.authorities import NAME, Authority, running_authority
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.sealed import bytes_of
from tests.support.stored import storage


@pytest.fixture
def authority(app, tmp_path, monkeypatch) -> Iterator[Authority]:
    with running_authority(tmp_path) as running:
        monkeypatch.setitem(app.config, "TSA_URL", running.url)
        monkeypatch.setitem(app.config, "TSA_CERTIFICATES", running.certificate)
        yield running


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    desk = Desk(app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    return desk


def stamp_of(desk: Desk, document: Document) -> DocumentStamp:
    with desk.acting(desk.tess):
        return db.session.scalars(
            select(DocumentStamp).where(DocumentStamp.document_id == document.id)
        ).one()


def run_stamp(desk: Desk, document: Document) -> DocumentStamp:
    """The worker's next try, without its pause."""
    with desk.acting(desk.tess):
        db.session.execute(
            update(DocumentStamp)
            .where(DocumentStamp.document_id == document.id, DocumentStamp.state == "queued")
            .values(lease_until=None)
        )
        db.session.commit()
    desk.run("document_stamp", stamp_of(desk, document).id)
    return stamp_of(desk, document)


def test_the_pdf_is_there_first_and_the_stamp_is_pending(desk, authority, client_of, cast):
    document = desk.make()
    assert document.state is WorkState.DONE
    assert (stamp_of(desk, document).state, authority.asked) == (WorkState.QUEUED, 0)
    page = client_of(cast.tess).get(f"/documents/{document.id}").text
    assert "The time stamp is pending" in page


def test_a_stamp_is_a_token_over_the_sealed_file(desk, authority, client_of, cast, tmp_path):
    document = desk.make()
    before = bytes_of(desk, document)
    stamp = run_stamp(desk, document)
    assert (stamp.state, stamp.authority) == (WorkState.DONE, f"Common Name: {NAME}")
    assert bytes_of(desk, document) == before
    with desk.acting(desk.tess):
        token = storage().open(stamp.storage_key or "").read()
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "document.stamped")
        ).one()
    assert hashlib.sha256(token).hexdigest() == stamp.sha256 == entry.facts["facts"]["sha256"]
    client = client_of(cast.tess)
    page = client.get(f"/documents/{document.id}").text
    assert NAME in page and "pending" not in page
    answer = client.get(f"/documents/{document.id}/stamp", follow_redirects=True)
    assert answer.data == token
    # Another program's opinion.
    (tmp_path / "report.pdf").write_bytes(before)
    (tmp_path / "report.tsr").write_bytes(token)
    command = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        "report.pdf",
        "-in",
        "report.tsr",
        "-token_in",
        "-CAfile",
    ]
    said = subprocess.run(
        [*command, str(authority.certificate)], cwd=tmp_path, capture_output=True, text=True
    )
    assert "Verification: OK" in said.stdout, said.stderr


def test_without_an_authority_nothing_is_requested(desk):
    document = desk.make()
    with desk.acting(desk.tess):
        assert db.session.scalars(select(DocumentStamp)).all() == []
    assert document.sealed_at


def test_a_preview_gets_no_stamp(app, acting, cast, authority):
    desk = Desk(app, acting, cast)
    desk.answer()
    assert desk.make().is_preview
    with desk.acting(desk.tess):
        assert db.session.scalars(select(DocumentStamp)).all() == []


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_authority_that_cannot_now_is_asked_again(desk, authority, status):
    document = desk.make()
    authority.answer = lambda request: (status, b"")
    waiting = run_stamp(desk, document)
    assert (waiting.state, waiting.error, waiting.attempts) == (
        WorkState.QUEUED,
        "ServiceAway",
        0,
    )
    authority.answer = authority.stamp
    assert run_stamp(desk, document).state is WorkState.DONE


def test_an_authority_out_of_reach_is_asked_again(desk, authority, app, monkeypatch):
    document = desk.make()
    monkeypatch.setitem(app.config, "TSA_URL", "http://127.0.0.1:1/")
    assert (run_stamp(desk, document).state, authority.asked) == (WorkState.QUEUED, 0)


def of_other_file(authority: Authority, request: tsp.TimeStampReq) -> bytes:
    request["message_imprint"]["hashed_message"] = bytes(32)
    return authority.stamper.request_tsa_response(request).dump()


def with_other_nonce(authority: Authority, request: tsp.TimeStampReq) -> bytes:
    request["nonce"] = 4711
    return authority.stamper.request_tsa_response(request).dump()


def forged(authority: Authority, request: tsp.TimeStampReq) -> bytes:
    response = authority.stamper.request_tsa_response(request)
    signer = response["time_stamp_token"]["content"]["signer_infos"][0]
    signer["signature"] = bytes(len(signer["signature"].native))
    return response.dump()


def refusal(authority: Authority, request: tsp.TimeStampReq) -> bytes:
    """A TimeStampResp with the status `rejection` and no token, which asn1crypto cannot write."""
    return bytes.fromhex("3005300302 0102".replace(" ", ""))


WRONG = {
    "of another file": of_other_file,
    "with another nonce": with_other_nonce,
    "forged": forged,
    "refused": refusal,
    "no answer at all": lambda authority, request: b"<html>",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_token_is_never_stored(desk, authority, app, monkeypatch, wrong):
    document = desk.make()
    authority.answer = lambda request: (200, WRONG[wrong](authority, request))
    monkeypatch.setitem(app.config, "TESTING", False)
    for _ in range(app.config["JOB_ATTEMPTS"]):
        found = run_stamp(desk, document)
    assert (found.state, found.error) == (WorkState.FAILED, "StampRefused")
    assert (found.storage_key, found.stamped_at) == (None, None)


def test_a_refused_stamp_is_said_and_can_be_requested_again(
    desk, authority, app, monkeypatch, client_of, cast
):
    document = desk.make()
    authority.answer = lambda request: (400, b"")
    monkeypatch.setitem(app.config, "TESTING", False)
    for _ in range(app.config["JOB_ATTEMPTS"]):
        run_stamp(desk, document)
    assert "the authority refused it" in client_of(cast.tess).get(f"/documents/{document.id}").text
    authority.answer = authority.stamp
    with desk.acting(desk.tess):
        assert request_missing_stamps() == 1
        db.session.commit()
    assert run_stamp(desk, document).state is WorkState.DONE


def test_the_token_of_an_authority_that_is_not_trusted_is_refused(
    desk, authority, app, monkeypatch, tmp_path
):
    document = desk.make()
    with running_authority(tmp_path, "Somebody else") as other:
        monkeypatch.setitem(app.config, "TSA_URL", other.url)
        monkeypatch.setitem(app.config, "TESTING", False)
        assert run_stamp(desk, document).error == "StampRefused"
        # Without a list of authorities, the token's own certificate is enough.
        monkeypatch.setitem(app.config, "TSA_CERTIFICATES", None)
        assert run_stamp(desk, document).state is WorkState.DONE


def test_a_stored_token_is_about_one_file_alone(desk, authority):
    document = desk.make()
    stamp = run_stamp(desk, document)
    with desk.acting(desk.tess):
        token = storage().open(stamp.storage_key or "").read()
    digest = bytes.fromhex(document.sha256 or "")
    assert check_stamp(token, digest, authority.certificate).at == stamp.stamped_at
    with pytest.raises(StampRefused):
        check_stamp(token, bytes(32), authority.certificate)


def test_a_worker_that_comes_too_late_publishes_nothing(desk, authority, monkeypatch):
    document = desk.make()
    request = stamping.request_stamp

    def overtaken(*given):
        with desk.acting(desk.tess):
            db.session.execute(update(DocumentStamp).values(fence=DocumentStamp.fence + 1))
            db.session.commit()
        return request(*given)

    monkeypatch.setattr(stamping, "request_stamp", overtaken)
    assert run_stamp(desk, document).storage_key is None
    with desk.acting(desk.tess):
        made = select(AuditEntry).where(AuditEntry.action == "document.stamped")
        assert db.session.scalars(made).all() == []
