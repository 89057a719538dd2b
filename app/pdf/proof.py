"""Reads a finished PDF and checks which photos are actually drawn in it.

Photos are recognised by the SHA-256 of their JPEG stream, so a re-encoded picture counts as
missing: the PDF must contain the exact bytes of the derivative.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pikepdf

DRAWN = re.compile(rb"/([^\s/<>\[\]()]+)\s+Do\b")


def drawn_images(pdf: Path) -> Counter[str]:
    """How often each JPEG is drawn on the pages: SHA-256 of its stream (hex) -> count."""
    drawn: Counter[str] = Counter()
    hashes: dict[tuple[int, int], str | None] = {}
    with pikepdf.open(pdf) as document:
        for page in document.pages:
            for image in _drawn_on(page.obj):
                if image.objgen not in hashes:
                    hashes[image.objgen] = _jpeg_hash(image)
                digest = hashes[image.objgen]
                if digest is not None:
                    drawn[digest] += 1
    return drawn


def photos_missing(
    drawn: Counter[str], files: Mapping[str, Path], hashes: Mapping[str, str]
) -> list[str]:
    """The keys of `files` (key -> derivative) whose exact bytes are not drawn, sorted; `hashes` are
    those that are known."""
    return sorted(
        key for key, path in files.items() if (hashes.get(key) or _file_hash(path)) not in drawn
    )


def _drawn_on(holder: Any) -> Iterable[Any]:
    """The image objects that the content of a page draws, directly or through a form."""
    resources = holder.get("/Resources", {})
    objects = resources.get("/XObject", {})
    for name in DRAWN.findall(_content(holder)):
        drawn = objects.get("/" + name.decode("latin-1"))
        if drawn is None:
            continue
        if drawn.get("/Subtype") == "/Form":
            yield from _drawn_on(drawn)
        else:
            yield drawn


def _content(holder: Any) -> bytes:
    if isinstance(holder, pikepdf.Stream):
        return bytes(holder.read_bytes())
    contents = holder.get("/Contents", [])
    parts = [contents] if isinstance(contents, pikepdf.Stream) else list(contents)
    return b"\n".join(bytes(part.read_bytes()) for part in parts)


def _jpeg_hash(image: Any) -> str | None:
    if image.get("/Filter") != "/DCTDecode":
        return None
    return hashlib.sha256(image.get_raw_stream_buffer()).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
