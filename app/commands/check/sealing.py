"""Checks of the sealer, of the certificates that seal, and of companies' own keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select

from app.commands.check.finding import Finding, ok, run, warning, wrong
from app.extensions import db
from app.models import Document, DocumentStamp, SealKey, WorkState
from app.sealing.certificates import Certificate
from app.sealing.client import SealerAway, SealRefused, ask_installation, ask_opened
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

SOON = timedelta(days=60)
NEW_KEY = "`flask seal rotate` makes a new key, `flask seal import` takes one"


def check_sealing() -> Iterator[Finding]:
    yield from run("sealer", _sealer, "The sealer could not be asked.")
    yield from run("seal keys", _own_keys, "The companies' own keys could not be read.")
    yield from run("stamps", _stamps, "The time stamps could not be counted.")


def _sealer() -> Iterator[Finding]:
    try:
        known = ask_installation(_socket())
    except SealerAway as error:
        if isinstance(error.__cause__, PermissionError):
            yield warning(
                "sealer",
                "This user may not ask the sealer, as it should be for the web: run"
                " `flask seal status` as the sealer's user.",
            )
            return
        yield wrong(
            "sealer",
            f"Finished PDFs wait: nothing answers at {_socket()}. Start `flask sealer` and look at"
            " its log.",
        )
        return
    except SealRefused as error:
        yield wrong(
            "sealer",
            f"Finished PDFs wait: the sealer cannot use its key ({error}). Restore its folder from"
            f" your backup. {NEW_KEY}.",
        )
        return
    yield _judged("sealer", "The installation's", known.current)


def _judged(part: str, whose: str, one: Certificate) -> Finding:
    until = f"{one.valid_until:%Y-%m-%d}"
    if one.is_not_yet_valid:
        return wrong(
            part,
            f"{whose} certificate is valid only from {one.valid_from:%Y-%m-%d %H:%M} UTC: PDFs"
            f" wait. Look at this machine's clock. {NEW_KEY}.",
        )
    if one.is_expired:
        return wrong(part, f"{whose} certificate ended on {until}: PDFs wait. {NEW_KEY}.")
    if one.valid_until - datetime.now(UTC) < SOON:
        return warning(part, f"{whose} certificate ends on {until}. {NEW_KEY}.")
    return ok(part, f"{whose} certificate {one.fingerprint[:12]} seals, until {until}.")


def _own_keys() -> Iterator[Finding]:
    count = 0
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            wrapped = db.session.scalar(select(SealKey.wrapped).where(SealKey.retired_at.is_(None)))
            db.session.rollback()
        if wrapped is not None:
            count += 1
            yield from _own_key(tenant_id, wrapped)
    if not count:
        yield ok("seal keys", "No company has a key of its own.")


def _own_key(tenant_id: UUID, wrapped: str) -> Iterator[Finding]:
    whose = f"The company {tenant_id}'s own"
    try:
        yield _judged("seal keys", whose, ask_opened(_socket(), tenant_id, wrapped))
    except SealerAway:
        yield warning("seal keys", f"{whose} key was not tried, because the sealer was not asked.")
    except SealRefused:
        yield wrong(
            "seal keys",
            f"{whose} key cannot be opened with this sealer's wrapping.key: import it again with"
            " `flask seal import FILE --tenant SLUG`, or `flask seal retire SLUG`.",
        )


def _stamps() -> Iterator[Finding]:
    if not current_app.config["TSA_URL"]:
        yield ok("stamps", "No time stamp authority is configured, so PDFs get no time stamps.")
        return
    failed = lacking = 0
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            failed += _count(DocumentStamp.state == WorkState.FAILED)
            stamped = select(DocumentStamp.document_id)
            lacking += (
                db.session.scalar(
                    select(func.count(Document.id)).where(
                        Document.sealed_at.is_not(None), Document.id.not_in(stamped)
                    )
                )
                or 0
            )
            db.session.rollback()
    if failed or lacking:
        yield warning(
            "stamps",
            f"{failed} time stamps were refused, {lacking} were never requested:"
            " `flask seal stamp` requests them.",
        )
    else:
        yield ok("stamps", "Every sealed PDF has its time stamp, or waits for it.")


def _count(condition: object) -> int:
    return db.session.scalar(select(func.count(DocumentStamp.id)).where(condition)) or 0  # type: ignore[arg-type]


def _socket() -> Path:
    return Path(current_app.config["SEAL_SOCKET"])
