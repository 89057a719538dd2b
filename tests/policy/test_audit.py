"""Every module that changes rows also writes the audit chain, or says here why not."""

from __future__ import annotations

import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
CHANGES = re.compile(r"db\.session\.(add|add_all|delete)\(|(?<![\w.])(insert|update|delete)\([A-Z]")
RECORDS = re.compile(
    r"\brecord(_now)?\(|\bself\.note\(|\bdoor\.note\(|_note\(|PlatformAuditEntry\("
)
REASONS = {
    "auth/identity.py": "that a session is in use is no act; its opening and its end are written",
    "photos/drawing.py": "derivatives are the worker's, made again from the original at any time",
    "photos/checking.py": "a reading is the worker's finding; the upload's entry names the photo",
    "company/previews.py": "a preview changes nothing; what is saved then has its own entry",
    "company/previewing.py": "the pictures of a preview are the worker's, made again at any time",
    "evidence/verdicts.py": "a verdict is a finding that anybody can make again at any time",
    "reports/snapshot.py": "submitting.py writes the entry that names the snapshot's hash",
}


def changing_modules() -> list[str]:
    features = [path for path in APP.glob("*/*.py") if path.parent.name not in
                ("models", "jobs", "web", "commands", "pdf", "imaging", "translations")]  # fmt: skip
    return [str(path.relative_to(APP)) for path in features if CHANGES.search(path.read_text())]


def test_what_changes_is_audited():
    silent = [
        name
        for name in changing_modules()
        if not RECORDS.search((APP / name).read_text()) and name not in REASONS
    ]
    assert silent == []


def test_the_reasons_are_of_modules_that_exist():
    assert {name for name in REASONS if not (APP / name).exists()} == set()
