"""A manager's side of witness links: send one for a report, list them, revoke one.

The token is computed from the row's id and SECRET_KEY, so that the mail and the page of the link
can name it at any time while the database holds only its hash.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.email_address import require_email
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.mail.service import mail_witness_link
from app.models import Account, Actor, AuditEntry, Mail, Report, Signature, Tenant, Witness
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.locking import lock_report
from app.reports.queries import closed_error, get_report
from app.rows import company_today, one_or_404, own_tenant
from app.signing import WITNESS_CODE, WITNESS_LINK
from app.tenancy import require_tenant

LONGEST = timedelta(days=90)
MAX_CODE = 60
MOST_LINKS = 50
# A second tap on the button sends no second mail, and nobody's mailbox is flooded.
PAUSE = timedelta(minutes=1)
MOST_MAILS_A_DAY = 10


class UnknownRole(DomainError):
    """The checklist of this report has no such signature role. Choose one of the list."""

    status = 422


class BadDay(DomainError):
    """The link can work until a day from today to %(last)s. Choose one of these days."""

    status = 422


class TooManyLinks(DomainError):
    """This report already has %(most)s links. Revoke links that nobody needs, and use one of the
    others."""

    status = 422


class LinkClosed(DomainError):
    """The link of %(name)s no longer opens the report. Make a new one."""


class NoAddress(DomainError):
    """The link of %(name)s was made without an e-mail. Let them scan the code, or make a new
    link."""


class LinkUnknown(DomainError):
    """The secret key of this installation changed after the link was made, so that its address
    cannot be sent again. Make a new link."""


class MailedTooOften(DomainError):
    """%(most)s mails with this link were sent to %(email)s within a day, and sending more will not
    help. Ask the witness to check their spam folder, or let them scan the code."""


NOT_RESENT = (LinkClosed, NoAddress, LinkUnknown, MailedTooOften)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """Whom to send a link. It works until the end of the day `until` in the company's time zone.

    Without `email` the manager hands it over; without `role_id` the witness signs nothing; an empty
    `code` asks for no code word.
    """

    name: str
    until: date
    email: str = ""
    role_id: str | None = None
    code: str = ""
    client_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link with what came of it. `is_signed` says that the live signature of the role is the
    witness's, `is_void` that the report changed after it."""

    witness: Witness
    sender: str
    openings: int
    last_opened_at: datetime | None
    is_signed: bool
    is_void: bool


def send_link(*, report_id: UUID, facts: LinkFacts, actor: Actor) -> Witness:
    """Make a link for a report that is not finished, and mail it if there is an address.

    The same client id twice is one link. Raises NotFound, ReportClosed, BadEmail, UnknownRole,
    BadDay, TooManyLinks.
    """
    email = require_email(facts.email) if facts.email.strip() else None
    report = lock_report(report_id, actor=actor)
    if report.is_finished:
        raise closed_error(report.status, report.number)
    row_id = uuid5(require_tenant(), f"witness {report.id} {facts.client_id or uuid4()}")
    known = db.session.scalars(select(Witness).where(Witness.id == row_id)).one_or_none()
    if known is not None:
        return known
    tenant = own_tenant()
    _require_sendable(report, facts, tenant)
    assert actor.account_id, "a link is sent by a person"
    witness = Witness(
        id=row_id,
        report_id=report.id,
        role_id=facts.role_id,
        name=facts.name,
        email=email,
        token_hash=hash_of(WITNESS_LINK.token(row_id)),
        code_hash=code_hash(row_id, facts.code),
        sent_by=actor.account_id,
        expires_at=end_of(facts.until, tenant),
        accepted={},
    )
    db.session.add(witness)
    db.session.flush()
    if email:
        mail_witness_link(witness)
    record(
        "witness.sent",
        report,
        actor,
        witness=witness.name,
        witness_id=str(witness.id),
        email=email,
        signs_as=facts.role_id,
        until=facts.until.isoformat(),
        has_code=witness.code_hash is not None,
    )
    return witness


def resend_link(*, report_id: UUID, witness_id: UUID, actor: Actor) -> Witness:
    """Mail the link again. Nothing is sent within a minute of the last mail.

    Raises NotFound, LinkClosed, NoAddress, LinkUnknown, MailedTooOften.
    """
    report = lock_report(report_id, actor=actor)
    witness = _lock_link(report, witness_id)
    if not witness.is_open:
        raise LinkClosed(name=witness.name)
    if witness.email is None:
        raise NoAddress(name=witness.name)
    if not is_known(witness):
        raise LinkUnknown
    now, sent = datetime.now(UTC), list_mails(witness)
    if any(one.created_at > now - PAUSE for one in sent):
        return witness
    if sum(one.created_at > now - timedelta(days=1) for one in sent) >= MOST_MAILS_A_DAY:
        raise MailedTooOften(most=MOST_MAILS_A_DAY, email=witness.email)
    mail_witness_link(witness)
    facts = {"witness": witness.name, "witness_id": str(witness.id), "email": witness.email}
    record("witness.resent", report, actor, **facts)
    return witness


def revoke_link(*, report_id: UUID, witness_id: UUID, actor: Actor) -> Witness:
    """Close the link at once and for ever; what the witness did stays. Idempotent.

    Raises NotFound.
    """
    report = lock_report(report_id, actor=actor)
    witness = _lock_link(report, witness_id)
    if witness.revoked_at is None:
        witness.revoked_at, witness.revoked_by = datetime.now(UTC), actor.account_id
        facts = {"witness": witness.name, "witness_id": str(witness.id)}
        record("witness.revoked", report, actor, **facts)
    return witness


def _lock_link(report: Report, witness_id: UUID) -> Witness:
    """The report was locked before, as in everything that a witness does. Raises NotFound."""
    witness = lock_row(Witness, witness_id)
    if witness.report_id != report.id:
        raise NotFound
    return witness


def get_link(report_id: UUID, witness_id: UUID, *, person: Actor) -> tuple[Report, Witness]:
    """A link and its report, which the person may see. Raises NotFound."""
    report = get_report(report_id, person=person)
    mine = select(Witness).where(Witness.id == witness_id, Witness.report_id == report.id)
    return report, one_or_404(mine)


def list_links(report: Report) -> list[LinkView]:
    """Every link of the report, the newest first."""
    found = list(
        db.session.scalars(
            select(Witness)
            .where(Witness.report_id == report.id)
            .order_by(Witness.created_at.desc(), Witness.id)
        )
    )
    if not found:
        return []
    facts = load_facts(report)
    content = content_hash(report, facts)
    openings = _openings(report.id)
    senders = _senders(report.id)
    return [
        _view(one, senders, openings.get(str(one.id), []), facts.signatures, content)
        for one in found
    ]


def list_mails(witness: Witness) -> list[Mail]:
    """The mails with this link, the newest first."""
    mails = select(Mail).where(Mail.witness_id == witness.id)
    return list(db.session.scalars(mails.order_by(Mail.created_at.desc(), Mail.id)))


def is_known(witness: Witness) -> bool:
    """Whether the address of the link can be named. One that was made with an earlier SECRET_KEY
    still works for whoever has it, but cannot be computed again."""
    return hash_of(WITNESS_LINK.token(witness.id)) == witness.token_hash


def hash_of(token: str) -> str:
    """What the database holds of a token: it cannot be computed back."""
    return sha256(token.encode(errors="replace")).hexdigest()


def code_hash(witness_id: UUID, typed: str) -> str | None:
    """A keyed hash of a code word, which is compared without case and double spaces; None for an
    empty one."""
    words = " ".join(unicodedata.normalize("NFKC", typed).casefold().split())
    return WITNESS_CODE.token(witness_id, words) if words else None


def end_of(day: date, tenant: Tenant) -> datetime:
    """The first moment after this day in the company's time zone."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(tenant.time_zone))


def last_day(tenant: Tenant) -> date:
    return company_today(tenant) + LONGEST


def _require_sendable(report: Report, facts: LinkFacts, tenant: Tenant) -> None:
    if facts.role_id is not None and report.version.definition.role(facts.role_id) is None:
        raise UnknownRole
    if not company_today(tenant) <= facts.until <= last_day(tenant):
        raise BadDay(last=datetime.combine(last_day(tenant), time(12), UTC))
    sent = select(Witness.id).where(Witness.report_id == report.id, Witness.revoked_at.is_(None))
    if len(db.session.scalars(sent).all()) >= MOST_LINKS:
        raise TooManyLinks(most=MOST_LINKS)


def _openings(report_id: UUID) -> dict[str, list[datetime]]:
    """When each link was opened, by the id of its witness."""
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.facts["facts"]["witness_id"].astext)
        .where(
            AuditEntry.object_type == Report.audit_type,
            AuditEntry.object_id == report_id,
            AuditEntry.action == "witness.opened",
        )
        .order_by(AuditEntry.sequence)
    )
    found: dict[str, list[datetime]] = {}
    for at, witness_id in rows:
        found.setdefault(witness_id, []).append(at)
    return found


def _senders(report_id: UUID) -> dict[UUID, str]:
    rows = db.session.execute(
        select(Account.id, Account.name)
        .join(Witness, Witness.sent_by == Account.id)
        .where(Witness.report_id == report_id)
    )
    return {row.id: row.name for row in rows}


def _view(
    one: Witness,
    senders: dict[UUID, str],
    openings: list[datetime],
    signatures: Mapping[str, Signature],
    content: str,
) -> LinkView:
    signature = signatures.get(one.role_id or "")
    is_theirs = signature is not None and signature.witness_id == one.id
    return LinkView(
        witness=one,
        sender=senders.get(one.sent_by, ""),
        openings=len(openings),
        last_opened_at=openings[-1] if openings else None,
        is_signed=is_theirs,
        is_void=is_theirs and signature is not None and signature.content_hash != content,
    )
