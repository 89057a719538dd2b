"""Only app/storage knows where bytes lie: nobody else speaks S3 or opens files under its root."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"
OUTSIDE = sorted(
    path
    for path in APP.rglob("*.py")
    if "node_modules" not in path.parts and path.relative_to(APP).parts[0] != "storage"
)
# They tell operators which folder it is, and how full its disk.
NAMES_THE_FOLDER = {"commands/check/services.py", "commands/check/machine.py"}
# What others may import; who needs a storage calls `storage()`.
INNER = {"app.storage.local", "app.storage.s3", "app.storage.bucket", "app.storage.breaker"}
MADE_INSIDE = {"LocalStorage", "S3Storage", "Bucket"}


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(one.name for one in node.names)})
            found.update(f"{node.module}.{one.name}" for one in node.names)
    return found


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(APP)))
def test_nobody_else_reaches_for_stored_bytes(path):
    text = path.read_text()
    names = imported(ast.parse(text))
    assert not [name for name in names if name.split(".")[0] in ("boto3", "botocore")]
    assert not names & INNER
    if "app.storage" in names:
        assert not names & MADE_INSIDE
    if str(path.relative_to(APP)) not in NAMES_THE_FOLDER:
        assert '"STORAGE_DIR"' not in text and ".storage_dir" not in text


# Operators' commands, the sweep, and probes that belong to no company.
WHOLE = {
    "commands/backup/command.py", "commands/check/services.py", "commands/erasing.py",
    "commands/storage.py", "home/readiness.py", "jobs/daily.py",
}  # fmt: skip


def test_the_storage_without_the_tenants_lock_is_for_operators():
    users = {str(path.relative_to(APP)) for path in OUTSIDE if "whole_storage" in path.read_text()}
    assert users == WHOLE
