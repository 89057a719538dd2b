"""The base class of all errors that are shown to users.

Each feature defines its own classes next to its service. The class docstring is the message that
the user sees (translated when it is shown), with %(name)s placeholders filled from `params`.
"""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """This cannot be done."""

    status = 409
    # The singular message, for errors with a `count`.
    one: str | None = None
    # Seconds to wait before a retry, if the cause is temporary.
    retry_after: int | None = None

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__((self.one if self.is_one and self.one else self.sentence()) % params)

    @property
    def is_one(self) -> bool:
        return self.params.get("count") == 1

    @classmethod
    def sentence(cls) -> str:
        """The untranslated message: the docstring on one line."""
        return " ".join((cls.__doc__ or "").split())


class NotFound(DomainError):
    """This page does not exist, or you do not have access to it."""

    status = 404


class NotAllowed(DomainError):
    """Your role does not allow this."""

    status = 403
