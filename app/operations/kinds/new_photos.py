"""The operation that places a photo in its report. Its bytes were uploaded before (app/uploads)."""

from __future__ import annotations

from dataclasses import replace

from app.definition.answers import not_understood
from app.errors import NotFound
from app.imaging.sniff import ImageKind
from app.models import Actor, OperationVerdict, PhotoUpload
from app.operations.operation import Done, Drawn, Early, Needs, Operation, OperationKind, Outcome
from app.operations.service import sentence_of
from app.photos.cards import draw_card, draw_repeat
from app.photos.inputs import SHA256, read_claims
from app.photos.queries import get_placement
from app.photos.service import PhotoAlreadyHere, StoredUpload, check_place, place_photo
from app.uploads.service import find_complete, mark_placed


def _apply(sent: Operation, actor: Actor) -> Done:
    upload = _find(sent, actor)
    if upload is None:
        # A photo that no question takes needs no bytes.
        check_place(report_id=sent.report_id, field_id=sent.field_id, actor=actor)
        raise Early(Needs.BYTES) if _digest(sent) else not_understood()
    done = _place(sent, upload, actor)
    # Also if the report has the same bytes already: this upload of them waits for nothing more.
    try:
        mark_placed(upload.id)
    except NotFound:  # abandoned for a week, and deleted at this moment
        raise Early(Needs.BYTES) from None
    return done


def _find(sent: Operation, actor: Actor) -> PhotoUpload | None:
    digest = _digest(sent)
    if digest is None:
        return None
    return find_complete(
        client_id=sent.client_id, report_id=sent.report_id, sha256=digest, actor=actor
    )


def _digest(sent: Operation) -> str | None:
    """The hash of the photo (hex); None for what is none."""
    digest = sent.entries.get("sha256", "").lower()
    return digest if SHA256.fullmatch(digest) else None


def _place(sent: Operation, upload: PhotoUpload, actor: Actor) -> Done:
    try:
        placement = place_photo(
            report_id=sent.report_id,
            field_id=sent.field_id,
            kept=_stored(sent, upload),
            actor=actor,
        )
    except PhotoAlreadyHere as error:
        return Done(
            OperationVerdict.CONFLICT,
            placement_id=error.placement_id,
            sentence=sentence_of(error),
        )
    return Done(placement_id=placement.id, row_version=placement.row_version)


def _stored(sent: Operation, upload: PhotoUpload) -> StoredUpload:
    assert upload.storage_key and upload.media_type
    claims = replace(read_claims(sent.entries), client_id=sent.client_id, client_at=sent.client_at)
    kind = ImageKind(upload.media_type)
    # The phone said the hash before it sent the first byte.
    return StoredUpload(upload.storage_key, upload.sha256, upload.byte_size, kind, claims, True)


def _draw(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    """With the stored photo's SHA-256, after which the phone may delete its copy."""
    placement_id = outcome.placement_id
    if placement_id is None:
        return Drawn(more={"sha256": None})
    placement = get_placement(placement_id, person=actor, with_removed=True)
    more = {"sha256": placement.photo.sha256}
    if outcome.first is not OperationVerdict.CONFLICT:
        return Drawn(draw_card(placement_id, person=actor), more=more)
    try:
        card = draw_repeat(
            placement_id, sent.report_id, sent.field_id, sent.client_id, person=actor
        )
    except NotFound:  # the photo was removed since
        card = ""
    return Drawn(card, more=more)


PHOTO = OperationKind("photo", _apply, _draw)
