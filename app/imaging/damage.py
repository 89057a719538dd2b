"""Listens for damage inside a JPEG, which Pillow passes over without a word.

A decoder that meets spoilt data warns and goes on. Here a warning is the finding. Silence proves
nothing: a block of 4 kB lost or zeroed is heard nearly always, less surely where a progressive file
only refines, and one flipped bit in about a third of all cases. Call it where `decode` is called,
in a child under limits; it takes about as long as a reduced decode.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# Before numpy comes with it: a thread for each core is of no use here, and a worker forks.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import simplejpeg

_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_START, _SCAN, _END = b"\xff\xd8", 0xDA, b"\xff\xd9"
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
# Application segments and comments: nothing that pixels depend on but Adobe's colour transform.
_ADOBE = 0xEE
_BESIDES = frozenset({*range(0xE0, 0xF0), 0xFE}) - {_ADOBE}
# How libjpeg's warnings of spoilt data begin; its others are of odd encoders.
_WORDS = ("Corrupt JPEG data", "Premature end of JPEG")


def is_damaged(path: Path) -> bool:
    """Whether the decoder warns of the pixel data of a JPEG that `decode` could decode.

    Decoded at an eighth of its size, which still reads every byte of the pixels. False also for
    a file that this decoder does not know, or has no memory for: nothing was heard.
    """
    stream = _pixels_of(path.read_bytes())
    try:
        _, _, colours, _ = simplejpeg.decode_jpeg_header(stream)
        wanted = "CMYK" if colours in ("CMYK", "YCCK") else "GRAY"
        simplejpeg.decode_jpeg(stream, wanted, min_height=1, min_width=1, strict=True)
    except ValueError as error:
        return str(error).startswith(_WORDS)
    except MemoryError:
        return False
    return False


def _pixels_of(data: bytes) -> bytes:
    """A JPEG without what stands beside its pixels.

    The decoder warns of stray bytes between the first segments too, which spoil nothing, and of a
    missing end, which `decode` would not pass if pixels were missing.
    """
    parts, position = [_START], len(_START)
    while (found := _MARKER.search(data, position)) is not None:
        position, marker = found.start(), data[found.start() + 1]
        if marker == _SCAN:
            return b"".join((*parts, memoryview(data)[position:], _END))
        length = (
            0 if marker in _WITHOUT_LENGTH else int.from_bytes(data[position + 2 : position + 4])
        )
        end = position + 2 + length
        if length and marker not in _BESIDES:
            parts.append(data[position:end])
        position = end
    return data
