"""Which mails a person can turn off, and the defaults.

Mails with links (invitations, password resets) cannot be turned off.
"""

from __future__ import annotations

from app.models import MANAGERS, STAFF, Account, MailKind, Role

# The roles that can receive each kind.
OFFERED: dict[MailKind, tuple[Role, ...]] = {
    MailKind.REPORT_ASSIGNED: STAFF,
    MailKind.REPORT_SUBMITTED: MANAGERS,
    MailKind.REVIEW_WAITING: MANAGERS,
    MailKind.REPORT_RETURNED: STAFF,
    MailKind.PDF_READY: STAFF,
}
# Admins would get a mail for every report of the company, so they have to turn it on.
OFF_BY_DEFAULT = {(MailKind.REPORT_SUBMITTED, Role.ADMIN)}


def offered_to(role: Role) -> tuple[MailKind, ...]:
    """The kinds that a person with this role can turn on or off."""
    return tuple(kind for kind, roles in OFFERED.items() if role in roles)


def is_subscribed(account: Account, kind: MailKind) -> bool:
    """The person's choice, or the default of the role."""
    if kind not in OFFERED:
        return True
    if account.role not in OFFERED[kind]:
        return False
    is_on_by_default = (kind, account.role) not in OFF_BY_DEFAULT
    return bool(account.mail_choices.get(kind.value, is_on_by_default))
