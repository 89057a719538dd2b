"""Signed links: their owner, their lifetime, and the file behind them."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import update

from app.extensions import db
from app.models import Account, AccountSession, Document, WorkState
from app.signing import FILE_LINK
from app.storage import object_key, whole_storage
from tests.storage.conftest import moto_url  # noqa: F401
from tests.storage.stages import S3Stage
from tests.support import scenarios
from tests.support.pictures import sha256_of
from tests.support.stored import put_bytes

PDF = b"%PDF-1.7 a report" * 100


@pytest.fixture
def document_id(acting, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess, title="Main board")
        return a_document(cast, report, tess)


def a_document(cast, report, actor):
    key = object_key(cast.acme, "pdf", sha256_of(PDF), ".pdf")
    put_bytes(key, PDF)
    document = Document(
        report_id=report.id,
        requested_by=actor.account_id,
        is_preview=True,
        state=WorkState.DONE,
        storage_key=key,
        sha256=sha256_of(PDF),
        byte_size=len(PDF),
        pages=1,
    )
    db.session.add(document)
    db.session.commit()
    return document.id


def link_of(client, document_id) -> str:
    answer = client.get(f"/documents/{document_id}/download")
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "private, no-store"
    return answer.headers["Location"]


def test_a_download_leads_through_a_link_to_the_bytes(client_of, cast, document_id):
    tess = client_of(cast.tess)
    link = link_of(tess, document_id)
    assert link.startswith("/files/")
    answer = tess.get(link)
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_interrupted_download_can_be_resumed(client_of, cast, document_id):
    tess = client_of(cast.tess)
    answer = tess.get(link_of(tess, document_id), headers={"Range": "bytes=1000-"})
    assert (answer.status_code, answer.data) == (206, PDF[1000:])
    assert answer.headers["Content-Range"] == f"bytes 1000-{len(PDF) - 1}/{len(PDF)}"


def test_an_expired_link_says_so(client_of, cast, document_id, monkeypatch):
    tess = client_of(cast.tess)
    link = link_of(tess, document_id)
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + FILE_LINK.seconds - 5)
    assert tess.get(link).status_code == 200
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + FILE_LINK.seconds + 5)
    answer = tess.get(link)
    assert answer.status_code == 410
    assert "<h1>This link is not valid</h1>" in answer.text
    assert "download the file again" in answer.text


def test_a_modified_link_is_refused(client_of, cast, document_id):
    tess = client_of(cast.tess)
    link = link_of(tess, document_id)
    for at in range(len("/files/"), len(link), 7):
        other = "A" if link[at] != "A" else "B"
        answer = tess.get(link[:at] + other + link[at + 1 :])
        assert answer.status_code == 404
        assert PDF not in answer.data
    assert "incomplete" in tess.get("/files/x").text


def test_a_value_signed_for_another_use_is_refused(app, client_of, cast, document_id):
    """Values signed with the same secret for another use, such as a session cookie, are refused."""
    from itsdangerous import URLSafeTimedSerializer

    tess = client_of(cast.tess)
    with app.app_context():
        told = FILE_LINK.read(link_of(tess, document_id).removeprefix("/files/"))
    cookie = URLSafeTimedSerializer(app.secret_key, salt="cookie-session").dumps(told)
    assert tess.get(f"/files/{cookie}").status_code == 404


def test_it_works_for_its_owner_only(client_of, cast, anonymous, acting, document_id):
    link = link_of(client_of(cast.tess), document_id)
    colleague = client_of(cast.ana).get(link)
    assert colleague.status_code == 403
    assert "created for someone else" in colleague.text
    assert client_of(cast.otto).get(link).status_code == 404
    assert anonymous.get(link).status_code == 303


def test_it_does_not_outlive_the_account(client_of, cast, acting, document_id):
    tess = client_of(cast.tess)
    link = link_of(tess, document_id)
    with acting(cast.ana):
        db.session.execute(
            update(Account).where(Account.id == cast.tess.id).values(is_active=False)
        )
        db.session.commit()
    assert tess.get(link).status_code == 303
    with acting(cast.ana):
        db.session.execute(update(Account).where(Account.id == cast.tess.id).values(is_active=True))
        db.session.execute(update(AccountSession).values(revoked_at=db.func.now()))
        db.session.commit()
    assert tess.get(link).status_code == 303


def test_corrupt_bytes_are_reported_and_never_served(app, client_of, cast, document_id):
    tess = client_of(cast.tess)
    link = link_of(tess, document_id)
    with app.app_context():
        path = whole_storage().root / object_key(cast.acme, "pdf", sha256_of(PDF), ".pdf")
    path.chmod(0o600)
    path.write_bytes(PDF.replace(b"report", b"forged"))
    try:
        answer = tess.get(link)
        assert answer.status_code == 500
        assert "no longer matches" in answer.text
        assert b"forged" not in answer.data
    finally:
        path.unlink()


def test_a_bucket_serves_files_after_our_access_check(
    app,
    client_of,
    cast,
    acting,
    monkeypatch,
    moto_url,  # noqa: F811
):
    stage = S3Stage(moto_url, is_direct=True)
    monkeypatch.setitem(app.extensions, "laudo_storage", stage.store)
    try:
        with acting(cast.tess) as tess:
            document_id = a_document(cast, scenarios.a_report(tess), tess)
        link = link_of(client_of(cast.tess), document_id)
        assert link.startswith(stage.proxy.url)
        assert "X-Amz-Expires=300" in link
        assert "response-content-type=application%2Fpdf" in link
        assert "response-content-disposition=attachment" in link
        path = f"/documents/{document_id}/download"
        assert client_of(cast.otto).get(path).status_code == 404
        assert client_of(cast.tom).get(path).status_code == 404
    finally:
        stage.close()
