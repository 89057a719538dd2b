"""Tests are in their feature's folder and share helpers: no test file imports another."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def imported(node: ast.AST) -> list[str]:
    """Full names; the linter refuses relative imports."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{one.name}" for one in node.names]
    return [one.name for one in node.names] if isinstance(node, ast.Import) else []


def test_no_test_file_is_imported():
    wrong = [
        f"{path.relative_to(TESTS)} imports {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported(node)
        if name.startswith("tests.") and ".test_" in name
    ]
    assert wrong == []


def test_the_root_of_the_tests_holds_no_test():
    assert {path.name for path in TESTS.glob("*.py")} == {"__init__.py", "conftest.py"}
