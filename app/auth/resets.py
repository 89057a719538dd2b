"""A new password by e-mail: asking for the link, and what it opens.

Superadmins get none: an operator resets them at the command line (`flask user reset-password`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.auth.doors import Door, TenantDoor, Visit
from app.auth.service import set_password
from app.errors import DomainError
from app.mail.service import mail_reset
from app.models import PasswordReset
from app.signing import read_row

PURPOSE = "reset"
GOOD_FOR = timedelta(minutes=30)
# Anybody may ask for anybody: nobody's mailbox can be filled by that.
MOST_OPEN = 5


class LinkUnknown(DomainError):
    """This link is not whole: a part of it was lost or changed on its way. Open it from the
    e-mail again, or ask for a new one."""

    status = 404


class LinkUsed(DomainError):
    """This link was used already, or your password was changed since it was sent. If that was not
    you, ask for a new one now: it ends every session of your account."""

    status = 410


class LinkOver(DomainError):
    """This link has run out: it is good for 30 minutes. Ask for a new one."""

    status = 410


def ask_for_reset(*, door: Door, visit: Visit) -> None:
    """Mail the person a link. Who is unknown, runs the platform or has links enough in the
    mailbox gets nothing but the same answer."""
    actor = visit.actor(door.person)
    if not isinstance(door, TenantDoor) or _count_open(door) >= MOST_OPEN:
        door.note("account.reset_refused", actor)
        return
    reset = PasswordReset(
        account_id=door.person.id, expires_at=datetime.now(UTC) + GOOD_FOR, ip=visit.ip[:45]
    )
    door.session.add(reset)
    door.session.flush()
    mail_reset(reset, door.person)
    door.note("account.reset_asked", actor, reset=str(reset.id))


def _count_open(door: TenantDoor) -> int:
    return (
        door.session.scalar(
            select(func.count(PasswordReset.id)).where(
                PasswordReset.account_id == door.person.id,
                PasswordReset.used_at.is_(None),
                PasswordReset.expires_at > datetime.now(UTC),
            )
        )
        or 0
    )


def read_reset(token: str | None) -> UUID:
    """The row that a link names. Raises LinkUnknown for anything that we did not sign."""
    found = read_row(PURPOSE, token or "")
    if found is None:
        raise LinkUnknown
    return found[0]


def require_open_reset(*, door: TenantDoor, reset_id: UUID) -> PasswordReset:
    """The reset, locked until the transaction ends. Raises LinkUsed or LinkOver."""
    own = select(PasswordReset).where(
        PasswordReset.id == reset_id, PasswordReset.account_id == door.person.id
    )
    reset = door.session.scalars(own.with_for_update(key_share=True)).one()
    if reset.used_at is not None:
        raise LinkUsed
    if reset.expires_at <= datetime.now(UTC):
        raise LinkOver
    return reset


def use_reset(*, door: TenantDoor, reset_id: UUID, new: str, visit: Visit) -> None:
    """Set the new password, end every session and void this and every other open link.

    The second factor stays. Raises LinkUsed, LinkOver or WeakPassword.
    """
    # The account before what hangs on it: a change of the password voids this link in that order.
    door.session.refresh(door.person, with_for_update={"key_share": True})
    require_open_reset(door=door, reset_id=reset_id)
    set_password(door=door, new=new, actor=visit.actor(door.person))
