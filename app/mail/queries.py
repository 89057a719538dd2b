"""Reading who is told of what."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.errors import NotFound
from app.extensions import db
from app.mail.choices import wants
from app.models import MANAGERS, Account, Actor, Document, MailKind, Role


def get_own_account(person: Actor) -> Account:
    """Raises NotFound for people of the platform, who have no account in a company."""
    account = find_account(person.account_id)
    if account is None:
        raise NotFound
    return account


def find_account(account_id: UUID | None) -> Account | None:
    return db.session.scalars(select(Account).where(Account.id == account_id)).one_or_none()


def get_requester(document_id: UUID) -> tuple[Account, UUID]:
    """Whoever asked for the document, and the id of its report. Raises NoResultFound."""
    row = db.session.execute(
        select(Account, Document.report_id)
        .join(Document, Document.requested_by == Account.id)
        .where(Document.id == document_id)
    ).one()
    return row[0], row[1]


def hold_admins() -> list[Account]:
    """The company's active admins. Held as a key to them holds them: who locks one of them and
    writes into the audit does so in this order."""
    people = db.session.scalars(
        select(Account)
        .where(Account.role == Role.ADMIN, Account.is_active)
        .order_by(Account.id)
        .with_for_update(read=True, key_share=True)
    )
    return list(people)


def list_told_of_submits(*, submitter_id: UUID | None) -> list[Account]:
    """The managers and admins who want to know of submitted reports, but for the submitter."""
    people = db.session.scalars(
        select(Account)
        .where(Account.role.in_(MANAGERS), Account.is_active, Account.id != submitter_id)
        .order_by(Account.id)
    )
    return [one for one in people if wants(one, MailKind.REPORT_SUBMITTED)]
