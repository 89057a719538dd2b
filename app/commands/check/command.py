"""`flask check`, for operators and for the scripts that deploy."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.commands.check.anchors import check_anchors, check_printed_head
from app.commands.check.database import check_database
from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Finding, Level
from app.commands.check.machine import check_machine
from app.commands.check.sealing import check_sealing
from app.commands.check.seals import check_seals
from app.commands.check.services import check_services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red"}


@click.command("check")
@click.option("--no-files", is_flag=True, help="Compare rows only: read no photo or PDF again.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object.")
@click.option("--anchors", "files", multiple=True, type=FILE, help="Also compare this file.")
@click.option("--head", help="Only compare ENTRY:HASH as a PDF prints it; needs --tenant.")
@click.option("--tenant", "slug", help="The company of --head.")
@with_appcontext
def check(
    as_json: bool, no_files: bool, files: tuple[Path, ...], head: str | None, slug: str | None
) -> None:
    """Test everything that this installation needs. Exit status 1 if something is wrong."""
    if (head is None) != (slug is None):
        raise click.UsageError("--head and --tenant go together.")
    if head and slug:
        findings = list(check_printed_head(head, slug))
    else:
        findings = [*check_database(), *check_services(), *check_sealing(), *check_machine()]
        findings += check_evidence(with_bytes=not no_files)
        findings += check_seals(with_bytes=not no_files)
        findings += check_anchors(files)
    is_good = all(one.level is not Level.WRONG for one in findings)
    if as_json:
        rows = [
            {"part": one.part, "level": one.level, "sentence": one.sentence} for one in findings
        ]
        click.echo(json.dumps({"ok": is_good, "findings": rows}, indent=2))
    else:
        for one in findings:
            _print_finding(one)
    if not is_good:
        raise SystemExit(1)


def _print_finding(finding: Finding) -> None:
    level = click.style(f"{finding.level:<8}", fg=COLOURS[finding.level])
    click.echo(f"{level} {finding.part:<11} {finding.sentence}")


COMMANDS = (check,)
