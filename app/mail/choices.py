"""Which mails a person may choose away, and what holds until they choose.

Links that somebody asked for, or was invited by, are no matter of choice.
"""

from __future__ import annotations

from app.models import MANAGERS, STAFF, Account, MailKind, Role

# Which roles each can come to.
OFFERED: dict[MailKind, tuple[Role, ...]] = {
    MailKind.REPORT_ASSIGNED: STAFF,
    MailKind.REPORT_SUBMITTED: MANAGERS,
    MailKind.PDF_READY: STAFF,
}
# Whoever runs a company's space would hear of every report of everybody: they ask for it first.
OFF_AT_FIRST = {(MailKind.REPORT_SUBMITTED, Role.ADMIN)}


def offered_to(role: Role) -> tuple[MailKind, ...]:
    """The kinds that a person of this role can get and choose away."""
    return tuple(kind for kind, roles in OFFERED.items() if role in roles)


def wants(account: Account, kind: MailKind) -> bool:
    """What the person chose, else what holds for the role."""
    if kind not in OFFERED:
        return True
    if account.role not in OFFERED[kind]:
        return False
    at_first = (kind, account.role) not in OFF_AT_FIRST
    return bool(account.mail_choices.get(kind.value, at_first))
