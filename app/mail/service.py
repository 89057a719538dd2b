"""Asking for a mail: a row in the transaction of the change that it tells of.

What the mail says is made when it is sent (sending.py).
"""

from __future__ import annotations

from uuid import UUID

from app.extensions import db
from app.jobs.queue import wake
from app.models import Account, Invitation, Mail, MailKind, PasswordReset

KIND = "mail"
QUEUE = "mails"
# What each person may choose not to get. Who asked for a link gets it.
CHOICES = (MailKind.REPORT_ASSIGNED, MailKind.REPORT_SUBMITTED, MailKind.PDF_READY)


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


def wants(account: Account, kind: MailKind) -> bool:
    """Everything until it is chosen away."""
    return kind not in CHOICES or bool(account.mail_choices.get(kind.value, True))


def _queue(mail: Mail) -> Mail:
    db.session.add(mail)
    db.session.flush()
    wake(QUEUE, KIND, mail.id)
    return mail
