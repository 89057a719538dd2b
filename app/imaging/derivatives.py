"""Makes the two small pictures of a photo: a thumbnail, and the print size with its strip.

The same original, text, logo and recipe give the same bytes, so a lost derivative can be made
again and a changed one is noticed. Neither carries EXIF, a place or a colour profile; orientation
and sRGB are baked in. Where the files are stored is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from app.fonts import Fonts
from app.imaging.damage import is_damaged
from app.imaging.decode import open_picture
from app.imaging.limits import PixelLimits
from app.imaging.pixels import shrink
from app.imaging.settings import StripStyle
from app.imaging.sniff import ImageKind
from app.imaging.watermark import StripText, load_logo, put_together
from app.scripts import is_plain

RECIPE_VERSION = "2"
"""Raise when the same input may give other bytes."""

LETTERS_VERSION = "1"
"""Raise when only strips with letters that Inter lacks change."""

_THUMBNAIL_QUALITY = 80
_PRINT_QUALITY = 82
_MAX_ENLARGEMENT = 4


@dataclass(frozen=True)
class Sizes:
    """Longer edges in pixels, without the strip, and the least width a strip is drawn at.

    960 prints 62 mm wide at 390 dpi, and a 1920 px original then decodes at exactly half.
    """

    thumbnail: int = 480
    print: int = 960
    strip: int = 640


@dataclass(frozen=True)
class Derivative:
    """One JPEG file that was made: its recipe, size in pixels and bytes, and SHA-256 in hex."""

    path: Path
    recipe: str
    width: int
    height: int
    byte_size: int
    sha256: str


@dataclass(frozen=True)
class DerivativeSet:
    """What came of one original; `width` and `height` are the original's own, upright.

    `is_damaged`: the decoder heard damage inside, so part of the picture may be wrong.
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
    """Name how a print size is made ('2-' and 16 hex digits): another text or style, another name.

    So changed settings ask for a new picture, and the old one stays under its own name.
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
    """Names the drawing of letters that Inter lacks; other strips keep the recipe that they had."""
    if all(map(is_plain, asdict(strip).values())):
        return {}
    return {"letters": LETTERS_VERSION}


def thumbnail_recipe(sizes: Sizes | None = None) -> str:
    """Name how a thumbnail is made ('2-480')."""
    return f"{RECIPE_VERSION}-{(sizes or Sizes()).thumbnail}"


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
    thumbnail = shrink(decoded.image, (sizes.thumbnail,) * 2)
    picture = _enlarge(shrink(decoded.image, (sizes.print,) * 2), sizes.strip, sizes.print)
    mark = load_logo(logo) if logo else None
    whole = put_together(picture, max(picture.width, sizes.strip), strip, mark, fonts, style)
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
        is_damaged=decoded.kind is ImageKind.JPEG and is_damaged(original),
    )


def _enlarge(image: Image.Image, width: int, long_edge: int) -> Image.Image:
    """Enlarge a tiny picture by a whole factor, so that it does not drown above its strip.

    It stays within `width` and `long_edge`, and never grows so far that it only looks broken.
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
