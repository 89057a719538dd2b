"""What the list says of its filter, and what the audit says of an exported list."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from app.definition.schema import Field, FieldType, Section, Text
from app.evidence.sentence_builders import Act
from app.evidence.sentences import tell
from tests.support import scenarios

ACTIVE = {
    "since=2026-03-01": "Last changed from 1 Mar 2026",
    "until=2026-03-31": "Last changed until 31 Mar 2026",
    "started_since=2026-03-01": "Started from 1 Mar 2026",
    "started_until=2026-03-31": "Started until 31 Mar 2026",
    "completed_since=2026-03-01": "Completed from 1 Mar 2026",
    "completed_until=2026-03-31": "Completed until 31 Mar 2026",
    "due=week": "Due in the next 7 days",
    "due=late": "Overdue",
    "status=open": "Open",
    "near=-22.9,-47.1": "Photos taken within 500 m of −22.900000, −47.100000",
}
LABELS = ("Last changed", "Started", "Completed")


@pytest.mark.parametrize(("query", "words"), ACTIVE.items())
def test_an_active_filter_says_what_its_label_says(client_of, cast, query, words):
    page = client_of(cast.max).get(f"/reports/?{query}").text
    chips = re.findall(r'<a class="chip"[^>]*>\s*([^<]+?)\s*<', page)
    assert chips == [words]
    if words.startswith(LABELS):
        label = re.sub(r" \d.*", "", words)
        assert f'<span class="form-label">{label}</span>' in page


def test_the_audit_says_the_same_of_its_days(client_of, cast):
    page = client_of(cast.ana).get("/audit?since=2026-03-01&until=2026-03-31").text
    assert "From 1 Mar 2026" in page and "Until 31 Mar 2026" in page


@pytest.mark.parametrize(
    ("action", "facts", "words"),
    [
        ("reports.exported", {"kind": "csv", "rows": "3"}, "a list of 3 reports (CSV file)."),
        (
            "reports.exported",
            {"kind": "xlsx", "rows": "1", "filters": {"completed_since": "2026-03-01"}},
            "a list of 1 report (Excel workbook). Completed from: 1 Mar 2026",
        ),
        (
            "reports.answers_requested",
            {"format": "jsonl", "reports": "2"},
            "2 reports with their answers (JSON lines, one report each).",
        ),
    ],
)
def test_an_exported_file_and_its_days_are_named_in_words(app, action, facts, words):
    with app.test_request_context():
        assert str(tell(Act(action, "Ana", facts))).endswith(words)


def test_a_date_that_was_answered_is_written_as_the_reader_writes_it(client_of, acting, cast):
    field = Field(id="tested", type=FieldType.DATE, label=Text(en="Tested on", pt="Testado em"))
    with acting(cast.tess) as actor:
        section = Section(id="s", title=Text(en="S", pt="S"), fields=(field,))
        definition = scenarios.a_definition(sections=(section,))
        report = scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition))
        report_id = report.id
    data = {"value": "2026-03-31", "row_version": "0", "client_id": str(uuid4())}
    client_of(cast.tess).post(f"/reports/{report_id}/fields/tested", data=data)
    audit = client_of(cast.ana).get("/audit?kind=answers").text
    assert "31 Mar 2026" in audit and "2026-03-31" not in audit
