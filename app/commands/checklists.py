"""`flask checklist import` and `flask checklist export`: checklists from and to files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app.checklists import service
from app.checklists.queries import get_version_of_code
from app.commands.people import File, operator, refusals_as_errors
from app.definition.importing import read_any_in_sandbox
from app.definition.logic.dependencies import expressions_of
from app.definition.schema import Definition
from app.definition.workbook import Problem, WorkbookReading
from app.definition.xlsform.leftout import SENTENCES, Construct, by_construct
from app.definition.xlsform.reading import FormReading
from app.definition.xlsform.writer import write_form
from app.extensions import db
from app.platform.queries import get_tenant_id
from app.tenancy import tenant_scope

checklist = AppGroup("checklist", help="Checklists.")
COMMANDS = (checklist,)

_CONDITIONS = (
    Construct.RELEVANT,
    Construct.REQUIRED_WHEN,
    Construct.CONSTRAINT,
    Construct.CALCULATION,
    Construct.CALCULATED,
)


@checklist.command("import")
@click.argument("file", type=File)
@click.option("--tenant", "slug", help="The company's slug.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="A language of an XLSForm, by name or tag. Twice for two; the first is shown larger.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be imported.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def import_checklist(
    file: Path, slug: str | None, languages: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Make a draft of a workbook or an XLSForm. Status 0 only if it can be imported."""
    if not dry_run and not slug:
        raise click.UsageError("Give --tenant, or --dry-run.")
    data = file.read_bytes()
    with refusals_as_errors():
        reading = read_any_in_sandbox(
            data, filename_stem=file.stem, languages=list(languages) or None
        )
        report = report_of(reading, file.name)
        if reading.definition and not dry_run and slug:
            report["draft"] = _draft(slug, data, file.name, reading)
    click.echo(json.dumps(report, ensure_ascii=False, indent=1) if as_json else _lines(report))
    if not report["importable"]:
        raise click.exceptions.Exit(1)


@checklist.command("export")
@click.argument("code")
@click.option("--tenant", "slug", required=True, help="The company's slug.")
@click.option("--version", "number", type=int, help="The latest published one by default.")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path))
def export_checklist(code: str, slug: str, number: int | None, path: Path | None) -> None:
    """Write a version of a checklist as an XLSForm (.xlsx)."""
    with refusals_as_errors(), tenant_scope(get_tenant_id(slug)):
        version = get_version_of_code(code, number)
        definition, found = version.definition, version.number
        db.session.rollback()
    path = path or Path(f"{code}-v{found}-xlsform.xlsx")
    path.write_bytes(write_form(definition))
    click.echo(f"Wrote version {found} of {code} to {path}.")


def report_of(reading: WorkbookReading, file_name: str) -> dict[str, Any]:
    """What an import makes of a file, as plain JSON; addresses are sheet and cell."""
    definition = reading.definition
    form = reading.form if isinstance(reading, FormReading) else None
    left_out = form.left_out if form else ()
    types = Counter(one.type.value for one in definition.all_fields()) if definition else {}
    places = [
        {**one.plain(), "why": SENTENCES[one.construct]}
        for group in by_construct(left_out).values()
        for one in group
    ]
    return {
        "file": file_name,
        "kind": "xlsform" if form else "workbook",
        "importable": definition is not None,
        "code": reading.code,
        "title": definition.header.title.first(definition.languages) if definition else None,
        "languages": list(definition.languages) if definition else [],
        "languages_of_the_form": [one.name or one.tag for one in form.languages] if form else [],
        "sections": len(definition.sections) if definition else 0,
        "fields": sum(types.values()),
        "fields_by_type": dict(sorted(types.items())),
        "signatures": len(definition.signature_roles) if definition else 0,
        "conditions": _count_conditions(definition) if definition else 0,
        "conditions_left_out": sum(one.construct in _CONDITIONS for one in left_out),
        "left_out": places,
        "notices": [_told(one) for one in reading.notices],
        "errors": [_told(one) for one in reading.problems],
        "draft": None,
    }


def _count_conditions(definition: Definition) -> int:
    """Conditions, rules and calculations of fields and sections."""
    of_fields = sum(len(list(expressions_of(one))) for one in definition.all_fields())
    return of_fields + sum(one.shown_when is not None for one in definition.sections)


def _draft(slug: str, data: bytes, file_name: str, reading: WorkbookReading) -> str:
    form = reading.form if isinstance(reading, FormReading) else None
    with tenant_scope(get_tenant_id(slug)):
        draft = service.draft_from_workbook(
            data=data,
            filename=file_name,
            actor=operator(),
            languages=form.chosen if form else None,
        )
        made = str(draft.id)
        db.session.commit()
    return made


def _told(one: Problem) -> dict[str, str]:
    return {"sheet": one.sheet, "cell": one.cell, "text": str(one.sentence)}


def _lines(report: dict[str, Any]) -> str:
    lines = [f"{report['file']}: {report['kind']}, code {report['code'] or '-'}"]
    if report["importable"]:
        types = ", ".join(f"{count} {kind}" for kind, count in report["fields_by_type"].items())
        lines += [
            f"Title: {report['title']}",
            f"Languages: {', '.join(report['languages'])}",
            f"Sections: {report['sections']}. Fields: {report['fields']} ({types}). "
            f"Signatures: {report['signatures']}. Conditions: {report['conditions']}. "
            f"Conditions left out: {report['conditions_left_out']}.",
        ]
    seen = ""
    for one in report["left_out"]:
        lines += [one["why"]] if one["why"] != seen else []
        seen = one["why"]
        lines.append(f"  {one['sheet']} {one['cell']} {one['name']} {one['text']}".rstrip())
    lines += [f"Note: {_place(one)}{one['text']}" for one in report["notices"]]
    lines += [f"Error: {_place(one)}{one['text']}" for one in report["errors"]]
    lines += [f"Draft: {report['draft']}"] if report["draft"] else []
    return "\n".join(lines)


def _place(one: dict[str, str]) -> str:
    place = f"{one['sheet']} {one['cell']}".strip()
    return f"{place}: " if place else ""
