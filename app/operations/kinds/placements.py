"""Operations on placed photos: caption, reasons, order, removal, and placing one again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.definition.answers import InvalidAnswer, clean_text, not_understood
from app.definition.sentences import N_, say
from app.errors import DomainError, NotFound
from app.models import Actor, OperationVerdict, PhotoPlacement
from app.operations.operation import (
    Done,
    Drawn,
    Early,
    Needs,
    Operation,
    OperationKind,
    Outcome,
)
from app.photos import placing
from app.photos.cards import draw_card, draw_moved
from app.photos.placing import StaleCaption
from app.photos.queries import find_by_client_id, find_first_placement, get_placement
from app.reports.conflicts import MyValue, keep_conflict
from app.reports.receipts import find_receipt
from app.web.addresses import read_id

MAX_CAPTION = 500
MAX_REASON = 1_000
STEPS = {"-1": -1, "1": 1}
STALE = N_("The caption of this photo was changed in the meantime. Both captions are saved.")


class PhotoRemoved(DomainError):
    """The photo was removed from the report in the meantime. The file and its history are kept."""

    status = 409


class PhotoRefused(DomainError):
    """The photo was not accepted, so there is nothing to change."""

    status = 409


# --- the photo that is meant ----------------------------------------------------------------------


def _placement(sent: Operation, actor: Actor, *, even_removed: bool = False) -> PhotoPlacement:
    """The placement with this id, or that of the photo with this client id.

    Raises NotFound, Early, PhotoRefused, PhotoRemoved.
    """
    placement_id = read_id(sent.entries.get("placement")) or _placed(sent)
    placement = get_placement(placement_id, person=actor, with_removed=True)
    if placement.report_id != sent.report_id:
        raise NotFound
    if placement.removed_at is not None and not even_removed:
        raise PhotoRemoved
    return placement


def _placed(sent: Operation) -> UUID:
    client_id = read_id(sent.entries.get("photo"))
    if client_id is None:
        raise NotFound
    receipt = find_receipt(client_id)
    if receipt and receipt.placement_id:
        return receipt.placement_id
    if receipt:
        raise PhotoRefused
    # Sent by a form, which leaves no receipt.
    photo = find_by_client_id(client_id)
    placement = find_first_placement(photo.id) if photo else None
    if placement is None:
        raise Early(Needs.PREDECESSOR)
    return placement.id


def _done(placement: PhotoPlacement, result: object = None) -> Done:
    return Done(
        field_id=placement.field_id,
        row_version=placement.row_version,
        placement_id=placement.id,
        result=result,
    )


# --- the kinds ------------------------------------------------------------------------------------


def _caption(sent: Operation, actor: Actor) -> Done:
    placement = _placement(sent, actor)
    caption = " ".join(clean_text(sent.entries.get("caption", ""), MAX_CAPTION).split())
    base = 1 if sent.base_version is None else sent.base_version
    try:
        changed = placing.caption_photo(
            placement_id=placement.id, caption=caption, base_version=base, actor=actor
        )
    except StaleCaption as stale:
        return _disagree(sent, stale, placement.id, caption, actor)
    return _done(changed)


def _disagree(
    sent: Operation, stale: StaleCaption, placement_id: UUID, caption: str, actor: Actor
) -> Done:
    mine = MyValue(
        report_id=sent.report_id,
        field_id=stale.field_id,
        block_key=sent.block_key,
        base_version=1 if sent.base_version is None else sent.base_version,
        client_id=sent.client_id,
        client_at=sent.client_at,
        placement_id=placement_id,
        caption=caption,
    )
    return Done(
        OperationVerdict.CONFLICT,
        field_id=stale.field_id,
        row_version=stale.row_version,
        placement_id=placement_id,
        conflict_id=keep_conflict(mine, joins=sent.joins, actor=actor),
        sentence=say(STALE),
    )


def _reason(explain: Callable[..., PhotoPlacement]) -> Callable[[Operation, Actor], Done]:
    def apply(sent: Operation, actor: Actor) -> Done:
        placement = _placement(sent, actor)
        reason = clean_text(sent.entries.get("reason", ""), MAX_REASON)
        if not reason:
            raise InvalidAnswer(say(N_("Enter the reason in a few words.")))
        return _done(explain(placement_id=placement.id, reason=reason, actor=actor))

    return apply


def _move(sent: Operation, actor: Actor) -> Done:
    placement = _placement(sent, actor)
    step = STEPS.get(sent.entries.get("step", ""))
    if step is None:
        raise not_understood()
    moved = placing.move_photo(placement_id=placement.id, step=step, actor=actor)
    return _done(placement, [one.id for one in moved])


def _remove(sent: Operation, actor: Actor) -> Done:
    placement = _placement(sent, actor, even_removed=True)
    return _done(placing.remove_photo(placement_id=placement.id, actor=actor))


def _again(sent: Operation, actor: Actor) -> Done:
    return _done(
        placing.place_again(
            report_id=sent.report_id,
            field_id=sent.field_id,
            placement_id=_placement(sent, actor, even_removed=True).id,
            client_id=sent.client_id,
            actor=actor,
        )
    )


def _draw(_sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    if outcome.placement_id is None:
        return Drawn()
    return Drawn(draw_card(outcome.placement_id, person=actor))


def _draw_move(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    if isinstance(outcome.result, list) and outcome.result:
        return Drawn(draw_moved(outcome.result, person=actor))
    return _draw(sent, outcome, actor)


PLACEMENT_KINDS = (
    OperationKind("caption", _caption, _draw),
    OperationKind("reason", _reason(placing.explain_photo), _draw),
    OperationKind("position_reason", _reason(placing.explain_position), _draw),
    OperationKind("move", _move, _draw_move),
    OperationKind("removal", _remove, _draw),
    OperationKind("again", _again, _draw),
)
