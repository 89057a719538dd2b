"""Parses what a browser sends with a photo. Invalid values for time and place count as not given.

A photo is worth more than its form: only the service may refuse it.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation

from werkzeug.datastructures import FileStorage, MultiDict

from app.models import PhotoSource
from app.photos.service import Claims, Upload
from app.storage import Received
from app.web.addresses import read_id, read_moment

SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_ACCURACY_M = Decimal(100_000_000)


def chosen_files(files: MultiDict[str, FileStorage]) -> list[FileStorage]:
    """The files of a request. An empty input sends a file without a name, which is left out."""
    return [file for file in files.getlist("file") if file.filename]


def read_upload(form: MultiDict[str, str], received: Received, *, is_alone: bool) -> Upload:
    """Parse the fields about a file. Several files of one request share all but id and hash."""
    claims = read_claims(form)
    shared = {field.name: getattr(claims, field.name) for field in fields(Claims)}
    if not is_alone:
        return Upload(received, **{**shared, "client_id": None})
    digest = (form.get("sha256") or "").strip().lower()
    # A malformed digest becomes "?", so that the service refuses it as different.
    is_digest = SHA256.fullmatch(digest) or not digest
    return Upload(received, sha256=digest if is_digest else "?", **shared)


def read_claims(form: MultiDict[str, str]) -> Claims:
    """Parse what the browser says about a photo."""
    latitude = _number(form.get("latitude"), Decimal(90), "0.000001")
    longitude = _number(form.get("longitude"), Decimal(180), "0.000001")
    accuracy = _number(form.get("accuracy"), MAX_ACCURACY_M, "0.1")
    claims = Claims(
        client_id=read_id(form.get("client_id")),
        source=_source(form.get("source")),
        client_at=read_moment(form.get("client_at")),
    )
    # Without a position, some browsers send 0, 0: a point in the ocean off Africa.
    if latitude is None or longitude is None or not (latitude or longitude):
        return claims
    return replace(
        claims,
        latitude=latitude,
        longitude=longitude,
        accuracy_m=accuracy if accuracy is not None and accuracy >= 0 else None,
        position_at=read_moment(form.get("position_at")),
    )


def _source(text: str | None) -> PhotoSource:
    return PhotoSource.CAMERA if text == PhotoSource.CAMERA else PhotoSource.FILE


def _number(text: str | None, most: Decimal, step: str) -> Decimal | None:
    try:
        number = Decimal((text or "").strip()[:40])
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > most:
        return None
    return number.quantize(Decimal(step))
