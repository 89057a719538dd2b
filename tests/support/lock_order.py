"""Checks every statement of the app against the one order of locks (docs/adr/0020).

Two rules apply to every transaction: nothing is locked after an audit entry is written, and no
lock is FOR UPDATE. A request or a job is one act, so its transaction must also lock rows in the
order of RANKS. A table that is locked already may be locked again: it is the same row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask import has_request_context
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from app import logs

# The order of locks by table. Other tables only take inserts, or are never locked with others.
RANKS = {
    name: rank
    for rank, names in enumerate(
        (
            ("tenants",),
            ("checklists", "versions"),
            ("projects", "equipment"),
            ("accounts",),
            (
                "account_sessions",
                "passkeys",
                "recovery_codes",
                "password_resets",
                "invitations",
                "project_grants",
                "project_members",
                "project_checklists",
            ),
            (
                "documents",
                "document_stamps",
                "photo_checks",
                "photo_comparisons",
                "mails",
                "brand_previews",
                "exports",
                "answer_exports",
                "bundles",
            ),
            ("reports",),
            ("answers", "photo_placements", "conflicts"),
            ("witnesses",),
            ("reviews", "review_comments"),
            ("photo_uploads",),
        )
    )
    for name in names
}
CHAIN = "audit_entries"
# A snapshot contains the chain's head, so it comes after the first entry. Its foreign keys refer
# to rows that the transaction has locked already.
AFTER_THE_CHAIN = {CHAIN, "snapshots"}

WRITE = re.compile(r"^\s*(?:with\b.*?\)\s*)?(insert into|update|delete from)\s+(\w+)", re.I | re.S)
LOCKING = re.compile(
    r"\bfor (no key update|update|key share|share)(?: of ([\w, ]+?))?\s*"
    r"(?:nowait|skip locked)?\s*$",
    re.I,
)
SOURCE = re.compile(r"\b(?:from|join)\s+(\w+)(?:\s+as\s+(\w+))?", re.I)
ADVISORY = re.compile(r"\bpg_(?:try_)?advisory_xact_lock", re.I)


def inserted(statement: str) -> str | None:
    """The table that the statement inserts into."""
    written = WRITE.match(statement)
    return written[2].lower() if written and written[1].lower() == "insert into" else None


def locked(statement: str) -> list[str]:
    """The tables in which the statement locks existing rows."""
    if written := WRITE.match(statement):
        return [] if inserted(statement) else [written[2].lower()]
    locking = LOCKING.search(statement)
    # Every foreign key takes KEY SHARE. It waits only for FOR UPDATE, which is not allowed here
    # anyway.
    if locking is None or locking[1].lower() == "key share":
        return []
    sources = {
        (alias or table).lower(): table.lower() for table, alias in SOURCE.findall(statement)
    }
    if locking[2] is None:
        return list(sources.values())
    return [sources[name.strip().lower()] for name in locking[2].split(",")]


@dataclass
class Transaction:
    """The locks of one transaction so far. `is_one_act` is true for a request or a job."""

    session: Session
    is_one_act: bool
    tables: list[str] = field(default_factory=list)
    has_entry: bool = False

    def see(self, statement: str) -> list[str]:
        """A sentence for each rule that this statement breaks."""
        new, tables = inserted(statement), locked(statement)
        wrong = []
        locking = LOCKING.search(statement)
        if locking and locking[1].lower() == "update":
            wrong.append("FOR UPDATE, where NO KEY UPDATE is enough")
        is_turn = bool(ADVISORY.search(statement))
        if self.has_entry and (tables or is_turn or (new and new not in AFTER_THE_CHAIN)):
            wrong.append("a lock after the audit entry, which comes last")
        if self.is_one_act:
            wrong += [violation for table in tables if (violation := self._out_of_order(table))]
        self.tables += tables
        self.has_entry = self.has_entry or new == CHAIN
        return wrong

    def _out_of_order(self, table: str) -> str | None:
        rank = RANKS.get(table)
        if rank is None or table in self.tables:
            return None
        later = [one for one in self.tables if RANKS.get(one, -1) > rank]
        return f"{table} after {later[-1]}" if later else None


class Watch:
    """Listens to every session and engine of the process; `wrong` has the violations."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._open: dict[int, list[Transaction]] = {}

    def start(self) -> None:
        event.listen(Session, "after_begin", self._begin)
        event.listen(Session, "after_transaction_end", self._end)
        event.listen(Engine, "before_cursor_execute", self._see)

    def stop(self) -> None:
        event.remove(Session, "after_begin", self._begin)
        event.remove(Session, "after_transaction_end", self._end)
        event.remove(Engine, "before_cursor_execute", self._see)

    def _begin(self, session: Session, transaction: SessionTransaction, connection: Any) -> None:
        if not transaction.nested:
            is_one_act = has_request_context() or logs.known("job_kind") is not None
            stack = self._open.setdefault(_key(connection), [])
            stack.append(Transaction(session, is_one_act))

    def _end(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            for key, stack in list(self._open.items()):
                kept = [one for one in stack if one.session is not session]
                if kept:
                    self._open[key] = kept
                else:
                    self._open.pop(key, None)

    def _see(self, connection: Any, _cursor: Any, statement: str, *_rest: object) -> None:
        if stack := self._open.get(_key(connection)):
            self.wrong += [f"{wrong}: {statement[:200]}" for wrong in stack[-1].see(statement)]


def _key(connection: Any) -> int:
    return id(connection.connection.dbapi_connection)
