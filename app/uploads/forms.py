"""Reads the headers of the tus protocol (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
import re

from flask import abort
from werkzeug.datastructures import Headers

from app.errors import DomainError
from app.models import PhotoUpload
from app.uploads.service import NewUpload
from app.web.addresses import read_id

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
SHA256 = re.compile(r"[0-9a-f]{64}")
# Longer numbers are no sizes; the database would refuse them.
NUMBER = re.compile(r"[0-9]{1,15}")


class NotAPiece(DomainError):
    """A part of an upload must be of the type application/offset+octet-stream."""

    status = 415


class OtherVersion(DomainError):
    """Only version 1.0.0 of the upload protocol is understood."""

    status = 412


def check_version(headers: Headers) -> None:
    """A missing version counts as ours. Raises OtherVersion."""
    if headers.get("Tus-Resumable", VERSION) != VERSION:
        raise OtherVersion


def read_new_upload(headers: Headers) -> NewUpload:
    """The announcement of a photo. Responds with 422 unless all of it is understood."""
    metadata = _read_metadata(headers.get("Upload-Metadata", ""))
    client_id, report_id = read_id(metadata.get("client_id")), read_id(metadata.get("report_id"))
    sha256, byte_size = metadata.get("sha256", "").lower(), _read_number(headers, "Upload-Length")
    if client_id is None or report_id is None or not byte_size or not SHA256.fullmatch(sha256):
        abort(422)
    return NewUpload(client_id, report_id, sha256, byte_size)


def read_offset(headers: Headers) -> int:
    """Where a piece begins. Responds with 422 to anything else than a number."""
    offset = _read_number(headers, "Upload-Offset")
    return abort(422) if offset is None else offset


def require_piece(mimetype: str) -> None:
    """Raises NotAPiece."""
    if mimetype != PIECE_TYPE:
        raise NotAPiece


def metadata_of(upload: PhotoUpload) -> str:
    """`Upload-Metadata` as it was announced."""
    names = ("client_id", "sha256", "report_id")
    return ",".join(
        f"{name} {base64.b64encode(str(getattr(upload, name)).encode()).decode()}" for name in names
    )


def _read_number(headers: Headers, name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if NUMBER.fullmatch(text) else None


def _read_metadata(text: str) -> dict[str, str]:
    """`Upload-Metadata`: pairs of a name and its value in base64. Unreadable values are empty."""
    pairs = (pair.strip().partition(" ") for pair in text.split(","))
    return {name: _decoded(value.strip()) for name, _space, value in pairs}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
