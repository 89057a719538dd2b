"""Only app/definition/fields switches on the type of a field; other modules use its kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from app.definition.schema import FieldType

APP = Path(__file__).resolve().parents[2] / "app"
KINDS = "definition/fields/"
DRAWN = "templates/components/fields/"
WORDS = frozenset(FieldType)
# Modules that may name types, and why.
NAMING = {
    "definition/mapping/build.py": "a remark at the end of a client's workbook has no photos",
    "definition/mapping/margins.py": "a label beside an empty cell is a text unless it says more",
    "definition/mapping/matrix.py": "the columns of a client's workbook",
    "definition/mapping/rows.py": "the rows of a client's workbook",
    "definition/samples/parts.py": "writes the fields of the sample checklists",
    "definition/workbook/extras.py": "an information field is a text unless its row names a type",
    "definition/xlsform/questions.py": "says what each type of an XLSForm becomes",
    "definition/xlsform/writer.py": "says which type of an XLSForm each type becomes",
    "definition/workbook/fields.py": "takes a select whose options are OK and Not OK for a verdict",
    "definition/workbook/writer.py": "such a select has its options in a sheet of their own",
}
# Modules that may import the module of one type, and why.
IMPORTING = {
    "commands/demo/answers.py": "answers a text about remarks with the example of a long text",
}


def members(tree: ast.AST) -> Iterator[str]:
    """Each member of FieldType that is named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "FieldType":
            yield f"line {node.lineno} names FieldType.{node.attr}"


def compared(tree: ast.AST) -> Iterator[str]:
    """Each comparison of a type with a type's name."""
    for node in ast.walk(tree):
        sides: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            sides = [node.subject, *(case.pattern for case in node.cases)]
        inside = [one for side in sides for one in ast.walk(side)]
        is_type = any(isinstance(one, ast.Attribute) and one.attr == "type" for one in inside)
        if is_type and any(isinstance(one, ast.Constant) and one.value in WORDS for one in inside):
            yield f"line {node.lineno} compares a type"  # type: ignore[attr-defined]


def imported(tree: ast.AST) -> Iterator[str]:
    """Each import of a module of one type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, name = node.module.rpartition(".")
            if package == "app.definition.fields" and name in WORDS:
                yield f"line {node.lineno} imports {node.module}"


def drawn(source: str) -> Iterator[str]:
    """Each expression of a template with a type and a type's name."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    for node in tree.find_all((nodes.Compare, nodes.Filter, nodes.Test, nodes.Getitem)):
        constants = {one.value for one in node.find_all(nodes.Const) if isinstance(one.value, str)}
        is_type = "type" in constants or any(
            isinstance(one, nodes.Getattr) and one.attr == "type"
            for one in node.find_all(nodes.Getattr)
        )
        if is_type and constants & WORDS:
            yield f"line {node.lineno} asks for a type"


def modules() -> dict[str, ast.AST]:
    found = {str(path.relative_to(APP)): path for path in APP.rglob("*.py")}
    return {
        name: ast.parse(path.read_text())
        for name, path in found.items()
        if "node_modules" not in name and not name.startswith(KINDS)
    }


def test_no_module_switches_on_the_type_of_a_field():
    wrong = {
        name: offenders
        for name, tree in modules().items()
        if (
            offenders := [
                *compared(tree),
                *(members(tree) if name not in NAMING else ()),
                *(imported(tree) if name not in IMPORTING else ()),
            ]
        )
    }
    assert wrong == {}


def test_the_exceptions_are_needed():
    trees = modules()
    assert {name for name in NAMING if any(members(trees[name]))} == set(NAMING)
    assert {name for name in IMPORTING if any(imported(trees[name]))} == set(IMPORTING)


def test_no_template_switches_on_the_type_of_a_field():
    paths = {str(path.relative_to(APP)): path for path in (APP / "templates").rglob("*.html")}
    wrong = {
        name: offenders
        for name, path in paths.items()
        if not name.startswith(DRAWN) and (offenders := list(drawn(path.read_text())))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("find", "code"),
    [
        (members, "x = field.type is FieldType.NOTE"),
        (members, "x = {FieldType.NOTE: 1}"),
        (members, "match field.type:\n    case FieldType.NOTE:\n        pass"),
        (compared, "x = field.type == 'note'"),
        (compared, "x = one.field.type not in ('text', 'date')"),
        (compared, "match field.type:\n    case 'note':\n        pass"),
        (imported, "from app.definition.fields.note import NoteKind"),
    ],
)
def test_a_switch_in_a_module_is_found(find, code):
    assert list(find(ast.parse(code)))


@pytest.mark.parametrize(
    "source",
    [
        '{% if field.type == "note" %}{% endif %}',
        '{% if one.field.type not in ("text", "date") %}{% endif %}',
        '{{ "a" if question.type != "table" }}',
        '{{ questions | rejectattr("type", "equalto", "note") | list }}',
        '{{ {"note": 1}[field.type] }}',
    ],
)
def test_a_switch_in_a_template_is_seen(source):
    assert list(drawn(source))
