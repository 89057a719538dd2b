"""The plans of every statement that an app runs, those inside functions and triggers included.

PostgreSQL's own `auto_explain` sends them as notices to a session that then works as the app's role.
Without sequential scans, so that small tables show whether an index would do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import event

from app.database_roles import APP
from app.extensions import db

SETTINGS = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_format = 'json';
set auto_explain.log_level = 'notice';
set enable_seqscan = off;
"""
PLAN = re.compile(r"plan:\n(\{.*\})\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """One node of a plan that reads a table. `rows` were looked at, in all its loops together."""

    table: str
    node: str
    rows: int
    statement: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """One sort, and how many rows it took in."""

    rows: int
    statement: str


class Plans:
    """Filled while the app runs."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def append(self, notice: str) -> None:
        """psycopg2 calls this for each notice."""
        self.notices.append(notice)

    def reads(self) -> list[Read]:
        return [
            Read(node["Relation Name"], node["Node Type"], _looked_at(node), statement)
            for statement, node in self._nodes()
            if "Relation Name" in node and node["Node Type"] != "ModifyTable"
        ]

    def sorts(self) -> list[Sorted]:
        return [
            Sorted(_rows(node["Plans"][0]), statement)
            for statement, node in self._nodes()
            if node["Node Type"] in ("Sort", "Incremental Sort")
        ]

    def _nodes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for notice in self.notices:
            if found := PLAN.search(notice):
                plan = json.loads(found[1])
                for node in _walk(plan["Plan"]):
                    yield plan["Query Text"], node


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _rows(node: dict[str, Any]) -> int:
    return round(node.get("Actual Rows", 0) * node.get("Actual Loops", 0))


def _looked_at(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return _rows(node) + round(removed * node.get("Actual Loops", 0))


@contextmanager
def explained(app: Flask) -> Iterator[Plans]:
    """`app` connects as the superuser; inside the block its sessions explain all they do."""
    plans = Plans()

    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
            cursor.execute(f"set session authorization {APP}")
        connection.commit()
        connection.notices = plans

    with app.app_context():
        engine = db.engine
    event.listen(engine, "connect", prepare, insert=True)
    try:
        yield plans
    finally:
        event.remove(engine, "connect", prepare)
        engine.dispose()
