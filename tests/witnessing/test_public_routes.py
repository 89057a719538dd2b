"""What a person with a link can do, and what they cannot."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import (
    Derivative,
    DerivativeKind,
    PhotoPlacement,
    Report,
    ReportStatus,
    ReviewComment,
    Signature,
)
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.reviewing.rounds import find_open_review
from app.signing import WITNESS_LINK
from app.storage import object_key
from app.tenancy import require_tenant
from app.witnessing.links import hash_of, revoke_link
from tests.support import scenarios
from tests.support.companies import company_as
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.stored import put_bytes
from tests.support.suspension import SUSPENDED


def actions_of(acting, cast, report_id) -> list[str]:
    with acting(cast.ana):
        return [entry.action for entry in list_entries("report", report_id)]


def revoke(acting, cast, guest, report_id) -> None:
    with acting(cast.max) as actor:
        revoke_link(report_id=report_id, witness_id=guest.witness_id, actor=actor)
        db.session.commit()


def a_print_of(placement_id: UUID) -> bytes:
    """Store a print of the photo; returns its bytes."""
    photo_id = db.session.scalars(
        select(PhotoPlacement.photo_id).where(PhotoPlacement.id == placement_id)
    ).one()
    data = a_jpeg()
    key = object_key(require_tenant(), "derived", sha256_of(data), ".jpg")
    put_bytes(key, data)
    db.session.add(
        Derivative(
            photo_id=photo_id,
            kind=DerivativeKind.PRINT,
            recipe="test",
            storage_key=key,
            sha256=sha256_of(data),
            byte_size=len(data),
            width=320,
            height=240,
        )
    )
    db.session.commit()
    return data


def test_the_link_becomes_a_cookie_for_its_own_address(submitted, invited):
    guest = invited(submitted())
    answer = guest.open()
    assert (answer.status_code, answer.location) == (303, guest.home)
    cookie = answer.headers["Set-Cookie"]
    assert f"witness={guest.token};" in cookie and f"Path={guest.home};" in cookie
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert guest.token not in answer.location
    for response in (answer, guest.page()):
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response.headers["Cache-Control"]
        assert "noindex" in response.headers["X-Robots-Tag"]


def test_over_https_the_cookie_is_secure(app, submitted, invited, monkeypatch):
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    cookie = invited(submitted()).open().headers["Set-Cookie"]
    assert cookie.startswith("__Secure-witness=") and "Secure" in cookie


def test_the_page_shows_this_report_exceptions_first(acting, cast, filled, invited):
    report_id = filled()
    with acting(cast.tess) as tess:
        save_answer(
            report_id=report_id,
            field_id="insulation",
            given=AnswerInput(value="5", row_version=1),
            actor=tess,
        )
        db.session.commit()
        other = scenarios.a_report(tess, title="Secret of another")
        number = other.number
    guest = invited(report_id)
    guest.open()
    page = guest.page().text
    items = re.findall(r'id="item-([a-z_]+)"', page)
    assert items[0] == "insulation" and len(items) == len(set(items)) == len(scenarios.GOOD_ANSWERS)
    assert "Hospital São Lucas" in page and "Wanda Witness" in page
    assert number not in page and "Secret of another" not in page
    for person in (cast.ana, cast.max, cast.vera):
        assert person.name not in page and person.email not in page


def test_each_opening_is_one_entry(acting, cast, submitted, invited):
    report_id = submitted()
    guest = invited(report_id)
    guest.open()
    guest.page()
    guest.page()
    assert actions_of(acting, cast, report_id).count("witness.opened") == 1
    guest.client.head(f"/w/{guest.token}")
    guest.open()
    assert actions_of(acting, cast, report_id).count("witness.opened") == 2
    with acting(cast.ana):
        entry = next(
            one for one in list_entries("report", report_id) if one.action == "witness.opened"
        )
        assert entry.actor_id is None
        assert entry.facts["actor"]["name"] == "Wanda Witness"
        assert entry.facts["facts"] == {"witness_id": str(guest.witness_id)}


def test_unknown_is_404_and_revoked_is_410(acting, cast, anonymous, submitted, invited):
    assert anonymous.get("/w/nothing").status_code == 404
    assert anonymous.get(f"/witness/{uuid4()}/").status_code == 404
    report_id = submitted()
    guest = invited(report_id)
    assert guest.page().status_code == 404, "without the cookie"
    guest.open()
    assert guest.page().status_code == 200
    revoke(acting, cast, guest, report_id)
    for answer in (guest.page(), guest.open(), guest.sign(content="x"), guest.accept("enclosure")):
        assert answer.status_code == 410
        assert "was revoked" in answer.text
    revoke(acting, cast, guest, report_id)
    assert actions_of(acting, cast, report_id).count("witness.revoked") == 1


def test_after_its_day_it_is_410(acting, cast, app, submitted, invited):
    with acting(cast.max) as actor:
        report = db.session.scalars(select(Report).where(Report.id == submitted())).one()
        witness_id = uuid4()
        token = WITNESS_LINK.token(witness_id)
        scenarios.a_witness(
            report,
            actor,
            role_id="client",
            id=witness_id,
            token_hash=hash_of(token),
            expires_at=datetime.now(UTC) - timedelta(seconds=1),
        )
    answer = app.test_client().get(f"/w/{token}")
    assert answer.status_code == 410 and "has expired" in answer.text


def test_the_cookie_of_one_link_opens_no_other(app, submitted, invited):
    one, other = invited(submitted(code="ONE")), invited(submitted(code="TWO"))
    one.open()
    page = one.client.get(other.home)
    assert page.status_code == 404
    # Not even if the browser sent it there.
    stolen = app.test_client()
    stolen.set_cookie("witness", one.token, path=other.home)
    assert stolen.get(other.home).status_code == 404
    assert stolen.post(f"{other.home}items/enclosure/accept").status_code == 404


def test_the_code_word_is_asked_for_once(acting, cast, submitted, invited):
    report_id = submitted()
    guest = invited(report_id, code="Blue  Valve")
    guest.open()
    asked = guest.page()
    assert "Enter the code word" in asked.text and "Hospital" not in asked.text
    assert "witness.opened" not in actions_of(acting, cast, report_id)
    wrong = guest.client.post(f"{guest.home}code", data={"code": "red valve"})
    assert wrong.status_code == 422 and "not the code word" in wrong.text
    refused = guest.comment("enclosure", "Hello")
    assert (refused.status_code, refused.location) == (303, guest.home)
    right = guest.client.post(f"{guest.home}code", data={"code": " blue valve "})
    assert (right.status_code, right.location) == (303, guest.home)
    assert "Hospital" in guest.page().text
    assert actions_of(acting, cast, report_id).count("witness.opened") == 1
    # The link again asks again: the cookie of a link alone has no proof.
    guest.open()
    assert "Enter the code word" in guest.page().text


def test_code_words_cannot_be_guessed(app, submitted, invited, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_MINUTE", 3)
    guest = invited(submitted(), code="blue")
    guest.open()
    url = f"{guest.home}code"
    statuses = [guest.client.post(url, data={"code": str(one)}).status_code for one in range(4)]
    assert statuses == [422, 422, 422, 429]
    assert guest.client.post(url, data={"code": "blue"}).status_code == 429


def test_neither_token_nor_code_word_is_stored_or_logged(acting, cast, submitted, invited, caplog):
    caplog.set_level(logging.DEBUG)
    guest = invited(submitted(), code="blue valve")
    guest.open()
    guest.client.post(f"{guest.home}code", data={"code": "blue valve"})
    guest.page()
    assert any("/w/" in record.getMessage() for record in caplog.records)
    assert guest.token not in caplog.text and "blue valve" not in caplog.text
    with acting(cast.ana):
        row = db.session.execute(
            text("select w::text from witnesses w where id = :id"), {"id": guest.witness_id}
        ).scalar_one()
        entries = " ".join(db.session.scalars(text("select body from audit_entries")))
    assert guest.token not in row + entries and "blue valve" not in row + entries


def test_comments_reach_the_reviewer_and_stop_the_approval(
    acting, cast, client_of, submitted, invited
):
    report_id = submitted()
    guest = invited(report_id)
    guest.open()
    said = guest.comment("enclosure", "The door was open")
    assert said.location == f"{guest.home}#item-enclosure"
    guest.comment("enclosure", "The door was open")
    with acting(cast.ana):
        (comment,) = db.session.scalars(select(ReviewComment)).all()
        assert (comment.witness_id, comment.author_id, comment.review_id) == (
            guest.witness_id,
            None,
            None,
        )
    page = client_of(cast.max).get(f"/reports/{report_id}/reviewing").text
    assert "The door was open" in page and "Wanda Witness (witness)" in page
    refused = client_of(cast.max).post(f"/reports/{report_id}/approve")
    assert refused.status_code == 409 and "1 comment is open" in refused.text
    client_of(cast.max).post(f"/reports/{report_id}/return")
    fill = client_of(cast.tess).get(f"/reports/{report_id}/fill?at=enclosure").text
    assert "The door was open" in fill and "Wanda Witness (witness)" in fill
    client_of(cast.tess).post(
        f"/reports/{report_id}/comments/{comment.id}", data={"reply": "Closed now", "is_done": "y"}
    )
    page = guest.page().text
    assert "Closed now" in page and cast.tess.name in page


def test_an_empty_comment_is_refused_and_a_long_one_kept_on_the_page(submitted, invited):
    guest = invited(submitted())
    guest.open()
    assert guest.comment("enclosure", "  ").status_code == 422
    long = guest.comment("enclosure", "x" * 2001)
    assert long.status_code == 422 and "x" * 2000 in long.text
    assert guest.comment("nowhere", "Hello").status_code == 404


def test_an_acceptance_ends_when_the_answer_changes(acting, cast, filled, invited):
    report_id = filled()
    guest = invited(report_id)
    guest.open()
    guest.accept("customer")
    guest.accept("customer")
    assert "Accepted" in guest.page().text
    assert actions_of(acting, cast, report_id).count("witness.accepted") == 1
    with acting(cast.tess) as tess:
        save_answer(
            report_id=report_id,
            field_id="customer",
            given=AnswerInput(value="Another", row_version=1),
            actor=tess,
        )
        db.session.commit()
    page = guest.page().text
    assert "Changed since you accepted it" in page and ">Accepted<" not in page
    guest.accept("customer")
    guest.accept("customer", to="open")
    assert "Changed since" not in guest.page().text
    assert "witness.acceptance_withdrawn" in actions_of(acting, cast, report_id)


def test_a_witness_signs_and_the_report_is_approved(acting, cast, client_of, submitted, invited):
    report_id = submitted()
    max_ = client_of(cast.max)
    refused = max_.post(f"/reports/{report_id}/approve")
    assert refused.status_code == 409 and "1 signature is due" in refused.text
    guest = invited(report_id)
    guest.open()
    answer = guest.sign()
    assert (answer.status_code, answer.location) == (303, f"{guest.home}#signature")
    assert guest.client.get(f"{guest.home}signature.png").status_code == 200
    with acting(cast.ana):
        row = db.session.scalars(select(Signature).where(Signature.role_id == "client")).one()
        assert (row.witness_id, row.taken_by) == (guest.witness_id, None)
    assert "Signed" in guest.page().text and "data-sign>" not in guest.page().text
    assert max_.post(f"/reports/{report_id}/approve").status_code == 303
    page = guest.page()
    assert page.status_code == 200 and "This report is completed" in page.text
    assert guest.comment("customer", "Too late").status_code == 409
    assert guest.accept("customer").status_code == 409
    refused = guest.sign(content="x")
    assert refused.status_code == 409 and "is closed" in refused.text


def test_a_role_due_at_the_approval_has_somebody_approve(acting, cast, submitted):
    """Although the checklist says that nobody reviews."""
    report_id = submitted(steps=())
    with acting(cast.max):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.status is ReportStatus.SUBMITTED
        assert find_open_review(report_id)


def test_the_same_signature_twice_is_one(acting, cast, submitted, invited):
    guest = invited(submitted())
    guest.open()
    page = guest.page().text
    hidden = dict(re.findall(r'name="(client_id|content)" value="([^"]+)"', page))
    assert guest.sign(**hidden).status_code == guest.sign(**hidden).status_code == 303
    with acting(cast.ana):
        rows = db.session.scalars(select(Signature).where(Signature.role_id == "client")).all()
        assert len(rows) == 1


def test_what_changed_meanwhile_is_not_signed(acting, cast, filled, invited):
    report_id = filled(due="submit")
    guest = invited(report_id)
    guest.open()
    seen = re.search(r'name="content" value="(\w+)"', guest.page().text)
    assert seen
    with acting(cast.tess) as tess:
        save_answer(
            report_id=report_id,
            field_id="customer",
            given=AnswerInput(value="Another", row_version=1),
            actor=tess,
        )
        db.session.commit()
    refused = guest.sign(content=seen[1], signer_name="Wanda W.")
    assert refused.status_code == 409 and "changed after you opened it" in refused.text
    assert 'value="Wanda W."' in refused.text and "Another" in refused.text
    assert guest.sign().status_code == 303
    with acting(cast.tess) as tess:
        save_answer(
            report_id=report_id,
            field_id="customer",
            given=AnswerInput(value="A third", row_version=2),
            actor=tess,
        )
        db.session.commit()
    assert "Void: changed after signing" in guest.page().text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signer_name": " "}, "Enter the signer"),
        ({"image": None, "strokes": None}, "Draw the signature"),
    ],
)
def test_an_incomplete_signature_is_refused_with_what_was_typed(submitted, invited, changes, words):
    guest = invited(submitted())
    guest.open()
    refused = guest.sign(**changes)
    assert refused.status_code == 422 and words in refused.text


def test_a_link_without_a_role_signs_nothing(submitted, invited):
    guest = invited(submitted(), role_id=None)
    guest.open()
    assert "data-sign>" not in guest.page().text
    assert guest.sign(content="x").status_code == 403


def test_a_role_of_the_submit_cannot_be_signed_after_it(submitted, invited):
    guest = invited(submitted(), role_id="technician")
    guest.open()
    page = guest.page().text
    assert "data-sign>" not in page
    refused = guest.sign(content="x")
    assert refused.status_code == 409 and "waits for its review" in refused.text


def test_photos_are_served_under_the_cookie_of_their_report_alone(
    acting, cast, app, submitted, invited
):
    one, other = submitted(code="ONE"), submitted(code="TWO")
    guest = invited(one)
    with acting(cast.ana):
        mine, theirs = (
            db.session.scalars(
                select(PhotoPlacement.id).where(PhotoPlacement.report_id == report_id)
            ).one()
            for report_id in (one, other)
        )
        picture = a_print_of(mine)
        a_print_of(theirs)
    url = f"{guest.home}photos/{mine}/print.jpg"
    assert guest.client.get(url).status_code == 404
    guest.open()
    answer = guest.client.get(url)
    assert answer.status_code == 200 and answer.data == picture
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert url in guest.page().text
    assert guest.client.get(f"{guest.home}photos/{theirs}/print.jpg").status_code == 404
    assert guest.client.get(f"/photos/{mine}/print.jpg").status_code in (302, 303)


def test_a_suspended_company_takes_no_changes_but_shows_the_report(app, cast, submitted, invited):
    guest = invited(submitted())
    guest.open()
    with company_as(app, cast.acme, **SUSPENDED):
        page = guest.page()
        assert page.status_code == 200 and "Nothing can be changed" in page.text
        assert "data-sign>" not in page.text
        for answer in (guest.accept("customer"), guest.comment("customer", "Hello"), guest.sign()):
            assert answer.status_code == 403 and "takes no changes" in answer.text


def test_the_reader_chooses_the_language(submitted, invited):
    guest = invited(submitted())
    answer = guest.client.get(f"/w/{guest.token}?lang=pt_BR")
    assert answer.location == f"{guest.home}?lang=pt_BR"
    page = guest.page(lang="pt_BR").text
    assert 'lang="pt-BR"' in page and "Assinaturas" in page
    assert f'{guest.home}?lang=en"' in page
    english = guest.client.get(guest.home, headers={"Accept-Language": "en"}).text
    assert "Signatures" in english


def test_forms_need_the_token_of_their_session(app, submitted, invited, monkeypatch):
    guest = invited(submitted())
    guest.open()
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert guest.accept("enclosure").status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', guest.page().text)
    assert token
    url = f"{guest.home}items/enclosure/accept"
    assert guest.client.post(url, data={"csrf_token": token[1]}).status_code == 303


def test_a_discarded_report_is_gone(acting, cast, filled, invited):
    report_id = filled()
    guest = invited(report_id)
    guest.open()
    with acting(cast.ana):
        db.session.execute(
            update(Report).where(Report.id == report_id).values(discarded_at=datetime.now(UTC))
        )
        db.session.commit()
    assert guest.page().status_code == 404
    assert guest.open().status_code == 410
