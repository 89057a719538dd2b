"""What changed in a report since a page last asked."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify, request, url_for
from flask_wtf.csrf import generate_csrf

from app.models import STAFF
from app.operations import blueprint
from app.reports.filling.kept_cards import Cards
from app.reports.filling.pulse import ChangedField, Pulse, read_pulse
from app.web.addresses import read_moment
from app.web.fragments import render_text
from app.web.guards import current_actor, requires


@blueprint.get("/reports/<uuid:report_id>/pulse")
@requires(*STAFF)
def pulse(report_id: UUID) -> Response:
    """The changed fields with their cards, and the progress; both empty if nothing changed."""
    found = read_pulse(report_id, read_moment(request.args.get("since")), person=current_actor())
    progress = ""
    if found.progress:
        progress = render_text("reports/_progress.html", progress=found.progress)
    response = jsonify(
        at=found.at.isoformat(),
        closed=not found.report.is_open,
        progress=progress,
        fields=_fields(found),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _fields(found: Pulse) -> list[dict[str, str | int | None]]:
    if not found.fields:
        return []
    report = found.report
    cards = Cards(report.version_id, report.version.definition)
    uploads = url_for("photos.upload", report_id=report.id, field_id="-")
    token = generate_csrf()

    def card(one: ChangedField) -> str:
        drawn = render_text(
            "reports/_pulse_field.html", view=one.view, uploads=uploads, token=token, cards=cards
        )
        return cards.finish(drawn, report.id, token)

    return [
        {
            "field_id": one.view.field.id,
            "block": "",
            "row_version": one.view.answer.row_version if one.view.answer else 0,
            "by": one.by,
            "at": one.at.isoformat() if one.at else None,
            "card": card(one),
        }
        for one in found.fields
    ]
