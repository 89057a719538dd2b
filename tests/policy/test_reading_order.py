"""Pages show a checklist's words in the reader's order; only what is stored or printed does not."""

from __future__ import annotations

import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
OWN_ORDER = re.compile(r"\bdefinition\.languages\b(?!\s*\|\s*reading_order)")
IN_ORDER = re.compile(r"reading_order\(\s*[\w.]*definition\.languages\s*\)")
# Files that take a checklist's languages in its own order, each with the reason.
REASONS = {
    "checklists/building/service.py": "the stored name",
    "checklists/forms.py": "which titles a copy has",
    "checklists/service.py": "the stored name",
    "commands/checklists.py": "the report of a command, which has no reader's language",
    "commands/demo/command.py": "the stored title of the demo's report",
    "documents/context.py": "the PDF",
    "exports/workbook_copies/service.py": "the client's own workbook",
    "exports/workbook_copies/values.py": "the client's own workbook",
    "photos/strip.py": "the strip that is drawn into a photo",
    "reports/filling/service.py": "words that the audit keeps",
    "templates/checklists/_counts.html": "the names of the languages themselves",
}


def test_only_what_is_stored_or_printed_takes_the_checklists_own_order():
    found = set()
    for path in APP.rglob("*"):
        name = str(path.relative_to(APP))
        if path.suffix not in (".py", ".html") or name.startswith(("definition/", "assets/")):
            continue
        if OWN_ORDER.search(IN_ORDER.sub("", path.read_text())):
            found.add(name)
    assert found == REASONS.keys()


def test_the_policy_sees_what_it_is_for():
    for wrong in (
        "field.label.first(definition.languages)",
        "{{ words(one.label, page.definition.languages) }}",
    ):
        assert OWN_ORDER.search(IN_ORDER.sub("", wrong))
    for right in (
        "reading_order(found.report.version.definition.languages)",
        "{{ words(one.label, definition.languages | reading_order) }}",
    ):
        assert not OWN_ORDER.search(IN_ORDER.sub("", right))
