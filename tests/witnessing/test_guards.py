"""The database's own rules of witnesses and of signatures that are due at the approval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.extensions import db
from app.models import Report, ReviewComment, Signature
from tests.support import scenarios

REFUSED = (ProgrammingError, IntegrityError)


@pytest.fixture
def stage(acting, cast, submitted):
    """`with stage() as (report, max_)`: a submitted report in the company's scope."""
    report_id = submitted()
    with acting(cast.max) as actor:
        yield db.session.scalars(select(Report).where(Report.id == report_id)).one(), actor


def a_signature(report, role_id: str, **columns) -> Signature:
    return Signature(
        report_id=report.id,
        role_id=role_id,
        signer_name="Rui",
        content_hash="0" * 64,
        client_id=uuid4(),
        **columns,
    )


def add(row) -> None:
    with db.session.begin_nested():
        db.session.add(row)
        db.session.flush()


def refuses(row) -> bool:
    """Whether the database refuses the row; nothing of it stays."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except REFUSED:
        return True
    return False


def test_a_submitted_report_takes_signatures_due_at_the_approval_and_nothing_else(stage):
    report, max_ = stage
    add(a_signature(report, "client", taken_by=max_.account_id))
    assert refuses(a_signature(report, "technician", taken_by=max_.account_id))
    assert refuses(a_signature(report, "nobody", taken_by=max_.account_id))
    assert refuses(a_signature(report, "client", taken_by=max_.account_id, withdrawn=True))
    for statement in (
        "update answers set comment = 'x'",
        "update photo_placements set caption = 'x'",
        "insert into answers (tenant_id, report_id, field_id, answered_at)"
        f" select tenant_id, id, 'new', now() from reports where id = '{report.id}'",
    ):
        with pytest.raises(ProgrammingError), db.session.begin_nested():
            db.session.execute(text(statement))


def test_a_signature_names_an_account_or_a_witness(stage):
    report, max_ = stage
    witness = scenarios.a_witness(report, max_, role_id="client")
    both = {"taken_by": max_.account_id, "witness_id": witness.id}
    assert refuses(a_signature(report, "client"))
    assert refuses(a_signature(report, "client", **both))
    add(a_signature(report, "client", witness_id=witness.id))


@pytest.mark.parametrize(
    "columns",
    [
        {"role_id": None},
        {"role_id": "technician"},
        {"expires_at": datetime.now(UTC) - timedelta(seconds=1)},
        {"revoked_at": datetime.now(UTC)},
    ],
)
def test_a_witness_signs_only_in_their_role_while_the_link_is_open(stage, columns):
    report, max_ = stage
    if "revoked_at" in columns:
        columns = {**columns, "revoked_by": max_.account_id}
    witness = scenarios.a_witness(report, max_, **{"role_id": "client", **columns})
    assert refuses(a_signature(report, "client", witness_id=witness.id))


def test_a_witness_signs_and_comments_on_their_own_report_only(stage):
    report, max_ = stage
    other = scenarios.a_report(max_)
    witness = scenarios.a_witness(other, max_, role_id="client")
    assert refuses(a_signature(report, "client", witness_id=witness.id))
    said = {"report_id": report.id, "field_id": "customer", "words": "Hello"}
    assert refuses(ReviewComment(witness_id=witness.id, **said))
    mine = scenarios.a_witness(report, max_, role_id="client")
    add(ReviewComment(witness_id=mine.id, **said))
    both = {"witness_id": mine.id, "author_id": max_.account_id}
    assert refuses(ReviewComment(**said, **both))
    assert refuses(ReviewComment(**said, author_id=max_.account_id)), "a reviewer's has a review"


@pytest.mark.parametrize(
    "change",
    [
        "name = 'Another'",
        "email = null",
        "role_id = 'technician'",
        "expires_at = now() + interval '1 year'",
        "token_hash = repeat('0', 64)",
        "code_hash = 'x'",
        "report_id = gen_random_uuid()",
        "created_at = now()",
    ],
)
def test_what_a_link_is_about_never_changes(stage, change):
    report, max_ = stage
    scenarios.a_witness(report, max_, role_id="client")
    with pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(text(f"update witnesses set {change}"))


def test_a_revocation_is_for_ever(stage):
    report, max_ = stage
    revoked = {"revoked_at": datetime.now(UTC), "revoked_by": max_.account_id}
    scenarios.a_witness(report, max_, role_id="client", **revoked)
    for change in ("revoked_at = null, revoked_by = null", 'accepted = \'{"customer": "x"}\''):
        with pytest.raises(ProgrammingError), db.session.begin_nested():
            db.session.execute(text(f"update witnesses set {change}"))
    with pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(text("delete from witnesses"))


def test_with_the_report_completed_only_the_revocation_is_left(stage):
    report, max_ = stage
    witness = scenarios.a_witness(report, max_, role_id="client")
    scenarios.completed(report, max_)
    with pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(text('update witnesses set accepted = \'{"customer": "x"}\''))
    with pytest.raises(ProgrammingError), db.session.begin_nested():
        scenarios.a_witness(report, max_, role_id="client")
    assert refuses(a_signature(report, "client", witness_id=witness.id))
    db.session.execute(
        text("update witnesses set revoked_at = now(), revoked_by = :by"), {"by": max_.account_id}
    )
