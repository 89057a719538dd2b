"""The card of a photo as HTML, with the counts of its field and of the report."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from app.models import Actor
from app.photos import queries
from app.web.fragments import render_text


def draw_card(placement_id: UUID, *, person: Actor, error: str | None = None) -> str:
    """No card if the photo was removed, but the counts. Raises NotFound."""
    return draw_found(queries.get_field_photos(placement_id, person=person), error=error)


def draw_found(found: queries.FieldPhotos, *, error: str | None = None) -> str:
    return render_text(
        "photos/_card_answer.html",
        view=found.view,
        field=found.field,
        count=found.count,
        progress=found.progress,
        error=error,
    )


def draw_moved(placement_ids: Sequence[UUID], *, person: Actor) -> str:
    """The cards that changed places, the moved one first. Each keeps its element id, so the first
    is swapped out of band into the other's place."""
    views = [queries.get_view(one, person=person) for one in placement_ids]
    done = queries.get_field_photos(placement_ids[0], person=person).progress
    is_pair = len(views) > 1
    cards = [
        render_text("photos/_photo_card.html", view=view, elsewhere=is_pair and view is views[0])
        for view in views
    ]
    return "".join((*reversed(cards), render_text("reports/_progress.html", progress=done)))


def draw_repeat(
    placement_id: UUID, report_id: UUID, field_id: str, client_id: UUID | None, *, person: Actor
) -> str:
    """The card of bytes that are already in the report, in place of that of the photo sent.

    `client_id` is the photo's: if it is sent again after it was placed again, it is that placement.
    Raises NotFound.
    """
    return render_text(
        "photos/_again_card.html",
        repeat=queries.get_repeat(placement_id, report_id, person=person),
        report_id=report_id,
        field=queries.get_field(report_id, field_id, person=person),
        client_id=client_id or uuid4(),
        in_place=True,
    )
