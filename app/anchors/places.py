"""The places outside that keep anchors: a folder, a bucket, an http(s) address, or several.

Lines are only ever added. One may arrive twice, after a failure half-way: readers take the first.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from flask import current_app

from app.errors import DomainError

SECONDS = 15


class PlaceUnavailable(DomainError):
    """The anchors could not be kept in %(place)s: %(why)s."""

    status = 503


class Place(Protocol):
    """`kind` is stored with each delivered anchor; `name` is what operators call the place."""

    kind: str
    name: str

    def add(self, lines: Sequence[str]) -> None:
        """Add the lines. Raises PlaceUnavailable."""

    def read(self) -> Iterator[str]:
        """Every line that was added. Raises PlaceUnavailable."""


def list_places() -> list[Place]:
    """The configured places, in a fixed order."""
    settings, places = current_app.config, list[Place]()
    if settings["ANCHOR_DIR"]:
        places.append(Folder(Path(settings["ANCHOR_DIR"])))
    if settings["ANCHOR_BUCKET"]:
        places.append(InBucket())
    if settings["ANCHOR_URL"]:
        places.append(Address(settings["ANCHOR_URL"], settings["ANCHOR_URL_TOKEN"]))
    return places


class Folder:
    """A file for each day (UTC), `anchors-2026-11-30.jsonl`, opened for appending only."""

    kind = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = f"the folder {path}"

    def add(self, lines: Sequence[str]) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            path = self._path / f"anchors-{datetime.now(UTC):%Y-%m-%d}.jsonl"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            with os.fdopen(handle, "ab", buffering=0) as file:
                # A line that a crash cut off must not swallow the next one.
                start = b"\n" if _is_torn(path) else b""
                file.write(start + "".join(f"{line}\n" for line in lines).encode())
                os.fsync(file.fileno())
        except OSError as error:
            raise _unavailable(self.name, error) from error

    def read(self) -> Iterator[str]:
        try:
            for path in sorted(self._path.glob("anchors-*.jsonl")):
                with path.open(encoding="utf-8", errors="replace") as file:
                    yield from file
        except OSError as error:
            raise _unavailable(self.name, error) from error


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


class InBucket:
    """The bucket of ANCHOR_BUCKET (app/storage/lines.py)."""

    kind = "bucket"

    def __init__(self) -> None:
        # Imported here because boto3 takes a second to load, and most installations need none.
        from app.storage.lines import anchor_bucket

        self._lines = anchor_bucket(current_app.config)
        self.name = f"the bucket {current_app.config['ANCHOR_BUCKET']}"

    def add(self, lines: Sequence[str]) -> None:
        try:
            self._lines.add(lines)
        except (DomainError, OSError) as error:
            raise _unavailable(self.name, error) from error

    def read(self) -> Iterator[str]:
        try:
            yield from self._lines.read()
        except (DomainError, OSError) as error:
            raise _unavailable(self.name, error) from error


class Address:
    """An http(s) address that takes lines by POST and answers 2xx. They are not read again."""

    kind = "address"
    name = "the address of ANCHOR_URL"

    def __init__(self, url: str, token: str = "") -> None:
        self._url, self._token = url, token

    def add(self, lines: Sequence[str]) -> None:
        headers = {"Content-Type": "application/x-ndjson"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = "".join(f"{line}\n" for line in lines).encode()
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 - config.py allows http and https alone
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                answer.read(1)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise _unavailable(self.name, error) from error

    def read(self) -> Iterator[str]:
        return iter(())


def _unavailable(place: str, error: Exception) -> PlaceUnavailable:
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return PlaceUnavailable(place=place, why=str(why)[:200])
