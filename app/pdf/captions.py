"""The words of a photo: the facts that its caption prints, and its alternative text.

A strip in the picture shows time and place already; then the caption leaves them out, and the
alternative text has them for those who search, copy or listen.
"""

from __future__ import annotations

from app.pdf.context import Photo
from app.pdf.labels import Labels


def facts_of(photo: Photo, labels: Labels) -> tuple[str, ...]:
    """Time, position, nearest place and distance from the site, one line each.

    A distance that is too large is left out, since captions print it as a warning.
    """
    time = _sourced(photo.time_text, f"time_{photo.time_source}", labels)
    where = " ".join(filter(None, (photo.coordinates, photo.accuracy)))
    place = _sourced(where if photo.coordinates else "", f"place_{photo.place_source}", labels)
    lines = (
        time or labels.first("no_time"),
        place or labels.first("no_place"),
        photo.nearest,
        "" if photo.is_far else photo.from_site,
    )
    return tuple(line for line in lines if line)


def spoken_of(photo: Photo, labels: Labels, *, with_facts: bool) -> str:
    """The alternative text: number, caption and, if the caption does not print them, the facts."""
    name = f"{labels.first('photo')} {photo.number}"
    words = f"{name}: {photo.caption}" if photo.caption else name
    return ". ".join((words, *facts_of(photo, labels))) if with_facts else words


def _sourced(words: str, source: str, labels: Labels) -> str:
    """`words` with their source, which is missing only in reports that were never completed."""
    if not words or source.endswith("_None"):
        return words
    return f"{words} · {labels.first(source)}"
