"""Parsing of values in addresses and forms: invalid values become None."""

from __future__ import annotations

import pytest

from app.web.addresses import read_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-31T14:05:09Z", "2026-03-31T14:05:09+00:00"),
        (" 2026-03-31T11:05:09-03:00 ", "2026-03-31T14:05:09+00:00"),
        ("2026-03-31T14:05:09", None),
        ("1999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("NaN", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_needs_a_zone_and_a_year_that_can_be(text: str | None, moment: str | None) -> None:
    read = read_moment(text)
    assert (read and read.isoformat()) == moment
