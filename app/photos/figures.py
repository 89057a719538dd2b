"""The figures of photos on a report's page, kept once they are rendered.

Photos and their readings never change, so a figure of a long report is the same at nearly every
look. The key is everything that a figure shows.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup

from app.photos.queries import photo_views
from app.reports.facts import PlacedPhoto
from app.web.kept import Kept
from app.web.locale import reader_zone

KEPT = Kept(most=8_000_000)


def photo_figure(placed: PlacedPhoto, *, is_large: bool = False) -> Markup:
    """The figure of a photo in the reader's language and time zone; a large one shows its print."""
    key = (is_large, *_shown(placed))
    text = KEPT.get(key)
    if text is None:
        text = _render(placed, is_large)
        KEPT.put(key, text)
    return Markup(text)  # noqa: S704 - rendered


def _render(placed: PlacedPhoto, is_large: bool) -> str:
    macros = current_app.jinja_env.get_template("photos/_photo_figure.html").module
    figure: Callable[..., Markup] = macros.figure  # type: ignore[attr-defined]
    return str(figure(placed, photo_views([placed])[0], is_large=is_large))


def _shown(placed: PlacedPhoto) -> tuple[object, ...]:
    """The photo and its reading are named by their ids alone: their rows are never updated."""
    placement, reading, around = placed.placement, placed.reading, placed.surroundings
    photo_id = placed.photo.id
    return (
        placement.id,
        placement.caption,
        placement.position_reason,
        placement.quarantine_reason,
        photo_id,
        reading and reading.id,
        placed.is_given_up,
        placed.likenesses,
        around.site,
        # Without a snapshot the gazetteer of this process says what is near.
        around.frozen is not None and around.frozen.get(str(photo_id), True),
        str(get_locale()),
        reader_zone().key,
    )
