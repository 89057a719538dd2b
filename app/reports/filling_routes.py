"""Routes of filling: the page that a technician works on and the saving of each field."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import Response, request, url_for

from app import metrics
from app.definition.answers import InvalidAnswer
from app.definition.progress import SIGNATURES
from app.definition.sentences import say
from app.extensions import db
from app.models import STAFF, Report
from app.reports import answering, blueprint
from app.reports.answering import Given, ReusedClientId, StaleAnswer
from app.reports.facts import load_facts
from app.reports.filling import FillPage, Refused, fill_page, judged
from app.reports.filling_forms import read_given
from app.reports.kept_inputs import drawn_inputs
from app.reports.queries import ReportClosed, get_report
from app.reports.readings import read_otherwise
from app.reports.wording import answer_words, cell_words, own_note
from app.web.fragments import redirect_to, render_fragment, wants_fragment
from app.web.guards import current_actor, requires


@blueprint.get("/reports/<uuid:report_id>/fill")
@requires(*STAFF)
def fill(report_id: UUID) -> Response:
    report = get_report(report_id, person=current_actor())
    if not report.is_open:
        return redirect_to(url_for(".show", report_id=report_id))
    page = fill_page(report, load_facts(report), at=request.args.get("at"))
    if page.resumes and "at" not in request.args:
        return redirect_to(fill_url(report_id, page.resume_at))
    return render_fill_page(page)


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>")
@requires(*STAFF)
def save_answer(report_id: UUID, field_id: str) -> Response:
    given = read_given(request.form)
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
    marks = judged(saved.field, saved.answer.facts)
    read_as = read_otherwise(saved.field, saved.answer.facts.value, saved.definition.languages)
    own = own_note(saved.own, saved.answer.facts if saved.answer.row_version else None)
    response = render_fragment(
        "reports/_field_saved.html", saved=saved, judged=marks, read_as=read_as, own=own
    )
    response.headers["HX-Trigger"] = "content-changed"
    return response


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>/set-aside")
@requires(*STAFF)
def set_aside(report_id: UUID, field_id: str) -> Response:
    """After a conflict: the newer answer counts, and what was typed here is kept in the history."""
    given = read_given(request.form)
    try:
        answering.set_aside_answer(
            report_id=report_id, field_id=field_id, given=given, actor=current_actor()
        )
    except InvalidAnswer as error:
        return _not_understood(report_id, field_id, given, error)
    db.session.commit()
    return redirect_to(fill_url(report_id, field_id))


def fill_url(report_id: UUID, field_id: str | None = None) -> str:
    """The fill page at a field, its section unfolded and the field in sight without scripts."""
    if field_id is None:
        return url_for("reports.fill", report_id=report_id)
    anchor = f"field-{field_id}"
    return url_for("reports.fill", report_id=report_id, at=field_id, _anchor=anchor)


def _not_understood(report_id: UUID, field_id: str, given: Given, error: InvalidAnswer) -> Response:
    report = _reloaded(report_id)
    definition = report.version.definition
    field = answering.get_field(definition, field_id)
    cell = cell_words(field, error.cell, definition.languages) if error.cell else None
    return _refused(report, Refused(field, given, sentence=error.sentence, cell=cell), 422)


def _changed_elsewhere(report_id: UUID, given: Given, error: StaleAnswer) -> Response:
    report = _reloaded(report_id)
    languages = report.version.definition.languages
    newer = error.newer
    refused = Refused(
        error.field,
        given,
        newer=newer,
        newer_words=answer_words(error.field, newer.facts, languages),
        mine_words=answer_words(error.field, error.mine, languages),
    )
    return _refused(report, refused, error.status)


def _not_taken(
    report_id: UUID, field_id: str, given: Given, error: ReportClosed | ReusedClientId
) -> Response:
    """For htmx the sentence beside the field, whose form must stay whole; else the error page."""
    if not wants_fragment():
        raise error
    report = _reloaded(report_id)
    field = answering.get_field(report.version.definition, field_id)
    sentence = say(error.sentence(), **error.params)
    return _refused(report, Refused(field, given, sentence=sentence), error.status)


def _refused(report: Report, refused: Refused, status: int) -> Response:
    """The status region of the field, or without scripts the page with what was typed in it."""
    if wants_fragment():
        return render_fragment(
            "reports/_field_refused.html", status=status, report=report, refused=refused
        )
    return render_fill_page(fill_page(report, load_facts(report), refused=refused), status)


def render_fill_page(page: FillPage, status: int = 200) -> Response:
    report, definition = page.report, page.definition
    draw = partial(drawn_inputs, report.version_id, definition)
    return render_fragment(
        "reports/fill.html", status=status, page=page, report=report, draw=draw,
        SIGNATURES=SIGNATURES,
    )  # fmt: skip


def _reloaded(report_id: UUID) -> Report:
    """The report, after what the refused save began was undone and its lock given back."""
    db.session.rollback()
    return get_report(report_id, person=current_actor())
