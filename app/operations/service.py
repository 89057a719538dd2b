"""Carries out operations exactly once: one client id, one effect, one receipt, one verdict.

The unique client id of the receipts decides, not a look before: if two requests with one id do the
same at once, one of them cannot insert its receipt, and all that it did is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.definition.answers import InvalidAnswer
from app.definition.sentences import Plural, Sentence
from app.errors import DomainError, NotAllowed, NotFound
from app.extensions import db
from app.models import Actor, OperationVerdict
from app.operations.operation import Done, Early, Needs, Operation, OperationKind, Outcome
from app.reports.queries import get_report
from app.reports.receipts import (
    KnownReceipt,
    ReusedClientId,
    find_receipt,
    find_receipts,
    keep_receipt,
)

UNREADABLE = 422
# From here on, a status says that the server could not do it now: no verdict.
FIRST_TEMPORARY = 500


class UnknownKind(DomainError):
    """The server does not understand this entry yet. It stays on your device and is sent again."""

    status = 501


def carry_out(kind: OperationKind, sent: Operation, actor: Actor) -> Outcome:
    """Apply the operation, unless its client id was answered before.

    Raises NotFound and NotAllowed, and what is only temporary, such as a full storage: these are no
    verdicts, and nothing is written.
    """
    try:
        return _carry_out(kind, sent, actor)
    except Early as early:
        db.session.rollback()
        get_report(sent.report_id, person=actor)
        return Outcome(OperationVerdict.EARLY, needs=early.needs)
    except ReusedClientId as error:
        db.session.rollback()
        return Outcome(
            OperationVerdict.REFUSED, sentence=sentence_of(error), status=ReusedClientId.status
        )


def _carry_out(kind: OperationKind, sent: Operation, actor: Actor) -> Outcome:
    based = sent
    if sent.after or not kind.keeps_receipt:
        get_report(sent.report_id, person=actor)
        earlier = find_receipts((sent.client_id, *sent.after))
        own = earlier.get(sent.client_id)
        if own and not kind.keeps_receipt:
            return _known(sent, own)
        if own is None:
            based = _based(sent, earlier)
    try:
        return _apply(kind, based, actor)
    except InvalidAnswer as error:
        return _refuse(based, error.sentence, UNREADABLE, actor)
    except (NotFound, NotAllowed, ReusedClientId):
        raise
    except DomainError as error:
        if error.status >= FIRST_TEMPORARY or error.retry_after:
            raise
        return _refuse(based, sentence_of(error), error.status, actor)


def _based(sent: Operation, earlier: Mapping[UUID, KnownReceipt]) -> Operation:
    """The operation with the base that follows from the one before it. Raises Early.

    After an applied one, that is the row version which it led to; after a refused one, or one in
    conflict, whatever that one was based on.
    """
    found = [earlier.get(one) for one in sent.after]
    if any(one is None or one.report_id != sent.report_id for one in found):
        raise Early(Needs.PREDECESSOR)
    if sent.base_version is not None or not found:
        return sent
    before = found[-1]
    assert before
    if before.field_id != sent.field_id or before.block_key != sent.block_key:
        return sent
    is_applied = before.verdict is OperationVerdict.APPLIED
    version = before.row_version if is_applied else before.base_version
    return replace(sent, base_version=version, joins=before.conflict_id)


def _apply(kind: OperationKind, sent: Operation, actor: Actor) -> Outcome:
    claimed = _keep(sent, Done(), actor) if kind.claims_first else None
    if kind.claims_first and claimed is None:
        return _known_after_all(sent)
    done = kind.apply(sent, actor)
    if done.earlier:
        return replace(_known(sent, done.earlier, is_checked=True), result=done.result)
    at = claimed or done.received_at or _keep(sent, done, actor)
    if at is None:
        return _known_after_all(sent)
    return Outcome(
        done.verdict,
        at=at,
        field_id=done.field_id,
        row_version=done.row_version,
        placement_id=done.placement_id,
        conflict_id=done.conflict_id,
        sentence=done.sentence,
        result=done.result,
    )


def _keep(sent: Operation, done: Done, actor: Actor, status: int = 200) -> datetime | None:
    return keep_receipt(
        report_id=sent.report_id,
        client_id=sent.client_id,
        field_id=done.field_id or sent.field_id,
        block_key=sent.block_key,
        kind=sent.kind,
        verdict=done.verdict,
        base_version=sent.base_version,
        row_version=done.row_version,
        placement_id=done.placement_id,
        conflict_id=done.conflict_id,
        digest=sent.digest,
        account_id=actor.account_id,
        client_at=sent.client_at,
        sentence=_as_json(done.sentence, status) if done.sentence else None,
    )


def _refuse(sent: Operation, sentence: Sentence, status: int, actor: Actor) -> Outcome:
    """Keep the refusal, so that the operations after it need not wait. Raises NotFound."""
    db.session.rollback()
    get_report(sent.report_id, person=actor)
    refused = Done(OperationVerdict.REFUSED, sentence=sentence)
    at = _keep(sent, refused, actor, status)
    if at is None:
        return _known_after_all(sent)
    return Outcome(OperationVerdict.REFUSED, at=at, sentence=sentence, status=status)


def _known_after_all(sent: Operation) -> Outcome:
    """Another request with this client id came first: undo this one and return its verdict."""
    db.session.rollback()
    earlier = find_receipt(sent.client_id)
    if earlier is None:  # only possible if the other one was undone, too
        raise Early(Needs.PREDECESSOR)
    return _known(sent, earlier)


def _known(sent: Operation, earlier: KnownReceipt, *, is_checked: bool = False) -> Outcome:
    """The first verdict again. Raises ReusedClientId if something else was sent under this id."""
    if not is_checked and earlier.digest != sent.digest:
        raise ReusedClientId
    sentence, status = _from_json(earlier.sentence)
    return Outcome(
        OperationVerdict.KNOWN,
        was=earlier.verdict,
        at=earlier.created_at,
        field_id=earlier.field_id,
        row_version=earlier.row_version,
        placement_id=earlier.placement_id,
        conflict_id=earlier.conflict_id,
        sentence=sentence,
        status=status,
    )


# --- the sentence of a receipt -----------------------------------------------------------------


def sentence_of(error: DomainError) -> Sentence:
    """The error's sentence with its parameters, still untranslated."""
    params = {
        name: value if isinstance(value, int) else str(value)
        for name, value in error.params.items()
    }
    if error.one is None:
        return Sentence(error.sentence(), params)
    return Sentence(error.one, params, Plural(error.one, error.sentence()))


def _as_json(sentence: Sentence, status: int) -> dict[str, Any]:
    kept = {"status": status, "words": sentence.msgid, "params": dict(sentence.params)}
    return kept | ({"plural": list(sentence.plural)} if sentence.plural else {})


def _from_json(kept: Mapping[str, Any] | None) -> tuple[Sentence | None, int]:
    if kept is None:
        return None, 200
    plural = Plural(*kept["plural"]) if "plural" in kept else None
    return Sentence(kept["words"], kept["params"], plural), kept["status"]
