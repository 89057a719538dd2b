"""What speaks for a photo, in one line: clocks, positions, camera or gallery, hash, damage, and
whether the same picture was used before. The one place that words it, for pages and PDF.

Pure functions. The line informs: it is no exception, and no rule looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.agreement import ConflictKind, places_of, times_of
from app.definition.judging import PhotoState
from app.definition.sentences import N_, Sentence, say
from app.models import PhotoSource
from app.pdf.context import PlaceSource, TimeSource
from app.reports.facts import PlacedPhoto
from app.reports.likenesses import Likenesses
from app.words import EXCEPTIONS

CLOCKS_DISAGREE = EXCEPTIONS.english[ConflictKind.CLOCKS]
# By the clocks that are known, besides that of the server.
CLOCKS = {
    frozenset({TimeSource.CAMERA, TimeSource.PHONE}): N_("Camera, phone and server clocks agree"),
    frozenset({TimeSource.CAMERA}): N_("Camera and server clocks agree"),
    frozenset({TimeSource.PHONE}): N_("Phone and server clocks agree, the file has no time"),
    frozenset(): N_("Only the time of receipt is known"),
}
PLACES_DISAGREE = EXCEPTIONS.english[ConflictKind.PLACES]
PLACES = {
    frozenset({PlaceSource.CAMERA, PlaceSource.BROWSER}): N_("Camera and browser positions agree"),
    frozenset({PlaceSource.CAMERA}): N_("Position from the camera only"),
    frozenset({PlaceSource.BROWSER}): N_("Position from the browser only"),
    frozenset(): N_("No position"),
}
SOURCES = {
    PhotoSource.CAMERA: N_("Taken with the camera"),
    PhotoSource.FILE: N_("Chosen from gallery or files"),
}
HASHES = {True: N_("Hash confirmed by the phone"), False: N_("Not hashed on the phone")}
DAMAGED, WHOLE = N_("File damaged"), N_("File not damaged")
UNLIKE = N_("Not found among earlier photos")
SAME_HERE = N_("Same picture already in this report")
SAME_ELSEWHERE = N_("Same picture used before in another report")
ALIKE_ELSEWHERE = N_("Looks like a photo in another report")


@dataclass(frozen=True, slots=True)
class TrustPart:
    """One part of the line. `is_doubt` if a reader should look at it, `is_likeness` if there are
    other photos to look at."""

    sentence: Sentence
    is_doubt: bool = False
    is_likeness: bool = False


def trust_of(placed: PlacedPhoto, likenesses: Likenesses | None) -> tuple[TrustPart, ...]:
    """The line of a photo that was read, part by part; nothing before that.

    `likenesses` are those of the photo now, or as they were frozen.
    """
    if placed.reading is None:
        return ()
    return tuple(_parts(placed, likenesses))


def _parts(placed: PlacedPhoto, likenesses: Likenesses | None) -> Iterator[TrustPart]:
    photo, reading = placed.photo, placed.reading
    conflicts = {one.kind for one in placed.conflicts}
    clocks = frozenset(one.source for one in times_of(photo, reading)) - {TimeSource.RECEIPT}
    places = frozenset(one.source for one in places_of(photo, reading))
    if ConflictKind.CLOCKS in conflicts:
        yield TrustPart(say(CLOCKS_DISAGREE), is_doubt=True)
    else:
        yield TrustPart(say(CLOCKS[clocks]))
    if ConflictKind.PLACES in conflicts:
        yield TrustPart(say(PLACES_DISAGREE), is_doubt=True)
    else:
        yield TrustPart(say(PLACES[places]))
    yield TrustPart(say(SOURCES[photo.source]))
    if photo.is_hash_confirmed is not None:
        yield TrustPart(say(HASHES[photo.is_hash_confirmed]))
    if placed.state is PhotoState.GOOD:
        yield TrustPart(say(DAMAGED), is_doubt=True) if placed.is_damaged else TrustPart(say(WHOLE))
    yield from _likeness_parts(likenesses)


def _likeness_parts(found: Likenesses | None) -> Iterator[TrustPart]:
    """Nothing before the photo was compared. A copy is worth a look; what looks alike may be
    another photo from the same place, or another object of the same type."""
    if found is None:
        return
    if found.same_elsewhere:
        yield TrustPart(say(SAME_ELSEWHERE), is_doubt=True, is_likeness=True)
    if found.same_here:
        yield TrustPart(say(SAME_HERE), is_likeness=True)
    if found.alike_elsewhere and not found.same_elsewhere:
        yield TrustPart(say(ALIKE_ELSEWHERE), is_likeness=True)
    if not found:
        yield TrustPart(say(UNLIKE))
