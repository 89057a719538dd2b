"""Stored files as responses, harmless whatever they contain: fixed type, sandboxed, no sniffing.

The caller checks access. Keys never come from a request.
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
# Characters that break file systems, shells or headers, or that make a name look like another.
UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*%\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+')
MAX_NAME = 120
# The image of a signature that is opened on its own must never run or load anything.
IMAGE_HEADERS = {
    "Content-Security-Policy": SAFE,
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline; filename=signature.png",
}


def open_stored(key: str) -> BinaryIO:
    """Open the verified bytes under `key`. Ends the transaction first, so it may not hold changes.

    Raises NotFound, and logs it, if the storage does not have them.
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
    """The bytes under `key`, as a download if `download_name` is given.

    A download is never cached; the browser may cache a picture of a page but must revalidate it.
    Raises NotFound if the storage does not have the bytes.
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
    # Supports range requests, so that an interrupted download can be resumed.
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
    """A safe download name made of user input: no path, no deceptive characters, limited length."""
    words = [" ".join(UNFIT.sub(" ", unicodedata.normalize("NFC", part)).split()) for part in parts]
    stem = "".join(words).strip(" .")[:MAX_NAME].rstrip(" .")
    return str(PurePosixPath(stem or "file").name) + suffix
