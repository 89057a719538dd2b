"""Platform pages never show a company's content: a marker word is written into every text column of
a company's rows and must appear on no platform page."""

from __future__ import annotations

import csv
import io
import re
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import sql

from app.extensions import Base
from app.models import Actor, Role
from app.tenancy import TenantOwned
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.platform_stage import stage

CANARY = "Kanari7f3a"
# Columns without text of people: keys, hashes, states, and values fixed by a trigger or check.
FIXED = re.compile(r"_id$|^id$|hash|sha256|_key$|^state$|^status$|^role$|^kind$|^source$|^verdict$")


@pytest.fixture(scope="module")
def house(cast, tmp_path_factory):
    yield from stage(cast, tmp_path_factory.mktemp("canaries"))


def columns_of(cursor, table: str) -> list[tuple[str, str, int | None]]:
    cursor.execute(
        "select column_name, data_type, character_maximum_length from information_schema.columns"
        " where table_schema = 'public' and table_name = %s and is_generated = 'NEVER'",
        (table,),
    )
    return cursor.fetchall()


@pytest.fixture(scope="module")
def marked(house, cast) -> set[str]:
    """Write the marker into every text column of Acme's rows. Returns the tables with rows."""
    with house.inside(cast.acme):
        ana = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
        report = scenarios.a_report(ana, assignee_id=cast.tess.id)
        scenarios.all_answers(report, ana)
        scenarios.a_photo(report, "enclosure", ana, caption="x")
        scenarios.a_signature(report, "technician", ana)
        scenarios.an_equipment(report.project)
    house.client(cast.ana)
    sam = house.client(cast.sam)
    invited = {"invite-name": "Ari", "invite-email": f"ari-{uuid4().hex[:6]}@acme.test"}
    assert sam.post(f"/platform/companies/{cast.acme}/invite", data=invited).status_code == 303
    dsn = test_servers.current().postgres().dsn(database=house.database)
    connection = psycopg2.connect(dsn)
    tables = set()
    with connection, connection.cursor() as cursor:
        for mapper in Base.registry.mappers:
            name = mapper.local_table.name
            if issubclass(mapper.class_, TenantOwned) and _mark(cursor, name, str(cast.acme)):
                tables.add(name)
    connection.close()
    return tables


def _mark(cursor, table: str, tenant_id: str) -> int:
    """Update the rows as a superuser, which bypasses triggers and policies."""
    cursor.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)))
    cursor.execute(
        sql.SQL("select count(*) from {} where tenant_id = %s").format(sql.Identifier(table)),
        (tenant_id,),
    )
    rows = cursor.fetchone()[0]
    cursor.execute(
        "select a.attname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid"
        " and a.attnum = any(c.conkey) where c.contype = 'c' and c.conrelid = %s::regclass",
        (table,),
    )
    checked = {name for (name,) in cursor.fetchall()}
    for name, kind, length in columns_of(cursor, table):
        word = CANARY[: length or None]
        if FIXED.search(name) or name in checked or (length and length < len(CANARY)):
            continue
        if kind in ("text", "character varying") and name != "body":
            # Keep unique columns unique.
            value = sql.SQL("{} || left(id::text, 8)").format(sql.Literal(word))
            value = value if not length or length > 20 else sql.Literal(word)
        elif kind == "jsonb" or name == "body":
            value = sql.SQL("jsonb_build_object({}, {})").format(*[sql.Literal(word)] * 2)
        else:
            continue
        cursor.execute(
            sql.SQL("update {} set {} = {} where tenant_id = %s").format(
                sql.Identifier(table), sql.Identifier(name), value
            ),
            (tenant_id,),
        )
    return rows


def test_no_platform_page_shows_content_of_a_company(house, marked, cast):
    assert {
        "accounts",
        "projects",
        "reports",
        "answers",
        "photos",
        "invitations",
        "signatures",
        "equipment",
        "mails",
    } <= marked
    sam = house.client(cast.sam)
    asked = 0
    for rule in house.app.url_map.iter_rules():
        guard = getattr(house.app.view_functions[rule.endpoint], "guard", frozenset())
        if not guard & {Role.SUPERADMIN, "public"} or "GET" not in (rule.methods or set()):
            continue
        if rule.arguments - {"tenant_id"}:
            continue
        url = rule.rule.replace("<uuid:tenant_id>", str(cast.acme))
        for query in ("", "?search=Acme", "?search=" + CANARY[:5], f"?company={cast.acme}"):
            answer = sam.get(url + query)
            assert CANARY not in answer.get_data(as_text=True), (url, query)
            asked += answer.status_code == 200
    assert asked > 20


def test_the_companys_own_people_see_the_content(house, marked, cast):
    """The control: the company's own people do see the marker."""
    page = house.client(cast.ana).get("/projects/")
    assert CANARY in page.get_data(as_text=True)


def test_the_audit_export_shows_no_content(house, marked, cast):
    sam = house.client(cast.sam)
    rows = list(csv.reader(io.StringIO(sam.get("/platform/audit.csv").data.decode("utf-8-sig"))))
    assert len(rows) > 1 and CANARY not in str(rows)
