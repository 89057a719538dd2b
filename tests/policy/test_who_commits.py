"""Only routes, the job runner, the relay with its chores and daily acts, and commands commit. A
`begin()` counts as a commit: its block commits at the end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
ALLOWED = re.compile(
    r"(^|/)([a-z_]*routes\.py)$|^jobs/(runner|daily)\.py$|^commands/([a-z_]+/)?[a-z_]+\.py$"
    r"|^platform/jobs\.py$"
)
EXCEPTIONS = {
    "tenancy.py": "look-ups before a tenant is known, each in a session of its own",
    "auth/identity.py": "when a superadmin's session was last seen, whatever the request does",
}
# Here, `begin()` does not begin transactions.
NO_TRANSACTIONS = {"logs"}


def modules() -> Iterator[tuple[str, str]]:
    for path in APP.rglob("*.py"):
        if "node_modules" not in path.parts:
            yield str(path.relative_to(APP)), path.read_text()


def commits(source: str) -> bool:
    """Whether the code ends a transaction: `x.commit()`, or `x.begin()` without an argument."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "begin")
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in NO_TRANSACTIONS)
        and not node.args
        for node in ast.walk(ast.parse(source))
    )


def test_only_the_edges_commit():
    committing = {name for name, source in modules() if commits(source)}
    assert {name for name in committing if not ALLOWED.search(name)} == EXCEPTIONS.keys()


def test_a_begin_counts_and_a_savepoint_does_not():
    assert commits("with db.session.begin():\n    pass")
    assert commits("with platform_scope() as session, session.begin():\n    pass")
    assert commits("session.commit()")
    assert not commits("with db.session.begin_nested():\n    pass")
    assert not commits("logs.begin()\nform.due_on.begin(today)")


def test_routes_hold_no_queries():
    for path in APP.rglob("*routes.py"):
        assert not re.search(r"\bselect\(", path.read_text()), path
