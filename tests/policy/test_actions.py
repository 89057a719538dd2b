"""Each audit action is one literal in the code, where its entry is written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from app.evidence.sentences import TELLINGS
from app.models.base import Audited

APP = Path(__file__).resolve().parents[2] / "app"
# The functions that write an entry. Each takes the action first; `note` is a store's (auth/account_stores.py).
RECORDERS = {"record", "record_now", "record_on_platform", "record_as_owner", "record_in_both"}
METHOD = "note"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        if "node_modules" not in path.parts:
            yield str(path.relative_to(APP)), ast.parse(path.read_text())


def is_recorder(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in RECORDERS
    return isinstance(function, ast.Attribute) and function.attr in {METHOD, *RECORDERS}


def calls(tree: ast.AST, inside: str = "") -> Iterator[tuple[ast.Call, str]]:
    """The calls that write an entry, each with the name of the enclosing function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and is_recorder(node.func):
            yield node, inside
        yield from calls(node, node.name if isinstance(node, ast.FunctionDef) else inside)


def literal(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return str(first.value) if isinstance(first, ast.Constant) and is_text else None


def is_handed_on(call: ast.Call, inside: str) -> bool:
    """Whether one recorder passes its own action to another."""
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Name) and first.id == "action" and inside in {METHOD, *RECORDERS}


def written() -> dict[str, set[str]]:
    """Each action with the modules that write it."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, tree in modules():
        for call, _inside in calls(tree):
            if action := literal(call):
                found[action].add(name)
        for action in of_transitions(tree):
            found[action].add(name)
    return found


def of_transitions(tree: ast.AST) -> Iterator[str]:
    """The actions in the table of a report's transitions (reports/lifecycle.py)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Transition":
            for keyword in node.keywords:
                if keyword.arg == "action" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def test_every_action_is_a_literal_where_it_is_written():
    wrong = [
        f"{name}:{call.lineno}"
        for name, tree in modules()
        for call, inside in calls(tree)
        if literal(call) is None and not is_handed_on(call, inside)
    ]
    assert wrong == []


def test_no_other_function_takes_an_action_to_write():
    """A wrapper with an action as its parameter would hide the action from a search."""
    wrappers = {
        f"{name}:{node.name}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name not in {METHOD, *RECORDERS}
        and {"action", "verb"} & {one.arg for one in (*node.args.posonlyargs, *node.args.args)}
        and any(True for _ in calls(node))
    }
    assert wrappers == set()


def test_nothing_but_the_recorders_makes_an_entry():
    makers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("AuditEntry", "PlatformAuditEntry")
    }
    assert makers == {"evidence/service.py"}


def test_every_action_has_its_sentence_and_every_sentence_its_action():
    actions = written()
    assert len(actions) > 80
    where = "its sentence belongs into TELLINGS in app/evidence/sentences.py"
    untold = {action: names for action, names in actions.items() if action not in TELLINGS}
    assert not untold, f"{untold}: {where}"
    assert TELLINGS.keys() - actions.keys() == set()


def test_rows_keep_the_kind_that_written_entries_have():
    assert {model.__name__: model.audit_type for model in Audited.__subclasses__()} == {
        "Account": "account",
        "AnswerExport": "answer_export",
        "Bundle": "bundle",
        "Checklist": "checklist",
        "Document": "document",
        "Equipment": "equipment",
        "Export": "export",
        "Invitation": "invitation",
        "Project": "project",
        "Report": "report",
        "SealKey": "seal_key",
        "SupportAccess": "support",
        "Tenant": "tenant",
    }
