"""Decodes the pixels of a photo: upright, in sRGB, without alpha, optionally reduced in size.

The only module that passes untrusted bytes to Pillow and libheif. Call it in a child process
(`child.run_limited`): the limits here come from the header, and a header can lie.
Only picture formats of phones are decoded, and only the first (HEIC: primary) picture of each
file: no `seek()`, so that neither a multi-picture JPEG nor an animated PNG can multiply the
work. Orientation is applied once: from EXIF for JPEG and PNG; for HEIC libheif has already
applied the container's own rotation, and the EXIF tag does not count (ISO/IEC 23008-12).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, UnidentifiedImageError

from app.imaging.damage import is_damaged, whole_pixels
from app.imaging.exif import read_exif
from app.imaging.heif import DamagedContainerError, NoPrimaryItemError, check_whole
from app.imaging.limits import PixelLimits
from app.imaging.pixels import RawPixels, eight_bit, fit, shrink, shrink_raw
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff

# One thread: a worker has one core, and each additional thread reserves address space, which
# counts against the memory limit. Thumbnails off: pixels must come from the picture itself.
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False

# Pillow's names: the plugin that may open each kind, and the formats it may report. The JPEG
# plugin passes a multi-picture file to MPO, whose first frame is the photo.
_PLUGINS = {ImageKind.JPEG: "JPEG", ImageKind.PNG: "PNG"}
_FORMATS = ("JPEG", "MPO", "PNG")
_KNOWN_OTHERS = (b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF", b"8BPS", b"%!PS", b"<svg")
_MAX_PROFILE_BYTES = 4 << 20

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Reason(StrEnum):
    """Why a file cannot be decoded; callers choose the words for users."""

    TRUNCATED = "truncated"
    BOMB = "bomb"
    NO_PRIMARY = "no_primary"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED = "unsupported"
    TOO_HEAVY = "too_heavy"


class UndecodableImage(Exception):
    """The file's pixels cannot be decoded; `reason` says why, `detail` is for the log."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Decoded:
    """The upright pixels, and the size of the file at full scale.

    `image` is RGB without metadata; `width` and `height` are the original's, upright.
    `is_damaged`: the decoder reported damage, so part of the picture may be wrong.
    """

    image: Image.Image
    kind: ImageKind
    width: int
    height: int
    is_damaged: bool = False


def open_picture(
    path: Path, max_pixels: PixelLimits | None = None, long_edge: int | None = None
) -> Decoded:
    """Decode a complete JPEG, PNG or HEIC file, and shrink it to fit `long_edge` if given.

    A picture smaller than `long_edge` keeps its size. Raises `UndecodableImage`; OSError only
    when the file cannot be read at all.
    """
    limits = max_pixels or PixelLimits()
    kind = _kind_of(path)
    if kind is ImageKind.HEIC:
        return _open_heic(path, limits.heic, long_edge)
    with _pixel_guard(limits.of(kind)), _open(path, kind) as image:
        width, height = image.size
        if width * height > limits.of(kind):
            raise UndecodableImage(Reason.BOMB, f"{width} x {height}")
        # Draft first: the reduced decode lets a large JPEG stay below the second limit.
        if long_edge is not None:
            image.draft(image.mode, fit(image.size, (long_edge, long_edge)))
        if image.width * image.height > limits.png:
            raise UndecodableImage(Reason.BOMB, f"{width} x {height}, whole")
        pixels, is_bad = _pixels_of(path, image)
        upright = _normalise(pixels, long_edge)
    orientation = read_exif(path).orientation or 1
    if orientation in _TRANSPOSITIONS:
        upright = upright.transpose(_TRANSPOSITIONS[orientation])
    if orientation >= 5:
        width, height = height, width
    return Decoded(upright, kind, width, height, is_bad)


def _open_heic(path: Path, limit: int, long_edge: int | None) -> Decoded:
    """Decode the primary picture of a HEIC file itself, never an embedded preview."""
    _check_whole(path)
    with _decoding(), path.open("rb") as file:
        container = pillow_heif.open_heif(file, hdr_to_16bit=True, remove_stride=False)
        picture = container[container.primary_index]
    if picture.size[0] * picture.size[1] > limit:
        raise UndecodableImage(Reason.BOMB, f"{picture.size[0]} x {picture.size[1]}")
    with _decoding():
        pixels = picture.data
    raw = RawPixels(picture.mode, picture.size, picture.stride, pixels)
    image = shrink_raw(raw, (long_edge, long_edge)) if long_edge else raw.rows(0, raw.size[1])
    image.info = {"icc_profile": picture.info.get("icc_profile")}
    return Decoded(_normalise(image, None), ImageKind.HEIC, *raw.size)


def _kind_of(path: Path) -> ImageKind:
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    kind = sniff(header)
    if kind is not None:
        return kind
    if header.startswith(_KNOWN_OTHERS) or header[4:8] == b"ftyp":
        raise UndecodableImage(Reason.UNSUPPORTED, header[:12].hex())
    raise UndecodableImage(Reason.NOT_AN_IMAGE, header[:12].hex())


def _check_whole(path: Path) -> None:
    """Reject a truncated HEIC: libheif would silently fill in the missing tiles."""
    try:
        with path.open("rb") as file:
            check_whole(file)
    except NoPrimaryItemError as error:
        raise UndecodableImage(Reason.NO_PRIMARY, str(error)) from error
    except DamagedContainerError as error:
        raise UndecodableImage(Reason.TRUNCATED, str(error)) from error


@contextmanager
def _pixel_guard(limit: int) -> Iterator[None]:
    """Set Pillow's own pixel limit during one decode; the setting is global to the process."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = limit
    try:
        with warnings.catch_warnings():
            # Broken multi-picture tables and similar: pixels do not depend on them.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _open(path: Path, kind: ImageKind) -> Image.Image:
    try:
        image = Image.open(path, formats=(_PLUGINS[kind],))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UndecodableImage(Reason.BOMB, str(error)) from error
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        raise UndecodableImage(Reason.TRUNCATED, "the header cannot be read") from error
    except Exception as error:  # header parsers raise many types
        raise UndecodableImage(Reason.TRUNCATED, repr(error)[:300]) from error
    if image.format not in _FORMATS:
        image.close()
        raise UndecodableImage(Reason.UNSUPPORTED, str(image.format))
    return image


def _pixels_of(path: Path, image: Image.Image) -> tuple[Image.Image, bool]:
    """The decoded picture with its colour profile, and whether the file is damaged.

    `image` is open, and reduced by `draft` if wanted.
    """
    is_jpeg = image.format != "PNG"
    if is_jpeg and image.mode == "RGB" and (whole := whole_pixels(path, image.size)) is not None:
        pixels = Image.fromarray(whole)
        pixels.info = {"icc_profile": image.info.get("icc_profile")}
        return pixels, False
    with _decoding():
        image.load()
    return image, is_jpeg and is_damaged(path)


@contextmanager
def _decoding() -> Iterator[None]:
    """Convert every decoder exception to `UndecodableImage`, except a lack of memory."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # OSError, SyntaxError, ValueError... by decoder and damage
        if "memory" in str(error).casefold():  # libheif reports a lack of memory in its text
            raise MemoryError from error
        raise UndecodableImage(Reason.TRUNCATED, repr(error)[:300]) from error


def _normalise(image: Image.Image, long_edge: int | None) -> Image.Image:
    """Return the picture shrunk, on white, as RGB in sRGB, without metadata."""
    profile = image.info.get("icc_profile")
    plain = eight_bit(image)
    if long_edge is not None:
        plain = shrink(plain, (long_edge, long_edge))
    if plain.mode == "RGBA":
        ground = Image.new("RGB", plain.size, "white")
        ground.paste(plain, mask=plain.getchannel("A"))
        plain = ground
    result = _to_srgb(plain, profile)
    result.info = {}
    return result


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Convert to sRGB; a profile that is broken or does not fit the pixels is ignored."""
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE_BYTES:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    # Always a copy: `image` may be the open file, which the caller closes.
    return image.convert("RGB") if image.mode != "RGB" else image.copy()
