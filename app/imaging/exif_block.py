"""Finds the EXIF block (a small TIFF file) inside a JPEG, PNG or HEIC file.

Only the containers are parsed here; `exif` interprets the block. Exifread's own finders are not
used: its JPEG finder gives up when a long XMP segment precedes EXIF, and its HEIC finder keeps
the last file's tables in a class attribute, which could give one photo's position and time to
the next.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from app.imaging import heif
from app.imaging.heif import DamagedContainerError
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff

MAX_BLOCK_BYTES = 1 << 20
"""Larger EXIF blocks are ignored: real ones are below 64 KiB (JPEG allows no more)."""

_MAX_STEPS = 50_000
_EXIF_PREFIX = b"Exif\x00\x00"
_TIFF_MAGICS = (b"II*\x00", b"MM\x00*")
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_MAX_PADDING = 64
_MAX_STRAY = 1 << 16


def find_exif_block(file: BinaryIO) -> bytes | None:
    """Return the TIFF bytes of a file's EXIF, or None if it has none.

    Reads headers and skips the rest. Raises `DamagedContainerError` when the structure is broken,
    OSError when the file cannot be read.
    """
    file.seek(0)
    kind = sniff(file.read(HEADER_BYTES))
    if kind is ImageKind.JPEG:
        block = _in_jpeg(file)
    elif kind is ImageKind.PNG:
        block = _in_png(file)
    elif kind is ImageKind.HEIC:
        block = heif.read_exif_item(file)
    else:
        return None
    return None if block is None else _tiff_of(block)


def _tiff_of(block: bytes) -> bytes:
    """The block from its TIFF header on: some writers repeat the prefix or insert padding."""
    start = min(
        (at for magic in _TIFF_MAGICS if (at := block.find(magic, 0, _MAX_PADDING)) >= 0),
        default=None,
    )
    if start is None:
        raise DamagedContainerError("the EXIF block does not begin like a TIFF file")
    return block[start:]


def _in_jpeg(file: BinaryIO) -> bytes | None:
    """Return the body of the first APP1 segment with EXIF.

    Bytes between segments are skipped up to the next marker, as decoders do.
    """
    position = 2
    for _ in range(_MAX_STEPS):
        position = _next_marker(file, position)
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            raise DamagedContainerError("a JPEG segment is missing")
        if head[1] in (0xDA, 0xD9):  # pixels begin or the file ends: there is no EXIF
            return None
        if head[1] in _WITHOUT_LENGTH:
            position += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if length < 2:
            raise DamagedContainerError("a JPEG segment has no length")
        if head[1] == 0xE1:
            body = file.read(length - 2)
            if _EXIF_PREFIX in body[:_MAX_PADDING]:
                return body[body.index(_EXIF_PREFIX) + len(_EXIF_PREFIX) :]
        position += 2 + length
    raise DamagedContainerError("too many JPEG segments")


def _next_marker(file: BinaryIO, position: int) -> int:
    """The position of the next marker, after any fill bytes and stray bytes."""
    file.seek(position)
    found = _MARKER.search(file.read(_MAX_STRAY))
    if found is None:
        raise DamagedContainerError("a JPEG segment is missing")
    return position + found.start()


def _in_png(file: BinaryIO) -> bytes | None:
    position = 8
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            raise DamagedContainerError("the PNG ends without IEND")
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return None
        if head[4:] == b"eXIf":
            return _read_block(file, length)
        position += 12 + length
    raise DamagedContainerError("too many PNG chunks")


def _read_block(file: BinaryIO, length: int) -> bytes:
    if length > MAX_BLOCK_BYTES:
        raise DamagedContainerError("the EXIF block is too large")
    return file.read(length)
