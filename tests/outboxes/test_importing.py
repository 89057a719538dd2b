"""What an import does: once, in the phone's name, at the phone's time, and told in the audit."""

from __future__ import annotations

import io
import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import (
    Actor,
    Answer,
    AuditEntry,
    Photo,
    PhotoUpload,
    Receipt,
    Role,
    Signature,
    UploadState,
)
from app.outboxes import service as outboxes
from app.storage import receive
from app.team.service import deactivate_account
from app.uploads.queries import get_upload
from app.uploads.service import add_piece
from tests.outboxes.conftest import URL
from tests.support.desk import Desk as Work
from tests.support.operations import STROKES, drawn
from tests.support.outboxes import CLOCK, a_photo, a_zip, an_answer, an_operation
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.scenarios import a_report, completed
from tests.support.stored import storage
from tests.support.uploads import Phone as Camera

NOON = CLOCK.replace("Z", "+00:00")


def rows(acting, cast, model):
    with acting(cast.ana):
        return list(db.session.scalars(select(model).order_by(model.created_at)))


def bodies(acting, cast, action: str) -> list[dict]:
    with acting(cast.ana):
        found = select(AuditEntry.body).where(AuditEntry.action == action)
        return [json.loads(one) for one in db.session.scalars(found.order_by(AuditEntry.sequence))]


def answers_of(acting, cast) -> dict[str, Answer]:
    return {one.field_id: one for one in rows(acting, cast, Answer)}


def verdicts(page: str) -> list[str]:
    cells = page.split('class="import-verdict"')[1:]
    return [
        one.split('">', 1)[1].split("</span>")[0]
        for one in (c.split("pill pill-", 1)[1] for c in cells)
    ]


# --- one of each kind -----------------------------------------------------------------------------


def test_everything_is_imported_in_order_as_the_phones_work(desk, cast, acting, report_id):
    first = an_answer(report_id, cast.tess.id, "enclosure", "ok")
    second = an_answer(
        report_id, cast.tess.id, "enclosure", "na", baseVersion=None, after=[first["clientId"]]
    )
    second["payload"].append(["na_reason", "No enclosure"])
    data = a_jpeg()
    photo = a_photo(report_id, cast.tess.id, "enclosure", data)
    caption = an_operation(
        report_id,
        cast.tess.id,
        "caption",
        field="enclosure",
        payload={"photo": photo["clientId"], "caption": "Left side"},
        after=[photo["clientId"]],
    )
    file = a_zip(cast.tess.id, [first, second, photo, caption], {photo["file"]: data})
    page = desk.check(file)
    assert verdicts(page) == ["Will be imported"] * 4
    assert "an answer: OK<" in page
    assert "an answer: N.A.: No enclosure<" in page
    assert rows(acting, cast, Receipt) == []
    assert verdicts(desk.take_in(file)) == ["Imported"] * 4

    answer = answers_of(acting, cast)["enclosure"]
    assert (answer.na_reason, answer.row_version) == ("No enclosure", 2)
    assert answer.answered_by == cast.tess.id
    assert answer.client_at.isoformat() == NOON.replace(".000", "")
    stored = rows(acting, cast, Photo)
    assert [(one.sha256, one.uploaded_by) for one in stored] == [(sha256_of(data), cast.tess.id)]
    with acting(cast.ana):
        assert storage().open(stored[0].storage_key).read() == data
    assert [one.state for one in rows(acting, cast, PhotoUpload)] == [UploadState.PLACED]
    assert {one.account_id for one in rows(acting, cast, Receipt)} == {cast.tess.id}


def test_a_signature_is_imported_with_its_strokes(desk, cast, acting, report_id):
    image = drawn()
    signature = an_operation(
        report_id,
        cast.tess.id,
        "signature",
        payload={
            "role_id": "technician",
            "signer_name": "Tess",
            "image_type": "image/png",
            "strokes": json.dumps(STROKES),
            "seen": json.dumps({"fields": {}, "photos": {}, "captions": {}}),
        },
        sha256=sha256_of(image),
    )
    signature["file"] = f"signatures/{signature['clientId']}-signature"
    file = a_zip(cast.tess.id, [signature], {signature["file"]: image})
    assert verdicts(desk.take_in(file)) == ["Imported"]
    signed = rows(acting, cast, Signature)
    assert [(one.signer_name, one.taken_by) for one in signed] == [("Tess", cast.tess.id)]


# --- exactly once ---------------------------------------------------------------------------------


def test_what_the_phone_sent_meanwhile_is_known_and_the_other_way_round(
    desk, tess, cast, acting, report_id
):
    data = a_jpeg()
    answer = an_answer(report_id, cast.tess.id, "enclosure", "ok")
    photo = a_photo(report_id, cast.tess.id, "enclosure", data)
    file = a_zip(cast.tess.id, [answer, photo], {photo["file"]: data})
    sent = {"client_id": answer["clientId"], "client_at": CLOCK, "block": ""}
    assert tess.answer("enclosure", "ok", **sent)["verdict"] == "applied"
    assert verdicts(desk.check(file)) == ["Already there", "Will be imported"]
    assert verdicts(desk.take_in(file)) == ["Already there", "Imported"]
    assert verdicts(desk.take_in(file)) == ["Already there", "Already there"]
    late = tess.send("photo", "enclosure", client_id=photo["clientId"], **dict(photo["payload"]))
    assert (late["verdict"], late["was"], late["sha256"]) == ("known", "applied", sha256_of(data))
    assert answers_of(acting, cast)["enclosure"].row_version == 1
    assert len(rows(acting, cast, Photo)) == 1


def test_an_upload_goes_on_where_the_phone_stopped(desk, tess, cast, acting, report_id):
    data = a_jpeg()
    photo = a_photo(report_id, cast.tess.id, "enclosure", data)
    camera = Camera(tess.client, report_id, data, photo["clientId"])
    assert camera.announce(data[:100]).headers["Upload-Offset"] == "100"
    file = a_zip(cast.tess.id, [photo], {photo["file"]: data})
    assert verdicts(desk.take_in(file)) == ["Imported"]
    assert [one.sha256 for one in rows(acting, cast, Photo)] == [sha256_of(data)]


def test_a_photo_that_the_phone_sends_at_this_moment_is_left_for_the_next_attempt(
    desk, cast, acting, report_id, monkeypatch
):
    data = a_jpeg()
    photo = a_photo(report_id, cast.tess.id, "enclosure", data)
    file = a_zip(cast.tess.id, [photo], {photo["file"]: data})
    desk.check(file)
    rest_of = outboxes._rest_of

    def sent_meanwhile(whole, offset, files):
        upload = get_upload(UUID(photo["clientId"]), person=Actor("", Role.ADMIN, cast.tess.id))
        with receive(io.BytesIO(data[:100])) as piece:
            add_piece(upload, piece)
            db.session.commit()
        return rest_of(whole, offset, files)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(outboxes, "_rest_of", sent_meanwhile)
        assert verdicts(desk.take_in(file)) == ["Not reached"]
    assert verdicts(desk.take_in(file)) == ["Imported"]
    assert [one.sha256 for one in rows(acting, cast, Photo)] == [sha256_of(data)]


def test_the_same_id_with_other_content_is_refused(desk, tess, cast, report_id):
    answer = an_answer(report_id, cast.tess.id, "enclosure", "ok")
    removal = an_operation(report_id, cast.tess.id, "removal", payload={"placement": str(uuid4())})
    tess.answer("enclosure", "na", client_id=answer["clientId"], na_reason="None")
    tess.send("answer", "customer", client_id=removal["clientId"], value="x", base_version=0)
    file = a_zip(cast.tess.id, [answer, removal])
    assert verdicts(desk.check(file))[1] == "Will be refused"
    assert verdicts(desk.take_in(file)) == ["Refused", "Refused"]


# --- the verdicts ---------------------------------------------------------------------------------


def test_one_bad_entry_does_not_hold_up_the_others(desk, tess, max_report, cast, acting, report_id):
    me = cast.tess.id
    tess.answer("customer", "by hand")
    photo = a_photo(report_id, me, "enclosure", a_jpeg())
    operations = [
        an_answer(max_report, me, "enclosure", "ok"),
        an_answer(report_id, me, "no_such_field", "ok"),
        an_answer(report_id, me, "customer", "from the file"),
        an_answer(report_id, me, "enclosure", "ok", baseVersion=None, after=[str(uuid4())]),
        an_operation(report_id, me, "no such kind"),
        an_answer(report_id, cast.tom.id, "enclosure", "not_ok"),
        {"clientId": 1},
        a_photo(report_id, me, "enclosure", b"lost"),
        photo,
        an_answer(report_id, me, "enclosure", "ok"),
    ]
    files = {photo["file"]: b"other bytes"}
    file = a_zip(me, operations, files)
    assert verdicts(desk.take_in(file)) == [
        "Refused",
        "Refused",
        "Conflict, both kept",
        "Waits for another entry",
        *["Refused"] * 5,
        "Imported",
    ]
    assert answers_of(acting, cast)["customer"].value == "by hand"
    assert rows(acting, cast, Photo) == []


def test_a_successor_of_what_is_not_in_the_file_waits(desk, cast, acting, report_id):
    answer = an_answer(report_id, cast.tess.id, "enclosure", "ok", baseVersion=None)
    answer["after"] = [str(uuid4())]
    file = a_zip(cast.tess.id, [answer])
    assert verdicts(desk.check(file)) == ["Will wait for another entry"]
    assert verdicts(desk.take_in(file)) == ["Waits for another entry"]
    assert rows(acting, cast, Receipt) == []


def test_a_closed_report_takes_nothing(desk, cast, acting, report_id):
    with acting(cast.tess) as actor:
        closed = completed(a_report(actor), actor).id
    file = a_zip(cast.tess.id, [an_answer(closed, cast.tess.id, "enclosure", "ok")])
    page = desk.check(file)
    assert verdicts(page) == ["Will be refused"] and "is closed" in page
    assert verdicts(desk.take_in(file)) == ["Refused"]


def test_the_work_of_a_deactivated_account_is_imported(desk, cast, acting, report_id):
    with acting(cast.ana) as actor:
        deactivate_account(account_id=cast.tess.id, actor=actor)
        db.session.commit()
    file = a_zip(cast.tess.id, [an_answer(report_id, cast.tess.id, "enclosure", "ok")])
    assert verdicts(desk.take_in(file)) == ["Imported"]


# --- the audit ------------------------------------------------------------------------------------


def test_every_entry_names_both_people(desk, client_of, cast, acting, report_id):
    file = a_zip(cast.tess.id, [an_answer(report_id, cast.tess.id, "enclosure", "ok")])
    desk.take_in(file)
    (saved,) = bodies(acting, cast, "answer.saved")
    assert (saved["actor"]["id"], saved["actor"]["name"]) == (str(cast.tess.id), cast.tess.name)
    assert saved["actor"]["imported_by"] == {
        "id": str(cast.ana.id),
        "name": cast.ana.name,
        "role": "admin",
    }
    assert saved["facts"]["client_at"].startswith("2026-04-30T10:01")
    (taken,) = bodies(acting, cast, "outbox.imported")
    assert taken["actor"]["id"] == str(cast.ana.id) and "imported_by" not in taken["actor"]
    assert taken["object"] == {"type": "account", "id": str(cast.tess.id)}
    assert taken["facts"]["sha256"] == sha256_of(file) and taken["facts"]["applied"] == "1"
    page = client_of(cast.ana).get("/audit").text
    assert "Tess Technician (imported by Ana Admin) " in page
    assert "Ana Admin imported the unsent work of Tess Technician" in page


def test_the_pdf_says_whose_work_was_imported_by_whom(desk, app, acting, cast):
    work = Work(app, acting, cast)
    work.answer()
    work.photograph(a_jpeg())
    work.read_photos()
    assert "Imported work" not in work.text(work.make())
    answer = an_answer(work.report_id, cast.tess.id, "remarks", "Dry", baseVersion=1)
    file = a_zip(cast.tess.id, [answer])
    assert verdicts(desk.take_in(file)) == ["Imported"]
    said = "Imported work Trabalho importado"
    entry = "Tess Technician 1 entry, imported by Ana Admin"
    preview = work.text(work.make())
    assert said in preview and entry in preview
    work.submit()
    final = work.text(work.make())
    assert said in final and entry in final


def test_what_the_phone_sends_itself_names_nobody_else(tess, cast, acting, report_id):
    tess.answer("enclosure", "ok")
    (saved,) = bodies(acting, cast, "answer.saved")
    assert "imported_by" not in saved["actor"]


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        (CLOCK, NOON.replace(".000", "")),
        ("\ud800", None),
        ("a\0b", None),
        ("x" * 100_000, None),
        ("9999-12-31T23:59:59Z", None),
        (7, None),
        (None, None),
    ],
)
def test_a_file_that_lies_about_its_time_is_still_told_in_the_audit(
    desk, cast, acting, report_id, said, noted
):
    answer = an_answer(report_id, cast.tess.id, "enclosure", "ok")
    page = desk.take_in(a_zip(cast.tess.id, [answer], exported_at=said))
    assert verdicts(page) == ["Imported"]
    (taken,) = bodies(acting, cast, "outbox.imported")
    assert taken["facts"]["exported_at"] == noted


# --- the two steps --------------------------------------------------------------------------------


def test_a_file_that_was_not_checked_is_only_shown(desk, cast, acting, report_id):
    file = a_zip(cast.tess.id, [an_answer(report_id, cast.tess.id, "enclosure", "ok")])
    other = a_zip(cast.tess.id, [])
    page = desk.post(file, step="import", checked=sha256_of(other)).text
    assert verdicts(page) == ["Will be imported"]
    assert rows(acting, cast, Receipt) == []


def test_what_takes_too_long_goes_on_at_the_next_attempt(desk, cast, report_id, monkeypatch):
    me = cast.tess.id
    operations = [an_answer(report_id, me, name, "ok") for name in ("enclosure", "customer")]
    file = a_zip(me, operations)
    with monkeypatch.context() as hurried:
        hurried.setattr("app.outboxes.routes.MOST_SECONDS", -1)
        assert verdicts(desk.take_in(file)) == ["Imported", "Not reached"]
    assert verdicts(desk.take_in(file)) == ["Already there", "Imported"]


def test_the_page_works_without_scripts(client_of, cast, report_id):
    page = client_of(cast.ana).get(URL)
    assert page.status_code == 200
    assert (
        'enctype="multipart/form-data"' in page.text
        and 'action="/company/unsent-work"' in page.text
    )


@pytest.mark.parametrize("name", ["max", "tess", "vera"])
def test_only_admins_import(client_of, cast, name):
    client = client_of(getattr(cast, name))
    assert client.get(URL).status_code == 403
    assert client.post(URL).status_code == 403
