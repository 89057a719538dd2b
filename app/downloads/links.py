"""Signed links to one stored file, for one person and one purpose, valid for five minutes.

A route checks access and makes the link; following it only checks that it belongs to the user.
Links are for large downloads, which may be interrupted and resumed.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, url_for
from itsdangerous import BadData, SignatureExpired
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import DomainError, NotFound
from app.models import Actor
from app.signing import FILE_LINK
from app.storage import Attachment, MissingObject, storage
from app.tenancy import require_tenant
from app.transactions import pause


class LinkExpired(DomainError):
    """This link has expired: it was valid for five minutes. Go back to the page and download the
    file again."""

    status = 410


class LinkBroken(DomainError):
    """This link is incomplete: part of it was lost or changed on the way. Go back to the page and
    download the file from there."""

    status = 404


class LinkOfAnother(DomainError):
    """This link was created for someone else. Go back to the page and download the file from
    there."""

    status = 403


class FileLink(BaseModel):
    """The content of a link; `purpose` is the reason it was made."""

    model_config = ConfigDict(frozen=True)

    tenant_id: UUID
    account_id: UUID
    purpose: str
    key: str
    sha256: str
    media_type: str
    byte_size: int
    file_name: str


def redirect_to_file(
    key: str,
    *,
    purpose: str,
    sha256: str,
    media_type: str,
    byte_size: int,
    file_name: str,
    actor: Actor,
) -> Response:
    """Redirect to the file: to the bucket if it serves files directly, else to our own route.

    Ends the transaction before asking the storage, so it may not hold changes. Raises NotFound if
    the storage does not have the bytes, CorruptObject, StorageUnavailable.
    """
    pause()
    try:
        url = storage().link(key, Attachment(file_name, media_type), FILE_LINK.seconds)
    except MissingObject as error:
        raise NotFound from error
    if url is None:
        link = FileLink(
            tenant_id=require_tenant(),
            account_id=_account(actor),
            purpose=purpose,
            key=key,
            sha256=sha256,
            media_type=media_type,
            byte_size=byte_size,
            file_name=file_name,
        )
        url = url_for("downloads.stored_file", token=sign_link(link))
    headers = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    return make_response(redirect(url, code=303), headers)


def sign_link(link: FileLink) -> str:
    return FILE_LINK.sign(link.model_dump(mode="json"))


def read_link(token: str, *, actor: Actor) -> FileLink:
    """The content of the link, if it was made for this person.

    Raises LinkExpired, LinkBroken, LinkOfAnother, and NotFound for another company's link.
    """
    try:
        link = FileLink.model_validate(_loaded(token))
    except ValidationError as error:
        raise LinkBroken from error
    if link.tenant_id != require_tenant():
        raise NotFound
    if link.account_id != _account(actor):
        raise LinkOfAnother
    return link


def _loaded(token: str) -> Any:
    try:
        return FILE_LINK.read(token)
    except SignatureExpired as error:
        raise LinkExpired from error
    except BadData as error:
        raise LinkBroken from error


def _account(actor: Actor) -> UUID:
    assert actor.account_id, "only people follow links"
    return actor.account_id
