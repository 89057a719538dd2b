"""Complete readings: the three containers, invalid data, and hostile structures."""

from __future__ import annotations

import json
import struct
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imaging.exif import ExifReading, read_exif, read_exif_block
from app.imaging.notes import Note
from tests.imaging import pictures
from tests.imaging.pictures import ascii_entry, exif, phone_exif

LOCAL = datetime.fromisoformat("2026-11-22T14:05:09")
WRITERS = [pictures.write_jpeg, pictures.write_png, pictures.write_heic]


@pytest.mark.parametrize("write", WRITERS)
def test_each_container_gives_the_same_reading(write, tmp_path: Path) -> None:
    reading = read_exif(write(tmp_path / "photo", pictures.upright(), phone_exif()))
    assert reading.taken_at == LOCAL
    assert reading.taken_offset == "-03:00"
    assert reading.latitude == pytest.approx(-23.550519, abs=1e-6)
    assert reading.longitude == pytest.approx(-46.633308, abs=1e-6)
    assert (reading.altitude_m, reading.accuracy_m) == (760.5, 12.1)
    assert reading.gps_at == datetime(2026, 11, 22, 17, 5, 8, tzinfo=UTC)
    assert (reading.orientation, reading.device) == (1, "Acme Phone 9")
    assert reading.software == "AcmeOS 12"
    assert reading.notes == ()


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_without_exif_says_so(write, tmp_path: Path) -> None:
    reading = read_exif(write(tmp_path / "photo", pictures.upright()))
    assert reading == ExifReading(notes=(Note.EXIF_MISSING, Note.TIME_MISSING, Note.GPS_MISSING))


@pytest.mark.parametrize("write", WRITERS)
def test_any_cut_of_a_file_gives_a_reading(write, tmp_path: Path) -> None:
    whole = write(tmp_path / "photo", pictures.upright(32, 24), phone_exif()).read_bytes()
    cut = tmp_path / "cut"
    for length in range(0, len(whole), 7):
        cut.write_bytes(whole[:length])
        assert isinstance(read_exif(cut), ExifReading)


def test_no_data_leaks_from_one_file_to_the_next(tmp_path: Path) -> None:
    read_exif(pictures.write_heic(tmp_path / "a", pictures.upright(), phone_exif()))
    plain = pictures.write_heic(tmp_path / "b", pictures.upright())
    assert read_exif(plain).taken_at is None


def test_exif_of_a_file_of_tiles_is_found(tmp_path: Path) -> None:
    """Such a file has many items, some of them in the idat box."""
    picture = pictures.upright(512, 384)
    path = pictures.write_heic(tmp_path / "photo", picture, phone_exif(), tile_size=128)
    assert read_exif(path).taken_at == LOCAL


def test_exif_behind_a_long_xmp_segment_is_found(tmp_path: Path) -> None:
    data = pictures.write_jpeg(tmp_path / "a", pictures.upright(), phone_exif()).read_bytes()
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b" " * 30_000
    segment = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp
    path = tmp_path / "b"
    path.write_bytes(data[:2] + segment + data[2:])
    assert read_exif(path).taken_at == LOCAL


def test_a_multi_picture_file_is_read_at_its_first_picture(tmp_path: Path) -> None:
    first = pictures.upright()
    first.info["exif"] = b"Exif\0\0" + phone_exif()
    path = tmp_path / "photo"
    first.save(path, "MPO", save_all=True, append_images=[first], exif=first.info["exif"])
    assert read_exif(path).taken_offset == "-03:00"


@pytest.mark.parametrize(
    ("block", "note"),
    [
        (phone_exif(offset="+99:00"), Note.OFFSET_INVALID),
        (phone_exif(latitude=[Fraction(91), Fraction(0), Fraction(0)]), Note.GPS_INVALID),
        (phone_exif(latitude=[(23, 0), (33, 1), (0, 1)]), Note.GPS_INVALID),
        (phone_exif(latitude=[(0, 0)] * 3, longitude=[(0, 0)] * 3), Note.GPS_INVALID),
        (phone_exif(latitude=[(0, 1)] * 3, longitude=[(0, 1)] * 3), Note.GPS_INVALID),
        (phone_exif(refs=("", "W")), Note.GPS_INVALID),
        (phone_exif(gps=[ascii_entry(9, "V")]), Note.GPS_VOID),
        (phone_exif(orientation=9), Note.ORIENTATION_INVALID),
        (phone_exif(gps=[ascii_entry(0x1D, "2026:99:99")]), Note.GPS_TIME_INVALID),
        (phone_exif(gps=[(0x1F, pictures.RATIONAL, [(1, 0)])]), Note.ACCURACY_INVALID),
        (phone_exif(gps=[(6, pictures.RATIONAL, [(4_000_000_000, 1)])]), Note.ALTITUDE_INVALID),
    ],
)
def test_nonsense_is_unknown_with_a_note(block: bytes, note: Note) -> None:
    reading = read_exif_block(block)
    assert reading.notes == (note,)
    unknown = {
        Note.TIME_INVALID: reading.taken_at,
        Note.TIME_MISSING: reading.taken_at,
        Note.OFFSET_INVALID: reading.taken_offset,
        Note.GPS_INVALID: (reading.latitude or reading.longitude),
        Note.ORIENTATION_INVALID: reading.orientation,
        Note.GPS_TIME_INVALID: reading.gps_at,
        Note.ACCURACY_INVALID: reading.accuracy_m,
        Note.ALTITUDE_INVALID: reading.altitude_m,
    }
    assert unknown.get(note) is None


@pytest.mark.parametrize(
    ("taken", "note"),
    [
        ("0000:00:00 00:00:00", Note.TIME_INVALID),
        ("22/11/2026 14:05:09", Note.TIME_INVALID),
        ("    :  :     :  :  ", Note.TIME_MISSING),
    ],
)
def test_without_a_capture_time_the_change_time_is_noted_but_not_used(
    taken: str, note: Note
) -> None:
    reading = read_exif_block(phone_exif(taken=taken))
    assert (reading.taken_at, reading.taken_offset) == (None, None)
    assert reading.notes == (note, Note.TIME_CHANGED)


@pytest.mark.parametrize(
    ("original", "notes"),
    [
        ("0000:00:00 00:00:00", (Note.TIME_INVALID, Note.TIME_DIGITIZED)),
        ("2026:13:01 00:00:00", (Note.TIME_INVALID, Note.TIME_DIGITIZED)),
        ("    :  :     :  :  ", (Note.TIME_DIGITIZED,)),
        ("", (Note.TIME_DIGITIZED,)),
    ],
)
def test_the_digitizing_time_is_the_fallback_with_a_note(
    original: str, notes: tuple[Note, ...]
) -> None:
    details = [
        ascii_entry(0x9003, original),
        ascii_entry(0x9004, "2026:11:22 14:05:09"),
        ascii_entry(0x9011, "+09:00"),
        ascii_entry(0x9012, "-0300"),
    ]
    reading = read_exif_block(exif(details=details))
    assert (reading.taken_at, reading.taken_offset) == (LOCAL, "-03:00")
    assert reading.notes == (*notes, Note.GPS_MISSING)


@pytest.mark.parametrize(
    ("taken", "offset", "expected", "notes"),
    [
        ("2026-11-22T14:05:09-03:00", "", "-03:00", ()),
        ("2026-11-22T14:05:09-03:00", "-0300", "-03:00", ()),
        ("2026-11-22T14:05:09-03:00", "+09:00", None, (Note.OFFSET_CONFLICT,)),
        ("2026-11-22T14:05:09-03:00", "noon", "-03:00", (Note.OFFSET_INVALID,)),
        ("2026:11:22 14:05:09 BRT", "-3:00", "-03:00", (Note.OFFSET_INVALID,)),
        ("2026:11:22 14:05:09 BRT", "", None, (Note.OFFSET_INVALID,)),
        ("2026:11:21 38:05:09", "-03:00", None, (Note.TIME_INVALID, Note.TIME_CHANGED)),
    ],
)
def test_an_offset_is_taken_from_tag_or_text_and_its_loss_is_noted(
    taken: str, offset: str, expected: str | None, notes: tuple[Note, ...]
) -> None:
    reading = read_exif_block(phone_exif(taken=taken, offset=offset))
    assert (reading.taken_offset, reading.notes) == (expected, notes)


def test_an_hour_24_and_missing_seconds_are_read_with_a_note() -> None:
    late = read_exif_block(phone_exif(taken="2026:11:21 24:08:19"))
    assert late.taken_at == datetime.fromisoformat("2026-11-22T00:08:19")
    assert late.notes == (Note.TIME_HOUR_24,)
    short = read_exif_block(phone_exif(taken="2026:11:22 14:05"))
    assert (short.taken_at, short.notes) == (LOCAL.replace(second=0), (Note.TIME_NO_SECONDS,))


@pytest.mark.parametrize("refs", [("South", "West"), ("south", "w"), ("SUL", "Oeste")])
def test_a_hemisphere_may_be_a_word(refs: tuple[str, str]) -> None:
    reading = read_exif_block(phone_exif(refs=refs))
    assert (reading.latitude, reading.longitude) == (
        pytest.approx(-23.550519, abs=1e-6),
        pytest.approx(-46.633308, abs=1e-6),
    )
    assert reading.notes == ()


def test_degrees_written_as_text_are_noted_as_invalid() -> None:
    block = exif(gps=[ascii_entry(1, "S"), ascii_entry(2, "23.5505"), ascii_entry(3, "W")])
    assert Note.GPS_INVALID in read_exif_block(block).notes


STRAY = [b"\0\0\0", b"\0" * 5000, b"\xff\xff\xff", b"junk", b"\xff\0\xff\0", b"\xff\xd0"]


@pytest.mark.parametrize("stray", STRAY)
def test_exif_behind_stray_bytes_is_found(stray: bytes, tmp_path: Path) -> None:
    """Other readers also skip to the next marker."""
    data = pictures.write_jpeg(tmp_path / "a", pictures.upright(), phone_exif()).read_bytes()
    path = tmp_path / "b"
    path.write_bytes(data[:2] + b"\xff\xfe\0\4ab" + stray + data[2:])
    assert read_exif(path).taken_at == LOCAL


@pytest.mark.parametrize("padding", [b"\0" * 6, b"Exif\0\0", b"padding"])
@pytest.mark.parametrize("is_inside", [True, False])
def test_a_padded_exif_block_is_found(padding: bytes, is_inside: bool, tmp_path: Path) -> None:
    body = b"Exif\0\0" + padding if is_inside else padding + b"Exif\0\0"
    body += phone_exif()
    data = pictures.write_jpeg(tmp_path / "a", pictures.upright()).read_bytes()
    path = tmp_path / "b"
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])
    assert read_exif(path).taken_at == LOCAL


def test_the_change_time_is_never_the_capture_time() -> None:
    reading = read_exif_block(exif([ascii_entry(0x0132, "2026:11:22 14:05:09")]))
    assert reading.taken_at is None
    assert reading.raw["Image DateTime"] == "2026:11:22 14:05:09"


def test_the_digitizing_time_replaces_a_missing_capture_time() -> None:
    reading = read_exif_block(exif(details=[ascii_entry(0x9004, "2026:11:22 14:05:09")]))
    assert reading.taken_at == LOCAL
    assert Note.TIME_DIGITIZED in reading.notes


def test_raw_tags_are_short_texts_without_the_maker_note() -> None:
    raw = read_exif_block(phone_exif()).raw
    assert raw["GPS GPSHPositioningError"] == "121/10"
    assert not any("MakerNote" in name for name in raw)
    assert all(isinstance(value, str) and len(value) <= 300 for value in raw.values())
    assert "\\u0000" not in json.dumps(raw)


def test_raw_is_capped() -> None:
    many = [ascii_entry(0xC000 + number, "x" * 1000) for number in range(500)]
    reading = read_exif_block(exif(many))
    assert Note.RAW_CUT in reading.notes
    assert len(json.dumps(reading.raw)) < 30_000


def hostile_blocks() -> list[bytes]:
    header = b"II*\0\x08\0\0\0"
    entry = struct.pack("<HHII", 0x8825, 4, 1, 8)  # a GPS directory that is its own parent
    loops = header + struct.pack("<H", 65_535) + entry * 5000
    overlapping = b"".join(
        struct.pack("<HHII", 0xC000 + number, 2, 60_000, 8) for number in range(5000)
    )
    long_lists = b"".join(
        struct.pack("<HHII", 0xC000 + number, 5, 999, 8) for number in range(5000)
    )
    chain = b"".join(struct.pack("<HI", 0, 8 + 6 * (number + 1)) for number in range(10_000))
    return [
        loops,
        header + struct.pack("<H", 5000) + overlapping,
        header + struct.pack("<H", 5000) + long_lists,
        header + chain,
        header,
        b"II*\0\xff\xff\xff\xff",
    ]


@pytest.mark.parametrize("block", hostile_blocks())
def test_hostile_structures_end_soon(block: bytes) -> None:
    start = time.process_time()
    read_exif_block(block)
    assert time.process_time() - start < 1


@given(st.binary(max_size=400), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_any_block_gives_a_reading(data: bytes, head: bytes) -> None:
    assert isinstance(read_exif_block(head + data), ExifReading)


@given(st.lists(st.tuples(st.integers(0, 399), st.integers(0, 255)), max_size=12))
def test_a_block_with_wrong_bytes_gives_a_storable_reading(
    changes: list[tuple[int, int]],
) -> None:
    block = bytearray(phone_exif())
    for at, value in changes:
        block[at % len(block)] = value
    reading = read_exif_block(bytes(block))
    text = json.dumps([reading.raw, reading.notes, reading.device], ensure_ascii=False)
    assert "\\u0000" not in text  # PostgreSQL rejects it
    assert reading.latitude is None or abs(reading.latitude) <= 90
    assert reading.longitude is None or abs(reading.longitude) <= 180


@given(st.binary(max_size=300))
def test_any_container_gives_a_reading(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    for head in (b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\0\0\0\x18ftypheic"):
        path.write_bytes(head + data)
        assert isinstance(read_exif(path), ExifReading)
