"""Requests that compute password hashes wait for their turn without occupying a thread.

The worker recognises them by URL (web_worker.py), so the URL of every form that asks for a password
must be in its list.
"""

from __future__ import annotations

import ast
from pathlib import Path

from app.web_worker import PASSWORD_PATHS

APP = Path(__file__).resolve().parents[2] / "app"


def forms_with_passwords() -> set[str]:
    """Form classes with a password field, and their subclasses."""
    classes = [
        node
        for path in APP.rglob("*forms.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    found = {one.name for one in classes if "PasswordField" in names_in(one)}
    while more := {one.name for one in classes if names_in(one) & found} - found:
        found |= more
    return found


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def views_that_read(forms: set[str]) -> set[str]:
    """Module and name of each function in a routes file that uses one, directly or by helpers."""
    found = set()
    for path in APP.rglob("*routes.py"):
        functions = {
            one.name: names_in(one)
            for one in ast.parse(path.read_text()).body
            if isinstance(one, ast.FunctionDef)
        }
        using = {name for name, names in functions.items() if names & forms}
        while more := {name for name, names in functions.items() if names & using} - using:
            using |= more
        module = ".".join(path.relative_to(APP.parent).with_suffix("").parts)
        found |= {f"{module}.{name}" for name in using}
    return found


def test_every_form_that_asks_for_a_password_takes_its_turn(app):
    views, seen = views_that_read(forms_with_passwords()), set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        name = f"{view.__module__}.{view.__name__}"
        if "POST" in (rule.methods or ()) and name in views:
            assert PASSWORD_PATHS.match(rule.rule), rule
            seen.add(rule.endpoint)
    assert {"auth.sign_in", "auth.change_password", "auth.set_new_password", "team.accept"} <= seen
    assert len(seen) >= 8
