"""Signed links to one stored file: for one person, for one purpose, for five minutes.

A route decides who may have the file and makes the link; following it asks again whose it is, and
nothing else. They are for downloads that are large enough to be broken off and taken up again.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from flask import Response, current_app, make_response, redirect, url_for
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import DomainError, NotFound
from app.models import Actor
from app.storage import Attachment, MissingObject, storage
from app.tenancy import require_tenant
from app.transactions import pause

SECONDS = 300
SALT = "laudo.files"


class LinkExpired(DomainError):
    """This link has run out: it is good for five minutes. Go back to the page and download the
    file from there again."""

    status = 410


class LinkBroken(DomainError):
    """This link is not whole: a part of it was lost or changed on its way. Go back to the page and
    download the file from there."""

    status = 404


class LinkOfAnother(DomainError):
    """This link was made for somebody else. Go back to the page and download the file from
    there."""

    status = 403


class FileLink(BaseModel):
    """What a link says; `purpose` is why it was made, size in bytes."""

    model_config = ConfigDict(frozen=True)

    tenant_id: UUID
    account_id: UUID
    purpose: str
    key: str
    sha256: str
    media_type: str
    byte_size: int
    file_name: str


def hand_out(
    key: str, *, purpose: str, sha256: str, media_type: str, byte_size: int, file_name: str,
    actor: Actor,
) -> Response:  # fmt: skip
    """Send the person to the file: to the bucket where it hands out files itself, else to us.

    Asks the storage outside any transaction, which may not hold anything.
    Raises NotFound when the storage lacks the bytes, CorruptObject, StorageUnavailable.
    """
    pause()
    try:
        url = storage().link(key, Attachment(file_name, media_type), SECONDS)
    except MissingObject as error:
        raise NotFound from error
    if url is None:
        link = FileLink(
            tenant_id=require_tenant(), account_id=_account(actor), purpose=purpose, key=key,
            sha256=sha256, media_type=media_type, byte_size=byte_size, file_name=file_name,
        )  # fmt: skip
        url = url_for("home.stored_file", token=sign_link(link))
    headers = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    return make_response(redirect(url, code=303), headers)


def sign_link(link: FileLink) -> str:
    return str(_signer().dumps(link.model_dump(mode="json")))


def read_link(token: str, *, actor: Actor) -> FileLink:
    """What the link says, to the person whom it was made for.

    Raises LinkExpired, LinkBroken, LinkOfAnother, and NotFound for another company's.
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
        return _signer().loads(token, max_age=SECONDS)
    except SignatureExpired as error:
        raise LinkExpired from error
    except BadData as error:
        raise LinkBroken from error


def _account(actor: Actor) -> UUID:
    assert actor.account_id, "only people follow links"
    return actor.account_id


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.secret_key or "", salt=SALT, signer_kwargs={"digest_method": hashlib.sha256}
    )
