"""Stored files as responses, inert whatever they hold: fixed type, sandboxed, never sniffed.

Who may have a file is decided before this is called; keys never come from a request.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from pathlib import PurePosixPath
from typing import BinaryIO

from flask import Response, request, send_file

from app.errors import NotFound
from app.storage import MissingObject, storage
from app.transactions import pause

log = logging.getLogger(__name__)

SAFE = "default-src 'none'; sandbox"
# What file systems, shells and headers trip over, and what makes a name look like another one.
UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*%\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+')
MAX_NAME = 120


def open_stored(key: str) -> BinaryIO:
    """The checked bytes under `key`, outside any transaction, which may not hold anything.

    Raises NotFound when storage lacks them, and logs that.
    """
    pause()
    try:
        return storage().open(key)
    except MissingObject as error:
        log.error("a row names bytes that the storage lacks: %s", key)
        raise NotFound from error


def send_stored(
    key: str,
    *,
    media_type: str,
    byte_size: int,
    etag: str,
    download_name: str | None = None,
) -> Response:
    """The bytes under `key`, as a download when they are given a name.

    A download is stored nowhere on the way; a picture of a page may be kept by the browser that
    asks each time whether it still may have it. Raises NotFound when storage lacks the bytes.
    """
    if download_name is None and request.if_none_match.contains(etag):
        return _inert(Response(status=304), etag, "private, no-cache")
    response = send_file(
        open_stored(key),
        mimetype=media_type,
        as_attachment=download_name is not None,
        download_name=download_name,
        etag=False,
    )
    response.content_length = byte_size
    if download_name is None:
        return _inert(response, etag, "private, no-cache")
    # A download that broke off goes on where it was.
    _inert(response, etag, "private, no-store")
    response.make_conditional(request, accept_ranges=True, complete_length=byte_size)
    return response


def _inert(response: Response, etag: str, kept: str) -> Response:
    response.headers["Content-Security-Policy"] = SAFE
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = kept
    response.set_etag(etag)
    return response


def file_name(*parts: str, suffix: str) -> str:
    """A name for a download out of words that people wrote: no path, no tricks, not too long."""
    words = [" ".join(UNFIT.sub(" ", unicodedata.normalize("NFC", part)).split()) for part in parts]
    stem = "".join(words).strip(" .")[:MAX_NAME].rstrip(" .")
    return str(PurePosixPath(stem or "file").name) + suffix
