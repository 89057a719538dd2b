"""The base of every refusal that a person should read.

Each feature defines its own classes beside its service; the class's docstring is the sentence
that the user sees (translated at the edge), with %(name)s placeholders filled from `params`.
"""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """This cannot be done."""

    status = 409
    # What is said where `count` is one, of an error whose sentence counts.
    one: str | None = None
    # Seconds after which it is worth to try again, where only time mends it.
    retry_after: int | None = None

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__((self.one if self.is_one and self.one else self.sentence()) % params)

    @property
    def is_one(self) -> bool:
        return self.params.get("count") == 1

    @classmethod
    def sentence(cls) -> str:
        """The untranslated sentence: the docstring on one line."""
        return " ".join((cls.__doc__ or "").split())


class NotFound(DomainError):
    """There is nothing here, or it is not yours to see."""

    status = 404


class NotAllowed(DomainError):
    """Your role does not allow this."""

    status = 403
