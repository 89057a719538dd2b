"""Sending one mail: load, write, close the transaction, send, publish. For workers only.

A mail may go out twice where a worker is lost between the server's answer and the publishing; both
carry one Message-ID.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.auth.queries import is_email_taken
from app.evidence.finding import Entry, get_entry
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import ServiceAway, WorkFailed, publish, report_progress
from app.mail.letter import Envelope, Letter, write_message
from app.mail.queries import find_account
from app.mail.transport import Away, Refused, post
from app.mail.wording import (
    act_letter,
    assigned_letter,
    invitation_letter,
    pdf_letter,
    reset_letter,
    submitted_letter,
    taken_letter,
)
from app.models import (
    Account,
    Document,
    Invitation,
    Mail,
    MailKind,
    PasswordReset,
    Report,
    Tenant,
    Version,
)
from app.web.brand import ground_colour, text_colour
from app.web.locale import LOCALES

log = logging.getLogger(__name__)

# What became of a mail that is not sent: what it tells of is over, or its recipient is refused.
VOID = "void"
REFUSED = "refused"
UNREACHABLE = "unreachable"
# A server that is away for longer loses the mail: its news would be old.
GIVE_UP_AFTER = timedelta(days=2)


def send_mail(claim: Claim) -> None:
    """Carry out one mail. Raises WorkFailed for what no further try can mend, ServiceAway."""
    envelope, message = _write(claim)
    # Last look before what cannot be taken back: another worker may have taken over since.
    report_progress(Mail, claim)
    try:
        where = post(message, envelope)
    except Refused as error:
        log.warning("the mail server refused a %s: %s", envelope.kind.value, error)
        raise WorkFailed(REFUSED) from error
    except Away as error:
        if datetime.now(UTC) - envelope.asked_at > GIVE_UP_AFTER:
            raise WorkFailed(UNREACHABLE) from error
        raise ServiceAway(f"the mail server: {error}") from error
    with publish(Mail, claim):
        log.info("the mail %s is sent: %s", envelope.kind.value, where)


def _write(claim: Claim) -> tuple[Envelope, EmailMessage]:
    mail = db.session.scalars(select(Mail).where(Mail.id == claim.id)).one()
    tenant = db.session.scalars(select(Tenant)).one()
    invitation = _find_invitation(mail)
    account = find_account(mail.account_id)
    accent = ground_colour(tenant.colour_accent)
    envelope = Envelope(
        mail_id=mail.id,
        kind=mail.kind,
        recipient=mail.recipient,
        asked_at=mail.created_at.astimezone(UTC),
        locale=_locale(account, invitation, tenant),
        company=tenant.name,
        accent=accent,
        accent_text=text_colour(accent),
    )
    with force_locale(envelope.locale):
        letter = _letter(mail, tenant, account, invitation)
        try:
            message = write_message(letter, envelope)
        except ValueError as error:
            raise WorkFailed(REFUSED) from error
    db.session.rollback()
    return envelope, message


def _locale(account: Account | None, invitation: Invitation | None, tenant: Tenant) -> str:
    """The recipient's own language, else the company's."""
    person = account or invitation
    wanted = (person.locale if person else None) or tenant.locale
    return wanted if wanted in LOCALES else "en"


def _letter(
    mail: Mail, tenant: Tenant, account: Account | None, invitation: Invitation | None
) -> Letter:
    """Raises WorkFailed where what the mail tells of is over."""
    if mail.kind is MailKind.INVITATION:
        if invitation is None or not _is_open(invitation):
            raise WorkFailed(VOID)
        # Told to the address alone: whoever invites learns nothing of other companies.
        if is_email_taken(mail.recipient):
            return taken_letter(invitation, tenant)
        return invitation_letter(invitation, tenant)
    if account is None or not account.is_active:
        raise WorkFailed(VOID)
    if mail.kind is MailKind.RESET:
        reset = db.session.scalars(
            select(PasswordReset).where(PasswordReset.id == mail.reset_id)
        ).one()
        if reset.used_at or reset.expires_at <= datetime.now(UTC):
            raise WorkFailed(VOID)
        return reset_letter(reset, tenant)
    if mail.kind is MailKind.PLATFORM_ACT:
        assert mail.entry_id
        return _letter_of_act(get_entry(mail.entry_id), tenant)
    return _letter_of_report(mail, account)


def _letter_of_act(entry: Entry, tenant: Tenant) -> Letter:
    invitation = db.session.scalars(
        select(Invitation).where(Invitation.id == entry.object_id)
    ).one_or_none()
    is_waiting = invitation is not None and not invitation.is_closed and invitation.is_unapproved
    return act_letter(entry, tenant, is_waiting=is_waiting)


def _letter_of_report(mail: Mail, account: Account) -> Letter:
    report = _load_report(mail)
    if report.discarded_at:
        raise WorkFailed(VOID)
    if mail.kind is MailKind.REPORT_ASSIGNED:
        if report.assignee_id != account.id or not report.is_open:
            raise WorkFailed(VOID)
        return assigned_letter(report)
    if mail.kind is MailKind.REPORT_SUBMITTED:
        submitter = find_account(report.completed_by) or report.assignee
        return submitted_letter(report, submitter.name)
    document = db.session.scalars(select(Document).where(Document.id == mail.document_id)).one()
    return pdf_letter(report, document)


def _is_open(invitation: Invitation) -> bool:
    is_settled = invitation.accepted_at or invitation.revoked_at
    return not is_settled and invitation.expires_at > datetime.now(UTC)


def _find_invitation(mail: Mail) -> Invitation | None:
    return db.session.scalars(
        select(Invitation).where(Invitation.id == mail.invitation_id)
    ).one_or_none()


def _load_report(mail: Mail) -> Report:
    return db.session.scalars(
        select(Report)
        .where(Report.id == mail.report_id)
        .options(
            joinedload(Report.project),
            joinedload(Report.equipment),
            joinedload(Report.assignee),
            joinedload(Report.version).joinedload(Version.checklist),
        )
    ).one()
