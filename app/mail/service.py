"""Queues mails: a row in the transaction of the change that the mail reports.

The text is made when the mail is sent (sending.py, wording.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.evidence.service import record
from app.evidence.ways_in import is_platform_access
from app.extensions import db
from app.jobs.work import ask
from app.mail.choices import is_subscribed, offered_to
from app.mail.queries import (
    find_account,
    find_submitter_id,
    get_own_account,
    get_requester,
    list_possible_reviewers,
    list_submit_subscribers,
    lock_admins,
)
from app.models import (
    Account,
    Actor,
    AuditEntry,
    Invitation,
    Mail,
    MailKind,
    PasswordReset,
    Report,
    Witness,
)


def mail_invitation(invitation: Invitation) -> Mail:
    """Queue the mail with the link of the invitation's current generation. Flushes."""
    return _queue(
        Mail(
            kind=MailKind.INVITATION,
            recipient=invitation.email,
            invitation_id=invitation.id,
        )
    )


def mail_reset(reset: PasswordReset, account: Account) -> Mail:
    return _queue(
        Mail(
            kind=MailKind.RESET,
            recipient=account.email,
            account_id=account.id,
            reset_id=reset.id,
        )
    )


def mail_witness_link(witness: Witness) -> Mail:
    """Queue the mail with the witness's link. The witness must have an address."""
    assert witness.email
    return _queue(
        Mail(
            kind=MailKind.WITNESS_LINK,
            recipient=witness.email,
            report_id=witness.report_id,
            witness_id=witness.id,
        )
    )


def mail_about_report(
    kind: MailKind, account: Account, *, report_id: UUID, document_id: UUID | None = None
) -> Mail | None:
    """Queue a mail about a report. None if the person turned it off or is no longer active."""
    if not account.is_active or not is_subscribed(account, kind):
        return None
    return _queue(
        Mail(
            kind=kind,
            recipient=account.email,
            account_id=account.id,
            report_id=report_id,
            document_id=document_id,
        )
    )


def mail_assigned(report: Report, actor: Actor) -> None:
    """Notify the assignee, unless they assigned the report to themselves."""
    if report.assignee_id == actor.account_id:
        return
    if account := find_account(report.assignee_id):
        mail_about_report(MailKind.REPORT_ASSIGNED, account, report_id=report.id)


def mail_submitted(report: Report, actor: Actor) -> None:
    """Notify those who may review the report, and the managers and admins who want to know of every
    submit; nobody gets both mails."""
    told = mail_reviewers(report, actor)
    for account in list_submit_subscribers(submitter_id=actor.account_id):
        if account.id not in told:
            mail_about_report(MailKind.REPORT_SUBMITTED, account, report_id=report.id)


def mail_reviewers(report: Report, actor: Actor) -> set[UUID]:
    """Notify everybody who may take the step that the report waits for; returns their ids."""
    people = list_possible_reviewers(report.id, except_id=actor.account_id)
    for account in people:
        mail_about_report(MailKind.REVIEW_WAITING, account, report_id=report.id)
    return {account.id for account in people}


def mail_returned(report: Report, actor: Actor) -> None:
    """Notify the assignee, and the submitter if that is another person."""
    submitter_id = find_submitter_id(report.id)
    for account_id in sorted({report.assignee_id, submitter_id or report.assignee_id}):
        account = find_account(account_id)
        if account and account.id != actor.account_id:
            mail_about_report(MailKind.REPORT_RETURNED, account, report_id=report.id)


def mail_pdf_ready(document_id: UUID) -> None:
    """Notify the person who requested the PDF."""
    account, report_id = get_requester(document_id)
    mail_about_report(MailKind.PDF_READY, account, report_id=report_id, document_id=document_id)


def mail_platform_access(entry: AuditEntry, actor: Actor, facts: Mapping[str, Any]) -> None:
    """Notify the company's admins of an action that gives the platform access to the company.

    Called for each audit entry before it is written. This mail cannot be turned off.
    """
    if not is_platform_access(entry.action, actor, facts):
        return
    for account in lock_admins():
        if str(account.id) != facts.get("account") and not _is_new(account, entry):
            ask(
                Mail(
                    kind=MailKind.PLATFORM_ACT,
                    recipient=account.email,
                    account_id=account.id,
                    entry_id=entry.id,
                )
            )


def _is_new(account: Account, entry: AuditEntry) -> bool:
    """True if the entry records the creation of this account; its owner knows about it."""
    return entry.action == "account.created" and entry.object_id == account.id


def choose_mails(*, choices: Mapping[MailKind, bool], actor: Actor) -> Account:
    """Save which mails the actor wants. Kinds that their role cannot get are ignored."""
    account = get_own_account(actor)
    kinds = [kind for kind in offered_to(account.role) if kind in choices]
    changes = {
        kind.value: {"old": is_subscribed(account, kind), "new": choices[kind]}
        for kind in kinds
        if is_subscribed(account, kind) != choices[kind]
    }
    if changes:
        chosen = {name: change["new"] for name, change in changes.items()}
        account.mail_choices = {**account.mail_choices, **chosen}
        record("account.mails_chosen", account, actor, changes=changes)
    return account


def _queue(mail: Mail) -> Mail:
    ask(mail)
    db.session.flush()
    return mail
