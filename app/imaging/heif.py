"""Reads the boxes of a HEIF file (ISO/IEC 14496-12): where its items are, and if all are present.

libheif is not enough for two reasons: it shows a picture with missing tiles as if it were
complete, and its copy of EXIF is modified. Pixels and EXIF values are not interpreted here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_ITEM_BYTES = 1 << 20
"""The largest item that `read_exif_item` returns; EXIF is below 64 KiB in practice."""

_MAX_META_BYTES = 4 << 20
_MAX_BOXES = 10_000
_CARRIERS = (b"ftyp", b"meta", b"mdat", b"moov")


class DamagedContainerError(ValueError):
    """The file's structure is truncated or contradictory."""


class NoPrimaryItemError(DamagedContainerError):
    """The file does not say which of its items is the primary picture."""


@dataclass(frozen=True)
class _Item:
    """One entry of the iloc box: extents are (offset, length) in the file or in the idat box."""

    number: int
    is_in_idat: bool
    extents: tuple[tuple[int, int], ...]


class _Cursor:
    """Reads big-endian integers from bytes; reading past the end raises `DamagedContainerError`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.position : self.position + size]
        if len(piece) < size:
            raise DamagedContainerError("a HEIF box ends too early")
        self.position += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


def check_whole(file: BinaryIO) -> None:
    """Raise `DamagedContainerError` unless every item is inside the file and one is primary.

    Phone makers may append anything after the boxes. Raises `NoPrimaryItemError` when only the
    primary item is not named.
    """
    length = file.seek(0, os.SEEK_END)
    for kind, _, end in _top_level(file, length):
        if end > length and kind in _CARRIERS:
            raise DamagedContainerError(f"{end - length} bytes are missing")
    boxes = _meta_boxes(file, length)
    for item in _items(boxes.get(b"iloc", b"")):
        bound = len(boxes.get(b"idat", b"")) if item.is_in_idat else length
        if any(offset + size > bound for offset, size in item.extents):
            raise DamagedContainerError(f"item {item.number} lies outside of the file")
    if b"pitm" not in boxes:
        raise NoPrimaryItemError("the HEIF file names no primary item")


def read_exif_item(file: BinaryIO) -> bytes | None:
    """Return the payload of the item of type Exif (a TIFF file), or None when there is none.

    Raises `DamagedContainerError`.
    """
    boxes = _meta_boxes(file, file.seek(0, os.SEEK_END))
    number = _exif_number(boxes.get(b"iinf", b""))
    if number is None:
        return None
    for item in _items(boxes.get(b"iloc", b"")):
        if item.number == number:
            payload = _read_item(file, item, boxes.get(b"idat", b""))
            skip = _Cursor(payload).number(4)  # from here to the TIFF header
            return payload[4 + skip :]
    raise DamagedContainerError("the Exif item has no place in the file")


def _top_level(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of the body, end) of the file's boxes, up to the first non-box."""
    position = 0
    for _ in range(_MAX_BOXES):
        if position >= length:
            return
        file.seek(position)
        head = file.read(16)
        size, kind, body = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:  # the rest of the file
            size = length - position
        if size < body:  # not a box
            return
        yield kind, position + body, position + size
        position += size


def _meta_boxes(file: BinaryIO, length: int) -> dict[bytes, bytes]:
    """Return the boxes inside the meta box, by type."""
    for kind, start, end in _top_level(file, length):
        if kind != b"meta":
            continue
        if end - start > _MAX_META_BYTES:
            raise DamagedContainerError("the HEIF meta box is too large")
        file.seek(start)
        return dict(_boxes(file.read(end - start), 4))  # 4: its version and flags
    raise DamagedContainerError("the HEIF file has no meta box")


def _boxes(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of the boxes in `data` from `position` on."""
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8:
            raise DamagedContainerError("a HEIF box has no size")
        yield data[position + 4 : position + 8], data[position + 8 : position + size]
        position += size


def _exif_number(iinf: bytes) -> int | None:
    """Return the number of the Exif item that an iinf box lists."""
    first = 4 + (2 if iinf[:1] == b"\x00" else 4)
    for kind, body in _boxes(iinf, first):
        cursor = _Cursor(body)
        version = cursor.number(1)
        if kind != b"infe" or version < 2:
            continue
        cursor.take(3)
        number = cursor.number(2 if version == 2 else 4)
        cursor.take(2)
        if cursor.take(4) == b"Exif":
            return number
    return None


def _items(iloc: bytes) -> Iterator[_Item]:
    """Yield the items of an iloc box (8.11.3); an empty box has none."""
    if not iloc:
        return
    cursor = _Cursor(iloc)
    version = cursor.number(1)
    cursor.take(3)
    sizes = cursor.take(2)
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in (1, 2) else 0
    wide = 2 if version < 2 else 4
    for _ in range(cursor.number(wide)):
        number = cursor.number(wide)
        is_in_idat = version in (1, 2) and cursor.number(2) & 15 == 1
        cursor.take(2)
        base = cursor.number(base_size)
        extents = []
        for _ in range(cursor.number(2)):
            cursor.take(index_size)
            extents.append((base + cursor.number(offset_size), cursor.number(length_size)))
        yield _Item(number, is_in_idat, tuple(extents))


def _read_item(file: BinaryIO, item: _Item, idat: bytes) -> bytes:
    if sum(length for _, length in item.extents) > MAX_ITEM_BYTES:
        raise DamagedContainerError("the Exif item is too large")
    parts = []
    for offset, length in item.extents:
        if item.is_in_idat:
            parts.append(idat[offset : offset + length])
            continue
        if offset >= 1 << 62:
            raise DamagedContainerError("the Exif item lies outside of the file")
        file.seek(offset)
        parts.append(file.read(length))
    return b"".join(parts)
