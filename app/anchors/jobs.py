"""Makes and delivers the anchors of all companies once an hour, in one relay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from uuid import UUID

from flask import Flask

from app.anchors.lines import line_of
from app.anchors.places import Place, PlaceUnavailable, list_places
from app.anchors.queries import list_waiting
from app.anchors.service import anchor_head, note_delivered
from app.extensions import db
from app.jobs.registry import register_hourly
from app.models import Anchor
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    register_hourly(app, anchor_all)


def anchor_all(must_stop: Callable[[], bool]) -> Iterator[None]:
    """Anchor every chain, then deliver what waits. Commit at each yield.

    Raises PlaceUnavailable once every place was tried: no company's work ever waits for it.
    """
    tenants = list_tenant_ids()
    for tenant_id in tenants:
        if must_stop():
            return
        with tenant_scope(tenant_id):
            anchor_head()
            yield
    if places := list_places():
        yield from _deliver(tenants, places)


def _deliver(tenants: list[UUID], places: list[Place]) -> Iterator[None]:
    waiting = {tenant_id: rows for tenant_id in tenants if (rows := _waiting_of(tenant_id))}
    failure = None
    for place in places:
        lines = {
            tenant_id: [one for one in rows if place.kind not in one.delivered_to]
            for tenant_id, rows in waiting.items()
        }
        try:
            _add(place, [line_of(one) for rows in lines.values() for one in rows])
        except PlaceUnavailable as error:
            log.warning("anchors wait: %s", error)
            failure = error
            continue
        for tenant_id, rows in lines.items():
            with tenant_scope(tenant_id):
                _note(rows, place, places)
                yield
    if failure:
        raise failure


def _waiting_of(tenant_id: UUID) -> list[Anchor]:
    """The rows without their session: nothing is delivered inside a transaction."""
    with tenant_scope(tenant_id):
        rows = list_waiting()
        db.session.expunge_all()
    return rows


def _add(place: Place, lines: list[str]) -> None:
    if lines:
        place.add(lines)


def _note(rows: list[Anchor], place: Place, places: list[Place]) -> None:
    """By what each anchor still lacks: those of an hour in which a place was down lack more."""
    for row in rows:
        row.delivered_to = [*row.delivered_to, place.kind]
    needed = {one.kind for one in places}
    done = [one.id for one in rows if needed <= {*one.delivered_to}]
    note_delivered(done, [place.kind], is_all=True)
    note_delivered([one.id for one in rows if one.id not in done], [place.kind], is_all=False)
