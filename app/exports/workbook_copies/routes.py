"""Routes of filled copies: of one report, or of a choice of a project's reports."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePath
from uuid import UUID

from flask import Response, request, send_file

from app.definition.copying import CopyRefused
from app.downloads.files import file_name
from app.errors import NotFound
from app.exports import blueprint
from app.exports.bundle.service import get_project
from app.exports.workbook_copies import service
from app.web.errors import translated
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires

REFUSALS = (
    service.NoReportChosen,
    service.OneReportOnly,
    service.TagNotInWorkbook,
    CopyRefused,
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/reports/<uuid:report_id>/workbook.xlsx")
@requires(*MEMBERS)
def report_workbook(report_id: UUID) -> Response:
    return _send(service.fill_workbook(report_ids=[report_id], person=current_actor()))


@blueprint.get("/projects/<uuid:project_id>/workbooks")
@requires(*MEMBERS)
def project_workbooks(project_id: UUID) -> Response:
    return _page(project_id)


@blueprint.post("/projects/<uuid:project_id>/workbooks/<uuid:workbook_id>")
@requires(*MEMBERS, even_suspended=True)
def fill_project_workbook(project_id: UUID, workbook_id: UUID) -> Response:
    person = current_actor()
    get_project(project_id, person=person)
    try:
        chosen = [UUID(one) for one in request.form.getlist("report")]
    except ValueError as error:
        raise NotFound from error
    offered = {
        report.id
        for offer in service.list_offers(project_id, person=person)
        if offer.workbook_id == workbook_id
        for report in offer.reports
    }
    if not offered.issuperset(chosen):
        raise NotFound
    try:
        return _send(
            service.fill_workbook(report_ids=chosen, person=person, workbook_id=workbook_id)
        )
    except REFUSALS as refused:
        return _page(project_id, translated(refused), status=422)


def _page(project_id: UUID, refusal: str = "", *, status: int = 200) -> Response:
    person = current_actor()
    return render_page(
        "exports/workbook_copies.html",
        "content",
        status=status,
        project=get_project(project_id, person=person),
        offers=service.list_offers(project_id, person=person),
        refusal=refusal,
    )


def _send(copy: service.Copy) -> Response:
    name = file_name(PurePath(copy.file_name).stem or "workbook", suffix=".xlsx")
    return send_file(BytesIO(copy.content), XLSX, as_attachment=True, download_name=name)
