"""`flask checklist import` and `export`: the report, its status, the draft, and the file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.definition.importing import read_any
from app.definition.workbook import sample_workbook
from app.definition.workbook.sandbox import CHILD
from tests.support import scenarios
from tests.support.forms import a_form

FORM = a_form(
    survey=(
        ("type", "name", "label", "relevant"),
        ("text", "a", "The first", None),
        ("date", "b", "The second", "${a} = 'x'"),
        ("date", "d", "The fourth", "${b} > today()"),
        ("geopoint", "c", "The third", None),
    )
)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    limits = replace(CHILD.limits, cpu_seconds=60, seconds=120, niceness=0)
    monkeypatch.setattr(CHILD, "limits", limits)


@pytest.fixture
def run(app, transaction, tmp_path):
    def invoke(data: bytes, *arguments: str):
        path = tmp_path / "the form.xlsx"
        path.write_bytes(data)
        command = ["checklist", "import", str(path), *arguments]
        return app.test_cli_runner().invoke(args=command)

    return invoke


def test_a_dry_run_tells_all_and_saves_nothing(run):
    result = run(FORM, "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert report["importable"] and report["kind"] == "xlsform" and report["draft"] is None
    assert report["fields_by_type"] == {"date": 2, "text": 1}
    assert (report["conditions"], report["conditions_left_out"]) == (1, 1)
    left_out = {(one["construct"], one["cell"]) for one in report["left_out"]}
    assert left_out == {("relevant", "D4"), ("place", "A5")}
    lines = run(FORM, "--dry-run").output
    assert (
        "survey D4 d ${b} > today()" in lines and "Conditions: 1. Conditions left out: 1" in lines
    )


def test_a_workbook_of_ours_is_read_too(run):
    report = json.loads(run(sample_workbook(), "--dry-run", "--json").output)
    assert report["importable"] and report["kind"] == "workbook"


def test_errors_have_addresses_and_a_status(run):
    broken = a_form(survey=(("type", "name", "label"), ("select_one x", "q", "Q")))
    result = run(broken, "--dry-run", "--json")
    assert result.exit_code == 1
    [error] = json.loads(result.output)["errors"]
    assert (error["sheet"], error["cell"]) == ("survey", "A2")
    assert run(b"%PDF-1.7", "--dry-run").exit_code == 1


def test_without_a_company_only_a_dry_run(run):
    assert run(FORM).exit_code == 2


def test_the_draft_and_the_export(run, app, acting, cast, tmp_path):
    with acting(cast.ana) as actor:
        version = scenarios.a_checklist(actor)
        code, definition = version.checklist.code, version.definition
    result = run(FORM, "--tenant", "acme", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["draft"]
    path = tmp_path / "out.xlsx"
    command = ["checklist", "export", code, "--tenant", "acme", "--to", str(path)]
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 0, result.output
    assert read_any(path.read_bytes(), filename_stem="x").definition == definition
