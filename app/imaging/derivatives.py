"""Makes the two derivatives of a photo: a thumbnail, and the print size with its strip.

The same original, text, logo and recipe give the same bytes, so a lost derivative can be made
again and a changed one is detected. Derivatives contain no EXIF, position or colour profile;
orientation and sRGB are applied to the pixels. Callers decide where the files are stored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from app.fonts import Fonts
from app.imaging.decode import open_picture
from app.imaging.limits import PixelLimits
from app.imaging.pixels import halve, shrink
from app.imaging.settings import StripStyle
from app.imaging.sniff import ImageKind
from app.imaging.watermark import StripText, add_strip, load_logo
from app.scripts import is_plain

RECIPE_VERSION = "2"
"""Raise when the same input may give another print size."""

THUMBNAIL_VERSION = "3"
"""Raise when the same input may give another thumbnail."""

LETTERS_VERSION = "1"
"""Raise when only strips with letters that Inter lacks change."""

_THUMBNAIL_QUALITY = 80
_PRINT_QUALITY = 82
_MAX_ENLARGEMENT = 4


@dataclass(frozen=True)
class Sizes:
    """Longer edges in pixels, without the strip, and the minimum width of a strip.

    960 prints 62 mm wide at 390 dpi, and a 1920 px original then decodes at exactly half.
    """

    thumbnail: int = 480
    print: int = 960
    strip: int = 640


@dataclass(frozen=True)
class Derivative:
    """One JPEG file: its recipe, its size in pixels and bytes, and its SHA-256 in hex."""

    path: Path
    recipe: str
    width: int
    height: int
    byte_size: int
    sha256: str


@dataclass(frozen=True)
class DerivativeSet:
    """The derivatives of one original; `width` and `height` are the original's own, upright.

    `is_damaged`: the decoder reported damage, so part of the picture may be wrong.
    """

    kind: ImageKind
    width: int
    height: int
    thumbnail: Derivative
    print: Derivative
    is_damaged: bool = False


def print_recipe(
    strip: StripText,
    logo: Path | None,
    style: StripStyle | None = None,
    sizes: Sizes | None = None,
) -> str:
    """An identifier of how a print size is made ('2-' and 16 hex digits).

    A different text or style gives a different recipe, so changed settings cause a new picture, and
    the old one keeps its own name.
    """
    parts = {
        "strip": asdict(strip),
        "logo": hashlib.sha256(logo.read_bytes()).hexdigest() if logo else None,
        **_letters_part(strip),
        **(style or StripStyle()).recipe_parts(),
        "sizes": asdict(sizes or Sizes()),
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{RECIPE_VERSION}-{digest[:16]}"


def _letters_part(strip: StripText) -> dict[str, str]:
    """The version of the drawing of letters that Inter lacks; other strips keep their recipe."""
    if all(map(is_plain, asdict(strip).values())):
        return {}
    return {"letters": LETTERS_VERSION}


def thumbnail_recipe(sizes: Sizes | None = None) -> str:
    """An identifier of how a thumbnail is made ('3-480')."""
    return f"{THUMBNAIL_VERSION}-{(sizes or Sizes()).thumbnail}"


def make_derivatives(
    original: Path,
    out_dir: Path,
    strip: StripText,
    logo: Path | None,
    *,
    fonts: Fonts,
    style: StripStyle | None = None,
    sizes: Sizes | None = None,
    max_pixels: PixelLimits | None = None,
) -> DerivativeSet:
    """Write `thumbnail.jpg` and `print.jpg` of a photo into `out_dir`, which must exist.

    `logo` is a PNG from `logo.clean_logo`. Decodes the original once; run it through
    `child.run_limited`. Raises `decode.UndecodableImage`, and OSError when a file cannot be
    read or written.
    """
    sizes, style = sizes or Sizes(), style or StripStyle()
    decoded = open_picture(original, max_pixels, max(sizes.print, sizes.thumbnail))
    thumbnail = halve(decoded.image, (sizes.thumbnail,) * 2)
    picture = _enlarge(shrink(decoded.image, (sizes.print,) * 2), sizes.strip, sizes.print)
    mark = load_logo(logo) if logo else None
    whole = add_strip(picture, max(picture.width, sizes.strip), strip, mark, fonts, style)
    return DerivativeSet(
        kind=decoded.kind,
        width=decoded.width,
        height=decoded.height,
        thumbnail=_save(
            thumbnail, out_dir / "thumbnail.jpg", _THUMBNAIL_QUALITY, thumbnail_recipe(sizes)
        ),
        print=_save(
            whole, out_dir / "print.jpg", _PRINT_QUALITY, print_recipe(strip, logo, style, sizes)
        ),
        is_damaged=decoded.is_damaged,
    )


def _enlarge(image: Image.Image, width: int, long_edge: int) -> Image.Image:
    """Enlarge a tiny picture by an integer factor, so that the strip does not dwarf it.

    It stays within `width` and `long_edge`, and below a factor at which it would look broken.
    """
    factor = min(width // image.width, long_edge // image.height, _MAX_ENLARGEMENT)
    if factor < 2:
        return image
    size = (image.width * factor, image.height * factor)
    return image.resize(size, Image.Resampling.BICUBIC)


def _save(image: Image.Image, path: Path, quality: int, recipe: str) -> Derivative:
    image.save(path, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
    data = path.read_bytes()
    return Derivative(
        path=path,
        recipe=recipe,
        width=image.width,
        height=image.height,
        byte_size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
