"""While a release is rolled out, the one before it keeps its receipts under their old name."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.evidence.service import canonical_json
from app.extensions import db

# The statements of the release before, word for word.
INSERT = text(
    "insert into save_receipts (tenant_id, report_id, client_id, field_id, row_version, digest)"
    " values (:tenant_id, :report_id, :client_id, :field_id, :row_version, :digest)"
    " on conflict do nothing returning tenant_id"
)
SELECT = text(
    "select report_id, client_id, field_id, row_version, digest, tenant_id, id, created_at"
    " from save_receipts where client_id = :client_id and tenant_id = :tenant_id"
)
FIELD = "customer"


@pytest.fixture
def row(cast, report_id):
    content = {"value": "Lobo", "comment": None, "na_reason": None}
    digest = sha256(canonical_json([str(report_id), FIELD, content]).encode()).hexdigest()
    return {
        "tenant_id": cast.acme,
        "report_id": report_id,
        "client_id": uuid4(),
        "field_id": FIELD,
        "row_version": 1,
        "digest": digest,
    }


def test_its_receipts_are_known_to_this_release(acting, cast, tess, row):
    with acting(cast.tess):
        assert db.session.execute(INSERT, row).scalar() == cast.acme
        assert db.session.execute(INSERT, row).scalar() is None
        db.session.commit()
    verdict = tess.answer(FIELD, "Lobo", client_id=str(row["client_id"]))
    assert (verdict["verdict"], verdict["was"], verdict["row_version"]) == ("known", "applied", 1)
    assert tess.answer(FIELD, "Other", base=1, client_id=str(row["client_id"]))["status"] == 409


def test_this_releases_receipts_are_known_to_it(acting, cast, tess, row):
    tess.answer(FIELD, "Lobo", client_id=str(row["client_id"]))
    with acting(cast.tess):
        assert db.session.execute(INSERT, row).scalar() is None
        found = db.session.execute(SELECT, row).one()
        assert (found.field_id, found.row_version, found.digest) == (FIELD, 1, row["digest"])


def test_the_old_name_shows_and_takes_nothing_of_another_company(acting, cast, row):
    with acting(cast.tess):
        db.session.execute(INSERT, row)
        db.session.commit()
    with acting(cast.otto):
        assert db.session.execute(SELECT, row).all() == []
        with pytest.raises(ProgrammingError, match="row-level security"):
            db.session.execute(INSERT, {**row, "client_id": uuid4()})


@pytest.mark.parametrize(
    "change", ["update save_receipts set row_version = 2", "delete from save_receipts"]
)
def test_the_old_name_is_insert_only(acting, cast, row, change):
    with acting(cast.tess):
        db.session.execute(INSERT, row)
        with pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(change))
