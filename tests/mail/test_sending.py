"""Mails from the row to the mail server: content, delivery and failures."""

from __future__ import annotations

import re
import ssl
import stat
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask_babel import force_locale
from pydantic import ValidationError
from sqlalchemy import select, text, update

from app.evidence.service import About, record
from app.extensions import db
from app.jobs import runner
from app.jobs.queue import redis_client
from app.jobs.registry import get_kind
from app.mail import transport
from app.mail.letter import one_line
from app.mail.service import (
    mail_about_report,
    mail_invitation,
    mail_pdf_ready,
    mail_reset,
    mail_witness_link,
)
from app.models import (
    Account,
    Actor,
    Document,
    Invitation,
    Mail,
    MailKind,
    PasswordReset,
    Project,
    Report,
    ReportStatus,
    ReviewState,
    Role,
    Tenant,
    WorkState,
)
from app.reports.completing.service import submit_report
from app.reports.starting.service import start_report
from app.signing import INVITATION_LINK, RESET_LINK
from app.web.brand import MIN_CONTRAST, contrast, ground_colour
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.desk import Desk
from tests.support.smtp_sink import smtp_sink

REVIEWED = (MailKind.REVIEW_WAITING, MailKind.REPORT_RETURNED)
HOSTILE = 'Eve\r\nBcc: all@evil.test\r\n\r\n<script>alert(1)</script> "x" <eve@evil.test>, ção'


class Office:
    """Queues mails and sends them as the worker does, into `folder`."""

    def __init__(self, app, acting, cast, folder: Path) -> None:
        self.app, self.acting, self.cast, self.folder = app, acting, cast, folder

    def invitation(self, **columns) -> UUID:
        values = {
            "email": "nova@acme.test",
            "role": Role.TECHNICIAN,
            "invited_by": self.cast.ana.id,
            "invited_by_name": "Ana Admin",
            "expires_at": datetime.now(UTC) + timedelta(days=7),
        }
        with self.acting(self.cast.ana):
            invitation = Invitation(**{**values, **columns})
            db.session.add(invitation)
            db.session.flush()
            mail_id = mail_invitation(invitation).id
            db.session.commit()
            return mail_id

    def reset(self, **columns) -> UUID:
        with self.acting(self.cast.tess):
            account = self.account(self.cast.tess)
            expires_at = columns.pop("expires_at", datetime.now(UTC) + timedelta(hours=1))
            reset = PasswordReset(account_id=account.id, expires_at=expires_at, **columns)
            db.session.add(reset)
            db.session.flush()
            mail_id = mail_reset(reset, account).id
            db.session.commit()
            return mail_id

    def about_report(self, kind: MailKind, **columns) -> UUID:
        """A mail to Max about a report that Tess finished, or that is assigned to Max."""
        with self.acting(self.cast.tess) as actor:
            project = scenarios.a_project(actor, columns.pop("project", None))
            is_open = kind is MailKind.REPORT_ASSIGNED
            report = scenarios.a_report(
                actor, project=project, assignee_id=self.cast.max.id if is_open else None, **columns
            )
            if kind in REVIEWED:
                self.review(report, kind)
            elif not is_open:
                report = scenarios.completed(report, actor)
            document_id = None
            if kind is MailKind.PDF_READY:
                document = Document(
                    report_id=report.id, requested_by=actor.account_id, is_preview=False, pages=12
                )
                db.session.add(document)
                db.session.flush()
                document_id = document.id
            mail = mail_about_report(
                kind, self.account(self.cast.max), report_id=report.id, document_id=document_id
            )
            assert mail
            mail_id = mail.id
            db.session.commit()
            return mail_id

    def witness_link(self, **columns) -> UUID:
        """The link that Max sent to a witness of a report in progress."""
        max_ = Actor(self.cast.max.name, self.cast.max.role, self.cast.max.id)
        with self.acting(self.cast.tess) as actor:
            report = scenarios.a_report(actor)
            witness = scenarios.a_witness(report, max_, role_id="client", **columns)
            # The mail names the company's language: a witness has chosen none.
            account = self.account(self.cast.max)
            db.session.execute(update(Tenant).values(locale=account.locale or "en"))
            mail_id = mail_witness_link(witness).id
            db.session.commit()
            return mail_id

    def review(self, report: Report, kind: MailKind) -> None:
        """Tess submitted it; Ana has begun to look at it, or returned it with a comment."""
        is_returned = kind is MailKind.REPORT_RETURNED
        ana = Actor(self.cast.ana.name, self.cast.ana.role, self.cast.ana.id)
        report.status = ReportStatus.RETURNED if is_returned else ReportStatus.SUBMITTED
        state = ReviewState.RETURNED if is_returned else ReviewState.BEGUN
        review = scenarios.a_review(report, ana, state=state)
        scenarios.a_comment(review, "enclosure", "Open the door", ana)

    def ask(self, kind: MailKind) -> UUID:
        if kind is MailKind.INVITATION:
            return self.invitation()
        if kind is MailKind.PLATFORM_ACT:
            return self.act()
        if kind is MailKind.WITNESS_LINK:
            return self.witness_link()
        return self.reset() if kind is MailKind.RESET else self.about_report(kind)

    def act(self, action="account.password_set", about=None, **facts) -> UUID:
        """A mail to Ana about a platform action; by default, an operator set Tess's password."""
        about = about or About("account", self.cast.tess.id)
        with self.acting(self.cast.ana):
            record(action, about, Actor("root (command line)"), **facts)
            db.session.flush()
            mail_id = db.session.scalars(
                select(Mail.id).where(Mail.kind == MailKind.PLATFORM_ACT)
            ).one()
            db.session.commit()
            return mail_id

    def account(self, person) -> Account:
        return db.session.scalars(select(Account).where(Account.id == person.id)).one()

    def run(self, mail_id: UUID) -> Mail:
        with self.app.app_context():
            runner.run("mail", str(mail_id))
        return self.row(mail_id)

    def row(self, mail_id: UUID) -> Mail:
        with self.acting(self.cast.ana):
            row = db.session.scalars(select(Mail).where(Mail.id == mail_id)).one()
            db.session.expunge(row)
            return row

    def make_due(self, mail_id: UUID) -> None:
        with self.acting(self.cast.ana):
            db.session.execute(
                update(Mail)
                .where(Mail.id == mail_id)
                .values(lease_until=text("clock_timestamp() - interval '1 second'"))
            )
            db.session.commit()
        with self.app.app_context():
            redis_client().delete(transport.AWAY_KEY)

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*"))

    def sent(self, mail_id: UUID) -> EmailMessage:
        row = self.run(mail_id)
        assert (row.state, row.error) == (WorkState.DONE, None)
        (file,) = self.folder.glob(f"*-{mail_id.hex[:8]}.eml")
        message = message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        return message

    def asked(self) -> list[tuple[MailKind, str]]:
        with self.acting(self.cast.ana):
            rows = db.session.execute(select(Mail.kind, Mail.recipient).order_by(Mail.recipient))
            return [(row.kind, row.recipient) for row in rows]


@pytest.fixture
def office(app, acting, cast, tmp_path, monkeypatch) -> Office:
    monkeypatch.setitem(app.config, "MAIL_DIR", tmp_path / "mail")
    # Parallel tests share one Redis.
    monkeypatch.setattr(transport, "AWAY_KEY", f"test-{uuid4().hex}")
    return Office(app, acting, cast, tmp_path / "mail")


@pytest.fixture
def server(app, office, monkeypatch):
    with smtp_sink() as sink:
        use_server(app, monkeypatch, sink.port)
        yield sink


def use_server(app, monkeypatch, port: int, security: str = "none") -> None:
    for name, value in (("HOST", "127.0.0.1"), ("PORT", port), ("SECURITY", security)):
        monkeypatch.setitem(app.config, f"SMTP_{name}", value)


class Words(HTMLParser):
    """Collects the text and links of an HTML mail, and the resources it would load."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self._parts: list[str] = []
        self._skip = 0
        self.feed(markup)
        self.text = " ".join(" ".join(self._parts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._skip += tag in ("style", "title")
        for name, value in attrs:
            if name == "href":
                self.links.append(value)
            if name in ("src", "srcset", "background") or "url(" in (value or ""):
                self.loads.append(value)

    def handle_endtag(self, tag):
        self._skip -= tag in ("style", "title")

    def handle_data(self, data):
        if not self._skip:
            self._parts.append(data)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def links(text: str) -> list[str]:
    return re.findall(r"https?://\S+", text)


# --- content -------------------------------------------------------------------------------------

SUBJECTS = {
    MailKind.INVITATION: "Your invitation to Acme Commissioning",
    MailKind.RESET: "Choose a new password",
    MailKind.REPORT_ASSIGNED: "was assigned to you: Main switchboard",
    MailKind.REPORT_SUBMITTED: "was submitted: Main switchboard",
    MailKind.REVIEW_WAITING: "waits for your review: Main switchboard",
    MailKind.REPORT_RETURNED: "was returned: Main switchboard",
    MailKind.PDF_READY: "is ready: Main switchboard",
    MailKind.PLATFORM_ACT: "The Laudo operator acted in Acme Commissioning",
    MailKind.WITNESS_LINK: "of Acme Commissioning",
}
WITHOUT_CHOICE = (
    MailKind.INVITATION,
    MailKind.RESET,
    MailKind.PLATFORM_ACT,
    MailKind.WITNESS_LINK,
)


@pytest.mark.parametrize("locale", ["en", "pt_BR"])
@pytest.mark.parametrize("kind", MailKind)
def test_text_and_html_have_the_same_content(office, acting, cast, kind, locale):
    with acting(cast.ana):
        db.session.execute(update(Account).values(locale=locale))
        db.session.commit()
    mail_id = office.invitation(locale=locale) if kind is MailKind.INVITATION else office.ask(kind)
    message = office.sent(mail_id)
    plain, page = part(message, "plain"), Words(part(message, "html"))
    assert message["Content-Language"] == locale.replace("_", "-")
    assert f'lang="{locale.replace("_", "-")}"' in part(message, "html")
    for line in filter(None, (line.strip() for line in plain.splitlines())):
        if line in ("--",) or line in page.links:
            continue
        for piece in re.split(r": |:$| · Laudo$", line):
            assert piece in page.text or piece in page.links, piece
    assert set(links(plain)) == set(page.links)
    assert page.loads == []
    assert page.tags.isdisjoint({"img", "table", "script", "link", "form"})
    if locale == "en":
        assert SUBJECTS[kind] in message["Subject"]
        assert "You received this e-mail because" in plain
    has_choice = kind not in WITHOUT_CHOICE
    assert ("http://localhost/account/mails" in page.links) == has_choice
    assert ("List-Unsubscribe" in message) == has_choice


def test_admins_get_a_mail_about_actions_of_the_platform(office, acting, cast):
    act = part(office.sent(office.act()), "plain")
    assert "root (command line) set a new password for Tess Technician." in act
    assert any("/audit/entries/" in one for one in links(act))


@pytest.mark.parametrize(("is_closed", "words"), [(False, "Approve it only"), (True, "")])
def test_the_mail_about_a_waiting_invitation_links_to_the_people_page(
    office, acting, cast, is_closed, words
):
    with acting(cast.ana):
        invitation = Invitation(
            email="ivy@evil.test",
            role=Role.ADMIN,
            invited_by_name="Sam Super",
            expires_at=datetime.now(UTC) + timedelta(days=7),
            revoked_at=datetime.now(UTC) if is_closed else None,
        )
        db.session.add(invitation)
        db.session.commit()
        about = About("invitation", invitation.id)
    mail = office.act("invitation.sent", about, email="ivy@evil.test", role="admin")
    message = office.sent(mail)
    text = part(message, "plain")
    assert ("is waiting for your approval" in message["Subject"]) is not is_closed
    assert "invited ivy@evil.test (role: Admin)." in text
    assert words in text and (("http://localhost/people/" in links(text)) is not is_closed)


def test_the_language_is_the_recipients_or_the_companys(office, acting, cast):
    assert office.sent(office.invitation())["Content-Language"] == "en"
    mail_id = office.invitation(email="outra@acme.test", locale="pt_BR")
    assert office.sent(mail_id)["Content-Language"] == "pt-BR"
    with acting(cast.ana):
        db.session.execute(update(Account).where(Account.id == cast.tess.id).values(locale="pt_BR"))
        db.session.commit()
    assert office.sent(office.reset())["Content-Language"] == "pt-BR"


def test_the_links_identify_the_row_and_its_generation(app, office, acting, cast):
    text = part(office.sent(office.invitation(generation=3)), "plain")
    token = next(one for one in links(text) if "/invitation/" in one).rsplit("/", 1)[1]
    with acting(cast.ana):
        invitation = db.session.scalars(select(Invitation)).one()
        assert INVITATION_LINK.read(token) == (invitation.id, 3)
        assert RESET_LINK.read(token) is None
    text = part(office.sent(office.reset()), "plain")
    token = next(one for one in links(text) if "/reset/" in one).rsplit("/", 1)[1]
    with acting(cast.ana):
        reset = db.session.scalars(select(PasswordReset)).one()
        assert RESET_LINK.read(token) == (reset.id, 1)


def test_the_links_open_the_pages(office, client_of, cast):
    client = client_of(cast.max)
    for kind in (MailKind.REPORT_ASSIGNED, MailKind.REPORT_SUBMITTED, MailKind.PDF_READY):
        for link in links(part(office.sent(office.ask(kind)), "plain")):
            answer = client.get(link.removeprefix("http://localhost"))
            assert answer.status_code == 200, link


def test_links_use_base_url_and_ignore_the_request(app, office, monkeypatch):
    monkeypatch.setitem(app.config, "BASE_URL", "https://laudo.example.com/site")
    mail_id = office.invitation()
    with app.test_request_context("/", base_url="http://evil.test"):
        runner.run("mail", str(mail_id))
    (file,) = office.files()
    message = message_from_bytes(file.read_bytes(), policy=default)
    found = set(links(part(message, "plain")))
    assert found
    assert all(one.startswith("https://laudo.example.com/site/invitation/") for one in found)
    assert message["Message-ID"] == f"<mail.{mail_id}@laudo.example.com>"
    assert str(message["From"]) == "Laudo <laudo@laudo.example.com>"


def test_the_mail_contains_the_facts_of_the_report(office, acting, cast):
    mail_id = office.about_report(
        MailKind.REPORT_ASSIGNED, project="Hall 2", due_on=date(2026, 12, 3), title="Board"
    )
    text = part(office.sent(mail_id), "plain")
    for words in ("Title: Board", "Project: Hall 2", "Due: 3 Dec 2026"):
        assert words in text
    text = part(office.sent(office.ask(MailKind.REPORT_SUBMITTED)), "plain")
    assert "Tess Technician submitted report" in text and "Result: Passed" in text
    assert "Length: 12 pages" in part(office.sent(office.ask(MailKind.PDF_READY)), "plain")


def test_the_button_has_the_companys_colour_and_readable_text(office, acting, cast):
    with acting(cast.ana):
        db.session.execute(update(Tenant).values(colour_accent="#ffee00"))
        db.session.commit()
    markup = part(office.sent(office.invitation()), "html")
    assert "background:#ffee00;color:#14191e" in markup


def test_a_pale_accent_is_darkened_as_on_the_pages(office, acting, cast):
    with acting(cast.ana):
        db.session.execute(update(Tenant).values(colour_accent="#7a7a7a"))
        db.session.commit()
    markup = part(office.sent(office.invitation()), "html")
    ground, words = re.findall(r"background:(#[0-9a-f]{6});color:(#[0-9a-f]{6})", markup)[0]
    assert ground == ground_colour("#7a7a7a") != "#7a7a7a"
    assert contrast(ground, words) >= MIN_CONTRAST


# --- injection and outdated mails ----------------------------------------------------------------


def test_no_name_or_title_can_add_a_header_or_markup(office, acting, cast):
    with acting(cast.ana):
        db.session.execute(update(Tenant).values(name=HOSTILE))
        db.session.commit()
    mails = [
        office.invitation(invited_by_name=HOSTILE),
        office.about_report(MailKind.REPORT_SUBMITTED, title=HOSTILE, project=HOSTILE),
    ]
    for mail_id in mails:
        message = office.sent(mail_id)
        assert message["Bcc"] is None
        assert "evil.test" not in "".join(str(message[name]) for name in ("From", "To"))
        assert len(message["To"].addresses) == 1
        assert "\n" not in message["Subject"] and "Eve Bcc: all@evil.test" in message["Subject"]
        page = Words(part(message, "html"))
        assert "script" not in page.tags
        assert "<script>alert(1)</script>" in page.text
        (file,) = office.folder.glob(f"*-{mail_id.hex[:8]}.eml")
        heads = file.read_bytes().split(b"\r\n\r\n")[0]
        assert not re.search(rb"^bcc:", heads, re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("a\r\nb", "a b"),
        ("a\x00\x0b\x85\u2028\u2029b", "a b"),
        ("  a \t b ", "a b"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("ção Ünï 漢字", "ção Ünï 漢字"),
        ("\n", ""),
    ],
)
def test_one_line(words, line):
    assert one_line(words) == line


@pytest.mark.parametrize(
    "recipient",
    [
        "nobody",
        "a@b\r\nBcc: x@evil.test",
        "two@a.test, x@b.test",
        "@a.test",
        "a@",
        # Python's IDNA codec would map these to another person's mailbox.
        "ana@stra\u00dfe.test",
        "ana@acme.test\u200b",
        "ana@\uff41cme.test",
    ],
)
def test_invalid_addresses_are_never_written(office, recipient):
    mail_id = office.invitation()
    with office.acting(office.cast.ana):
        db.session.execute(update(Mail).values(recipient=recipient))
        db.session.commit()
    row = office.run(mail_id)
    assert (row.state, row.error, row.attempts) == (WorkState.FAILED, "refused", 1)
    assert office.files() == []


@pytest.mark.parametrize(
    "over",
    [
        {"accepted_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda over: next(iter(over)),
)
def test_an_outdated_link_is_not_sent(office, over):
    row = office.run(office.invitation(**over))
    assert (row.state, row.error) == (WorkState.FAILED, "void")
    if "expires_at" in over:
        assert office.run(office.reset(**over)).error == "void"
    assert office.files() == []


@pytest.mark.parametrize("news", ["discarded", "handed on", "submitted"])
def test_no_mail_is_sent_about_work_that_is_over(office, acting, cast, news):
    mail_id = office.ask(MailKind.REPORT_ASSIGNED)
    with acting(cast.max) as actor:
        report = db.session.scalars(select(Report)).one()
        if news == "discarded":
            report.discarded_at = datetime.now(UTC)
        elif news == "handed on":
            report.assignee_id = cast.tom.id
        else:
            scenarios.completed(report, actor)
        db.session.commit()
    row = office.run(mail_id)
    assert (row.state, row.error) == (WorkState.FAILED, "void")


def test_queued_mails_of_inactive_people_are_not_sent(office, acting, cast):
    mails = office.reset(), office.ask(MailKind.REPORT_SUBMITTED)
    with acting(cast.ana):
        db.session.execute(update(Account).values(is_active=False))
        db.session.commit()
    assert [office.run(one).error for one in mails] == ["void", "void"]


# --- files, without a mail server ----------------------------------------------------------------


def test_without_a_server_a_mail_is_one_private_file(office, caplog):
    mail_id = office.invitation(email="nova+x@acme.test")
    with caplog.at_level("INFO"):
        office.sent(mail_id)
    (file,) = office.files()
    assert re.fullmatch(
        rf"\d{{8}}-\d{{6}}-invitation-nova\+x@acme\.test-{mail_id.hex[:8]}\.eml", file.name
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(office.folder.stat().st_mode) == 0o700
    (line,) = [one.getMessage() for one in caplog.records if one.name == "app.mail.sending"]
    assert f"{office.folder}/*-{mail_id.hex[:8]}.eml" in line
    assert "nova" not in line


def test_no_recipient_can_escape_the_folder(office):
    office.sent(office.invitation(email="..%2f..%2fetc%2fpasswd@acme.test"))
    (file,) = office.files()
    assert file.parent == office.folder
    assert file.name.endswith(".eml") and "%" not in file.name


def test_another_worker_sends_the_mail_after_a_crash(office):
    mail_id = office.invitation()
    with office.acting(office.cast.ana):
        lost = runner.claim_work(get_kind("mail"), mail_id, office.cast.acme)
        assert lost
    assert office.run(mail_id).state is WorkState.RUNNING
    assert office.files() == []
    office.make_due(mail_id)
    office.sent(mail_id)
    assert len(office.files()) == 1
    with office.acting(office.cast.ana), pytest.raises(runner.FenceLost):
        get_kind("mail").perform(lost)
    assert len(office.files()) == 1


def test_a_mail_sent_twice_is_one_file_and_one_message_id(office):
    mail_id = office.invitation()
    first = office.sent(mail_id)
    with office.acting(office.cast.ana):
        db.session.execute(update(Mail).values(state=WorkState.RUNNING))
        db.session.commit()
    office.make_due(mail_id)
    second = office.sent(mail_id)
    assert first["Message-ID"] == second["Message-ID"] == f"<mail.{mail_id}@localhost>"
    assert len(office.files()) == 1


# --- a mail server -------------------------------------------------------------------------------


def test_the_server_gets_each_mail_once(office, server):
    mail_id = office.about_report(MailKind.REPORT_SUBMITTED, title="Ensaio de isolação")
    assert office.run(mail_id).state is WorkState.DONE
    (taken,) = server.taken
    assert taken.recipients == ["max@acme.test"]
    assert "laudo@localhost" in taken.sender
    assert "isolação" in taken.message["Subject"]
    assert "isolação" in part(taken.message, "plain")
    assert office.files() == []
    assert office.run(mail_id).attempts == 1
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    "answers",
    [
        {"MAIL": "451 later"},
        {"RCPT": "450 greylisted"},
        {"DATA": "451 later"},
        {"RCPT": ""},
        {"DATA": ""},
        {"MAIL": "550 who are you"},
    ],
    ids=str,
)
def test_a_failing_server_is_retried_and_gets_the_mail_once(office, server, answers):
    server.says = answers
    mail_id = office.invitation()
    for _time in range(7):
        row = office.run(mail_id)
        assert (row.state, row.error, row.attempts) == (WorkState.QUEUED, "ServiceAway", 0)
        assert office.run(mail_id).fence == row.fence, "the pause holds whoever wakes it early"
        office.make_due(mail_id)
    server.says = {}
    assert office.run(mail_id).state is WorkState.DONE
    assert len(server.taken) == 1


def test_an_unreachable_server_is_not_contacted_for_a_while(app, office, monkeypatch):
    with smtp_sink() as closed:
        pass
    use_server(app, monkeypatch, closed.port)
    mail_id = office.invitation()
    assert office.run(mail_id).state is WorkState.QUEUED
    with smtp_sink(closed.port) as sink:
        other = office.reset()
        assert office.run(other).error == "ServiceAway"
        assert sink.verbs == []
        for one in (mail_id, other):
            office.make_due(one)
            assert office.run(one).state is WorkState.DONE
        assert {one.recipients[0] for one in sink.taken} == {"nova@acme.test", "tess@acme.test"}


def test_a_mail_is_given_up_after_two_days_without_a_server(app, office, monkeypatch):
    with smtp_sink() as closed:
        pass
    use_server(app, monkeypatch, closed.port)
    mail_id = office.invitation()
    with office.acting(office.cast.ana):
        db.session.execute(
            update(Mail).values(created_at=datetime.now(UTC) - timedelta(days=2, minutes=1))
        )
        db.session.commit()
    row = office.run(mail_id)
    assert (row.state, row.error) == (WorkState.FAILED, "unreachable")


@pytest.mark.parametrize("answers", [{"RCPT": "550 no such person"}, {"DATA": "554 no"}], ids=str)
def test_a_permanently_rejected_mail_fails_at_once(office, server, answers, caplog):
    server.says = answers
    row = office.run(office.invitation())
    assert (row.state, row.error, row.attempts) == (WorkState.FAILED, "refused", 1)
    assert not any("nova@" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("goodbye", ["421 too busy", ""])
def test_an_accepted_mail_is_not_resent_if_quit_fails(office, server, goodbye):
    server.says = {"QUIT": goodbye}
    assert office.run(office.invitation()).state is WorkState.DONE
    assert len(server.taken) == 1


def test_a_resent_mail_has_the_same_message_id(office, server):
    server.after_data = ""
    mail_id = office.invitation()
    assert office.run(mail_id).state is WorkState.QUEUED
    server.after_data = "250 taken"
    office.make_due(mail_id)
    assert office.run(mail_id).state is WorkState.DONE
    first, second = (one.message["Message-ID"] for one in server.taken)
    assert first == second


def test_nothing_is_sent_without_the_configured_encryption(app, office, server, monkeypatch):
    monkeypatch.setitem(app.config, "SMTP_USER", "laudo")
    monkeypatch.setitem(app.config, "SMTP_PASSWORD", "hunter2-hunter2")
    for security in ("starttls", "tls"):
        use_server(app, monkeypatch, server.port, security)
        mail_id = office.invitation(email=f"{security}@acme.test")
        assert office.run(mail_id).error == "ServiceAway"
    assert server.taken == []
    assert "AUTH" not in server.verbs and "MAIL" not in server.verbs


@contextmanager
def tls_front(port: int, certificate: Path, key: Path):
    """A TLS listener in front of a plain server."""
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, target):
        try:
            while data := source.recv(4096):
                target.sendall(data)
        except OSError:
            return
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def serve():
        while True:
            try:
                raw, _ = listener.accept()
                client = context.wrap_socket(raw, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            behind = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, behind), (behind, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def test_tls_requires_a_trusted_certificate(app, office, server, monkeypatch, tmp_path):
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key, root = (tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(root)
    with tls_front(server.port, certificate, key) as port:
        use_server(app, monkeypatch, port, "tls")
        mail_id = office.invitation()
        assert office.run(mail_id).error == "ServiceAway"
        assert server.taken == []
        office.make_due(mail_id)
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        assert office.run(mail_id).state is WorkState.DONE
        assert len(server.taken) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_from": "not an address"},
        {"mail_from": "a@b.test\nBcc: x@evil.test"},
        {"smtp_security": "ssl"},
        {"smtp_port": 65536},
        {"smtp_host": "mail.test", "smtp_user": "laudo", "smtp_security": "none"},
    ],
    ids=str,
)
def test_invalid_settings_are_refused(tmp_path, wrong):
    with pytest.raises(ValidationError):
        settings_for("laudo", tmp_path / "storage", **wrong)


def test_the_sender_comes_from_the_setting(app, office, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_FROM", "Relatórios Acme <no-reply@acme.example>")
    message = office.sent(office.invitation())
    assert message["From"].addresses[0].addr_spec == "no-reply@acme.example"
    assert message["From"].addresses[0].display_name == "Relatórios Acme"


# --- which changes queue mails -------------------------------------------------------------------


def test_a_new_assignee_gets_a_mail(office, acting, cast):
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        for person in (cast.tess, cast.max):
            start_report(
                checklist_id=version.checklist_id,
                project_id=project.id,
                title="Board",
                actor=actor,
                assignee_id=person.id,
            )
        db.session.commit()
    assert office.asked() == [(MailKind.REPORT_ASSIGNED, "tess@acme.test")]


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    return Desk(app, acting, cast)


def submit(desk: Desk) -> UUID:
    from tests.support.pictures import a_jpeg

    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    with desk.acting(desk.tess):
        return db.session.scalars(select(Document.id)).one()


def test_managers_hear_of_a_submit_and_the_requester_of_a_finished_pdf(office, desk, acting, cast):
    document_id = submit(desk)
    assert office.asked() == [(MailKind.REPORT_SUBMITTED, "max@acme.test")]
    with acting(cast.tess) as actor:
        submit_report(report_id=desk.report_id, actor=actor)
        db.session.commit()
    assert len(office.asked()) == 1, "submitted twice, told once"
    desk.run("document", document_id)
    assert office.asked() == [
        (MailKind.REPORT_SUBMITTED, "max@acme.test"),
        (MailKind.PDF_READY, "tess@acme.test"),
    ]


def test_mails_follow_the_choices_of_people(office, desk, acting, cast):
    with acting(cast.ana):
        for person, choices in (
            (cast.ana, {"report_submitted": True}),
            (cast.max, {"report_submitted": False}),
            (cast.tess, {"pdf_ready": False}),
        ):
            office.account(person).mail_choices = choices
        db.session.commit()
    document_id = submit(desk)
    desk.run("document", document_id)
    assert office.asked() == [(MailKind.REPORT_SUBMITTED, "ana@acme.test")]


def test_nobody_gets_a_mail_about_a_preview(office, desk):
    desk.answer()
    desk.make()
    assert office.asked() == []


def test_a_rolled_back_change_sends_no_mail(office, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        document = Document(report_id=report.id, requested_by=actor.account_id, is_preview=False)
        db.session.add(document)
        db.session.flush()
        mail_pdf_ready(document.id)
        db.session.rollback()
    assert office.asked() == []


def test_inactive_people_get_no_mail(office, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        account = office.account(cast.max)
        account.is_active = False
        assert mail_about_report(MailKind.REPORT_ASSIGNED, account, report_id=report.id) is None


def test_names_are_read_when_the_mail_is_sent(office, acting, cast):
    mail_id = office.about_report(MailKind.REPORT_ASSIGNED, project="Hall 2")
    with acting(cast.max):
        db.session.execute(update(Project).values(name="Hall 3"))
        db.session.commit()
    assert "Project: Hall 3" in part(office.sent(mail_id), "plain")


def test_languages_do_not_leak_into_each_other(app, office):
    with app.app_context(), force_locale("pt_BR"):
        assert "You received this e-mail because" in part(office.sent(office.invitation()), "plain")
