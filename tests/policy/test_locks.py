"""All row locks are NO KEY UPDATE: FOR UPDATE also blocks inserts of rows that refer to the locked
row, and so waits for unrelated people.

tests/support/lock_order.py checks the order of locks during all tests.
"""

from __future__ import annotations

import ast
import re

import psycopg2
import pytest

from tests.policy.sources import modules, place_of, tree_of
from tests.support import servers as test_servers

pytestmark = pytest.mark.xdist_group("sources")

FOR_UPDATE = re.compile(r"\bfor update\b", re.IGNORECASE)
# The row itself is deleted, so writes of the company's rows must wait.
KEY_GOES = {"commands/erasing.py"}


def strong_locks(tree: ast.AST) -> list[int]:
    """Lines whose lock is FOR UPDATE: with neither `key_share` nor `read`."""
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {one.arg: one.value for one in node.keywords}
        is_lock = isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update"
        weak = {"key_share", "read"}
        if given := named.get("with_for_update"):  # the parameter of `refresh`
            keys = given.keys if isinstance(given, ast.Dict) else []
            named = {str(getattr(key, "value", "")): given for key in keys}
            is_lock = True
        if is_lock and not weak & named.keys():
            lines.append(node.lineno)
    return lines


def raw_locks(tree: ast.AST) -> list[str]:
    """SQL statements whose lock is FOR UPDATE."""
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    raw = [one for one in texts if FOR_UPDATE.search(one) and "select" in one.lower()]
    return raw + [one for one in texts if one.strip().lower().endswith("for update")]


def test_no_lock_of_the_app_is_for_update():
    strong = {place_of(path): strong_locks(tree_of(path)) for path in modules()}
    assert {place: lines for place, lines in strong.items() if lines} == {}
    assert {place_of(path) for path in modules() if raw_locks(tree_of(path))} == KEY_GOES


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
