"""Ceilings under app/: a Python function of 60 lines, a file of 400, a template of 150, its CSS and
plain text included. Split by meaning."""

from __future__ import annotations

import ast
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
FUNCTION, FILE, JINJA = 60, 400, 150


def python_files() -> list[Path]:
    return [path for path in APP.rglob("*.py") if "node_modules" not in path.parts]


def test_files_are_short():
    long = {
        str(path.relative_to(APP)): n
        for path in python_files()
        if (n := len(path.read_text().splitlines())) > FILE
    }
    assert long == {}


def test_functions_are_short():
    long = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION:
                    long[f"{path.relative_to(APP)}:{node.name}"] = lines
    assert long == {}


def test_templates_are_short():
    paths = [path for path in (APP / "templates").rglob("*") if path.is_file()]
    assert {path.suffix for path in paths} == {".html", ".css", ".txt"}
    long = {
        str(path.relative_to(APP)): n
        for path in paths
        if (n := len(path.read_text().splitlines())) > JINJA
    }
    assert long == {}


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(APP))
        for path in python_files()
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
