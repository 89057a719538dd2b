"""Responses never reveal to a company whether an address has an account elsewhere."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select

from app import models
from app.evidence.queries import list_entries
from app.extensions import db
from app.jobs import runner
from app.mail import transport
from app.mail.queries import is_email_taken
from app.models import Invitation, Mail, MailKind, WorkState
from app.team.inviting import PAUSE
from app.tenancy import tenant_scope

FREE = "nobody@nowhere.test"
TOKENS = re.compile(r'(content=|value=|Token": )"[^"]*"')
# People whose accounts an admin of Acme must not learn about.
ELSEWHERE = {"another company's admin": "otto@other.test", "a superadmin": "sam@laudo.test"}


@pytest.fixture(params=ELSEWHERE)
def taken(request):
    return ELSEWHERE[request.param]


def answer_to(client, email):
    """The whole response, without the address and without values that change every time."""
    sent = client.post(
        "/people/", data={"email": email, "role": "technician", "locale": "inherited"}
    )
    page = client.get("/people/").text
    for word in (email, *ids_in(page)):
        page = page.replace(word, "…")
    return sent.status_code, sent.location, sent.text.replace(email, "…"), TOKENS.sub("", page)


def ids_in(page):
    return re.findall(r"/people/invitations/([0-9a-f-]{36})/", page)


def kept_of(acting, cast, email):
    """Rows and audit of the invitation, as people of the company can read them."""
    with acting(cast.ana):
        one = db.session.scalars(select(Invitation).where(Invitation.email == email)).one()
        mails = db.session.execute(
            select(Mail.kind, Mail.state, Mail.attempts, Mail.error).where(Mail.recipient == email)
        ).all()
        told = [
            (entry.action, {**entry.facts["facts"], "email": ""})
            for entry in list_entries("invitation", one.id)
        ]
        columns = (one.role, one.name, one.generation, one.accepted_at, one.revoked_at is None)
        return columns, [tuple(row) for row in mails], told


def revoked(client):
    for one in ids_in(client.get("/people/").text):
        client.post(f"/people/invitations/{one}/revoke")
    client.get("/people/")  # which shows the message; the next page does not


def test_an_invitation_answers_alike(client_of, acting, cast, queries, taken):
    client = client_of(cast.ana)
    with queries() as of_taken:
        answer = answer_to(client, taken)
    revoked(client)
    with queries() as of_free:
        free = answer_to(client, FREE)
    assert answer[0] == 303 and answer == free
    # The same work too: no query beyond the company that only one case needs.
    asked, other = (
        [re.sub(r"savepoint_\d+", "savepoint", one) for one in seen.statements]
        for seen in (of_taken, of_free)
    )
    assert asked == other
    revoked(client)
    assert kept_of(acting, cast, taken) == kept_of(acting, cast, FREE)


def test_sending_it_again_answers_alike(client_of, acting, cast, taken):
    client, answers = client_of(cast.ana), []
    for email in (taken, FREE):
        answer_to(client, email)
        with acting(cast.ana):
            one = db.session.scalars(select(Invitation).where(Invitation.email == email)).one()
            one.expires_at -= 2 * PAUSE
            db.session.commit()
            address = f"/people/invitations/{one.id}/send"
        sent = client.post(address)
        page = client.get("/people/").text
        answers.append(
            (sent.status_code, sent.location, page.count("E-mail"), "on its way" in page)
        )
        revoked(client)
    assert answers[0] == answers[1]


def letter_to(app, acting, cast, folder, email):
    with acting(cast.ana):
        mail = db.session.scalars(select(Mail).where(Mail.recipient == email)).one()
        mail_id, kind = mail.id, mail.kind
    with app.app_context():
        runner.run("mail", str(mail_id))
    with acting(cast.ana):
        row = db.session.scalars(select(Mail).where(Mail.id == mail_id)).one()
        assert (row.state, kind) == (WorkState.DONE, MailKind.INVITATION)
    (file,) = folder.glob(f"*-{mail_id.hex[:8]}.eml")
    return message_from_bytes(file.read_bytes(), policy=default)


def test_only_the_address_is_told(app, client_of, acting, cast, taken, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_DIR", tmp_path)
    monkeypatch.setattr(transport, "AWAY_KEY", f"test-{taken}")
    client = client_of(cast.ana)
    for email in (taken, FREE):
        answer_to(client, email)
    told = letter_to(app, acting, cast, tmp_path, taken)
    words = told.get_body(("plain",)).get_content()
    assert "already has a Laudo account" in " ".join(words.split())
    assert "another address" in told["Subject"] and "/invitation/" not in words
    assert "Other Works" not in words
    free = letter_to(app, acting, cast, tmp_path, FREE)
    assert "/invitation/" in free.get_body(("plain",)).get_content()
    # The list shows the same for both.
    page = client.get("/people/").text
    assert page.count("E-mail sent") == 2


def test_a_company_knows_its_own_people(client_of, cast):
    form = {"email": "tess@acme.test", "role": "technician", "locale": "inherited"}
    assert "is already in your company" in client_of(cast.ana).post("/people/", data=form).text


def test_whoever_runs_laudo_may_know(app, cast):
    with app.app_context():
        for email in ("ana@acme.test", "otto@other.test", "sam@laudo.test"):
            assert is_email_taken(email)
        assert not is_email_taken(FREE)
    with app.app_context(), tenant_scope(cast.other):
        assert is_email_taken("ana@acme.test")


def test_no_service_of_a_companys_people_looks_beyond_it():
    """Only superadmins, operators, the log-in and the recipient of a mail may use functions that
    look for an address in all companies."""
    root = Path(models.__file__).parents[1]
    asking = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "node_modules" not in path.parts
        and re.search(r"find_account_by_email|is_email_taken", path.read_text())
    }
    assert asking == {
        "tenancy.py",
        "mail/queries.py",
        "auth/account_stores.py",
        "platform/routes.py",
        "platform/tenants.py",
        "mail/sending.py",
        "commands/people.py",
    }
