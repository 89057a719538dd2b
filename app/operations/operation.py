"""An operation, what came of it, and the shape of a kind of operation.

Only plain values belong here. kinds/__init__.py lists the kinds; service.py carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.definition.sentences import Sentence
from app.models import Actor, OperationVerdict
from app.reports.receipts import KnownReceipt


class Needs(StrEnum):
    """What an operation waits for that came early."""

    PREDECESSOR = "predecessor"
    BYTES = "bytes"
    READING = "reading"


class Early(Exception):
    """The operation cannot be judged yet: nothing is written, and it may be sent again."""

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs.value)
        self.needs = needs


@dataclass(frozen=True, slots=True)
class Operation:
    """One change made on a phone, as it was sent.

    `entries` are the form's entries of the kind, `files` its file parts. `after` are the client ids
    of operations that come before it; `base_version` is the row version that the person saw, or
    follows from the operation before it. `joins` is that operation's conflict. `digest` is the
    SHA-256 (hex) of kind, report, place and content.
    """

    kind: str
    report_id: UUID
    client_id: UUID
    field_id: str
    block_key: str
    entries: MultiDict[str, str]
    digest: str
    client_at: datetime | None = None
    base_version: int | None = None
    after: tuple[UUID, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    joins: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What `apply` did: the facts of the receipt, and `result` for the kind's own `draw`.

    `sentence` explains a conflict. A kind that keeps its receipt itself returns the time of it in
    `received_at`, or the `earlier` receipt of the same client id.
    """

    verdict: OperationVerdict = OperationVerdict.APPLIED
    field_id: str | None = None
    row_version: int | None = None
    placement_id: UUID | None = None
    conflict_id: UUID | None = None
    sentence: Sentence | None = None
    result: object = None
    earlier: KnownReceipt | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on an operation.

    `was` is the first verdict if it is known. `at` is the time of the receipt, None without one;
    `status` and `sentence` are those of a refusal; `result` is what `apply` returned, if it ran.
    """

    verdict: OperationVerdict
    was: OperationVerdict | None = None
    at: datetime | None = None
    field_id: str | None = None
    row_version: int | None = None
    placement_id: UUID | None = None
    conflict_id: UUID | None = None
    sentence: Sentence | None = None
    status: int = 200
    needs: Needs | None = None
    result: object = None

    @property
    def first(self) -> OperationVerdict:
        """The verdict of the first time."""
        return self.was or self.verdict


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the page shows of an outcome: HTML as the form's own route returns it, or an address.

    `more` is added to the JSON of the verdict.
    """

    fragment: str = ""
    redirect: str | None = None
    more: Mapping[str, str | None] = field(default_factory=dict)


Apply = Callable[[Operation, Actor], Done]
Draw = Callable[[Operation, Outcome, Actor], Drawn]


@dataclass(frozen=True, slots=True)
class OperationKind:
    """One kind of operation.

    `apply` calls the services that the forms call too; it locks the report itself and raises a
    domain error or InvalidAnswer to refuse, Early to wait. `draw` runs after the commit. `files`
    are the file parts that it takes, with the most bytes of each.

    The receipt is written after `apply`, in the same transaction. With `claims_first` it is written
    before, for what must not insert anything after the audit; with `keeps_receipt` by `apply`.
    """

    name: str
    apply: Apply
    draw: Draw
    files: Mapping[str, int] = field(default_factory=dict)
    claims_first: bool = False
    keeps_receipt: bool = False
