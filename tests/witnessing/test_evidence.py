"""What a witness did, wherever a completed report is proved: snapshot, rows, PDF, verifier, export."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from app.evidence.verdicts import check_rows
from app.extensions import db
from app.models import ANY_MANAGER, ReviewComment, Snapshot, WorkState
from app.reports.reviewing.discussing import answer_comment
from app.reports.reviewing.service import approve_report, settle_comment
from tests.support import scenarios
from tests.support.desk import Desk
from tests.support.guests import Guest, definition_with_client
from tests.support.pictures import a_jpeg
from tests.support.verifier import verifier


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    """A submitted report with a photo; its client signs at the approval."""
    made = Desk(app, acting, cast)
    with acting(cast.tess) as tess:
        version = scenarios.a_checklist(tess, definition_with_client(), review_steps=[ANY_MANAGER])
        made.report_id = scenarios.a_report(tess, version=version).id
    made.answer()
    made.photograph(a_jpeg())
    made.read_photos()
    made.submit()
    return made


@pytest.fixture
def completed(desk, acting, cast, invited) -> Guest:
    """Wanda accepted, commented and signed; Max marked the comment as done and approved."""
    guest = invited(desk.report_id)
    guest.open()
    guest.accept("customer")
    guest.comment("enclosure", "The door was open")
    assert guest.sign(signer_name="Wanda W.").status_code == 303
    with acting(cast.max) as max_:
        comment_id = db.session.scalars(select(ReviewComment.id)).one()
        settle_comment(report_id=desk.report_id, comment_id=comment_id, is_done=True, actor=max_)
        db.session.commit()
        approve_report(report_id=desk.report_id, actor=max_)
        db.session.commit()
    return guest


def snapshot_of(acting, cast) -> dict:
    with acting(cast.ana):
        return json.loads(db.session.scalars(select(Snapshot.body)).one())


def test_the_snapshot_names_the_witness_as_given(acting, cast, completed):
    body = snapshot_of(acting, cast)
    named = {
        "id": str(completed.witness_id),
        "name": "Wanda Witness",
        "email": "wanda@client.example",
    }
    signature = body["signatures"]["client"]
    assert signature["signer"] == "Wanda W." and signature["taken_by"] is None
    assert signature["witness"] == named
    assert body["signatures"]["technician"]["witness"] is None
    (witness,) = body["witnesses"]
    assert {name: witness[name] for name in named} == named
    assert list(witness["accepted"]) == ["customer"]
    assert [said["words"] for said in witness["comments"]] == ["The door was open"]
    assert witness["sent_by"]["name"] == "Max Manager"
    assert completed.token not in json.dumps(body)


def test_nothing_differs_even_after_the_link_is_revoked(acting, cast, desk, completed):
    with acting(cast.max) as max_:
        assert check_rows(desk.report_id) == ()
        db.session.execute(
            text("update witnesses set revoked_at = now(), revoked_by = :by"),
            {"by": max_.account_id},
        )
        db.session.commit()
        assert check_rows(desk.report_id) == ()


def test_the_pdf_prints_the_witness_and_the_verifier_compares_it(desk, completed):
    document = desk.make()
    assert (document.state, document.error) == (WorkState.DONE, None)
    printed = " ".join(desk.text(document).split())
    for words in ("Wanda W.", "Wanda Witness, wanda@client.example", "link sent by Max Manager"):
        assert words in printed, words
    assert "1 item accepted" in printed and "1 comment" in printed
    data = desk._bytes(document)
    report = verifier.open_report("report.pdf", data)
    lines = list(verifier.check_report(report, document.seal_fingerprint))
    assert [one for one in lines if one.state is verifier.State.DIFFERS] == []
    texts = dict(verifier.typed_texts(report.attached("snapshot.json")))
    assert texts["name of the witness of client"] == "Wanda Witness"
    assert texts["email of the witness of client"] == "wanda@client.example"


def test_the_technician_answers_a_witness(acting, cast, desk, invited, client_of):
    guest = invited(desk.report_id)
    guest.open()
    guest.comment("enclosure", "The door was open")
    client_of(cast.max).post(f"/reports/{desk.report_id}/return")
    with acting(cast.tess) as tess:
        comment_id = db.session.scalars(select(ReviewComment.id)).one()
        answer_comment(
            report_id=desk.report_id,
            comment_id=comment_id,
            reply="Closed now",
            is_done=True,
            actor=tess,
        )
        db.session.commit()
        said = db.session.scalars(select(ReviewComment)).one()
        assert said.done_at and said.done_at <= datetime.now(UTC)
