"""Every module that changes rows also writes the audit chain, or has a reason here."""

from __future__ import annotations

import re

import pytest

from tests.policy.sources import APP, modules, place_of, text_of

pytestmark = pytest.mark.xdist_group("sources")

# Packages that do not change a company's rows themselves.
OUTSIDE = {"models", "jobs", "web", "commands", "pdf", "imaging", "translations", "local"}

CHANGES = re.compile(r"db\.session\.(add|add_all|delete)\(|(?<![\w.])(insert|update|delete)\([A-Z]")
RECORDS = re.compile(r"\brecord(_now|_on_platform|_in_both)?\(|\b(self|store)\.note\(")
REASONS = {
    "auth/identity.py": "that a session is in use is no act; its opening and its end are written",
    "photos/drawing.py": "derivatives are the worker's, made again from the original at any time",
    "photos/comparing.py": "what a comparison found is the worker's; it informs and decides nothing",
    "photos/comparisons.py": "work of the worker's own, once for each photo",
    "photos/checking.py": "a reading is the worker's finding; the upload's entry names the photo",
    "branding/preview/service.py": "a preview changes nothing; what is saved then has its own entry",
    "branding/preview/making.py": "the pictures of a preview are the worker's, made again at any time",
    "documents/certificates.py": "a certificate comes with the key or the PDF, whose entry names it",
    "anchors/service.py": "an anchor names the end of the audit, and an entry would move that end",
    "evidence/verdicts.py": "a verdict is a finding that anybody can make again at any time",
    "uploads/service.py": "parts are no evidence yet; the photo's entry is written when it is placed",
    "reports/receipts.py": "a receipt is about a change, whose entry names the client id",
    "checklists/mapping/service.py": "a guess is no act; the entry of each draft names the file",
    "reports/completing/snapshot.py": "the entry of the completion names the snapshot's hash",
}


def changing_modules() -> list[str]:
    features = [path for path in modules() if path.relative_to(APP).parts[0] not in OUTSIDE]
    return [place_of(path) for path in features if CHANGES.search(text_of(path))]


def test_what_changes_is_audited():
    silent = [
        name
        for name in changing_modules()
        if not RECORDS.search((APP / name).read_text()) and name not in REASONS
    ]
    assert silent == []


def test_the_reasons_are_of_modules_that_exist():
    assert {name for name in REASONS if not (APP / name).exists()} == set()
