"""Asking for a mail: a row in the transaction of the change that it tells of.

What the mail says is made when it is sent (sending.py, wording.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from app.evidence.service import record
from app.evidence.ways_in import is_way_in
from app.extensions import db
from app.jobs.queue import wake
from app.mail.choices import offered_to, wants
from app.mail.queries import get_own_account, get_requester, hold_admins, list_told_of_submits
from app.models import (
    Account,
    Actor,
    AuditEntry,
    Invitation,
    Mail,
    MailKind,
    PasswordReset,
    Report,
)

KIND = "mail"
QUEUE = "mails"


def mail_invitation(invitation: Invitation) -> Mail:
    """Send the link of the invitation's present generation. Flushes."""
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


def mail_about_report(
    kind: MailKind, account: Account, *, report_id: UUID, document_id: UUID | None = None
) -> Mail | None:
    """Tell a person of a report; None where they chose not to be told or left."""
    if not account.is_active or not wants(account, kind):
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


def mail_submitted(report: Report, *, submitter: Actor) -> None:
    """Tell whoever leads and wants to know."""
    for account in list_told_of_submits(submitter_id=submitter.account_id):
        mail_about_report(MailKind.REPORT_SUBMITTED, account, report_id=report.id)


def mail_pdf_ready(document_id: UUID) -> None:
    """Tell whoever asked for the PDF."""
    account, report_id = get_requester(document_id)
    mail_about_report(MailKind.PDF_READY, account, report_id=report_id, document_id=document_id)


def mail_way_in(entry: AuditEntry, actor: Actor, facts: Mapping[str, Any]) -> None:
    """Tell the company's admins of an act that lets the platform in; nobody chooses that away.

    Called for each entry of the audit before it is written.
    """
    if not is_way_in(entry.action, actor, facts):
        return
    for account in hold_admins():
        if str(account.id) != facts.get("account") and not _is_new(account, entry):
            mail = Mail(
                id=uuid4(), kind=MailKind.PLATFORM_ACT, recipient=account.email,
                account_id=account.id, entry_id=entry.id,
            )  # fmt: skip
            db.session.add(mail)
            wake(QUEUE, KIND, mail.id)


def _is_new(account: Account, entry: AuditEntry) -> bool:
    """Whether the entry tells that this account was made: who has it knows."""
    return entry.action == "account.created" and entry.object_id == account.id


def choose_mails(*, choices: Mapping[MailKind, bool], actor: Actor) -> Account:
    """Keep which mails the actor wants; kinds that their role cannot get are left out."""
    account = get_own_account(actor)
    kinds = [kind for kind in offered_to(account.role) if kind in choices]
    changes = {
        kind.value: {"old": wants(account, kind), "new": choices[kind]}
        for kind in kinds
        if wants(account, kind) != choices[kind]
    }
    if changes:
        chosen = {name: change["new"] for name, change in changes.items()}
        account.mail_choices = {**account.mail_choices, **chosen}
        record(
            action="account.mails_chosen",
            actor=actor,
            object_type="account",
            object_id=account.id,
            changes=changes,
        )
    return account


def _queue(mail: Mail) -> Mail:
    db.session.add(mail)
    db.session.flush()
    wake(QUEUE, KIND, mail.id)
    return mail
