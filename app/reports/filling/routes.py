"""Routes of the fill page and of the saving of each field."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app import metrics
from app.definition.answers import InvalidAnswer
from app.definition.assessment import SIGNATURES
from app.definition.sentences import say
from app.extensions import db
from app.models import STAFF, Report
from app.reports import blueprint
from app.reports.facts import load_facts
from app.reports.filling import service as answering
from app.reports.filling.inputs import read_answer_input
from app.reports.filling.kept_cards import Cards
from app.reports.filling.page import FillPage, RefusedSave, fill_page
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import StaleAnswer
from app.reports.filling.status import draw_refused, draw_saved
from app.reports.queries import ReportClosed, get_report
from app.reports.receipts import ReusedClientId
from app.reports.wording import answer_words, cell_words
from app.web.fragments import redirect_to, render_fragment, varied, wants_fragment
from app.web.guards import current_actor, requires
from app.web.locale import reading_order


@blueprint.get("/reports/<uuid:report_id>/fill")
@requires(*STAFF)
def fill(report_id: UUID) -> Response:
    report = get_report(report_id, person=current_actor())
    if not report.is_open:
        return redirect_to(url_for(".show", report_id=report_id))
    page = fill_page(report, load_facts(report), at=request.args.get("at"))
    if page.first_comment and "at" not in request.args:
        return redirect_to(fill_url(report_id, page.first_comment, part="comments"))
    if page.resumes and "at" not in request.args:
        return redirect_to(fill_url(report_id, page.resume_at))
    return render_fill_page(page)


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>")
@requires(*STAFF)
def save_answer(report_id: UUID, field_id: str) -> Response:
    given = read_answer_input(request.form)
    try:
        saved = answering.save_answer(
            report_id=report_id, field_id=field_id, given=given, actor=current_actor()
        )
    except InvalidAnswer as error:
        metrics.SAVES.labels("refused").inc()
        return _not_understood(report_id, field_id, given, error)
    except StaleAnswer as error:
        metrics.SAVES.labels("conflict").inc()
        return _changed_elsewhere(report_id, given, error)
    except (ReportClosed, ReusedClientId) as error:
        metrics.SAVES.labels("refused").inc()
        return _not_taken(report_id, field_id, given, error)
    db.session.commit()
    metrics.SAVES.labels("accepted").inc()
    if not wants_fragment():
        return redirect_to(fill_url(report_id, field_id))
    response = varied(Response(draw_saved(saved, person=current_actor())))
    response.headers["HX-Trigger"] = "content-changed"
    return response


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>/set-aside")
@requires(*STAFF)
def set_aside(report_id: UUID, field_id: str) -> Response:
    """Resolve a conflict: the newer answer counts, and what was typed is kept in the history."""
    given = read_answer_input(request.form)
    try:
        answering.set_aside_answer(
            report_id=report_id, field_id=field_id, given=given, actor=current_actor()
        )
    except InvalidAnswer as error:
        return _not_understood(report_id, field_id, given, error)
    db.session.commit()
    return redirect_to(fill_url(report_id, field_id))


def fill_url(report_id: UUID, field_id: str | None = None, *, part: str = "field") -> str:
    """The fill page at a field: its section is expanded and the field visible without scripts. With
    the part "comments", at the comments above it."""
    if field_id is None:
        return url_for("reports.fill", report_id=report_id)
    anchor = f"{part}-{field_id}"
    return url_for("reports.fill", report_id=report_id, at=field_id, _anchor=anchor)


def _not_understood(
    report_id: UUID, field_id: str, given: AnswerInput, error: InvalidAnswer
) -> Response:
    report = _reloaded(report_id)
    definition = report.version.definition
    field = answering.get_field(definition, field_id)
    languages = reading_order(definition.languages)
    cell = cell_words(field, error.cell, languages) if error.cell else None
    return _refused(report, RefusedSave(field, given, sentence=error.sentence, cell=cell), 422)


def _changed_elsewhere(report_id: UUID, given: AnswerInput, error: StaleAnswer) -> Response:
    report = _reloaded(report_id)
    languages = reading_order(report.version.definition.languages)
    newer = error.newer
    refused = RefusedSave(
        error.field,
        given,
        newer=newer,
        newer_words=answer_words(error.field, newer.facts, languages),
        mine_words=answer_words(error.field, error.mine, languages),
    )
    return _refused(report, refused, error.status)


def _not_taken(
    report_id: UUID, field_id: str, given: AnswerInput, error: ReportClosed | ReusedClientId
) -> Response:
    """For htmx a message beside the field, whose form keeps its input; else the error page."""
    if not wants_fragment():
        raise error
    report = _reloaded(report_id)
    field = answering.get_field(report.version.definition, field_id)
    sentence = say(error.sentence(), **error.params)
    return _refused(report, RefusedSave(field, given, sentence=sentence), error.status)


def _refused(report: Report, refused: RefusedSave, status: int) -> Response:
    """The status region of the field, or without scripts the page with the typed input."""
    if wants_fragment():
        return varied(Response(draw_refused(report.id, refused), status))
    return render_fill_page(fill_page(report, load_facts(report), refused=refused), status)


def render_fill_page(page: FillPage, status: int = 200) -> Response:
    return render_fragment(
        "reports/fill.html",
        status=status,
        page=page,
        report=page.report,
        cards=Cards(page.report.version_id, page.definition),
        SIGNATURES=SIGNATURES,
    )


def _reloaded(report_id: UUID) -> Report:
    """Load the report again, after rolling back the refused save and releasing its lock."""
    db.session.rollback()
    return get_report(report_id, person=current_actor())
