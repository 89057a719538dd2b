"""Registers the relay's chore for the platform: ending expired support access."""

from __future__ import annotations

from flask import Flask

from app.extensions import db
from app.jobs.registry import register_chore
from app.platform.support import SYSTEM, end_support, list_overdue_support
from app.tenancy import platform_scope, tenant_scope


def register(app: Flask) -> None:
    register_chore(app, end_overdue_support)


def end_overdue_support() -> int:
    """End all overdue support accesses, one transaction each, and return their number."""
    overdue = list_overdue_support()
    for access_id, tenant_id in overdue:
        with platform_scope() as session, tenant_scope(tenant_id):
            end_support(session, access_id=access_id, actor=SYSTEM)
            # Commit the company's audit entry first. After a crash in between, the next run ends
            # the access and does not record it twice.
            db.session.commit()
            session.commit()
    return len(overdue)
