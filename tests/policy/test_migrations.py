"""docs/migrations.md as a test: no migration after 0004 may interrupt a running installation."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg2 import extensions
from sqlalchemy.exc import OperationalError

from app.database_roles import OWNER
from tests.support import servers as test_servers

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "migrations" / "versions"
# Released before the rules, when all installations were empty.
EARLIER = {"0001", "0002", "0003", "0004"}
REASON = re.compile(r"#\s*downtime: \w+")

# SQL patterns, by the name of the rule in docs/migrations.md.
DANGEROUS = {
    "drop or rename": r"\bdrop (?:column|table)\b|\brename (?:column |to\b|constraint )",
    "change of type": r"\balter (?:column )?\w+ (?:set data )?type\b",
    "index not concurrent": r"\b(?:create (?:unique )?|drop )index (?!concurrently)",
    "not null without a default": r"\badd (?:column )?\w+ (?!.*\bdefault\b)[^,;]*\bnot null",
    "volatile default": r"\badd (?:column )?[^,;]*\b(?:default (?:gen_random_uuid|clock_timestamp|random)|generated always as)\b",
    "not null at once": r"\bset not null\b",
    "constraint at once": r"\badd (?:constraint \w+ )?(?:foreign key|check|unique|exclude)\b(?!.*\bnot valid\b)",
    "all rows at once": r"^\s*(?:update|delete from) \w+",
    "lifted timeout": r"\block_timeout\s*(?:=|to)(?!\s*'5s')|\breset (?:lock_timeout|all)\b",
    "truncate or lock": r"^\s*(?:truncate|lock table)\b|\bvacuum full\b|\bcluster\b",
}
# Alembic's own operations hide the statement, so migrations contain SQL.
HIDDEN = {
    "drop_column",
    "drop_table",
    "rename_table",
    "alter_column",
    "create_index",
    "drop_index",
    "create_foreign_key",
    "create_check_constraint",
    "create_unique_constraint",
    "add_column",
}
NEW_TABLE = re.compile(r"\bcreate table (?:if not exists )?(\w+)")


def newer() -> list[Path]:
    return [one for one in sorted(VERSIONS.glob("*.py")) if one.name[:4] not in EARLIER]


def dangers(source: str) -> list[str]:
    """Each dangerous statement of a migration without a `# downtime:` comment above it."""
    tree = ast.parse(source)
    lines = source.splitlines()
    made = set(NEW_TABLE.findall(source.lower()))
    found = []
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node and isinstance(part, (ast.Constant, ast.JoinedStr))
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue  # reported with its f-string
        if isinstance(node, ast.JoinedStr):
            names = _names_in(_words_of(node), made)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [] if _is_docstring(tree, node) else _names_in(node.value, made)
        elif isinstance(node, ast.Attribute) and node.attr in HIDDEN:
            names = [f"op.{node.attr}: write the SQL out"]
        else:
            continue
        if not _is_explained(lines, node.lineno):
            found += [f"line {node.lineno}: {name}" for name in names]
    return sorted(found)


def _words_of(joined: ast.JoinedStr) -> str:
    """The whole f-string, with a neutral word for each value."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "put_in" for part in joined.values
    )


def _names_in(words: str, made: set[str]) -> list[str]:
    names = []
    # The body of a function runs when it is called, not when it is created.
    outside = re.sub(r"\$(\w*)\$.*?\$\1\$", "", words, flags=re.DOTALL)
    for statement in re.sub(r"--[^\n]*", "", outside).lower().split(";"):
        plain = " ".join(statement.split())
        touched = re.search(r"\b(?:on|table|update|from|into) (?:only |if exists )?(\w+)", plain)
        if touched and touched[1] in made and not plain.startswith("drop"):
            continue  # a table created in this migration has no rows or readers yet
        names += [name for name, pattern in DANGEROUS.items() if re.search(pattern, plain)]
    return names


def _is_docstring(tree: ast.Module, node: ast.Constant) -> bool:
    return any(
        isinstance(one, ast.Expr) and one.value is node
        for parent in ast.walk(tree)
        if isinstance(parent, (ast.Module, ast.FunctionDef))
        for one in parent.body[:1]
    )


def _is_explained(lines: list[str], number: int) -> bool:
    """A comment directly above the statement, or above the enclosing call."""
    above = number - 2
    while above >= 0 and (lines[above].strip().startswith(("#", '"', "op.execute("))):
        if REASON.search(lines[above]):
            return True
        above -= 1
    return False


def test_no_migration_stops_a_running_installation():
    seen = {path.stem: dangers(path.read_text()) for path in newer()}
    assert {stem: found for stem, found in seen.items() if found} == {}


def test_the_migrations_are_one_line():
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    names = sorted(path.name[:4] for path in VERSIONS.glob("*.py"))
    assert names == [f"{number:04}" for number in range(1, len(names) + 1)]


def test_models_and_migrations_say_the_same(database):
    """As in `flask db check`: autogenerate finds no difference."""
    command.check(test_servers.alembic_config(test_servers.current().url(OWNER, database)))


@pytest.fixture
def migrated() -> Iterator[str]:
    running = test_servers.current()
    name = f"laudo_migrated_{uuid4().hex[:8]}"
    yield running.clone(name)
    running.drop(name)


@contextmanager
def connected(database: str) -> Iterator[extensions.connection]:
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def run(connection: extensions.connection, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_second_migrator_waits_without_blocking(migrated):
    url = test_servers.current().url(OWNER, migrated)
    with connected(migrated) as first, ThreadPoolExecutor(1) as pool:
        run(first, "select pg_advisory_lock(7205001)")
        second = pool.submit(test_servers.migrate, url)
        with pytest.raises(TimeoutError):
            second.result(timeout=6.5)  # longer than lock_timeout
        run(
            first,
            "set statement_timeout = '4s'",
            "create index concurrently ix_of_the_first on tenants (name)",
            "select pg_advisory_unlock(7205001)",
        )
        assert second.result(timeout=20) is None


def test_the_migrator_waits_for_no_table_for_long(migrated):
    url = test_servers.current().url(OWNER, migrated)
    with connected(migrated) as reader:
        run(reader, "begin", "lock table alembic_version")
        started = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            test_servers.migrate(url)
    assert 4 < time.monotonic() - started < 15


def test_an_invalid_index_is_built_again(migrated):
    name = "ix_reports_tenant_id_created_at"
    with connected(migrated) as there:
        run(
            there,
            f"grant create on schema public to {OWNER}",  # clones belong to the superuser
            f"update pg_index set indisvalid = false where indexrelid = '{name}'::regclass",
            "update alembic_version set version_num = '0006'",
        )
        test_servers.migrate(test_servers.current().url(OWNER, migrated), "0007")
        with there.cursor() as cursor:
            cursor.execute(
                "select indexrelid::regclass::text from pg_index where not indisvalid"
                " union all select 'made' where to_regclass(%s) is not null",
                (name,),
            )
            assert cursor.fetchall() == [("made",)]


def op(sql: str, comment: str = "") -> str:
    return f'def upgrade():\n    {comment}\n    op.execute("{sql}")\n'


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("alter table reports drop column title", "drop or rename"),
        ("alter table reports rename column title to name", "drop or rename"),
        ("drop table equipment", "drop or rename"),
        ("alter table reports alter column number type text", "change of type"),
        ("create index ix on reports (title)", "index not concurrent"),
        ("create unique index ix on reports (title)", "index not concurrent"),
        ("drop index ix", "index not concurrent"),
        ("alter table reports add column due_on date not null", "not null without a default"),
        ("alter table reports add column x uuid default gen_random_uuid()", "volatile default"),
        (
            "alter table r add column w text generated always as (lower(t)) stored",
            "volatile default",
        ),
        ("alter table reports alter column due_on set not null", "not null at once"),
        ("alter table a add constraint fk foreign key (b) references c (id)", "constraint at once"),
        ("alter table a add check (b > 0)", "constraint at once"),
        ("update reports set title = ''", "all rows at once"),
        ("set lock_timeout = 0", "lifted timeout"),
        ("set lock_timeout = '15min'", "lifted timeout"),
        ("set local lock_timeout to '50s'", "lifted timeout"),
        ("reset all", "lifted timeout"),
        ("truncate reports", "truncate or lock"),
    ],
)
def test_each_danger_is_seen_and_can_be_explained(sql, name):
    (seen,) = dangers(op(sql))
    assert seen.endswith(name)
    assert dangers(op(sql, "# downtime: the table has ten rows")) == []
    assert dangers(op(sql, "# downtime:")) != []


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("create index {name} on {table} (title)", "index not concurrent"),
        ("alter table {table} drop column {name}", "drop or rename"),
        ("alter table {table} alter column {name} type text", "change of type"),
        ("alter table {table} alter column {name} set not null", "not null at once"),
        ("update {table} set {name} = ''", "all rows at once"),
        ("set lock_timeout = {name}", "lifted timeout"),
    ],
)
def test_an_f_string_is_read_as_a_whole(sql, name):
    (seen,) = dangers(op(sql).replace('op.execute("', 'op.execute(f"'))
    assert seen.endswith(name)


@pytest.mark.parametrize(
    "sql",
    [
        "alter table reports add column due_on date",
        "alter table reports add column is_due boolean not null default false",
        "create index concurrently if not exists ix on reports (title)",
        "alter table a add constraint fk foreign key (b) references c (id) not valid",
        "alter table a validate constraint fk",
        "create table notes (id uuid primary key, body text not null); create index ix on notes (id)",
        "create function f() returns void language sql as $$ update a set b = 1 $$",
        "alter table reports enable row level security",
        "drop function count_work()",
    ],
)
def test_what_is_safe_passes(sql):
    assert dangers(op(sql)) == []


def test_alembics_own_operations_hide_the_statement():
    source = "def upgrade():\n    op.add_column('reports', x)\n"
    assert dangers(source) == ["line 2: op.add_column: write the SQL out"]
