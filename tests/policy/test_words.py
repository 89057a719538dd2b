"""app/words.py is the only place that says what a state, result, verdict or role is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app import words
from app.words import WordList

APP = Path(__file__).resolve().parents[2] / "app"
LISTS = [one for one in vars(words).values() if isinstance(one, WordList)]
# Keys that stand for members in a mapping to words, each with its reason.
MAPPINGS = {
    ("app/checklists/mapping/words.py", ""): "columns of a client's workbook, such as one for OK",
    ("app/checklists/building/wording.py", ""): "comparisons in conditions, such as one for Not OK",
    ("app/mail/wording.py", "role_sentence"): "sentences of the invitation",
    ("app/pdf/labels.py", ""): "the PDF's headings: two times are called submitted and completed",
}
# Words of the lists that a file says in a sense of its own.
OTHER_SENSES = {
    ("app/templates/auth/sign_ins.html", "Refused"): "a login",
    ("app/templates/reports/_show_facts.html", "Completed"): "the heading of a time",
    ("app/templates/reports/_show_facts.html", "Archived"): "the heading of a time",
    ("app/templates/team/_filter.html", "Active"): "an account, not a company",
    ("app/exports/answers/about.py", "Completed"): "the heading of a time",
    ("app/templates/checking/_facts.html", "Completed"): "the heading of a time",
}


def english() -> set[str]:
    return {word for one in LISTS for word in one.english.values()}


def python() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        if "node_modules" not in path.parts and path != APP / "words.py":
            yield str(path.relative_to(APP.parent)), ast.parse(path.read_text())


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((APP / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            yield str(path.relative_to(APP.parent)), path.read_text()


def member_of(key: ast.expr | None) -> str | None:
    """The value that a key of a dict may be: Outcome.FAILED, Outcome.FAILED.value, "failed"."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    if isinstance(key, ast.Attribute):
        name = key.value if key.attr == "value" else key
        return name.attr.lower() if isinstance(name, ast.Attribute) else None
    return None


def says_words(value: ast.expr) -> bool:
    """Whether a value is a text for people: translated, or a pair of languages."""
    if isinstance(value, ast.Tuple):
        return all(isinstance(one, ast.Constant) for one in value.elts)
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return False
    return value.func.id in ("_", "_l", "N_", "gettext", "lazy_gettext")


def maps_members(node: ast.Dict) -> bool:
    keys = {member_of(key) for key in node.keys}
    shared = max(len(keys & one.english.keys()) for one in LISTS)
    return shared >= 2 and all(says_words(value) for value in node.values)


def enclosing(tree: ast.Module, node: ast.Dict) -> str:
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef) and any(part is node for part in ast.walk(one)):
            return one.name
    return ""


def mappings(tree: ast.Module) -> Iterator[str]:
    """The functions ("" for the module) that hold a mapping of members to words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict) and maps_members(node):
            yield enclosing(tree, node)


def said_in_python(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and says_words(node) and node.args:
            text = node.args[0]
            if isinstance(text, ast.Constant) and text.value in english():
                yield text.value


def said_in_template(text: str) -> Iterator[str]:
    for said in re.findall(r"""\b_\(\s*["']([^"']+)["']\s*\)""", text):
        if said in english():
            yield said


def test_no_other_module_maps_members_to_words():
    found = {(name, place) for name, tree in python() for place in mappings(tree)}
    assert found == MAPPINGS.keys()


def test_no_other_file_says_the_words():
    found = {(name, word) for name, tree in python() for word in said_in_python(tree)}
    found |= {(name, word) for name, text in templates() for word in said_in_template(text)}
    assert found == OTHER_SENSES.keys(), "use app.words (word_lists in templates)"


def test_the_policy_sees_what_it_is_for():
    for source in (
        "X = {Outcome.PASSED: _('Good'), Outcome.FAILED: _('Bad')}",
        "X = {'passed': ('Good', 'Bom'), 'failed': ('Bad', 'Mau')}",
        "def f():\n    return {Role.ADMIN.value: N_('Boss'), Role.VIEWER.value: N_('Eye')}",
    ):
        assert list(mappings(ast.parse(source))), source
    assert not list(mappings(ast.parse("X = {Outcome.PASSED: 'green', Outcome.FAILED: 'red'}")))
    chain = '{% if value == "passed" %}{{ icon("x") }}{{ _("Passed") }}{% endif %}'
    assert list(said_in_template(chain)) == ["Passed"]
    assert list(said_in_python(ast.parse("X = _l('Technician')"))) == ["Technician"]
