"""Sends one mail: load, render, close the transaction, send, publish. For workers only.

No transaction is open while the mail server responds. If a worker dies after the server accepted a
mail and before the result is published, the mail is sent twice, with the same Message-ID.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.audit.queries import AuditLine, get_entry
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import ServiceAway, WorkFailed, publish, report_progress
from app.mail.letter import Envelope, Letter, write_message
from app.mail.queries import find_account, find_submitter_id, is_email_taken
from app.mail.transport import MailRefused, ServerUnavailable, post
from app.mail.wording import (
    address_taken_letter,
    assigned_letter,
    invitation_letter,
    pdf_letter,
    platform_act_letter,
    reset_letter,
    returned_letter,
    submitted_letter,
    waiting_letter,
    witness_letter,
)
from app.models import (
    Account,
    Document,
    Invitation,
    Mail,
    MailKind,
    PasswordReset,
    Report,
    ReviewState,
    Tenant,
    Version,
    Witness,
)
from app.reports.reviewing.rounds import count_open_comments, find_open_review, list_reviews
from app.rows import own_tenant
from app.web.brand import ground_colour, text_colour
from app.web.locale import LOCALES

log = logging.getLogger(__name__)

# Error codes of mails that are not sent: outdated, rejected by the server, server unavailable.
VOID = "void"
REFUSED = "refused"
UNREACHABLE = "unreachable"
# After this time the mail is given up, because its news would be old.
GIVE_UP_AFTER = timedelta(days=2)


def send_mail(claim: Claim) -> None:
    """Send one mail. Raises WorkFailed for errors that a retry cannot fix, ServiceAway."""
    envelope, message = _write(claim)
    # Check the fence once more, since sending cannot be undone and another worker may have taken
    # over the job.
    report_progress(Mail, claim)
    try:
        where = post(message, envelope)
    except MailRefused as error:
        log.warning("the mail server refused a %s: %s", envelope.kind.value, error)
        raise WorkFailed(REFUSED) from error
    except ServerUnavailable as error:
        if datetime.now(UTC) - envelope.asked_at > GIVE_UP_AFTER:
            raise WorkFailed(UNREACHABLE) from error
        raise ServiceAway(f"the mail server: {error}") from error
    with publish(Mail, claim):
        log.info("the mail %s is sent: %s", envelope.kind.value, where)


def _write(claim: Claim) -> tuple[Envelope, EmailMessage]:
    mail = db.session.scalars(select(Mail).where(Mail.id == claim.id)).one()
    tenant = own_tenant()
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
    """The recipient's own language, or the company's."""
    person = account or invitation
    wanted = (person.locale if person else None) or tenant.locale
    return wanted if wanted in LOCALES else "en"


def _letter(
    mail: Mail, tenant: Tenant, account: Account | None, invitation: Invitation | None
) -> Letter:
    """Raises WorkFailed if the reason for the mail no longer exists."""
    if mail.kind is MailKind.INVITATION:
        if invitation is None or not _is_open(invitation):
            raise WorkFailed(VOID)
        # Only the recipient is told: the inviting company must not learn about other companies.
        if is_email_taken(mail.recipient):
            return address_taken_letter(invitation, tenant)
        return invitation_letter(invitation, tenant)
    if mail.kind is MailKind.WITNESS_LINK:
        return _witness_letter(mail, tenant)
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
        return _platform_act_letter(get_entry(mail.entry_id), tenant)
    return _report_letter(mail, account, tenant)


def _witness_letter(mail: Mail, tenant: Tenant) -> Letter:
    witness = db.session.scalars(select(Witness).where(Witness.id == mail.witness_id)).one()
    report = _load_report(mail)
    if not witness.is_open or report.discarded_at:
        raise WorkFailed(VOID)
    sender = find_account(witness.sent_by)
    return witness_letter(witness, report, sender.name if sender else tenant.name, tenant)


def _platform_act_letter(entry: AuditLine, tenant: Tenant) -> Letter:
    invitation = db.session.scalars(
        select(Invitation).where(Invitation.id == entry.object_id)
    ).one_or_none()
    is_waiting = invitation is not None and not invitation.is_closed and invitation.is_unapproved
    return platform_act_letter(entry, tenant, is_waiting=is_waiting)


def _report_letter(mail: Mail, account: Account, tenant: Tenant) -> Letter:
    report = _load_report(mail)
    if report.discarded_at:
        raise WorkFailed(VOID)
    if mail.kind is MailKind.REPORT_ASSIGNED:
        if report.assignee_id != account.id or not report.is_open:
            raise WorkFailed(VOID)
        return assigned_letter(report)
    if mail.kind is MailKind.REPORT_SUBMITTED:
        return submitted_letter(report, _submitter_of(report).name)
    if mail.kind is MailKind.REVIEW_WAITING:
        review = find_open_review(report.id)
        if review is None:
            raise WorkFailed(VOID)
        return waiting_letter(report, review, _submitter_of(report).name, tenant)
    if mail.kind is MailKind.REPORT_RETURNED:
        comments = count_open_comments(report.id)
        if not report.is_open or not comments:
            raise WorkFailed(VOID)
        return returned_letter(report, _reviewer_of(report), comments)
    document = db.session.scalars(select(Document).where(Document.id == mail.document_id)).one()
    return pdf_letter(report, document)


def _submitter_of(report: Report) -> Account:
    submitter_id = find_submitter_id(report.id) or report.completed_by
    return find_account(submitter_id) or report.assignee


def _reviewer_of(report: Report) -> str:
    """The name of whoever returned the report last."""
    returned = [one for one in list_reviews(report.id) if one.state is ReviewState.RETURNED]
    reviewer = find_account(returned[-1].reviewer_id) if returned else None
    return reviewer.name if reviewer else ""


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
