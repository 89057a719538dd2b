"""A manager's side of witness links: send, list, show the code, revoke."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Mail, MailKind, Report, Witness
from app.signing import WITNESS_LINK
from app.witnessing import links
from tests.support import scenarios

NOWHERE = "00000000-0000-4000-8000-000000000000"

TODAY = datetime.now(UTC).date()


def link_form(**changes) -> dict[str, str]:
    values = {
        "client_id": str(uuid4()),
        "name": "Wanda Witness",
        "email": "wanda@client.example",
        "role_id": "client",
        "until": (TODAY + timedelta(days=3)).isoformat(),
        "code": "",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def witnesses(acting, cast) -> list[Witness]:
    with acting(cast.ana):
        found = list(db.session.scalars(select(Witness).order_by(Witness.created_at)))
        db.session.expunge_all()
        return found


@pytest.mark.parametrize("person", ["max", "ana"])
def test_a_link_is_sent_shown_as_a_code_and_listed(acting, cast, client_of, submitted, person):
    report_id = submitted()
    client = client_of(getattr(cast, person))
    page = client.get(f"/reports/{report_id}/witnesses").text
    assert re.search(r'<option selected value="client">', page), "the role due at the approval"
    answer = client.post(f"/reports/{report_id}/witnesses", data=link_form())
    (witness,) = witnesses(acting, cast)
    with acting(cast.ana):
        token = WITNESS_LINK.token(witness.id)
    assert answer.location == f"/reports/{report_id}/witnesses/{witness.id}"
    shown = client.get(answer.location)
    assert f"http://localhost/w/{token}" in shown.text
    assert "<svg" in shown.text and "no-store" in shown.headers["Cache-Control"]
    assert "style=" not in shown.text
    listed = client.get(f"/reports/{report_id}/witnesses").text
    assert "Wanda Witness" in listed and "not opened yet" in listed
    assert token not in listed
    assert "Wanda Witness" in client.get(f"/reports/{report_id}").text
    with acting(cast.ana):
        (mail,) = db.session.scalars(select(Mail).where(Mail.kind == MailKind.WITNESS_LINK))
        assert (mail.recipient, mail.witness_id) == ("wanda@client.example", witness.id)
        entry = list_entries("report", report_id)[-1]
        assert entry.action == "witness.sent"
        assert entry.facts["facts"]["email"] == "wanda@client.example"


def test_a_link_without_an_address_sends_no_mail(acting, cast, client_of, submitted):
    report_id = submitted()
    client_of(cast.max).post(f"/reports/{report_id}/witnesses", data=link_form(email=""))
    with acting(cast.ana):
        kinds = db.session.scalars(select(Mail.kind)).all()
        assert MailKind.WITNESS_LINK not in kinds
    assert len(witnesses(acting, cast)) == 1


def test_a_double_submit_sends_one_link(acting, cast, client_of, submitted):
    report_id, form = submitted(), link_form()
    client = client_of(cast.max)
    first = client.post(f"/reports/{report_id}/witnesses", data=form)
    second = client.post(f"/reports/{report_id}/witnesses", data=form)
    assert first.location == second.location
    with acting(cast.ana):
        counted = select(func.count(Mail.id)).where(Mail.kind == MailKind.WITNESS_LINK)
        assert db.session.scalar(counted) == 1


def mails_sent(acting, cast) -> list[Mail]:
    with acting(cast.ana):
        mails = select(Mail).where(Mail.kind == MailKind.WITNESS_LINK)
        return list(db.session.scalars(mails))


def age_mails(acting, cast, by: timedelta) -> None:
    with acting(cast.ana):
        db.session.execute(update(Mail).values(created_at=Mail.created_at - by))
        db.session.commit()


def test_the_mail_is_sent_again_but_not_twice_within_a_minute(
    acting, cast, client_of, submitted, invited
):
    report_id = submitted()
    guest, client = invited(report_id), client_of(cast.max)
    there = f"/reports/{report_id}/witnesses/{guest.witness_id}"
    assert f'action="{there}/send"' in client.get(there).text
    for wanted, aged in ((1, timedelta()), (2, links.PAUSE), (2, timedelta())):
        age_mails(acting, cast, aged)
        assert client.post(f"{there}/send").location == there
        assert len(mails_sent(acting, cast)) == wanted
    with acting(cast.ana):
        told = [entry.action for entry in list_entries("report", report_id)]
    assert told.count("witness.resent") == 1
    assert "wanda@client.example" in client.get(f"/reports/{report_id}/history").text


def test_no_mailbox_is_flooded_with_one_link(acting, cast, client_of, submitted, invited):
    report_id = submitted()
    guest, client = invited(report_id), client_of(cast.max)
    there = f"/reports/{report_id}/witnesses/{guest.witness_id}"
    for _more in range(links.MOST_MAILS_A_DAY + 1):
        age_mails(acting, cast, links.PAUSE)
        client.post(f"{there}/send")
    assert len(mails_sent(acting, cast)) == links.MOST_MAILS_A_DAY
    assert "will not help" in client.get(there).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"revoked_at": datetime.now(UTC)}, "no longer opens"),
        ({"expires_at": datetime.now(UTC) - timedelta(seconds=1)}, "no longer opens"),
        ({"email": None}, "without an e-mail"),
        ({"token_hash": "0" * 64}, "address\\s+cannot be sent"),
    ],
)
def test_what_cannot_be_mailed_again_offers_and_sends_nothing(
    acting, cast, client_of, submitted, changes, words
):
    report_id = submitted()
    with acting(cast.max) as actor:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        if "revoked_at" in changes:
            changes = {**changes, "revoked_by": actor.account_id}
        witness_id = uuid4()
        known = {"id": witness_id, "token_hash": links.hash_of(WITNESS_LINK.token(witness_id))}
        scenarios.a_witness(report, actor, role_id="client", **{**known, **changes})
    client = client_of(cast.max)
    there = f"/reports/{report_id}/witnesses/{witness_id}"
    assert f"{there}/send" not in client.get(there).text
    assert client.post(f"{there}/send").location == there
    assert re.search(words, client.get(there).text)
    assert mails_sent(acting, cast) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [("queued", "is on its way"), ("done", "It was sent to"), ("failed", "could not be sent")],
)
def test_the_page_of_a_link_says_what_became_of_its_mail(
    acting, cast, client_of, submitted, invited, state, words
):
    report_id = submitted()
    guest = invited(report_id)
    with acting(cast.ana):
        finished = None if state == "queued" else func.now()
        db.session.execute(update(Mail).values(state=state, finished_at=finished))
        db.session.commit()
    page = client_of(cast.max).get(f"/reports/{report_id}/witnesses/{guest.witness_id}").text
    assert words in page


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"email": "nobody"},
        {"role_id": "nobody"},
        {"until": ""},
        {"until": "2020-01-01"},
        {"until": (TODAY + timedelta(days=120)).isoformat()},
    ],
)
def test_an_invalid_form_is_refused_with_what_was_typed(
    acting, cast, client_of, submitted, changes
):
    report_id = submitted()
    form = link_form(**{"name": "Wanda Typed", **changes})
    answer = client_of(cast.max).post(f"/reports/{report_id}/witnesses", data=form)
    assert answer.status_code == 422
    assert "Wanda Typed" in answer.text or not changes.get("name", "x").strip()
    assert witnesses(acting, cast) == []


def test_only_managers_and_admins_send_and_revoke(
    acting, cast, client_of, anonymous, submitted, invited
):
    report_id = submitted()
    guest = invited(report_id)
    there = f"/reports/{report_id}/witnesses"
    revocation = f"{there}/{guest.witness_id}/revoke"
    again = f"{there}/{guest.witness_id}/send"
    for person in (cast.tess, cast.vera):
        client = client_of(person)
        assert client.get(there).status_code == 403
        assert client.post(there, data=link_form()).status_code == 403
        assert client.get(f"{there}/{guest.witness_id}").status_code == 403
        assert client.post(revocation).status_code == 403
        assert client.post(again).status_code == 403
        assert there not in client.get(f"/reports/{report_id}").text
    assert anonymous.get(there).location.startswith("/login")
    assert [one.revoked_at for one in witnesses(acting, cast)] == [None]


def test_another_company_finds_nothing(cast, client_of, submitted, invited):
    report_id = submitted()
    guest = invited(report_id)
    otto = client_of(cast.otto)
    there = f"/reports/{report_id}/witnesses"
    assert otto.get(there).status_code == 404
    assert otto.post(there, data=link_form()).status_code == 404
    assert otto.get(f"{there}/{guest.witness_id}").status_code == 404
    assert otto.post(f"{there}/{guest.witness_id}/revoke").status_code == 404
    assert otto.post(f"{there}/{guest.witness_id}/send").status_code == 404
    mine = client_of(cast.max)
    assert mine.get(f"/reports/{report_id}/witnesses/{NOWHERE}").status_code == 404
    assert mine.post(f"/reports/{report_id}/witnesses/{NOWHERE}/revoke").status_code == 404


def test_a_witness_of_another_report_is_not_here(cast, client_of, submitted, invited):
    one, other = submitted(code="ONE"), submitted(code="TWO")
    guest = invited(other)
    client = client_of(cast.max)
    assert client.get(f"/reports/{one}/witnesses/{guest.witness_id}").status_code == 404
    for verb in ("revoke", "send"):
        answer = client.post(f"/reports/{one}/witnesses/{guest.witness_id}/{verb}")
        assert answer.status_code == 404


def test_page_and_fragment_agree(cast, client_of, submitted, invited):
    report_id = submitted()
    invited(report_id)
    url = f"/reports/{report_id}/witnesses"
    client = client_of(cast.max)
    page, fragment = client.get(url).text, client.get(url, headers={"HX-Request": "true"}).text
    assert "<html" in page and "<html" not in fragment
    assert "Wanda Witness" in page and "Wanda Witness" in fragment


def test_a_revoked_link_shows_no_code(cast, client_of, submitted, invited):
    report_id = submitted()
    guest = invited(report_id)
    client = client_of(cast.max)
    there = f"/reports/{report_id}/witnesses/{guest.witness_id}"
    for _twice in range(2):
        assert client.post(f"{there}/revoke").status_code == 303
    page = client.get(there).text
    assert guest.token not in page and "no longer opens the report" in page
    assert "Revoked" in client.get(f"/reports/{report_id}/witnesses").text


def test_the_list_says_what_came_of_a_link(cast, client_of, submitted, invited):
    report_id = submitted()
    guest = invited(report_id)
    guest.open()
    guest.open()
    guest.sign()
    page = client_of(cast.max).get(f"/reports/{report_id}/witnesses").text
    assert "opened 2 times" in page and "Signed" in page


def test_a_finished_report_gets_no_new_links(acting, cast, client_of):
    with acting(cast.tess) as tess:
        report = scenarios.completed(scenarios.a_report(tess), tess)
        report_id = report.id
    client = client_of(cast.max)
    assert client.post(f"/reports/{report_id}/witnesses", data=link_form()).status_code == 409
    assert "no new links" in client.get(f"/reports/{report_id}/witnesses").text
    with acting(cast.ana):
        assert db.session.scalars(select(Report.id).where(Report.id == report_id)).one()
