"""Parsing of places and radii as people type them, and the messages for what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.web.coordinates import (
    NoSuchPlace,
    UnreadablePlace,
    UnreadableRadius,
    read_place,
    read_radius,
)

CAMPINAS = (Decimal("-22.907100"), Decimal("-47.063200"))


@pytest.mark.parametrize(
    "text",
    [
        "-22.9071, -47.0632",
        "-22,9071; -47,0632",
        "-22.9071,-47.0632",
        "-22.9071 -47.0632",
        "-22,9071, -47,0632",
        "-22,9071;-47,0632",
        " -22.9071 ,  -47.0632 ".replace(" ,", ","),
        "\u221222.907100, \u221247.063200",
        "-22,9071\n-47,0632",
        "-22.9071; -47.0632",
        "-22,9071\u00a0-47,0632",
    ],
)
def test_a_pair_is_read_with_comma_or_point(text):
    assert read_place(text) == CAMPINAS


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("-22,-47", (-22, -47)),
        ("-22, 47", (-22, 47)),
        ("1;2", (1, 2)),
        ("+1.5 +2", ("1.5", 2)),
        ("22.5,47.25", ("22.5", "47.25")),
        ("90;180", (90, 180)),
        ("-90;-180", (-90, -180)),
        ("0.00000049; 0,5", (0, "0.5")),
    ],
)
def test_other_pairs(text, place):
    assert read_place(text) == tuple(map(Decimal, place))


@pytest.mark.parametrize(
    "text",
    [
        "-22,9071",
        "-22,90",
        "22,47",
        "-22",
        "",
        "here",
        "-22.9.1, -47",
        "1e3; 2",
        "NaN, NaN",
        "-22,9071; -47,0632; 3",
        "-22.9071 S, -47.0632",
        "1000; 2",
        "٢٢; ٤٧",
        "--1; 2",
        "1; 2x",
    ],
)
def test_ambiguous_places_are_refused(text):
    with pytest.raises(UnreadablePlace) as refused:
        read_place(text)
    assert f"“{text}”" in str(refused.value)
    assert "-22.9071, -47.0632 or -22,9071; -47,0632" in str(refused.value)


@pytest.mark.parametrize("text", ["90.000001; 0", "-91; 0", "0; 180,5", "-47.0632, -190"])
def test_impossible_coordinates_are_refused(text):
    with pytest.raises(NoSuchPlace) as refused:
        read_place(text)
    assert text in str(refused.value) and "between -90 and 90" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("", 500),
        ("  ", 500),
        ("10", 10),
        ("250 m", 250),
        ("250M", 250),
        ("2 km", 2000),
        ("1,5km", 1500),
        ("1.5 KM", 1500),
        ("100 km", 100_000),
        ("100000", 100_000),
    ],
)
def test_a_radius_is_read_in_metres_or_kilometres(text, metres):
    assert read_radius(text) == metres


@pytest.mark.parametrize(
    "text", ["9", "100001", "101 km", "-5", "far", "5 miles", "1e3", "NaN", "0"]
)
def test_another_radius_is_refused_with_its_bounds(text):
    with pytest.raises(UnreadableRadius) as refused:
        read_radius(text)
    assert f"“{text}”" in str(refused.value) and "between 10 m and 100 km" in str(refused.value)


def test_a_long_text_is_quoted_in_part():
    with pytest.raises(UnreadablePlace) as refused:
        read_place("x" * 5000)
    assert len(str(refused.value)) < 250
