"""Single EXIF values: what is accepted, and what is unknown."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from exifread.utils import Ratio
from hypothesis import given
from hypothesis import strategies as st

from app.imaging import exif_values as values

LOCAL = datetime.fromisoformat("2026-11-22T14:05:09")
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.builds(Ratio, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.tuples(st.floats()),
    st.none(),
    st.text(max_size=5),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (Ratio(3, 2), 1.5),
        (Ratio(3, 0), None),
        (Ratio(0, 0), None),
        ((2.5,), 2.5),
        ((math.nan,), None),
        (math.inf, None),
        (10**400, None),
        (True, None),
        (None, None),
        ("x", None),
    ],
)
def test_numbers(value: object, number: float | None) -> None:
    assert values.to_number(value) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026:11:22 14:05:09", LOCAL),
        ("2026-11-22T14:05:09", LOCAL),
        ("2026:11:22 14:05:09.25\0", LOCAL),
        ("2026:11:22 14:05:09,25 \0\0", LOCAL),
        ("2026/11/22 14:05:09", LOCAL),
        ("2026.11.22 14:05:09", LOCAL),
        ("2026-11-22t14:05:09", LOCAL),
        ("2026:11:22  14:05:09", LOCAL),
        ("2026:11:22 02:05:09 PM", LOCAL),
        ("2026:11:22 2:05:09 p.m.", LOCAL),
        ("2026:11:22 12:05:09 AM", LOCAL.replace(hour=0)),
        ("2026: 1: 5  4:05:09", datetime.fromisoformat("2026-01-05T04:05:09")),
        ("2026:11:22 24:05:09", datetime.fromisoformat("2026-11-23T00:05:09")),
        ("2026:12:31 24:00:00", datetime.fromisoformat("2027-01-01T00:00:00")),
        ("2026:11:22 14:05", LOCAL.replace(second=0)),
        ("2026-11-22T14:05-03:00", LOCAL.replace(second=0)),
        ("0000:00:00 00:00:00", None),
        ("2026:13:01 00:00:00", None),
        ("2026:02:30 00:00:00", None),
        ("2026:11:22 25:00:00", None),
        ("2026:11:22 14:60:00", None),
        ("2026:11:22 14:05:60", None),
        ("2026:11:22 14:05:9", None),
        ("2026:11:22 14:05:095", None),
        ("2026:11:22 14:05:09:30", None),
        ("2026:11:22 14:05:09 PM", None),
        ("2026:11:22 00:05:09 AM", None),
        ("2026:11/22 14:05:09", None),
        ("22/11/2026 14:05:09", None),
        ("11-22-2026 14:05:09", None),
        ("1970:01:01 00:00:00", None),
        ("9999:01:01 00:00:00", None),
        ("2026:11:22", None),
        ("٢٠٢٦:11:22 14:05:09", None),
    ],
)
def test_clocks(text: str, expected: datetime | None) -> None:
    clock = values.parse_clock(text)
    assert (clock.at if clock else None) == expected


@pytest.mark.parametrize(
    ("text", "offset", "is_lost"),
    [
        ("2026-11-22T14:05:09", None, False),
        ("2026-11-22T14:05:09-03:00", "-03:00", False),
        ("2026-11-22T14:05:09.250-0300", "-03:00", False),
        ("2026:11:22 14:05:09 +05:45", "+05:45", False),
        ("2026:11:22 14:05:09Z", "+00:00", False),
        ("2026:11:22 02:05:09 PM UTC-3", "-03:00", False),
        ("2026:11:22 14:05:09 BRT", None, True),
        ("2026:11:22 14:05:09+99:00", None, True),
    ],
)
def test_a_clock_keeps_its_own_offset_or_says_that_it_is_lost(
    text: str, offset: str | None, is_lost: bool
) -> None:
    clock = values.parse_clock(text)
    assert clock is not None
    assert (clock.at, clock.offset, clock.is_offset_lost) == (LOCAL, offset, is_lost)


def test_a_clock_says_what_was_unusual_in_it() -> None:
    plain, late, short = (
        values.parse_clock(f"2026:11:22 {text}") for text in ("00:00:00", "24:00:00", "14:05")
    )
    assert plain and late and short
    assert [one.is_hour_24 for one in (plain, late, short)] == [False, True, False]
    assert [one.has_seconds for one in (plain, late, short)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-03:00", "-03:00"),
        ("+05:45", "+05:45"),
        ("-0300", "-03:00"),
        ("-3:00", "-03:00"),
        ("-300", "-03:00"),
        ("+0545", "+05:45"),
        ("-03", "-03:00"),
        ("+5", "+05:00"),
        ("\u221203:00", "-03:00"),
        ("UTC-3", "-03:00"),
        ("GMT+05:45", "+05:45"),
        ("-03:00 \0", "-03:00"),
        ("Z", "+00:00"),
        ("z", "+00:00"),
        ("UTC", "+00:00"),
        ("+15:00", None),
        ("+14:01", None),
        ("-03:60", None),
        ("03:00", None),
        ("-03:0", None),
        ("-03:000", None),
        ("BRT", None),
    ],
)
def test_offsets(text: str, expected: str | None) -> None:
    assert values.parse_offset(text) == expected


@pytest.mark.parametrize(
    ("parts", "ref", "expected"),
    [
        ([23, 33, Fraction(18, 10)], "S", -23.5505),
        ([23, Fraction(3303, 100), 0], "n\0", 23.5505),
        ([90, 0, 0], "N", 90.0),
        ([90, 0, 1], "N", None),
        ([91, 0, 0], "N", None),
        ([23, 61, 0], "N", None),
        ([23, 0, 61], "N", None),
        ([-23, 0, 0], "N", None),
        ([23, 33], "N", 23.55),
        ([23, Fraction(3303, 100)], "S", -23.5505),
        ([Fraction(235505, 10000)], "South", -23.5505),
        ([Fraction(235505, 10000), 0, 0], "N", 23.5505),
        ([23, 33, Fraction(18, 10)], "south", -23.5505),
        ([23, 33, Fraction(18, 10)], "NORTH\0", 23.5505),
        ([23, 33, Fraction(18, 10)], "Sul", -23.5505),
        ([23, 33, Fraction(18, 10)], " s ", -23.5505),
        ([-23, 33, 0], "S", None),
        ([-23, -33, Fraction(-18, 10)], "S", -23.5505),
        ([Fraction(-235505, 10000)], "S", -23.5505),
        ([Fraction(-235505, 10000)], "N", None),
        ([Fraction(235505, 10000), 33, 0], "N", None),
        ([23, Fraction(3303, 100), 18], "N", None),
        ([23, Fraction(3303, 100), Ratio(0, 0)], "N", None),
        ([], "N", None),
        ([23, 33, 1, 1], "N", None),
        ([23, 33, 0], "SE", None),
        ([23, 33, 0], "somewhere", None),
        ([23, 33, Ratio(1, 0)], "N", None),
        ([23, 33, 0], "", None),
        ([23, 33, 0], "E", None),
    ],
)
def test_degrees(parts: list[object], ref: str, expected: float | None) -> None:
    found = values.parse_degrees(parts, ref, "N", 90)
    assert found == (pytest.approx(expected) if expected is not None else None)


def test_gps_clock_is_utc() -> None:
    found = values.parse_gps_clock("2026:11:22", [17, 5, Fraction(81, 10)])
    assert found == datetime(2026, 11, 22, 17, 5, 8, 100_000, tzinfo=UTC)
    assert values.parse_gps_clock("2026/11/22", [17, 5, Fraction(81, 10)]) == found
    assert values.parse_gps_clock("2026:11:22", [24, 0, 0]) is None
    assert values.parse_gps_clock("2026:11:31", [1, 0, 0]) is None


@pytest.mark.parametrize(
    ("metres", "ref", "expected"),
    [
        (760.5, 0, 760.5),
        (12, 1, -12),
        (12, None, 12),
        (12, 7, None),
        (12, "1", None),
        (99_999, 0, None),
        (math.nan, 0, None),
    ],
)
def test_altitudes(metres: float, ref: object, expected: float | None) -> None:
    assert values.parse_altitude(metres, ref) == expected


@pytest.mark.parametrize(("metres", "expected"), [(12.1, 12.1), (0, None), (-5, None), (1e9, None)])
def test_accuracies(metres: float, expected: float | None) -> None:
    assert values.parse_accuracy(metres) == expected


def test_texts_become_one_printable_line() -> None:
    assert values.clean_text(b"Acme\x00\x07 Phone\n9 ", 40) == "Acme Phone 9"
    assert values.clean_text("a\ud800\x1bb" + "\u202e" + "c", 40) == "a b c"
    assert values.clean_text("São Paulo".encode("latin-1"), 40) == "São Paulo"
    assert values.clean_text("x" * 99, 10) == "x" * 10


@given(st.text(max_size=40), st.text(max_size=10))
def test_odd_texts_never_raise(text: str, other: str) -> None:
    values.parse_clock(text)
    values.parse_offset(text)
    values.is_blank(text)
    values.parse_gps_clock(text, [1, 2, 3])
    values.parse_degrees([1, 2, 3], other, "E", 180)


@given(st.lists(numbers, max_size=4), st.sampled_from(["N", "S", "", "n "]), numbers)
def test_odd_numbers_never_raise_and_stay_in_range(
    parts: list[object], ref: str, other: object
) -> None:
    degrees = values.parse_degrees(parts, ref, "N", 90)
    assert degrees is None or -90 <= degrees <= 90
    values.parse_gps_clock("2026:11:22", parts)
    altitude = values.parse_altitude(parts[0] if parts else None, other)
    assert altitude is None or -11_000 <= altitude <= 50_000
    accuracy = values.parse_accuracy(other)
    assert accuracy is None or 0 < accuracy <= 100_000
    assert values.parse_orientation(other) in (None, *range(1, 9))
