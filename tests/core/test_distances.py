"""Distances between points, and their format in both languages."""

from __future__ import annotations

import pytest

from app.distances import distance_words, metres_between


@pytest.mark.parametrize(
    ("metres", "english", "portuguese"),
    [
        (0.2, "0 m", "0 m"),
        (120.4, "120 m", "120 m"),
        (999.7, "1,000 m", "1.000 m"),
        (1_012, "1,012 m", "1.012 m"),
        (1_999.6, "2.0 km", "2,0 km"),
        (3_214, "3.2 km", "3,2 km"),
        (49_960, "50.0 km", "50,0 km"),
        (99_960, "100 km", "100 km"),
        (9_545_312, "9,545 km", "9.545 km"),
        (20_015_086, "20,015 km", "20.015 km"),
    ],
)
def test_a_distance_in_words(metres, english, portuguese):
    assert (distance_words(metres, "en"), distance_words(metres, "pt")) == (english, portuguese)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((-23.55052, -46.633308), (-22.906847, -43.172897), 360_700),
        ((0.0, 179.9), (0.0, -179.9), 22_239),
        ((90.0, 0.0), (-90.0, 77.0), 20_015_087),
        ((12.0, 34.0), (12.0, 34.0), 0),
    ],
)
def test_distances_are_those_of_the_earth(one, other, metres):
    assert metres_between(*one, *other) == pytest.approx(metres, rel=0.001)
    assert metres_between(*one, *other) == pytest.approx(metres_between(*other, *one))
