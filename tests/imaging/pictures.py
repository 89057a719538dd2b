"""Test images, made in code: known colours in known corners, EXIF of any form."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

CORNERS = ("red", "lime", "blue", "white")
"""Colours of an upright test picture: top left, top right, bottom left, bottom right."""

Rational = Fraction | tuple[int, int]
ExifEntry = tuple[int, int, Sequence[int] | bytes | Sequence[Rational]]
ASCII, SHORT, LONG, RATIONAL, BYTE = 2, 3, 4, 5, 1

# The stored pixels for each orientation, so that the picture is upright when shown.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def upright(width: int = 320, height: int = 240) -> Image.Image:
    """A picture whose four quarters have the colours in `CORNERS`."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for number, colour in enumerate(CORNERS):
        at = (half[0] * (number % 2), half[1] * (number // 2))
        image.paste(colour, (*at, at[0] + half[0], at[1] + half[1]))
    return image


def texture(width: int, height: int) -> Image.Image:
    """A picture with detail everywhere, so that its file is long and any cut hits pixel data."""
    noise = Image.effect_noise((width, height), 60)
    return Image.merge("RGB", (noise, noise.rotate(180), noise.transpose(0)))


def stored(orientation: int, width: int = 320, height: int = 240) -> Image.Image:
    """The pixels that a camera writes with this `orientation`."""
    how = STORED[orientation]
    image = upright(width, height)
    return image if how is None else image.transpose(how)


def corners(image: Image.Image) -> tuple[str, ...]:
    """The names of the colours in the four quarters of a picture, as in `CORNERS`."""
    names = {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}
    width, height = image.size
    points = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    found = []
    for point in points:
        pixel = image.convert("RGB").getpixel(point)
        assert isinstance(pixel, tuple)
        found.append(names.get(tuple(int(part > 127) for part in pixel), str(pixel)))
    return tuple(found)


def ascii_entry(tag: int, text: str) -> ExifEntry:
    return tag, ASCII, text.encode() + b"\0"


def exif(
    image: Sequence[ExifEntry] = (),
    details: Sequence[ExifEntry] = (),
    gps: Sequence[ExifEntry] = (),
) -> bytes:
    """An EXIF block (TIFF, big-endian) with an image, an EXIF and a GPS directory."""
    fixed = len(image) + 2
    first_end = 8 + 2 + 12 * fixed + 4 + sum(len(_payload(entry)) for entry in image)
    details_at = first_end
    details_bytes = _directory(details, details_at)
    gps_at = details_at + len(details_bytes)
    pointers: list[ExifEntry] = [(0x8769, LONG, [details_at]), (0x8825, LONG, [gps_at])]
    head = b"MM\0*" + struct.pack(">I", 8)
    return head + _directory([*image, *pointers], 8) + details_bytes + _directory(gps, gps_at)


def _value(entry: ExifEntry) -> tuple[int, bytes]:
    _, kind, values = entry
    if isinstance(values, bytes):
        return len(values), values
    if kind == RATIONAL:
        pairs = [
            (value.numerator, value.denominator) if isinstance(value, Fraction) else value
            for value in values
        ]
        return len(pairs), b"".join(struct.pack(">II", *pair) for pair in pairs)  # type: ignore[misc]
    code = {SHORT: "H", LONG: "I", BYTE: "B"}[kind]
    return len(values), struct.pack(f">{len(values)}{code}", *values)


def _payload(entry: ExifEntry) -> bytes:
    data = _value(entry)[1]
    return b"" if len(data) <= 4 else data


def _directory(entries: Sequence[ExifEntry], start: int) -> bytes:
    table = struct.pack(">H", len(entries))
    heap = b""
    heap_at = start + 2 + 12 * len(entries) + 4
    for entry in entries:
        count, data = _value(entry)
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(">I", heap_at + len(heap))
        heap += _payload(entry)
        table += struct.pack(">HHI", entry[0], entry[1], count) + place
    return table + b"\0\0\0\0" + heap


def orientation_exif(orientation: int) -> bytes:
    return exif([(0x0112, SHORT, [orientation])])


def phone_exif(
    *,
    orientation: int = 1,
    taken: str = "2026:11:22 14:05:09",
    offset: str = "-03:00",
    latitude: Sequence[Rational] = (Fraction(23), Fraction(33), Fraction(187, 100)),
    longitude: Sequence[Rational] = (Fraction(46), Fraction(37), Fraction(5991, 100)),
    refs: tuple[str, str] = ("S", "W"),
    gps: Sequence[ExifEntry] = (),
) -> bytes:
    """EXIF as written by a phone in São Paulo; any value can be replaced."""
    return exif(
        [
            ascii_entry(0x010F, "Acme"),
            ascii_entry(0x0110, "Acme Phone 9"),
            (0x0112, SHORT, [orientation]),
            ascii_entry(0x0131, "AcmeOS 12"),
            ascii_entry(0x0132, "2027:01:01 00:00:00"),
        ],
        [
            ascii_entry(0x9003, taken),
            ascii_entry(0x9011, offset),
            (0x927C, 7, b"secret maker note"),
        ],
        [
            ascii_entry(1, refs[0]),
            (2, RATIONAL, latitude),
            ascii_entry(3, refs[1]),
            (4, RATIONAL, longitude),
            (5, BYTE, [0]),
            (6, RATIONAL, [Fraction(7605, 10)]),
            (7, RATIONAL, [Fraction(17), Fraction(5), Fraction(8)]),
            ascii_entry(0x1D, "2026:11:22"),
            (0x1F, RATIONAL, [Fraction(121, 10)]),
            *gps,
        ],
    )


def write_jpeg(
    path: Path, image: Image.Image, block: bytes | None = None, **options: object
) -> Path:
    extra = {"exif": b"Exif\0\0" + block} if block else {}
    image.save(path, "JPEG", **{"quality": 90, **extra, **options})
    return path


def write_png(path: Path, image: Image.Image, block: bytes | None = None) -> Path:
    """Write a PNG; EXIF goes into an eXIf chunk before the pixels."""
    image.save(path, "PNG")
    if block:
        data = path.read_bytes()
        chunk = b"eXIf" + block
        framed = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        path.write_bytes(data[:33] + framed + data[33:])
    return path


def write_heic(
    path: Path, image: Image.Image, block: bytes | None = None, **options: object
) -> Path:
    """Write a HEIC; an orientation in EXIF becomes the container's own rotation."""
    extra = {"exif": b"Exif\0\0" + block} if block else {}
    # The default preset takes ten times as long for a slightly smaller file.
    quick = {"quality": 90, "enc_params": {"preset": "ultrafast"}}
    image.save(path, "HEIF", **{**quick, **extra, **options})
    return path


def write_mpo(path: Path, first: Image.Image, second: Image.Image) -> Path:
    first.save(path, "MPO", save_all=True, append_images=[second], quality=90)
    return path


def bomb_png(width: int, height: int) -> bytes:
    """A small PNG whose header declares a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def bomb_jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose frame header declares a huge picture."""
    target = io.BytesIO()
    upright(64, 64).save(target, "JPEG")
    data = bytearray(target.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def heic_of_one_tile(
    path: Path, columns: int, rows: int, *, side: int = 1000, is_named: bool = True
) -> Path:
    """Write a HEIC of columns x rows tiles that are all the same item, which is fast to make.

    `is_named`: whether the container names its primary item.
    """
    write_heic(path, upright(side, side))
    coding, data = _coded(path.read_bytes())
    size, whole = (side, side), (side * columns, side * rows)
    spaces = [box(b"ispe", bytes(4), struct.pack(">II", *one)) for one in (whole, size)]
    grid = bytes([0, 1, rows - 1, columns - 1]) + struct.pack(">II", *whole)
    kinds = [
        box(b"infe", bytes([2, 0, 0, 0]), struct.pack(">HH", number, 0), kind, b"\0")
        for number, kind in ((1, b"grid"), (2, b"hvc1"))
    ]
    named = box(b"pitm", bytes(4), struct.pack(">H", 1)) if is_named else b""
    count = columns * rows
    tiles = struct.pack(">HH", 1, count) + struct.pack(">H", 2) * count
    rights = b"".join(
        struct.pack(">HB", number, len(marks)) + bytes(marks)
        for number, marks in ((1, (2,)), (2, (0x81, 3)))
    )

    def meta(at: int) -> bytes:
        places = b"".join(
            struct.pack(">HHHHII", number, method, 0, 1, *place)
            for number, method, place in ((1, 1, (0, len(grid))), (2, 0, (at, len(data))))
        )
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            named,
            box(b"iloc", bytes([1, 0, 0, 0, 0x44, 0]), struct.pack(">H", 2), places),
            box(b"iinf", bytes(4), struct.pack(">H", 2), *kinds),
            box(b"iref", bytes(4), box(b"dimg", tiles)),
            box(
                b"iprp",
                box(b"ipco", coding, *spaces),
                box(b"ipma", bytes(4), struct.pack(">I", 2), rights),
            ),
            box(b"idat", grid),
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(start) + box(b"mdat", data))
    return path


def _coded(whole: bytes) -> tuple[bytes, bytes]:
    """The hvcC box and the data of the only picture of a HEIC."""
    at = whole.index(b"hvcC") - 4
    coding = whole[at : at + int.from_bytes(whole[at : at + 4], "big")]
    return coding, whole[whole.index(b"mdat") + 4 :]
