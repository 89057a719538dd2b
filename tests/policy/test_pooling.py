"""The app works behind a pooler in transaction mode: nothing that it does outlives a transaction.

A pooler (PgBouncer) gives one connection to PostgreSQL to many clients in turn. What belongs to a
session would reach the next client, or be missing from the next transaction. Migrations, backups
and commands of the owner connect directly. tests/operations/test_pooler.py runs a real pooler.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import psycopg2
import pytest

from app import ENGINE_OPTIONS
from tests.policy.sources import modules, place_of, tree_of
from tests.support import servers as test_servers

pytestmark = pytest.mark.xdist_group("sources")

# They work with the login of the owner or of backups, which never goes through a pooler.
DIRECT = {
    "commands/backup/figures.py",
    "commands/backup/restoring.py",
    "database_roles.py",
}
RUNS = {"text", "execute", "executemany", "exec_driver_sql", "scalar", "scalars", "SQL"}

# What it is -> how it shows in a statement.
STATEMENTS = {
    "a setting of the session": r"^\s*set\s+(?!local\b|transaction\b|constraints\b)\w",
    "a characteristic of the session": r"\bset\s+session\s+characteristics\b",
    "a role for the session": r"\bset\s+(?:session\s+)?(?:role|authorization)\b",
    "a setting that is not local": r"\bset_config\((?:(?!\btrue\s*\)).)*$",
    "a reset": r"^\s*(?:reset|discard)\s+\w",
    "a lock of the session": r"\bpg_(?:try_)?advisory_(?:lock|unlock)",
    "listening": r"^\s*(?:un)?listen\b",
    "a prepared statement": r"^\s*(?:prepare\s+(?!transaction\b)|deallocate\s|execute\s)\w",
    "a temporary table": r"\b(?:create|into)\s+(?:global\s+|local\s+)?temp(?:orary)?\b",
    "a cursor that outlives the transaction": r"\bwith\s+hold\b",
    "the last value of a sequence": r"\b(?:lastval|currval)\s*\(",
}
# In the functions of the database `set` and `execute` are other things.
IN_FUNCTIONS = set(STATEMENTS) - {"a setting of the session", "a prepared statement"}
# What drivers do for a session: psycopg2's attributes and arguments, SQLAlchemy's levels.
CALLS = {"set_session", "set_isolation_level", "set_client_encoding"}


def offences(statement: str, kinds: Iterable[str] = STATEMENTS) -> list[str]:
    return [
        kind
        for kind in sorted(kinds)
        if re.search(STATEMENTS[kind], statement, re.IGNORECASE | re.DOTALL)
    ]


def statements(tree: ast.Module) -> list[str]:
    """Texts that are given to a function that runs them, or that makes a statement of them; also
    by the name of a constant of the module."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in RUNS and node.args:
            given = node.args[0]
            if isinstance(given, ast.Name):
                given = constants.get(given.id, given)
            found += [
                one.value
                for one in ast.walk(given)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
    return found


def driver_offences(tree: ast.AST) -> list[str]:
    """Calls, assignments and arguments by which a driver keeps something for a session."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names = {one.arg for one in node.keywords}
            name = _name(node.func)
            if name in CALLS or (name == "cursor" and names & {"withhold", "name"}):
                found.append(name)
            if isinstance(node.func, ast.Attribute) and name == "connect" and "options" in names:
                found.append("options")
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in ("autocommit", "isolation_level", "readonly", "deferrable"):
                found.append(node.attr)
        elif isinstance(node, ast.Constant) and node.value == "AUTOCOMMIT":
            found.append("AUTOCOMMIT")
    return found


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_no_statement_of_the_app_outlives_its_transaction():
    wrong = {
        place_of(path): found
        for path in modules()
        if place_of(path) not in DIRECT
        for found in [[kind for one in statements(tree_of(path)) for kind in offences(one)]]
        if found
    }
    assert wrong == {}


def test_no_driver_keeps_anything_for_a_session():
    wrong = {
        place_of(path): found
        for path in modules()
        if place_of(path) not in DIRECT and (found := driver_offences(tree_of(path)))
    }
    assert wrong == {}


def test_the_app_asks_for_nothing_at_the_start_of_a_connection():
    """PgBouncer refuses `options`, and ignores what it is told to ignore."""
    assert ENGINE_OPTIONS["connect_args"].keys() == {"connect_timeout"}


def test_no_function_of_the_database_outlives_its_transaction(database):
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select p.proname, p.prosrc from pg_proc p"
                " where p.pronamespace = 'public'::regnamespace"
            )
            bodies = dict(cursor.fetchall())
    finally:
        connection.close()
    assert len(bodies) > 20
    wrong = {
        name: found for name, body in bodies.items() if (found := offences(body, IN_FUNCTIONS))
    }
    assert wrong == {}


def test_each_exception_is_needed():
    places = {place_of(path): tree_of(path) for path in modules()}
    needless = [
        place
        for place in sorted(DIRECT)
        if not driver_offences(places[place])
        and not [one for one in statements(places[place]) if offences(one)]
    ]
    assert needless == []


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("set statement_timeout = 0", "a setting of the session"),
        ("SET search_path TO x", "a setting of the session"),
        ("set local statement_timeout = 0", None),
        ("set transaction read only", None),
        ("set constraints all deferred", None),
        ("set session characteristics as transaction read only", "a characteristic of the session"),
        ("set role laudo_owner", "a role for the session"),
        ("select set_config('app.tenant_id', :t, false)", "a setting that is not local"),
        ("select set_config('app.tenant_id', :t, true)", None),
        ("reset all", "a reset"),
        ("discard all", "a reset"),
        ("select pg_advisory_lock(1)", "a lock of the session"),
        ("select pg_try_advisory_lock(1)", "a lock of the session"),
        ("select pg_advisory_xact_lock(1)", None),
        ("listen changes", "listening"),
        ("prepare saved as select 1", "a prepared statement"),
        ("create temporary table x as select 1", "a temporary table"),
        ("create temp table x (a int) on commit drop", "a temporary table"),
        ("declare c cursor with hold for select 1", "a cursor that outlives the transaction"),
        ("select lastval()", "the last value of a sequence"),
        ("update reports set title = 'x'", None),
    ],
)
def test_each_kind_of_statement_is_seen(statement, kind):
    assert (kind in offences(statement)) if kind else offences(statement) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("c.autocommit = True", 1),
        ("c.set_session(readonly=True)", 1),
        ("c.cursor(name='x', withhold=True)", 1),
        ("engine.connect().execution_options(isolation_level='AUTOCOMMIT')", 1),
        ("psycopg2.connect(dsn, options='-c x=1')", 1),
        ("c.cursor()", 0),
        ("s.connection(execution_options={'isolation_level': 'REPEATABLE READ'})", 0),
    ],
)
def test_each_way_of_a_driver_is_seen(source, count):
    assert len(driver_offences(ast.parse(source))) == count


def test_the_texts_of_constants_and_calls_are_read():
    source = "A = 'reset all'\nc.execute('listen a')\nc.execute(A)\nflash('set the clock')"
    assert statements(ast.parse(source)) == ["listen a", "reset all"]
