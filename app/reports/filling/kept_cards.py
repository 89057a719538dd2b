"""A cache of the rendered fields of the fill page, so that a long page renders only what changed.

The key of a card is everything that it shows. What belongs to one report or request (its addresses,
the CSRF token, the photos) is not rendered into a kept card: stand-ins take its place, and the page
puts the real values in (`Cards.finish`). So a card may be shared by all reports of a version and by
all people who read its language. Refused input and conflicts are never kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from uuid import UUID, uuid4

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup

from app.definition.schema import Definition
from app.reports.filling.page import FieldView
from app.web.kept import Kept
from app.web.locale import reader_today, reader_zone

MAX_CHARACTERS = 8_000_000

# Random in each process, so that no text that a person types can be taken for one of them.
REPORT_ID = uuid4()
TOKEN = secrets.token_hex(16)
PHOTOS = secrets.token_hex(16)

# A line break between two tags of the templates. Each would be a node of its own: half of all nodes
# of a long page. What a person typed is escaped, but for the white space in a text area.
BREAK = re.compile(r">\s*\n\s*<(?!/textarea)")


KEPT = Kept(MAX_CHARACTERS)


class Cards:
    """The cards of one page."""

    def __init__(self, version_id: UUID, definition: Definition) -> None:
        self._definition = definition
        # The language also determines the order of the texts and the words around the answers. The
        # zone and today determine how a time is written: writing each costs more than the page.
        self._shared = (version_id, str(get_locale()), reader_zone().key, reader_today())

    def draw(self, view: FieldView, photos: str = "") -> Markup:
        """The card with the photos, which are rendered already; the text still has stand-ins."""
        if view.refused or view.conflicts:
            card = self.render(view)
        else:
            key = (*self._shared, *_shown(view))
            kept = KEPT.get(key)
            card = kept or self.render(view)
            if not kept:
                KEPT.put(key, card)
        if not view.photos:
            return Markup(card)  # noqa: S704 - rendered
        return Markup(card.replace(PHOTOS, _without_breaks(photos)))  # noqa: S704 - rendered

    def render(self, view: FieldView) -> str:
        """Render the card with stand-ins."""
        macros = current_app.jinja_env.get_template("reports/_field_card.html").module
        card: Callable[..., Markup] = macros.card  # type: ignore[attr-defined]
        return _without_breaks(str(card(REPORT_ID, TOKEN, PHOTOS, view, self._definition)))

    @staticmethod
    def finish(cards: str, report_id: UUID, token: str) -> Markup:
        """The rendered cards with the real report and token."""
        done = str(cards).replace(str(REPORT_ID), str(report_id)).replace(TOKEN, token)
        return Markup(done)  # noqa: S704 - rendered


def _without_breaks(markup: str) -> str:
    return BREAK.sub("><", markup)


def _shown(view: FieldView) -> tuple[object, ...]:
    """Everything that a card shows besides the definition: all of it follows from these values."""
    answer, own = view.answer, view.own
    note = (own.words, own.is_filled) if own else None
    words = (note, view.field.required, view.is_hidden, view.fails)
    if answer is None:
        return (view.field.id, bool(view.photos), words)
    return (
        view.field.id,
        bool(view.photos),
        words,
        repr((answer.value, answer.comment, answer.na_reason)),
        answer.row_version,
        answer.answered_at,
    )
