"""Opens a photo's pixels: upright, in sRGB, without alpha, shrunk while decoding if wanted.

The only module that hands a stranger's bytes to Pillow and libheif. Call it in a child process
(`child.run_limited`): the limits here come from the header, and a header can lie.

Only picture formats of phones are decoded, and of each file only its first (HEIC: its primary)
picture: no `seek()`, so that neither a multi-picture JPEG nor an animated PNG can multiply the
work. Orientation is applied once: from EXIF for JPEG and PNG, while for HEIC libheif has
already followed the container's own rotation and EXIF's tag has no say (ISO/IEC 23008-12).
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

from app.imaging.exif import read_exif
from app.imaging.heif import DamagedContainerError, NoPrimaryItemError, check_whole
from app.imaging.limits import PixelLimits
from app.imaging.pixels import RawPixels, eight_bit, fit, shrink, shrink_raw
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff

# One thread: a worker has one core, and each further thread reserves address space that the
# memory limit counts. Thumbnails off: pixels must come from the picture itself.
pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False

# Pillow's names: the plugin that may open a kind, and the formats it may then report. Its JPEG
# plugin hands a multi-picture file over to MPO, whose first frame is the photo.
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
    """Why a file's pixels cannot be had; the words for people belong to the caller."""

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
    """Pixels as a person should see them, and the size that the file has at full scale.

    `image` is RGB without metadata; `width` and `height` are of the original, upright.
    """

    image: Image.Image
    kind: ImageKind
    width: int
    height: int


def open_picture(
    path: Path, max_pixels: PixelLimits | None = None, long_edge: int | None = None
) -> Decoded:
    """Decode a JPEG, PNG or HEIC file whole, and shrink it to fit `long_edge` if given.

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
        # Draft first: it is what lets a large JPEG stay below the second limit.
        if long_edge is not None:
            image.draft(image.mode, fit(image.size, (long_edge, long_edge)))
        if image.width * image.height > limits.png:
            raise UndecodableImage(Reason.BOMB, f"{width} x {height}, whole")
        _load(image)
        upright = _normalise(image, long_edge)
    orientation = read_exif(path).orientation or 1
    if orientation in _TRANSPOSITIONS:
        upright = upright.transpose(_TRANSPOSITIONS[orientation])
    if orientation >= 5:
        width, height = height, width
    return Decoded(upright, kind, width, height)


def _open_heic(path: Path, limit: int, long_edge: int | None) -> Decoded:
    """Decode the primary picture of a HEIC file itself, never a preview that lies beside it."""
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
    """Refuse a HEIC that breaks off: libheif would paint the missing tiles and say nothing."""
    try:
        with path.open("rb") as file:
            check_whole(file)
    except NoPrimaryItemError as error:
        raise UndecodableImage(Reason.NO_PRIMARY, str(error)) from error
    except DamagedContainerError as error:
        raise UndecodableImage(Reason.TRUNCATED, str(error)) from error


@contextmanager
def _pixel_guard(limit: int) -> Iterator[None]:
    """Set Pillow's own guard for the time of one decode; its setting is per process."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = limit
    try:
        with warnings.catch_warnings():
            # Broken multi-picture tables and the like: nothing that pixels depend on.
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
    except Exception as error:  # a plugin raises whatever its header parser runs into
        raise UndecodableImage(Reason.TRUNCATED, repr(error)[:300]) from error
    if image.format not in _FORMATS:
        image.close()
        raise UndecodableImage(Reason.UNSUPPORTED, str(image.format))
    return image


def _load(image: Image.Image) -> None:
    with _decoding():
        image.load()


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn whatever a decoder raises into `UndecodableImage`, but for a lack of memory."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # OSError, SyntaxError, ValueError... by decoder and damage
        if "memory" in str(error).casefold():  # libheif's own word for it
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
    """Convert to sRGB; a profile that is broken or does not suit the pixels is left out."""
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
    # A copy in any case: `image` may be the file itself, which closes.
    return image.convert("RGB") if image.mode != "RGB" else image.copy()
