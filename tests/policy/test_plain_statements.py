"""Lock 1 of SQL texts: each compares the tenant of every table that it reads or changes itself."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from app.extensions import db
from app.reports.filling import rows
from app.tenancy import NoTenantBound, execute_plain
from tests.policy.sources import modules, place_of

STATEMENTS = {"read": rows.READ.text, "write": rows.WRITE.text}
# What the texts call runs with the caller's rights, and compares the tenant as they do.
CALLED = re.compile(r"\b(read_saved_field|write_saved_answer)\(:tenant_id, :report_id")
USED = re.compile(r"\b(?:from|join|update)\s+(\w+)\s+as\s+(\w+)")
# Every use of a table has a name; these are functions.
OWN_PARTS = {"read_saved_field"}
INSERTED = re.compile(r"insert into (\w+) \((\w+)")


def unlocked(statement: str) -> list[str]:
    """The names of tables whose tenant the statement does not compare."""
    names = [
        (table, name, "id" if table == "tenants" else "tenant_id")
        for table, name in USED.findall(statement)
    ]
    loose = [
        f"{table} as {name}"
        for table, name, column in names
        if not re.search(rf"\b{name}\.{column} = :tenant_id", statement)
    ]
    loose += [table for table, first in INSERTED.findall(statement) if first != "tenant_id"]
    unnamed = re.findall(r"\b(?:from|join|update)\s+(\w+)(?!\w)(?!\s+as\s)", statement)
    return loose + [one for one in unnamed if one not in OWN_PARTS | {"set"}]


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_table_is_of_the_tenant(name):
    assert unlocked(STATEMENTS[name]) == []


def test_each_table_in_what_they_call_is_too(app):
    called = {name for one in STATEMENTS.values() for name in CALLED.findall(one)}
    query = text("select proname, prosrc, prosecdef from pg_proc where proname = any(:names)")
    with app.app_context():
        found = db.session.execute(query, {"names": sorted(called)}).all()
    assert {one.proname for one in found} == {"read_saved_field", "write_saved_answer"}
    for name, source, is_definer in found:
        assert not is_definer, name
        own = source.replace("public.", "").replace("p_tenant", ":tenant_id")
        assert "from answers as" in own or "update answers as" in own, name
        assert unlocked(own) == [], name


@pytest.mark.parametrize(
    "statement",
    [
        "select a.id from answers as a where a.report_id = :report_id",
        "select a.id from answers as a where a.tenant_id = r.tenant_id",
        "select id from answers where tenant_id = :tenant_id",
        "update answers as a set value = null where a.id = :id",
        "insert into answers (report_id, tenant_id) values (:report_id, :tenant_id)",
        "select t.name from tenants as t where t.slug = :slug",
    ],
)
def test_a_table_of_all_tenants_is_seen(statement):
    assert unlocked(statement)


def test_all_plain_statements_are_checked_here():
    users = {place_of(path) for path in modules() if "execute_plain(" in path.read_text()}
    assert users == {"tenancy.py", "prepared.py", "reports/filling/rows.py"}


def test_a_statement_without_the_tenant_is_refused(app):
    with app.app_context():
        with pytest.raises(ValueError, match="tenant_id"):
            execute_plain(text("select count(*) from answers"))
        with pytest.raises(NoTenantBound):
            execute_plain(text("select count(*) from answers as a where a.tenant_id = :tenant_id"))
