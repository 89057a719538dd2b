"""Only app/pdf/lean knows the private parts of WeasyPrint and pydyf, which any release may change."""

from __future__ import annotations

import ast

import pytest

from tests.policy.sources import modules, place_of, text_of

pytestmark = pytest.mark.xdist_group("sources")

PUBLIC = {"weasyprint", "weasyprint.document", "weasyprint.urls"}
LEAN = "pdf/lean/"


def private_imports(source: str) -> set[str]:
    """The modules of WeasyPrint and pydyf that a module imports beyond the documented ones."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name for name in found if name.partition(".")[0] in ("weasyprint", "pydyf")} - PUBLIC


def test_private_parts_are_imported_by_one_package_alone():
    knowing = {place_of(path) for path in modules() if private_imports(text_of(path))}
    assert knowing and all(place.startswith(LEAN) for place in knowing), knowing


def test_the_rule_notices_a_private_import():
    assert private_imports("from weasyprint.draw import draw_page") == {"weasyprint.draw"}
    assert private_imports("import pydyf") == {"pydyf"}
    assert private_imports("from weasyprint import CSS\nimport weasyprint") == set()
