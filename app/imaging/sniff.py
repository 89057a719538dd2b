"""Detects the type of an image from its first bytes, for the web process.

Decodes nothing and imports no image library: the result is what the file claims to be. Only the
worker finds out whether the claim is true.
"""

from __future__ import annotations

from enum import StrEnum

HEADER_BYTES = 128
"""How many of a file's first bytes `sniff` wants; fewer is allowed."""

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"

# Brands of ISO/IEC 23008-12 whose pictures are HEVC coded.
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"},
)
# Brands of the container only; the compatible brands then name the content.
_CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})


class ImageKind(StrEnum):
    """The accepted image types; the value is the media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    HEIC = "image/heic"


def sniff(header: bytes) -> ImageKind | None:
    """Return the type that a file's first bytes (up to `HEADER_BYTES`) claim, or None."""
    if header.startswith(_JPEG):
        return ImageKind.JPEG
    if header.startswith(_PNG) and header[12:16] == b"IHDR":
        return ImageKind.PNG
    if header[4:8] == b"ftyp" and _is_heic(header):
        return ImageKind.HEIC
    return None


def _is_heic(header: bytes) -> bool:
    major = header[8:12]
    if major in _HEIC_BRANDS:
        return True
    if major not in _CONTAINER_BRANDS:
        return False
    end = min(int.from_bytes(header[:4], "big"), len(header))
    # An AVIF may also name mif1 as its major brand, so the codec must be named.
    return any(header[at : at + 4] in _HEIC_BRANDS for at in range(16, end - 3, 4))
