"""Password resets by e-mail: requesting the link and using it.

Superadmins get no link: an operator resets their password (`flask user reset-password`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.auth.account_stores import AccountStore, TenantAccountStore, Visit
from app.auth.service import set_password
from app.errors import DomainError
from app.mail.service import mail_reset
from app.models import PasswordReset
from app.signing import RESET_LINK

VALID_FOR = timedelta(minutes=30)
# Anyone can request a link for any address, so the number of mails per account is limited.
MAX_OPEN_RESETS = 5


class LinkUnknown(DomainError):
    """This link is incomplete: part of it was lost or changed on the way. Open it from the e-mail
    again, or request a new one."""

    status = 404


class LinkUsed(DomainError):
    """This link has already been used, or your password was changed after it was sent. If that was
    not you, request a new one now: it ends every session of your account."""

    status = 410


class LinkOver(DomainError):
    """This link has expired: it was valid for 30 minutes. Request a new one."""

    status = 410


def ask_for_reset(*, store: AccountStore, visit: Visit) -> None:
    """Mail the person a link. Unknown addresses, superadmins and people with too many open links
    get no mail, but the response is the same."""
    actor = visit.actor(store.person)
    if not isinstance(store, TenantAccountStore) or _count_open(store) >= MAX_OPEN_RESETS:
        store.note("account.reset_refused", actor)
        return
    reset = PasswordReset(
        account_id=store.person.id, expires_at=datetime.now(UTC) + VALID_FOR, ip=visit.ip[:45]
    )
    store.session.add(reset)
    store.session.flush()
    mail_reset(reset, store.person)
    store.note("account.reset_asked", actor, reset=str(reset.id))


def _count_open(store: TenantAccountStore) -> int:
    return (
        store.session.scalar(
            select(func.count(PasswordReset.id)).where(
                PasswordReset.account_id == store.person.id,
                PasswordReset.used_at.is_(None),
                PasswordReset.expires_at > datetime.now(UTC),
            )
        )
        or 0
    )


def read_reset(token: str | None) -> UUID:
    """The id of the row that a link names. Raises LinkUnknown for anything not signed by us."""
    found = RESET_LINK.read(token or "")
    if found is None:
        raise LinkUnknown
    return found[0]


def require_open_reset(*, store: TenantAccountStore, reset_id: UUID) -> PasswordReset:
    """The reset, locked until the transaction ends. Raises LinkUsed or LinkOver."""
    own = select(PasswordReset).where(
        PasswordReset.id == reset_id, PasswordReset.account_id == store.person.id
    )
    reset = store.session.scalars(own.with_for_update(key_share=True)).one()
    if reset.used_at is not None:
        raise LinkUsed
    if reset.expires_at <= datetime.now(UTC):
        raise LinkOver
    return reset


def use_reset(*, store: TenantAccountStore, reset_id: UUID, new: str, visit: Visit) -> None:
    """Set the new password, end every session and void this and every other open link.

    The second factor stays. Raises LinkUsed, LinkOver or WeakPassword.
    """
    # Lock the account first: a password change takes its locks in the same order.
    store.session.refresh(store.person, with_for_update={"key_share": True})
    require_open_reset(store=store, reset_id=reset_id)
    set_password(store=store, new=new, actor=visit.actor(store.person))
