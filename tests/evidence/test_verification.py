"""What a completed report is compared with: honest events raise no alarm, each change is named."""

from __future__ import annotations

import psycopg2
import pytest

from app.evidence.verification import find_differences, list_completed
from tests import servers as test_servers
from tests.evidence.stage import asking, earlier_database


@pytest.fixture(scope="module")
def earlier():
    with earlier_database() as name:
        connection = psycopg2.connect(test_servers.current().postgres().dsn(database=name))
        yield connection
        connection.close()


def test_reports_of_the_first_format_are_unbroken(earlier):
    ask = asking(earlier)
    (tenant,) = ask("select id::text from tenants", ())
    ids = list_completed(ask, tenant["id"])
    assert len(ids) == 2
    assert find_differences(ask, tenant["id"], ids) == dict.fromkeys(ids, ())
