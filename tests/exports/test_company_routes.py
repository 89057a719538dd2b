"""The page of the company export: request, follow, download, and access."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Export, WorkState
from app.storage import object_key
from tests.support.pictures import sha256_of
from tests.support.stored import put_bytes

HTMX = {"HX-Request": "true"}
PAGE, ASK = "/company/export", "/company/exports"
DATA = b"PK small"


def newest_export() -> Export:
    return db.session.scalars(select(Export).order_by(Export.created_at.desc())).first()


def settle(acting, cast, **columns) -> UUID:
    with acting(cast.ana):
        export_id = newest_export().id
        db.session.execute(update(Export).where(Export.id == export_id).values(**columns))
        db.session.commit()
        return export_id


@pytest.fixture
def done(acting, cast) -> UUID:
    """The id of a finished export."""
    with acting(cast.ana) as ana:
        key = object_key(cast.acme, "export", sha256_of(DATA), ".zip")
        put_bytes(key, DATA)
        export = Export(
            requested_by=ana.account_id,
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(DATA),
            byte_size=len(DATA),
            progress_done=9,
            progress_total=9,
        )
        db.session.add(export)
        db.session.commit()
        return export.id


def test_an_admin_requests_an_export_and_follows_its_progress(client_of, acting, cast):
    client = client_of(cast.ana)
    assert "No export has been generated yet" in client.get(PAGE).text
    answer = client.post(ASK)
    assert answer.status_code == 303
    assert "Queued" in client.get(answer.location).text
    running = {"state": WorkState.RUNNING, "progress_done": 3, "progress_total": 12}
    export_id = settle(acting, cast, **running)
    url = f"{ASK}/{export_id}"
    fragment = client.get(url, headers=HTMX)
    assert "3 of 12 files" in fragment.text
    assert "every 1s" in fragment.text
    assert "<html" not in fragment.text
    assert client.get(url).location == PAGE
    settle(acting, cast, state=WorkState.FAILED, error="no_room")
    assert client.get(url, headers=HTMX).headers["HX-Redirect"] == PAGE
    page = client.get(PAGE).text
    assert "does not have enough storage space" in page
    assert "Generate a new export" in page
    assert "every 1s" not in page


def test_a_repeated_request_is_one_export(client_of, acting, cast):
    client = client_of(cast.ana)
    first = client.post(ASK, headers=HTMX)
    assert first.status_code == 200
    assert "<html" not in first.text
    assert "Generate export" not in first.text
    assert client.post(ASK, headers=HTMX).status_code == 200
    with acting(cast.ana):
        assert len(db.session.scalars(select(Export)).all()) == 1


def test_the_file_is_downloaded_by_a_signed_link_and_audited(client_of, acting, cast, done):
    client = client_of(cast.ana)
    page = client.get(PAGE).text
    assert f"{ASK}/{done}/download" in page
    assert "9 files" in page
    answer = client.get(f"{ASK}/{done}/download")
    assert answer.status_code == 303
    assert "/files/" in answer.location
    file = client.get(answer.location)
    assert file.get_data() == DATA
    assert "laudo-acme-" in file.headers["Content-Disposition"]
    assert file.mimetype == "application/zip"
    # The link works only for the person it was made for.
    assert client_of(cast.max).get(answer.location).status_code == 403
    assert client_of(cast.otto).get(answer.location).status_code == 404
    with acting(cast.ana):
        (entry,) = list_entries("export", done)
        assert entry.action == "export.downloaded"
        assert entry.actor_id == cast.ana.id


def test_replaced_and_incomplete_archives_are_marked(client_of, acting, cast, done):
    client = client_of(cast.ana)
    settle(acting, cast, progress_total=10)
    assert "1 file could not be read" in client.get(PAGE).text
    settle(acting, cast, progress_total=11)
    assert "2 files could not be read" in client.get(PAGE).text
    settle(acting, cast, storage_key=None)
    assert "Replaced by a newer export" in client.get(PAGE).text
    assert client.get(f"{ASK}/{done}/download").status_code == 409


def test_only_admins_of_the_company_have_access(client_of, anonymous, acting, cast, done):
    for key in ("max", "tess", "vera", "sam"):
        client = client_of(getattr(cast, key))
        for url in (PAGE, f"{ASK}/{done}", f"{ASK}/{done}/download"):
            assert client.get(url).status_code == 403, (key, url)
        assert client.post(ASK).status_code == 403
    otto = client_of(cast.otto)
    for url in (f"{ASK}/{done}", f"{ASK}/{done}/download", f"{ASK}/{uuid4()}/download"):
        assert otto.get(url).status_code == 404
    assert "No export has been generated yet" in otto.get(PAGE).text
    assert anonymous.get(PAGE).headers["Location"].startswith("/login")
    assert anonymous.post(ASK, headers=HTMX).status_code == 401
