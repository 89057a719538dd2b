"""What a review refuses, in the words that the person reads."""

from __future__ import annotations

from app.errors import DomainError


class ReviewedByOther(DomainError):
    """This report waits for its review by %(name)s."""

    status = 403


class TwoPeopleNeeded(DomainError):
    """You approved the first step of this review, so another person takes the second one."""

    status = 403


class FilledInYourself(DomainError):
    """You filled in a part of this report, so another person must approve it. You can still comment
    on it and return it. An admin can change this rule in the company's settings."""

    status = 403


class CommentsOpen(DomainError):
    """%(count)s comments are open. Return the report, or mark them as done, then approve it."""

    one = "%(count)s comment is open. Return the report, or mark it as done, then approve it."


class NothingToReturn(DomainError):
    """No comment is open. Comment on a question, so that the technician knows what to change, then
    return the report."""


class ReviewHasBegun(DomainError):
    """%(name)s has begun the review, so the report can no longer be withdrawn. Ask for its
    return."""
