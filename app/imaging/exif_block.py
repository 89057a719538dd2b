"""Finds the EXIF block (a small TIFF file) inside a JPEG, PNG or HEIC file.

Only the containers are understood here; what the block says is `exif`'s business. Exifread's own
finders are not used: its JPEG one gives up when a long XMP segment stands before EXIF, and its
HEIC one keeps the last file's tables in a class attribute, which could lend one photo's place
and time to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff

MAX_BLOCK_BYTES = 1 << 20
"""Larger EXIF blocks are ignored: real ones are below 64 KiB (JPEG allows no more)."""

_MAX_META_BYTES = 4 << 20
_MAX_STEPS = 50_000
_EXIF_PREFIX = b"Exif\x00\x00"
_TIFF_MAGICS = (b"II*\x00", b"MM\x00*")


class DamagedContainerError(ValueError):
    """The file's structure breaks off or contradicts itself before EXIF is found."""


def find_exif_block(file: BinaryIO) -> bytes | None:
    """Return the TIFF bytes of a file's EXIF, or None when it carries none.

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
        block = _in_heic(file)
    else:
        return None
    if block is None:
        return None
    tiff = block.removeprefix(_EXIF_PREFIX)
    if not tiff.startswith(_TIFF_MAGICS):
        raise DamagedContainerError("the EXIF block does not begin like a TIFF file")
    return tiff


def _in_jpeg(file: BinaryIO) -> bytes | None:
    position = 2
    for _ in range(_MAX_STEPS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            raise DamagedContainerError("a JPEG segment is missing")
        if head[1] == 0xFF:  # a fill byte before the marker
            position += 1
            continue
        if head[1] in (0xDA, 0xD9):  # pixels begin or the file ends: no EXIF came before
            return None
        length = int.from_bytes(head[2:4], "big")
        if length < 2:
            raise DamagedContainerError("a JPEG segment has no length")
        if head[1] == 0xE1:
            body = file.read(length - 2)
            if body.startswith(_EXIF_PREFIX):
                return body
        position += 2 + length
    raise DamagedContainerError("too many JPEG segments")


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


class _Cursor:
    """Reads big-endian integers from bytes; running over the end is `DamagedContainerError`."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def take(self, size: int) -> bytes:
        piece = self.data[self.position : self.position + size]
        if len(piece) < size:
            raise DamagedContainerError("a HEIF box ends too early")
        self.position += size
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


def _in_heic(file: BinaryIO) -> bytes | None:
    meta = _read_meta(file)
    boxes = dict(_boxes(meta, 4))  # 4: version and flags of the meta box
    item = _exif_item(boxes.get(b"iinf", b""))
    if item is None:
        return None
    payload = _read_item(file, item, boxes.get(b"iloc", b""), boxes.get(b"idat", b""))
    cursor = _Cursor(payload)
    skip = cursor.number(4)  # from here to the TIFF header
    return payload[4 + skip :]


def _read_meta(file: BinaryIO) -> bytes:
    position = 0
    for _ in range(_MAX_STEPS):
        file.seek(position)
        cursor = _Cursor(file.read(16))
        size, kind = cursor.number(4), cursor.take(4)
        if size == 1:
            size = cursor.number(8)
        if kind == b"meta":
            if size > _MAX_META_BYTES:
                raise DamagedContainerError("the HEIF meta box is too large")
            file.seek(position + cursor.position)
            return file.read(size - cursor.position)
        if size < cursor.position:
            raise DamagedContainerError("a HEIF box has no size")
        position += size
    raise DamagedContainerError("too many HEIF boxes")


def _boxes(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of the boxes that stand in `data` from `position` on."""
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8:
            raise DamagedContainerError("a HEIF box has no size")
        yield data[position + 4 : position + 8], data[position + 8 : position + size]
        position += size


def _exif_item(iinf: bytes) -> int | None:
    """Return the id of the item of type Exif that an iinf box names."""
    first = 4 + (2 if iinf[:1] == b"\x00" else 4)
    for kind, body in _boxes(iinf, first):
        cursor = _Cursor(body)
        version = cursor.number(1)
        if kind != b"infe" or version < 2:
            continue
        cursor.take(3)
        item = cursor.number(2 if version == 2 else 4)
        cursor.take(2)
        if cursor.take(4) == b"Exif":
            return item
    return None


def _read_item(file: BinaryIO, wanted: int, iloc: bytes, idat: bytes) -> bytes:
    """Return the bytes of one item, following the iloc box (ISO/IEC 14496-12, 8.11.3)."""
    cursor = _Cursor(iloc)
    version = cursor.number(1)
    cursor.take(3)
    sizes = cursor.take(2)
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in (1, 2) else 0
    wide = 2 if version < 2 else 4
    for _ in range(cursor.number(wide)):
        item = cursor.number(wide)
        in_idat = version in (1, 2) and cursor.number(2) & 15 == 1
        cursor.take(2)
        base = cursor.number(base_size)
        extents = []
        for _ in range(cursor.number(2)):
            cursor.take(index_size)
            extents.append((base + cursor.number(offset_size), cursor.number(length_size)))
        if item == wanted:
            return _read_extents(file, extents, idat if in_idat else None)
    raise DamagedContainerError("the Exif item has no place in the file")


def _read_extents(file: BinaryIO, extents: list[tuple[int, int]], idat: bytes | None) -> bytes:
    if sum(length for _, length in extents) > MAX_BLOCK_BYTES:
        raise DamagedContainerError("the EXIF block is too large")
    parts = []
    for offset, length in extents:
        if idat is not None:
            parts.append(idat[offset : offset + length])
            continue
        if offset >= 1 << 62:
            raise DamagedContainerError("the Exif item lies outside of the file")
        file.seek(offset)
        parts.append(file.read(length))
    return b"".join(parts)
