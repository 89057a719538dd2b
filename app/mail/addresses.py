"""The URLs in mails, always under BASE_URL and never under the host of a request.

The sender of a request controls its Host header. A link built from it could send a token to an
attacker.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app

from app.models import Invitation, PasswordReset, Witness
from app.signing import INVITATION_LINK, RESET_LINK, WITNESS_LINK


def invitation_address(invitation: Invitation) -> str:
    """The page that accepts the current generation of the invitation."""
    token = INVITATION_LINK.sign(invitation.id, invitation.generation)
    return _address("team.accept", f"/invitation/{token}", token=token)


def reset_address(reset: PasswordReset) -> str:
    token = RESET_LINK.sign(reset.id)
    return _address("auth.reset", f"/reset/{token}", token=token)


def witness_address(witness: Witness) -> str:
    """The address that opens the report for its witness: whoever has it comes in."""
    token = WITNESS_LINK.token(witness.id)
    return _address("witnessing.open", f"/w/{token}", token=token)


def login_address() -> str:
    return _address("auth.login", "/login")


def people_address() -> str:
    return _address("team.index", "/people/")


def entry_address(entry_id: UUID) -> str:
    """The page of one entry of the company's audit."""
    return _address("audit.show", f"/audit/entries/{entry_id}", entry_id=entry_id)


def report_address(report_id: UUID) -> str:
    return _address("reports.show", f"/reports/{report_id}", report_id=report_id)


def reviewing_address(report_id: UUID) -> str:
    """The reviewer's page."""
    return _address("reports.reviewing", f"/reports/{report_id}/reviewing", report_id=report_id)


def fill_address(report_id: UUID) -> str:
    """The form, which opens at the first comment of a returned report."""
    return _address("reports.fill", f"/reports/{report_id}/fill", report_id=report_id)


def document_address(document_id: UUID) -> str:
    return _address("documents.show", f"/documents/{document_id}", document_id=document_id)


def choices_address() -> str:
    """The page on which a person chooses which mails to get."""
    return _address("mail.choices", "/account/mails")


def _address(endpoint: str, path: str, **values: Any) -> str:
    """The absolute URL of an endpoint; uses `path` if this process does not serve the page."""
    base: str = current_app.config["BASE_URL"]
    if endpoint not in current_app.view_functions:
        return base + path
    parts = urlsplit(base)
    pages = current_app.url_map.bind(
        parts.netloc, script_name=parts.path or "/", url_scheme=parts.scheme
    )
    return pages.build(endpoint, values, force_external=True)
