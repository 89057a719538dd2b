"""Only app/storage knows where objects are: no other module uses S3 or files under its root."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.policy.sources import modules, place_of, text_of, tree_of

pytestmark = pytest.mark.xdist_group("sources")

OUTSIDE = [path for path in modules() if not place_of(path).startswith("storage/")]
# These tell operators the folder and its free space.
NAMES_THE_FOLDER = {"commands/check/services.py", "commands/check/machine.py"}
# What others may import. To use a storage, they call `storage()`.
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


def internals_used(path: Path) -> set[str]:
    """The internals of the storage that this module imports or names."""
    names = imported(tree_of(path))
    found = {name for name in names if name.split(".")[0] in ("boto3", "botocore")}
    found |= names & INNER
    if "app.storage" in names:
        found |= names & MADE_INSIDE
    if place_of(path) not in NAMES_THE_FOLDER:
        found |= {name for name in ('"STORAGE_DIR"', ".storage_dir") if name in text_of(path)}
    return found


def test_no_other_module_accesses_stored_bytes():
    found = {place_of(path): internals_used(path) for path in OUTSIDE}
    assert {place: names for place, names in found.items() if names} == {}


# Operators' commands, the sweep, and probes, which work for no single company.
WHOLE = {
    "commands/backup/command.py",
    "commands/check/services.py",
    "commands/erasing.py",
    "commands/storage.py",
    "health/readiness.py",
    "jobs/daily.py",
}


def test_the_storage_without_the_tenants_lock_is_for_operators():
    users = {place_of(path) for path in OUTSIDE if "whole_storage" in text_of(path)}
    assert users == WHOLE
