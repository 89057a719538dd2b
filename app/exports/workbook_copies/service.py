"""Makes filled copies: finds the workbook and the reports, and asks the sandbox for the copy."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.definition.copying import CellValue, Drawn, Wanted, copy_in_sandbox
from app.definition.mapping import Places, RolePlace
from app.definition.mapping.guessed import Device
from app.downloads.files import open_stored
from app.errors import DomainError, NotFound
from app.exports.answers.columns import ExportedVersion
from app.exports.answers.loading import LoadedReport, load_reports
from app.exports.workbook_copies.values import cell_at, day_in, values_of
from app.extensions import db
from app.models import Actor, ClientWorkbook, Report, Signature, Version, VersionWorkbook
from app.reports.facts import live_signatures
from app.reports.queries import visible_to
from app.rows import one_or_404
from app.transactions import pause

MOST_REPORTS = 500


class TagNotInWorkbook(DomainError):
    """Report %(number)s fills no row, because the workbook has no device with its tag. Choose the
    equipment of the report, or leave the report out."""

    status = 422


class NoReportChosen(DomainError):
    """Choose at least one report."""

    status = 422


class OneReportOnly(DomainError):
    """This workbook has room for one report only. Choose one."""

    status = 422


@dataclass(frozen=True, slots=True)
class Copy:
    """A filled copy and the name of the client's file."""

    content: bytes
    file_name: str


@dataclass(frozen=True, slots=True)
class CopyOffer:
    """A workbook with the reports of a project that can fill it."""

    workbook_id: UUID
    file_name: str
    reports: Sequence[Report]


@dataclass(slots=True)
class _Signed:
    sheet: str
    cell: str
    key: str


def find_workbook(version_id: UUID) -> VersionWorkbook | None:
    """The workbook of a version, else that of the newest earlier version of its checklist."""
    this = select(Version.checklist_id, Version.number).where(Version.id == version_id).subquery()
    return db.session.scalars(
        select(VersionWorkbook)
        .join(Version, Version.id == VersionWorkbook.version_id)
        .where(Version.checklist_id == this.c.checklist_id, Version.number <= this.c.number)
        .order_by(Version.number.desc())
        .limit(1)
    ).one_or_none()


def list_offers(project_id: UUID, *, person: Actor) -> list[CopyOffer]:
    """The workbooks that reports of this project can fill, with these reports by tag."""
    reports = db.session.scalars(
        select(Report)
        .where(Report.project_id == project_id, visible_to(person))
        .order_by(Report.number, Report.revision.desc())
        .limit(MOST_REPORTS)
    ).all()
    newest = {one.number: one for one in reversed(reports)}
    found: dict[UUID, list[Report]] = {}
    workbooks = {one.version_id: find_workbook(one.version_id) for one in newest.values()}
    for one in newest.values():
        if workbook := workbooks[one.version_id]:
            found.setdefault(workbook.workbook_id, []).append(one)
    names = dict(
        db.session.execute(
            select(ClientWorkbook.id, ClientWorkbook.file_name).where(ClientWorkbook.id.in_(found))
        ).all()
    )
    return [
        CopyOffer(workbook_id, names[workbook_id], sorted(many, key=lambda one: one.number))
        for workbook_id, many in found.items()
    ]


def fill_workbook(
    *, report_ids: Sequence[UUID], person: Actor, workbook_id: UUID | None = None
) -> Copy:
    """A copy of the workbook with the answers of these reports.

    Raises NotFound, NoReportChosen, TagNotInWorkbook, OneReportOnly, CopyRefused and Busy.
    """
    if not report_ids:
        raise NoReportChosen
    reports = _load(report_ids[:MOST_REPORTS], person)
    if not reports:
        raise NotFound
    wanted: list[CellValue] = []
    signed: list[_Signed] = []
    for one in reports:
        link = find_workbook(one.version.id)
        if link is None or workbook_id not in (None, link.workbook_id):
            raise NotFound
        workbook_id = link.workbook_id
        places = Places.model_validate(link.places)
        device = _device(one, places)
        if device is None and len(reports) > 1:
            raise OneReportOnly
        wanted += _cells(one, places, device)
        cells, drawings = _signatures(one, places, device)
        wanted += cells
        signed += drawings
    workbook = one_or_404(
        select(ClientWorkbook)
        .where(ClientWorkbook.id == workbook_id)
        .options(undefer(ClientWorkbook.content))
    )
    data, name = workbook.content, workbook.file_name
    pause()
    drawn = tuple(Drawn(sheet=one.sheet, cell=one.cell, png=_png(one.key)) for one in signed)
    return Copy(copy_in_sandbox(data, Wanted(cells=_agreed(wanted), drawings=drawn)), name)


def _load(report_ids: Sequence[UUID], person: Actor) -> list[LoadedReport]:
    rows = db.session.scalars(
        select(Version)
        .join(Report, Report.version_id == Version.id)
        .where(Report.id.in_(report_ids), visible_to(person))
        .distinct()
    )
    versions = {one.id: ExportedVersion(one.id, one.number, one.definition) for one in rows}
    return load_reports(report_ids, versions, person)


def _device(one: LoadedReport, places: Places) -> Device | None:
    """The row of the report's tag; None for a workbook without devices. Raises TagNotInWorkbook."""
    if not places.devices:
        return None
    tag = " ".join((one.subject.tag or "").split()).casefold()
    found = [device for device in places.devices if device.tag.casefold() == tag]
    if not found:
        raise TagNotInWorkbook(number=one.report.full_number)
    return found[0]


def _cells(one: LoadedReport, places: Places, device: Device | None) -> list[CellValue]:
    definition = one.version.definition
    return [
        cell
        for assessed in one.facts.assess().fields.values()
        if (place := places.fields.get(assessed.field.id))
        for cell in values_of(assessed, place, device, definition)
    ]


def _signatures(
    one: LoadedReport, places: Places, device: Device | None
) -> tuple[list[CellValue], list[_Signed]]:
    """Names, days and drawings. Only a completed report is sure to be as it was signed."""
    if not one.report.is_finished or not places.roles:
        return [], []
    rows = db.session.scalars(
        select(Signature)
        .where(Signature.report_id == one.report.id)
        .order_by(Signature.created_at, Signature.id)
    )
    cells: list[CellValue] = []
    drawings: list[_Signed] = []
    for role_id, signature in live_signatures(rows).items():
        place = places.roles.get(role_id)
        if place is None:
            continue
        sheet = place.sheet or (device.sheet if device else "")
        cells += _signed_words(signature, place, sheet, device, one)
        drawing = cell_at(place.drawing, device) or cell_at(place.name, device)
        if signature.image_key and drawing and sheet:
            drawings.append(_Signed(sheet, drawing, signature.image_key))
    return cells, drawings


def _signed_words(
    signature: Signature, place: RolePlace, sheet: str, device: Device | None, one: LoadedReport
) -> list[CellValue]:
    day = signature.created_at.date().isoformat()
    shown = day_in(day, one.version.definition.languages[0])
    made = []
    if name := cell_at(place.name, device):
        made.append(CellValue(sheet=sheet, cell=name, value=signature.signer_name))
    if cell := cell_at(place.date, device):
        made.append(CellValue(sheet=sheet, cell=cell, kind="date", value=day, shown=shown))
    return made if sheet else []


def _agreed(cells: Sequence[CellValue]) -> tuple[CellValue, ...]:
    """One value a cell. Where several reports share a cell, such as one for the date, it is filled
    only if they agree."""
    by_cell: dict[tuple[str, str], list[CellValue]] = {}
    for one in cells:
        by_cell.setdefault((one.sheet, one.cell), []).append(one)
    return tuple(many[0] for many in by_cell.values() if all(one == many[0] for one in many))


def _png(key: str) -> str:
    with open_stored(key) as file:
        return base64.b64encode(file.read()).decode()


def offer_of(report: Report) -> Mapping[str, object]:
    """What the page of a report shows: whether it has a workbook to fill."""
    return {"workbook_copy": find_workbook(report.version_id)}
