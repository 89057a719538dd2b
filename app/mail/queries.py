"""Finds the recipients of mails, and the owner of an address."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.errors import NotFound
from app.extensions import db
from app.mail.choices import is_subscribed
from app.models import MANAGERS, Account, Actor, Document, MailKind, Role, Superadmin
from app.reports.reviewing.admission import named_reviewer
from app.reports.reviewing.rounds import find_open_review, list_reviews
from app.tenancy import call_definer, platform_scope


def get_own_account(person: Actor) -> Account:
    """Raises NotFound for superadmins, who have no account in a company."""
    account = find_account(person.account_id)
    if account is None:
        raise NotFound
    return account


def find_account(account_id: UUID | None) -> Account | None:
    return db.session.scalars(select(Account).where(Account.id == account_id)).one_or_none()


def get_requester(document_id: UUID) -> tuple[Account, UUID]:
    """The requester of the document and the id of its report. Raises NoResultFound."""
    row = db.session.execute(
        select(Account, Document.report_id)
        .join(Document, Document.requested_by == Account.id)
        .where(Document.id == document_id)
    ).one()
    return row[0], row[1]


def is_email_taken(email: str) -> bool:
    """True if an active account of any company, or a superadmin, has this address.

    Do not reveal the result to people of a company: they must not learn who has an account in
    another one.
    """
    if call_definer("find_account_by_email", p_email=email):
        return True
    with platform_scope() as session:
        known = select(Superadmin.id).where(Superadmin.email == email)
        return session.scalars(known).one_or_none() is not None


def lock_admins() -> list[Account]:
    """Lock and return the company's active admins, ordered by id.

    FOR KEY SHARE is the lock that the mails' foreign keys take. Taking it here, before the lock of
    the audit chain, gives all transactions the same order (accounts, then audit) and avoids
    deadlocks.
    """
    people = db.session.scalars(
        select(Account)
        .where(Account.role == Role.ADMIN, Account.is_active)
        .order_by(Account.id)
        .with_for_update(read=True, key_share=True)
    )
    return list(people)


def list_submit_subscribers(*, submitter_id: UUID | None) -> list[Account]:
    """The managers and admins who get mails about submitted reports, without the submitter."""
    people = db.session.scalars(
        select(Account)
        .where(Account.role.in_(MANAGERS), Account.is_active, Account.id != submitter_id)
        .order_by(Account.id)
    )
    return [one for one in people if is_subscribed(one, MailKind.REPORT_SUBMITTED)]


def list_possible_reviewers(report_id: UUID, *, except_id: UUID | None) -> list[Account]:
    """The people who may take the step that the report waits for: the named one, or all managers
    and admins but whoever took the step before. Empty if it waits for nobody."""
    review = find_open_review(report_id)
    if review is None:
        return []
    if named := named_reviewer(review):
        return [named] if named.id != except_id else []
    people = db.session.scalars(
        select(Account)
        .where(Account.role.in_(MANAGERS), Account.is_active, Account.id != except_id)
        .order_by(Account.id)
    )
    return list(people)


def find_submitter_id(report_id: UUID) -> UUID | None:
    """Who submitted the report last; None if it was never reviewed."""
    reviews = list_reviews(report_id)
    return reviews[-1].submitted_by if reviews else None
