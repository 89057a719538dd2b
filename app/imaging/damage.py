"""Detects damage inside a JPEG, which Pillow ignores silently.

A decoder that meets corrupt data warns and continues. Here a warning counts as damage. No warning
proves nothing: a block of 4 kB that is lost or zeroed is nearly always detected, less reliably
where a progressive file only refines, and a single flipped bit in about a third of all cases. Run
it in a limited child, like `decode`.

Nearly all photos are whole, and decoding is most of the work on a photo. So `decode` takes the
pixels of this strict decoder if it has nothing to say, and only otherwise decodes with Pillow and
asks here what is wrong.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# Must be set before numpy is imported: one thread per core is useless here, and workers fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import simplejpeg

_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_START, _SCAN, _END = b"\xff\xd8", 0xDA, b"\xff\xd9"
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
# Application segments and comments: pixels depend on none of them except those that tell the
# colours, JFIF and Adobe's.
_JFIF, _ADOBE = 0xE0, 0xEE
_METADATA_SEGMENTS = frozenset({*range(0xE0, 0xF0), 0xFE}) - {_JFIF, _ADOBE}
# libjpeg's warnings of corrupt data begin like this; its other warnings are about odd encoders.
_DAMAGE_WARNINGS = ("Corrupt JPEG data", "Premature end of JPEG")


def whole_pixels(path: Path, size: tuple[int, int]) -> np.ndarray | None:
    """The RGB pixels of a colour JPEG, reduced to `size` (width, height) while decoding.

    None if the decoder warned about anything, or cannot reduce to exactly this size. The same
    library with the same settings as Pillow's gives the same pixels; a test compares them.
    """
    stream = _pixels_of(path.read_bytes(), closing=b"")
    try:
        pixels = simplejpeg.decode_jpeg(
            stream, "RGB", min_width=size[0], min_height=size[1], strict=True
        )
    except (ValueError, MemoryError):
        return None
    height, width, _channels = pixels.shape
    return pixels if (width, height) == size else None


def is_damaged(path: Path) -> bool:
    """Whether the decoder warns about the pixel data of a JPEG that `decode` could decode.

    Decodes at an eighth of the size, which still reads every byte of the pixels. Also False for a
    file that this decoder does not support or has no memory for.
    """
    stream = _pixels_of(path.read_bytes(), closing=_END)
    try:
        _, _, colours, _ = simplejpeg.decode_jpeg_header(stream)
        colour_space = "CMYK" if colours in ("CMYK", "YCCK") else "GRAY"
        simplejpeg.decode_jpeg(stream, colour_space, min_height=1, min_width=1, strict=True)
    except ValueError as error:
        return str(error).startswith(_DAMAGE_WARNINGS)
    except MemoryError:
        return False
    return False


def _pixels_of(data: bytes, *, closing: bytes) -> bytes:
    """A JPEG without the segments that its pixels do not need, with `closing` added.

    The decoder also warns about stray bytes between the first segments, which do no harm, and about
    a missing end; `decode` already rejects a file with missing pixels.
    """
    parts, position = [_START], len(_START)
    while (found := _MARKER.search(data, position)) is not None:
        position, marker = found.start(), data[found.start() + 1]
        if marker == _SCAN:
            return b"".join((*parts, memoryview(data)[position:], closing))
        length = (
            0 if marker in _WITHOUT_LENGTH else int.from_bytes(data[position + 2 : position + 4])
        )
        end = position + 2 + length
        if length and marker not in _METADATA_SEGMENTS:
            parts.append(data[position:end])
        position = end
    return data
