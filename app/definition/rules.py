"""What a report still lacks, checked alike while filling, at submit and in the API.

Only plain facts come in (see judging.py), so no rule can depend on a browser or a database.
What the answers amount to is in outcome.py; both are offered from here.
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
    ReportResult,
    exceptions,
    na_items,
    result,
)
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    PhotoMode,
    SignatureRole,
    Verdict,
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
    "Progress",
    "ReportResult",
    "SignatureFacts",
    "exceptions",
    "first_open_field",
    "has_value",
    "is_answered",
    "is_na",
    "judge",
    "judge_cells",
    "missing_items",
    "na_items",
    "open_cells",
    "progress",
    "result",
    "verdict_of",
]

INFO = "info"  # the key of the info fields in Progress.per_section


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


@dataclass(frozen=True, slots=True)
class Progress:
    """Fields done out of those that count; `per_section` maps a section id to (done, total).

    Info fields stand under "info". A section where nothing counts yet has (0, 0).
    """

    total: int
    done: int
    per_section: Mapping[str, tuple[int, int]]

    @property
    def percent(self) -> int:
        """Whole per cent, 100 only when everything is done and nothing counted as done."""
        return self.done * 100 // self.total if self.total else 100


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


def progress(
    definition: Definition, answers: Mapping[str, AnswerFacts], photos: Iterable[PhotoFacts]
) -> Progress:
    """How far the filling is. Notes never count; signatures and photos being read neither.

    A field counts when it is required, when it demands photos, or once somebody touched it;
    it is done when it lacks nothing, so 100 per cent means that only signatures can be open.
    """
    placed = _by_field(photos)

    def tally(fields: Sequence[Field]) -> tuple[int, int]:
        every = [(one, answers.get(one.id, NOTHING), placed[one.id]) for one in fields]
        counted = [one for one in every if _counts(*one)]
        open_ones = sum(_is_open(*one) for one in counted)
        return len(counted) - open_ones, len(counted)

    sections = {section.id: tally(section.fields) for section in definition.sections}
    per_section = {INFO: tally(definition.info_fields), **sections}
    done, total = (sum(pair[i] for pair in per_section.values()) for i in (0, 1))
    return Progress(total=total, done=done, per_section=per_section)


def first_open_field(
    definition: Definition, answers: Mapping[str, AnswerFacts], photos: Iterable[PhotoFacts]
) -> str | None:
    """The id of the first field that lacks something, where the filling resumes."""
    placed = _by_field(photos)
    for field in definition.all_fields():
        if _is_open(field, answers.get(field.id, NOTHING), placed[field.id]):
            return field.id
    return None


def _by_field(photos: Iterable[PhotoFacts]) -> defaultdict[str, list[PhotoFacts]]:
    placed: defaultdict[str, list[PhotoFacts]] = defaultdict(list)
    for photo in photos:
        placed[photo.field_id].append(photo)
    return placed


def _counts(field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts]) -> bool:
    if field.type is FieldType.NOTE:
        return False
    demanded = field.required or field.photos.mode is PhotoMode.REQUIRED
    return demanded or bool(photos) or has_value(field, facts) or is_na(field, facts)


def _is_open(field: Field, facts: AnswerFacts, photos: Sequence[PhotoFacts]) -> bool:
    return any(
        item.kind is not MissingKind.READING for item in _field_missing(field, facts, photos)
    )


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
        None if na else _comment_missing(field, facts),
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
    """An optional question left blank needs no comment."""
    if said(facts.comment):
        return None
    if field.comment is CommentPolicy.REQUIRED and (field.required or has_value(field, facts)):
        return MissingKind.COMMENT, say(N_("A comment is required."))
    when_bad = field.comment is CommentPolicy.REQUIRED_WHEN_NOT_OK
    if when_bad and verdict_of(field, facts) is Verdict.NOT_OK:
        return MissingKind.COMMENT, say(N_("Not OK or out of limits: a comment is required."))
    return None


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
