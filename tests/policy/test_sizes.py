"""Limits under app/, in lines: Python function 60, file 400, template (also CSS and plain text)
150.
Split by meaning."""

from __future__ import annotations

import ast

import pytest

from tests.policy.sources import APP, modules, place_of, text_of, tree_of

pytestmark = pytest.mark.xdist_group("sources")

FUNCTION, FILE, JINJA = 60, 400, 150


def test_files_are_short():
    long = {
        place_of(path): n for path in modules() if (n := len(text_of(path).splitlines())) > FILE
    }
    assert long == {}


def test_functions_are_short():
    long = {}
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION:
                    long[f"{place_of(path)}:{node.name}"] = lines
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
    silent = [place_of(path) for path in modules() if not ast.get_docstring(tree_of(path))]
    assert silent == []
