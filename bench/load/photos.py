"""Photos of 4 MB to send: few pictures, but each upload has different bytes.

For the locust process, which must not import the app. The parent makes the album beforehand.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.load.options import Options

SENT_PICTURES = 4
START_OF_IMAGE = b"\xff\xd8"
COMMENT = b"\xff\xfe"


def load_album(options: Options) -> list[bytes]:
    """The pictures that the parent put into the album."""
    return [path.read_bytes() for path in album_paths(options)]


def album_paths(options: Options) -> list[Path]:
    return sorted(options.album.glob(f"master-{options.photo_size}-??.jpg"))[:SENT_PICTURES]


def with_unique_bytes(picture: bytes, chance: Random) -> bytes:
    """The picture with a comment segment of random bytes: a different hash, the same pixels."""
    words = chance.randbytes(16)
    segment = COMMENT + (len(words) + 2).to_bytes(2, "big") + words
    return START_OF_IMAGE + segment + picture.removeprefix(START_OF_IMAGE)
