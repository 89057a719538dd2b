"""What a question or a signature still lacks before the report can be submitted.

Uses only plain facts (see judging.py), so no rule can depend on a browser or a database.
assessment.py assesses a whole report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.fields import kind_of
from app.definition.fields.kind import ONLY
from app.definition.judging import (
    NOTHING,
    AnswerFacts,
    PhotoFacts,
    PhotoState,
    SignatureFacts,
    has_text,
)
from app.definition.schema import CommentPolicy, Field, PhotoMode, SignatureRole, Verdict
from app.definition.sentences import N_, Sentence, say


class MissingKind(StrEnum):
    ANSWER = "answer"
    UNDECIDED = "undecided"
    NA_REASON = "na_reason"
    COMMENT = "comment"
    PHOTO = "photo"
    TOO_MANY_PHOTOS = "too_many_photos"
    QUARANTINED = "quarantined"
    POSITION = "position"
    READING = "reading"
    PHOTO_FAILED = "photo_failed"
    CONFLICT = "conflict"
    SIGNATURE = "signature"
    SIGNATURE_VOID = "signature_void"


@dataclass(frozen=True, slots=True)
class Missing:
    """One item to correct before the submit, in a field or a signature role.

    READING needs no action: the server is still reading the photo, and the submit must wait for it.
    CONFLICT is no rule of the checklist: completing/service.py adds it.
    `photo` is the position in the field of the first photo concerned, if there is one.
    """

    kind: MissingKind
    sentence: Sentence
    field_id: str | None = None
    role_id: str | None = None
    photo: int | None = None


def missing_of_field(
    field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts], *, fails: bool = False
) -> Iterator[Missing]:
    """Everything that one field still lacks; `photos` are the field's own, `fails` says that the
    answer is Not OK by the field's rule."""
    if not field.is_question:
        return
    for found in _checks(field, facts, photos, fails):
        if found:
            kind, sentence = found
            yield Missing(
                kind, sentence, field_id=field.id, photo=_first_photo_concerned(kind, photos)
            )


def _checks(
    field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts], fails: bool
) -> Iterator[MissingReason]:
    """One after the other: who asks only whether anything is missing stops at the first."""
    na = kind_of(field).is_na(field, facts)
    yield _answer_missing(field, facts)
    yield _undecided(field, facts)
    if na:
        yield _na_reason_missing(facts)
    yield _comment_missing(field, facts, fails)
    if not na:
        yield _photo_missing(field, facts, photos)
    if photos:
        yield _too_many_photos(field, photos)
        yield _position_missing(field, photos)
        yield _photos_being_read(photos)
        yield _photos_failed(photos)


def count_of_field(field: Field, *, is_complete: bool) -> tuple[int, int]:
    """What a question adds to (done, required).

    An optional question counts only while it is begun and incomplete, because the submit rejects it
    then. So the answer to an optional question never makes the report look further along.
    """
    if not is_complete:
        return 0, 1
    is_required = any(True for _item in missing_of_field(field, NOTHING, ()))
    return int(is_required), int(is_required)


MissingReason = tuple[MissingKind, Sentence] | None

# The photos that each kind of missing item concerns.
_CONCERNED: Mapping[MissingKind, Callable[[PhotoFacts], bool]] = {
    MissingKind.QUARANTINED: lambda photo: photo.is_unread,
    MissingKind.POSITION: lambda photo: _is_unexplained(photo),
    MissingKind.PHOTO_FAILED: lambda photo: photo.state is PhotoState.FAILED,
}


def _first_photo_concerned(kind: MissingKind, photos: Sequence[PhotoFacts]) -> int | None:
    is_meant = _CONCERNED.get(kind)
    return next((photo.position for photo in photos if is_meant and is_meant(photo)), None)


def _answer_missing(field: Field, facts: AnswerFacts) -> MissingReason:
    kind = kind_of(field)
    if not field.required or kind.is_answered(field, facts):
        return None
    empty = len(kind.open_cells(field, facts.value))
    if kind.has_value(field, facts) and empty:
        return MissingKind.ANSWER, say(N_("Cells without a reading: %(count)s."), count=empty)
    return MissingKind.ANSWER, say(N_("The answer is missing."))


def _undecided(field: Field, facts: AnswerFacts) -> MissingReason:
    open_ones = kind_of(field).undecided(field, facts.value)
    if not open_ones:
        return None
    if ONLY in open_ones:
        sentence = say(
            N_('"%(text)s" can be read as two numbers. Choose the right one.'),
            text=open_ones[ONLY]["text"],
        )
    else:
        sentence = say(
            N_("Cells that can be read as two numbers: %(count)s. Choose the right one for each."),
            count=len(open_ones),
        )
    return MissingKind.UNDECIDED, sentence


def _na_reason_missing(facts: AnswerFacts) -> MissingReason:
    if has_text(facts.na_reason):
        return None
    return MissingKind.NA_REASON, say(N_("Enter the reason why this does not apply."))


def requires_comment(field: Field, facts: AnswerFacts, *, fails: bool = False) -> bool:
    """Whether the checklist requires a comment with this answer; an N.A. never requires one.

    An optional question left blank needs no comment.
    """
    kind = kind_of(field)
    if kind.is_na(field, facts):
        return False
    if field.comment is CommentPolicy.REQUIRED:
        return field.required or kind.has_value(field, facts)
    when_bad = field.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK
    return when_bad and (fails or kind.verdict(field, facts) is Verdict.NOT_OK)


def _comment_missing(field: Field, facts: AnswerFacts, fails: bool) -> MissingReason:
    if has_text(facts.comment) or not requires_comment(field, facts, fails=fails):
        return None
    if field.comment is CommentPolicy.REQUIRED:
        return MissingKind.COMMENT, say(N_("A comment is required."))
    return MissingKind.COMMENT, say(N_("Not OK or out of limits: a comment is required."))


def fewest_photos(field: Field, facts: AnswerFacts) -> int:
    """How many photos the checklist demands with this answer; an N.A. never demands one."""
    kind = kind_of(field)
    if kind.is_na(field, facts):
        return 0
    if field.photos.mode is PhotoMode.REQUIRED_WHEN_NOT_OK:
        return field.photos.min if kind.verdict(field, facts) is Verdict.NOT_OK else 0
    return field.photos.min


def _photo_missing(field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts]) -> MissingReason:
    """Check the minimum, also for optional questions: a checklist may ask for photos only.

    A quarantined photo counts only with a reason. A photo that is still being read counts, because
    READING blocks the submit until its state is known. A photo placed twice counts once.
    """
    minimum = fewest_photos(field, facts)
    counted = [photo for photo in photos if not photo.is_unread]
    unread = len(photos) - len(counted)
    have = _count_different(counted)
    if have >= minimum:
        return None
    if unread:
        sentence = say(
            N_(
                "Photos that could not be read: %(unread)s. Retake them or give a reason "
                "(at least %(min)s required, %(have)s so far)."
            ),
            unread=unread,
            min=minimum,
            have=have,
        )
        return MissingKind.QUARANTINED, sentence
    words = N_("Photos: at least %(min)s required, %(have)s so far.")
    if have < len(counted):
        words = N_(
            "Photos: at least %(min)s different ones required, %(have)s so far. A "
            "photo used twice here counts once."
        )
    return MissingKind.PHOTO, say(words, min=minimum, have=have)


def _count_different(photos: Sequence[PhotoFacts]) -> int:
    """Count distinct photos; each photo without an identity counts as one."""
    known = {photo.photo for photo in photos if photo.photo is not None}
    return len(known) + sum(photo.photo is None for photo in photos)


def _too_many_photos(field: Field, photos: Sequence[PhotoFacts]) -> MissingReason:
    """Check the maximum; every placement counts, because each is printed.

    Quarantined photos do not count: they print as a line of text, not as a picture.
    """
    have = sum(photo.state is not PhotoState.QUARANTINED for photo in photos)
    most = 0 if field.photos.mode is PhotoMode.NONE else field.photos.max
    if have <= most:
        return None
    sentence = say(N_("Photos: at most %(max)s allowed, %(have)s added."), max=most, have=have)
    return MissingKind.TOO_MANY_PHOTOS, sentence


def _position_missing(field: Field, photos: Sequence[PhotoFacts]) -> MissingReason:
    lost = sum(_is_unexplained(photo) for photo in photos)
    if not field.photos.gps_required or not lost:
        return None
    sentence = say(
        N_(
            "Photos without a position: %(count)s. Allow location access and retake "
            "them, or give a reason if no position is available."
        ),
        count=lost,
    )
    return MissingKind.POSITION, sentence


def _is_unexplained(photo: PhotoFacts) -> bool:
    return photo.lacks_position and not has_text(photo.position_reason)


def _photos_failed(photos: Sequence[PhotoFacts]) -> MissingReason:
    count = sum(photo.state is PhotoState.FAILED for photo in photos)
    if not count:
        return None
    sentence = say(
        N_("Photos that the server could not read: %(count)s. Open the question and try again."),
        count=count,
    )
    return MissingKind.PHOTO_FAILED, sentence


def _photos_being_read(photos: Sequence[PhotoFacts]) -> MissingReason:
    count = sum(photo.state is PhotoState.READING for photo in photos)
    if not count:
        return None
    return MissingKind.READING, say(N_("Photos still being read: %(count)s."), count=count)


def missing_of_role(role: SignatureRole, signature: SignatureFacts | None) -> list[Missing]:
    """What a role lacks. Optional roles never block the submit: a void signature prints as void."""
    if not role.required or (signature and signature.valid):
        return []
    if signature:
        sentence = say(N_("The report changed after this signature. Sign again."))
        return [Missing(MissingKind.SIGNATURE_VOID, sentence, role_id=role.id)]
    return [Missing(MissingKind.SIGNATURE, say(N_("The signature is missing.")), role_id=role.id)]
