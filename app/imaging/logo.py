"""Cleans a tenant's logo, and draws one from a company's initials for the demo.

A logo is re-encoded from its pixels, so that only pixels of an uploaded file are ever served or
printed. SVG, GIF and all other formats are rejected: every decoder adds attack surface.
`main` cleans a logo from standard input, in the process that logo_sandbox.py starts.
"""

from __future__ import annotations

import io
import re
import sys

from PIL import Image, ImageColor, ImageDraw, ImageFont

from app.fonts import Fonts
from app.imaging.ink import has_ink
from app.imaging.logo_sandbox import BLANK, MAX_LOGO_BYTES, REFUSED, UnsupportedLogo
from app.imaging.pixels import eight_bit, shrink
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff

__all__ = ["MAX_LOGO_BYTES", "UnsupportedLogo", "clean_logo", "make_initials_logo"]

MAX_LOGO_PIXELS = 20_000_000
BOX = (1200, 600)
"""A cleaned logo fits in this many pixels; larger ones are shrunk, smaller ones kept."""

_PLUGINS = {ImageKind.JPEG: "JPEG", ImageKind.PNG: "PNG"}


def clean_logo(data: bytes) -> bytes:
    """Return a logo's pixels as a new PNG (RGBA or RGB, within `BOX`), without metadata.

    Raises `UnsupportedLogo`.
    """
    if len(data) > MAX_LOGO_BYTES:
        raise UnsupportedLogo(f"more than {MAX_LOGO_BYTES} bytes")
    plugin = _PLUGINS.get(sniff(data[:HEADER_BYTES]) or ImageKind.HEIC)
    if plugin is None:
        raise UnsupportedLogo("neither JPEG nor PNG")
    image = _read(data, plugin)
    return _png(shrink(image, BOX))


def _read(data: bytes, plugin: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=(plugin,)) as image:
            if image.width * image.height > MAX_LOGO_PIXELS:
                raise UnsupportedLogo(f"more than {MAX_LOGO_PIXELS} pixels")
            image.load()
            pixels = eight_bit(image)
            clean = pixels.convert("RGBA" if pixels.mode == "RGBA" else "RGB")
    except UnsupportedLogo:
        raise
    except Exception as error:  # decoders raise many types on damaged files
        raise UnsupportedLogo("the file is damaged") from error
    clean.info = {}
    return clean


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


_MARK = 240
_INNER = 44
_WORD_SIZES = range(92, 43, -4)
_MAX_WORD_WIDTH = 900
_SMALL_WORDS = frozenset({"a", "and", "da", "das", "de", "do", "dos", "e", "of", "the"})


def make_initials_logo(name: str, colour: str, *, fonts: Fonts) -> bytes:
    """Draw a logo from a company's name: a square in its colour with its initials, and the name.

    `colour` is '#rrggbb'. Returns a PNG with a transparent background; same input, same bytes.
    """
    words = _wrap_name(name)
    face, lines = _fit_name(words, fonts)
    text_width = max(round(face.getlength(line)) for line in lines)
    image = Image.new("RGBA", (_MARK + _INNER + text_width + 8, _MARK), (255, 255, 255, 0))
    image.alpha_composite(_mark(_initials(name), colour, fonts))
    pen = ImageDraw.Draw(image)
    pitch = round(face.size * 1.14)
    # The middle of the capitals, which looks like the centre of a line.
    first = _MARK / 2 - (len(lines) - 1) * pitch / 2 + face.size * 0.364
    for row, line in enumerate(lines):
        pen.text((_MARK + _INNER, first + row * pitch), line, "#1f2937", face, anchor="ls")
    return _png(image)


def _initials(name: str) -> str:
    found: list[str] = re.findall(r"\w+", name)
    words = [word for word in found if word.casefold() not in _SMALL_WORDS]
    if len(words) >= 2:
        return (words[0][0] + words[1][0]).upper()
    return words[0][0].upper() if words else "?"


def _wrap_name(name: str) -> list[str]:
    """Return the name in one line, or in two lines of similar length when it is long."""
    words = " ".join(name.split())[:60].split() or ["?"]
    if len(words) == 1 or len(" ".join(words)) <= 12:
        return [" ".join(words)]
    cuts = [[" ".join(words[:at]), " ".join(words[at:])] for at in range(1, len(words))]
    return min(cuts, key=lambda cut: max(len(line) for line in cut))


def _fit_name(lines: list[str], fonts: Fonts) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    basic = ImageFont.Layout.BASIC
    for size in _WORD_SIZES:
        face = ImageFont.truetype(fonts.strong, size, layout_engine=basic)
        if max(face.getlength(line) for line in lines) <= _MAX_WORD_WIDTH:
            break
    return face, lines


def _mark(initials: str, colour: str, fonts: Fonts) -> Image.Image:
    scale = 4  # drawn large and shrunk, for smooth corners
    side = _MARK * scale
    mark = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    pen = ImageDraw.Draw(mark)
    red, green, blue = ImageColor.getrgb(colour)[:3]
    pen.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.2, fill=(red, green, blue))
    is_light = red * 0.299 + green * 0.587 + blue * 0.114 > 165
    ink = "#111827" if is_light else "#ffffff"
    face = ImageFont.truetype(
        fonts.strong, round(side * 0.44), layout_engine=ImageFont.Layout.BASIC
    )
    pen.text((side / 2, side / 2 + face.size * 0.364), initials, ink, face, anchor="ms")
    return mark.resize((_MARK, _MARK), Image.Resampling.LANCZOS, reducing_gap=2.0)


def main() -> int:
    """Clean the logo on standard input; returns the exit status."""
    return _clean_input(is_signature=False)


def main_of_signature() -> int:
    """Clean the signature on standard input; returns the exit status."""
    return _clean_input(is_signature=True)


def _clean_input(*, is_signature: bool) -> int:
    try:
        cleaned = clean_logo(sys.stdin.buffer.read(MAX_LOGO_BYTES + 1))
        if is_signature and not has_ink(Image.open(io.BytesIO(cleaned), formats=("PNG",))):
            return BLANK
    except (UnsupportedLogo, MemoryError) as error:
        sys.stderr.write(str(error))
        return REFUSED
    sys.stdout.buffer.write(cleaned)
    return 0
