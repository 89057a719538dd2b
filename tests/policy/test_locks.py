"""NO KEY UPDATE everywhere: a lock that is FOR UPDATE also stops whoever writes a row that names
the locked one, and so waits for people who have nothing to do with it.

The order of the locks is watched during all tests (tests/lock_order.py).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import psycopg2
import pytest

from tests import servers as test_servers

APP = Path(__file__).resolve().parents[2] / "app"
FOR_UPDATE = re.compile(r"\bfor update\b", re.IGNORECASE)
# The row itself goes, and whoever would write a row of the company waits for that.
KEY_GOES = {"commands/erasing.py"}


def modules() -> list[Path]:
    return sorted(path for path in APP.rglob("*.py") if "node_modules" not in path.parts)


def strong_locks(tree: ast.AST) -> list[int]:
    """Lines whose lock is FOR UPDATE: neither `key_share` nor `read` stands there."""
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {one.arg: one.value for one in node.keywords}
        is_lock = isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update"
        weak = {"key_share", "read"}
        if given := named.get("with_for_update"):  # as `refresh` takes it
            keys = given.keys if isinstance(given, ast.Dict) else []
            named = {str(getattr(key, "value", "")): given for key in keys}
            is_lock = True
        if is_lock and not weak & named.keys():
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_no_lock_of_the_app_is_for_update(path):
    tree = ast.parse(path.read_text())
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    raw = [one for one in texts if FOR_UPDATE.search(one) and "select" in one.lower()]
    raw += [one for one in texts if one.strip().lower().endswith("for update")]
    assert strong_locks(tree) == []
    assert bool(raw) == (str(path.relative_to(APP)) in KEY_GOES)


def test_no_function_of_the_database_locks_for_update(database):
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select p.proname, p.prosrc from pg_proc p"
                " join pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')"
                " where p.pronamespace = 'public'::regnamespace"
            )
            bodies = dict(cursor.fetchall())
    finally:
        connection.close()
    assert "feed_due_work" in bodies
    assert [name for name, body in bodies.items() if FOR_UPDATE.search(body)] == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("s.with_for_update()", 1),
        ("s.with_for_update(of=Report)", 1),
        ("s.with_for_update(of=Report, key_share=True)", 0),
        ("s.with_for_update(read=True)", 0),
        ("s.refresh(row, with_for_update=True)", 1),
        ("s.refresh(row, with_for_update={'key_share': True})", 0),
    ],
)
def test_a_strong_lock_is_seen(source, wrong):
    assert len(strong_locks(ast.parse(source))) == wrong
