"""Single changes by somebody with full access to the server: reading everything finds each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random

import psycopg2
import pytest

from app.commands.backup.figures import DatabaseFigures, read_figures
from tests.faults import truth
from tests.faults.people import make_reports
from tests.faults.site import DATABASE, Site, wait_until

pytestmark = pytest.mark.xdist_group("faults")

CHANGES = 5  # of each kind
LOCKED = ("audit_entries", "snapshots")
KINDS = {
    "text": "update audit_entries set body = replace(body, '\"actor\"', '\"actoR\"')"
    " where id = %(id)s",
    "time": "update audit_entries set at = at + interval '1 microsecond' where id = %(id)s",
    "hash": "update audit_entries set hash = encode(sha256(hash::bytea), 'hex') where id = %(id)s",
    "gap": "delete from audit_entries where id = %(id)s",
    "swap": "update audit_entries a set sequence = -a.sequence, previous_hash = b.previous_hash"
    " from audit_entries b where a.id = %(id)s and b.sequence = a.sequence + 1"
    " and b.tenant_id = a.tenant_id",
    "frozen": "update snapshots set body = body || ' ' where id = %(snapshot)s",
    "digest": "update snapshots set sha256 = encode(sha256(sha256::bytea), 'hex')"
    " where id = %(snapshot)s",
}


@pytest.fixture
def evidence(site, tess) -> Site:
    """Three finished reports with their PDFs."""
    reports = make_reports(site, 3)
    for report in reports:
        assert tess.submit(report) == 200
    wait_until(lambda: not truth.count_open(site, reports), "open", 60)
    return site


@contextmanager
def changed(site: Site, statement: str, target: Mapping[str, object]) -> Iterator[DatabaseFigures]:
    """The findings of a full check after the change, which is undone when the block ends."""
    connection = psycopg2.connect(site.postgres.dsn(database=DATABASE))
    try:
        with connection.cursor() as cursor:
            for table in LOCKED:
                cursor.execute(f"alter table {table} disable trigger all")
            cursor.execute(statement, target)
            assert cursor.rowcount == 1, statement
        yield read_figures(connection)
    finally:
        connection.rollback()
        connection.close()


def test_every_direct_change_is_found(evidence):
    assert truth.wrong_evidence(evidence) == []
    entries = [
        row
        for (row,) in evidence.ask(
            # Removing the last entry of a chain can only be detected by an outside witness.
            "select id::text from audit_entries e where sequence <"
            " (select max(sequence) from audit_entries l where l.tenant_id = e.tenant_id)"
        )
    ]
    snapshots = [row for (row,) in evidence.ask("select id::text from snapshots")]
    random = Random(11)
    found = 0
    for kind, statement in KINDS.items():
        for _change in range(CHANGES):
            target = {"id": random.choice(entries), "snapshot": random.choice(snapshots)}
            with changed(evidence, statement, target) as figures:
                broken = any(one.broken_at is not None for one in figures.chains.values())
                assert broken or figures.differences, (kind, target)
                found += 1
    assert found == CHANGES * len(KINDS)
    assert truth.wrong_evidence(evidence) == []
