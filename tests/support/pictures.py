"""Generated pictures for tests: small, distinct, with the EXIF that a test needs."""

from __future__ import annotations

import hashlib
import io
from itertools import count
from typing import Any

from PIL import Image, ImageDraw

_turn = count(1)
GPS_IFD, EXIF_IFD = 0x8825, 0x8769


def a_jpeg(
    size: tuple[int, int] = (320, 240),
    *,
    taken: str | None = None,
    offset: str | None = None,
    place: tuple[float, float] | None = None,
    orientation: int | None = None,
) -> bytes:
    """A unique JPEG. `taken` is like '2026:03:14 09:30:00'; `place` is in degrees."""
    exif = Image.Exif()
    if taken:
        exif.get_ifd(EXIF_IFD)[0x9003] = taken
    if offset:
        exif.get_ifd(EXIF_IFD)[0x9011] = offset
    if place:
        exif.get_ifd(GPS_IFD).update(_gps(*place))
    if orientation:
        exif[0x0112] = orientation
    return _saved(size, "JPEG", exif=exif)


def a_png(size: tuple[int, int] = (320, 240)) -> bytes:
    return _saved(size, "PNG")


def a_truncated_jpeg() -> bytes:
    whole = a_jpeg((640, 480))
    return whole[: len(whole) // 2]


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _saved(size: tuple[int, int], format: str, **options: Any) -> bytes:
    number = next(_turn)
    image = Image.new("RGB", size, (number * 37 % 200, number * 91 % 200, 120))
    pen = ImageDraw.Draw(image)
    for line in range(0, size[0], 7):
        pen.line((line, 0, size[0] - line, size[1]), fill=(line % 255, number % 255, 90))
    pen.text((10, 10), f"picture {number}", fill="white")
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _gps(latitude: float, longitude: float) -> dict[int, Any]:
    return {
        1: "N" if latitude >= 0 else "S",
        2: _parts(latitude),
        3: "E" if longitude >= 0 else "W",
        4: _parts(longitude),
    }


def _parts(degrees: float) -> tuple[float, float, float]:
    whole = int(abs(degrees))
    minutes = (abs(degrees) - whole) * 60
    return float(whole), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)
