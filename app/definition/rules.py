"""What a report still lacks, checked alike while filling, at submit and in the API.

Only plain facts come in (see judging.py), so no rule can depend on a browser or a database.
What the answers amount to is in outcome.py; both are offered from here. How far the
filling is follows from what is missing: progress.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.definition.doubts import ONLY, undecided
from app.definition.judging import (
    NOTHING,
    AnswerFacts,
    Judgement,
    PhotoFacts,
    PhotoState,
    SignatureFacts,
    demands_comment,
    has_value,
    is_answered,
    is_na,
    judge,
    judge_cells,
    open_cells,
    said,
    verdict_of,
)
from app.definition.outcome import (
    ExceptionItem,
    ExceptionKind,
    NaItem,
    Outcome,
    RemarkItem,
    RemarkKind,
    ReportResult,
    exceptions,
    na_items,
    remarks,
    result,
)
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    PhotoMode,
    SignatureRole,
)
from app.definition.sentences import N_, Sentence, say

__all__ = [
    "AnswerFacts",
    "ExceptionItem",
    "ExceptionKind",
    "Judgement",
    "Missing",
    "MissingKind",
    "NaItem",
    "Outcome",
    "PhotoFacts",
    "PhotoState",
    "RemarkItem",
    "RemarkKind",
    "ReportResult",
    "SignatureFacts",
    "exceptions",
    "has_value",
    "is_answered",
    "is_na",
    "judge",
    "judge_cells",
    "missing_items",
    "na_items",
    "open_cells",
    "remarks",
    "result",
    "verdict_of",
]


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
    SIGNATURE = "signature"
    SIGNATURE_VOID = "signature_void"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing to put right before submit, at a field or at a signature role.

    READING is nobody's fault: the photo is still being read and the submit may wait for it.
    `photo` is the place in the field of the first photo that is meant, where one is.
    """

    kind: MissingKind
    sentence: Sentence
    field_id: str | None = None
    role_id: str | None = None
    photo: int | None = None


def missing_items(
    definition: Definition,
    answers: Mapping[str, AnswerFacts],
    photos: Iterable[PhotoFacts],
    signatures: Iterable[SignatureFacts],
) -> list[Missing]:
    """All that stands between the report and its submit, in the order of the form."""
    placed = _by_field(photos)
    missing = [
        item
        for field in definition.all_fields()
        for item in _field_missing(field, answers.get(field.id, NOTHING), placed[field.id])
    ]
    signed = {signature.role_id: signature for signature in signatures}
    for role in definition.signature_roles:
        missing += _signature_missing(role, signed.get(role.id))
    return missing


def _by_field(photos: Iterable[PhotoFacts]) -> defaultdict[str, list[PhotoFacts]]:
    placed: defaultdict[str, list[PhotoFacts]] = defaultdict(list)
    for photo in photos:
        placed[photo.field_id].append(photo)
    return placed


def _field_missing(
    field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts]
) -> Iterator[Missing]:
    if field.type is FieldType.NOTE:
        return
    na = is_na(field, facts)
    checks = (
        _answer_missing(field, facts),
        _undecided(field, facts),
        _na_reason_missing(facts) if na else None,
        _comment_missing(field, facts),
        None if na else _photo_missing(field, photos),
        _too_many_photos(field, photos),
        _position_missing(field, photos),
        _photos_being_read(photos),
        _photos_given_up(photos),
    )
    for found in checks:
        if found:
            kind, sentence = found
            yield Missing(kind, sentence, field_id=field.id, photo=_first_meant(kind, photos))


Found = tuple[MissingKind, Sentence] | None

# The photos of a field that something missing is about.
_MEANT: Mapping[MissingKind, Callable[[PhotoFacts], bool]] = {
    MissingKind.QUARANTINED: lambda photo: photo.is_unread,
    MissingKind.POSITION: lambda photo: _is_lost(photo),
    MissingKind.PHOTO_FAILED: lambda photo: photo.state is PhotoState.FAILED,
}


def _first_meant(kind: MissingKind, photos: Sequence[PhotoFacts]) -> int | None:
    is_meant = _MEANT.get(kind)
    return next((photo.position for photo in photos if is_meant and is_meant(photo)), None)


def _answer_missing(field: Field, facts: AnswerFacts) -> Found:
    if not field.required or is_answered(field, facts):
        return None
    empty = len(open_cells(field, facts))
    if has_value(field, facts) and empty:
        return MissingKind.ANSWER, say(N_("Cells without a reading: %(count)s."), count=empty)
    return MissingKind.ANSWER, say(N_("The answer is missing."))


def _undecided(field: Field, facts: AnswerFacts) -> Found:
    open_ones = undecided(field, facts.value)
    if not open_ones:
        return None
    if ONLY in open_ones:
        sentence = say(
            N_('"%(text)s" can be read as two numbers. Choose the one that is meant.'),
            text=open_ones[ONLY]["text"],
        )
    else:
        sentence = say(
            N_("Cells that can be read as two numbers: %(count)s. Choose the ones that are meant."),
            count=len(open_ones),
        )
    return MissingKind.UNDECIDED, sentence


def _na_reason_missing(facts: AnswerFacts) -> Found:
    if said(facts.na_reason):
        return None
    return MissingKind.NA_REASON, say(N_("Say why this does not apply."))


def _comment_missing(field: Field, facts: AnswerFacts) -> Found:
    if said(facts.comment) or not demands_comment(field, facts):
        return None
    if field.comment is CommentPolicy.REQUIRED:
        return MissingKind.COMMENT, say(N_("A comment is required."))
    return MissingKind.COMMENT, say(N_("Not OK or out of limits: a comment is required."))


def _photo_missing(field: Field, photos: Sequence[PhotoFacts]) -> Found:
    """The minimum holds for optional questions too: it is how a checklist asks for photos only.

    A quarantined photo counts only with a reason; one being read is given the benefit of the
    doubt, as READING holds the submit until its state is known. One that stands here twice counts
    once.
    """
    minimum = field.photos.min
    counted = [photo for photo in photos if not photo.is_unread]
    unread = len(photos) - len(counted)
    have = _count_different(counted)
    if have >= minimum:
        return None
    if unread:
        sentence = say(
            N_(
                "Photos that could not be read: %(unread)s. Take them again or give a reason"
                " (at least %(min)s needed, %(have)s so far)."
            ),
            unread=unread,
            min=minimum,
            have=have,
        )
        return MissingKind.QUARANTINED, sentence
    words = N_("Photos: at least %(min)s needed, %(have)s so far.")
    if have < len(counted):
        words = N_(
            "Photos: at least %(min)s different ones needed, %(have)s so far: a photo that stands"
            " here twice counts once."
        )
    return MissingKind.PHOTO, say(words, min=minimum, have=have)


def _count_different(photos: Sequence[PhotoFacts]) -> int:
    """Those that nothing identifies count one each."""
    known = {photo.photo for photo in photos if photo.photo is not None}
    return len(known) + sum(photo.photo is None for photo in photos)


def _too_many_photos(field: Field, photos: Sequence[PhotoFacts]) -> Found:
    """Each place counts, as each is printed. Quarantined photos take no room: they print as a
    line, not as a picture."""
    have = sum(photo.state is not PhotoState.QUARANTINED for photo in photos)
    most = 0 if field.photos.mode is PhotoMode.NONE else field.photos.max
    if have <= most:
        return None
    sentence = say(N_("Photos: at most %(max)s fit here, %(have)s placed."), max=most, have=have)
    return MissingKind.TOO_MANY_PHOTOS, sentence


def _position_missing(field: Field, photos: Sequence[PhotoFacts]) -> Found:
    lost = sum(_is_lost(photo) for photo in photos)
    if not field.photos.gps_required or not lost:
        return None
    sentence = say(
        N_(
            "Photos without a position: %(count)s. Allow the location and take them again, or give"
            " a reason where there is none to be had."
        ),
        count=lost,
    )
    return MissingKind.POSITION, sentence


def _is_lost(photo: PhotoFacts) -> bool:
    return photo.lacks_position and not said(photo.position_reason)


def _photos_given_up(photos: Sequence[PhotoFacts]) -> Found:
    count = Counter(photo.state for photo in photos)[PhotoState.FAILED]
    if not count:
        return None
    sentence = say(
        N_("Photos that the server did not manage to read: %(count)s. Let it try again there."),
        count=count,
    )
    return MissingKind.PHOTO_FAILED, sentence


def _photos_being_read(photos: Sequence[PhotoFacts]) -> Found:
    count = Counter(photo.state for photo in photos)[PhotoState.READING]
    if not count:
        return None
    return MissingKind.READING, say(N_("Photos still being read: %(count)s."), count=count)


def _signature_missing(role: SignatureRole, signature: SignatureFacts | None) -> list[Missing]:
    """An optional role never holds the submit: its void signature prints as void."""
    if not role.required or (signature and signature.valid):
        return []
    if signature:
        sentence = say(N_("The report changed after this signature. Sign again."))
        return [Missing(MissingKind.SIGNATURE_VOID, sentence, role_id=role.id)]
    return [Missing(MissingKind.SIGNATURE, say(N_("The signature is missing.")), role_id=role.id)]
