"""Reports and photos near a place: the list, the project's page, the page of photos."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import select

from app.agreement import Place, places_of
from app.database_roles import APP
from app.distances import metres_between
from app.extensions import db
from app.imaging.notes import Note
from app.models import Photo, Report
from app.pdf.context import PlaceSource
from app.photos.placing import place_again, remove_photo
from app.reports.listing.near import Circle, NearCounts, count_in, has_photo_in, photos_in
from tests.support import scenarios
from tests.support import servers as test_servers

HX = {"HX-Request": "true"}
SITE = (Decimal("-22.907100"), Decimal("-47.063200"))
# About 11 m, 334 m and 11 km north of it.
AT, NEAR, FAR = ((SITE[0] + Decimal(step), SITE[1]) for step in ("0.0001", "0.003", "0.1"))
HERE = "-22,9071; -47,0632"


@dataclass
class Shot:
    """A photo with its report and its placement."""

    photo_id: UUID
    report_id: UUID
    placement_id: UUID
    title: str


def metres_apart(one: Place, other: Place) -> float:
    places = (one.latitude, one.longitude, other.latitude, other.longitude)
    return metres_between(*map(float, places))


@pytest.fixture
def shoot(acting, cast):
    """`shoot(browser, camera=..., notes=..., person=..., title=...)` makes a report with a photo."""

    def run(browser=None, camera=None, *, notes=(), person=None, title="Board", **report) -> Shot:
        with acting(person or cast.tess) as actor:
            made = scenarios.a_report(actor, title=title, **report)
            reading = {"notes": list(notes)}
            if camera:
                reading |= {"latitude": camera[0], "longitude": camera[1]}
            photo = scenarios.a_photo(
                made, "enclosure", actor, reading=reading, place=browser or (None, None)
            )
            return Shot(photo.id, made.id, scenarios.place_of(photo).id, title)

    return run


def circle(radius: int = 500, place=SITE) -> Circle:
    return Circle(*place, radius)


def found(circle: Circle) -> dict[UUID, float]:
    near = photos_in(circle)
    rows = db.session.execute(select(near.c.photo_id, near.c.distance_m)).all()
    return {row.photo_id: row.distance_m for row in rows}


PLACES = (None, AT, FAR)
NOTES = (
    (),
    (Note.GPS_VOID.value,),
    (Note.DAMAGED.value, Note.GPS_VOID.value),
    (Note.GPS_MISSING.value,),
)


@pytest.mark.parametrize(("browser", "camera", "notes"), list(product(PLACES, PLACES, NOTES)))
def test_the_database_ranks_the_witnesses_as_the_pages_do(
    acting, cast, shoot, browser, camera, notes
):
    """Every combination of witnesses and places, and of a camera that marks its fix as stale."""
    shot = shoot(browser, camera, notes=notes)
    with acting(cast.tess):
        photo = db.session.scalars(select(Photo).where(Photo.id == shot.photo_id)).one()
        best = next(iter(places_of(photo, photo.reading)), None)
        centre = Place(*SITE, None, PlaceSource.CAMERA)
        metres = metres_apart(best, centre) if best else None
        got = found(circle())
    if metres is None or metres > 500:
        assert got == {}
    else:
        assert got == {shot.photo_id: pytest.approx(metres, abs=0.01)}


def test_a_photo_that_nobody_has_read_yet_is_found_by_the_browsers_word(acting, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        photo = scenarios.a_photo(report, "enclosure", tess, verdict=None, place=AT).id
        assert list(found(circle())) == [photo]


@pytest.mark.parametrize("metres", [1, 100, 333, 334, 5000, 11_000, 12_000, 100_000])
def test_the_radius_is_measured_as_the_pages_measure(acting, cast, shoot, metres):
    shots = [shoot(place) for place in (AT, NEAR, FAR)]
    centre = Place(*SITE, None, PlaceSource.CAMERA)
    expected = {
        shot.photo_id
        for shot, place in zip(shots, (AT, NEAR, FAR), strict=True)
        if metres_apart(Place(*place, None, PlaceSource.CAMERA), centre) <= metres
    }
    with acting(cast.tess):
        assert found(circle(metres)).keys() == expected


@pytest.mark.parametrize(
    ("place", "centre"),
    [
        ((0, "179.9999"), (0, "-179.9999")),
        (("89.9999", 0), ("89.9999", 180)),
        (("-89.9999", 12), ("-89.9999", -168)),
        ((90, 0), ("89.9999", 77)),
    ],
)
def test_neither_the_date_line_nor_a_pole_is_an_edge(acting, cast, shoot, place, centre):
    shot = shoot(tuple(map(Decimal, map(str, place))))
    with acting(cast.tess):
        assert list(found(circle(50, tuple(map(Decimal, map(str, centre)))))) == [shot.photo_id]


def test_a_company_finds_its_own_photos_alone(acting, cast, shoot):
    own, theirs = shoot(AT), shoot(AT, person=cast.otto)
    with acting(cast.tess):
        assert list(found(circle())) == [own.photo_id]
    with acting(cast.otto):
        assert list(found(circle())) == [theirs.photo_id]


def test_the_database_says_nothing_where_no_company_is_bound(acting, cast, shoot, database):
    shoot(AT)
    url = test_servers.current().url(APP, database).replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select * from find_photos_near(-22.9071, -47.0632, 100000)")
        assert cursor.fetchall() == []
    connection.close()


class TestReports:
    def titles(self, acting, person, *, radius=500) -> set[str]:
        with acting(person):
            statement = select(Report.title).where(has_photo_in(circle(radius)))
            return set(db.session.scalars(statement))

    def test_one_with_a_photo_there_is_found(self, acting, cast, shoot):
        shoot(AT, title="At"), shoot(NEAR, title="Near"), shoot(FAR, title="Far"), shoot(title="No")
        assert self.titles(acting, cast.tess) == {"At", "Near"}

    def test_a_removed_photo_counts_no_more(self, acting, cast, shoot):
        shot = shoot(AT)
        with acting(cast.tess) as tess:
            remove_photo(placement_id=shot.placement_id, actor=tess)
            db.session.commit()
        assert self.titles(acting, cast.tess) == set()

    def test_the_list_is_narrowed_by_it(self, client_of, cast, shoot):
        shoot(AT, title="Board at the site"), shoot(FAR, title="Board far away")
        page = client_of(cast.tess).get("/reports/", query_string={"near": HERE})
        assert page.status_code == 200
        assert "Board at the site" in page.text and "Board far away" not in page.text
        assert "within 500 m of −22.907100, −47.063200" in page.text
        wide = (
            client_of(cast.tess)
            .get("/reports/", query_string={"near": HERE, "radius": "20 km"})
            .text
        )
        assert "Board far away" in wide and "within 20 km" in wide

    def test_page_and_fragment_agree(self, client_of, cast, shoot):
        shoot(AT, title="Board at the site")
        part = client_of(cast.tess).get("/reports/", query_string={"near": HERE}, headers=HX).text
        assert "<html" not in part and "Board at the site" in part

    @pytest.mark.parametrize(
        ("near", "radius", "words"),
        [
            ("-22,9071", "", "The coordinates “-22,9071” cannot be read."),
            ("-95; 3", "", "“-95; 3” is not a valid position"),
            (HERE, "far", "The radius “far” cannot be read."),
        ],
    )
    def test_what_cannot_be_read_is_said_and_nothing_is_listed(
        self, client_of, cast, shoot, near, radius, words
    ):
        shoot(AT, title="Board at the site")
        asked = {"near": near, "radius": radius, "status": "draft"}
        for headers in ({}, HX):
            answer = client_of(cast.tess).get("/reports/", query_string=asked, headers=headers)
            assert answer.status_code == 422
            assert words in answer.text
            assert "Board at the site" not in answer.text
        page = client_of(cast.tess).get("/reports/", query_string=asked).text
        assert f'value="{near}"' in page, "what was typed is kept"
        for path in ("export.csv", "export.xlsx"):
            answer = client_of(cast.tess).get(f"/reports/{path}", query_string=asked)
            assert answer.status_code == 422 and words in answer.text

    def test_the_file_has_what_the_list_has(self, client_of, cast, shoot):
        shoot(AT, title="Board at the site"), shoot(FAR, title="Board far away")
        file = client_of(cast.ana).get("/reports/export.csv", query_string={"near": HERE}).text
        assert "Board at the site" in file and "Board far away" not in file

    def test_a_radius_alone_narrows_nothing(self, client_of, cast, shoot):
        shoot(FAR, title="Board far away")
        page = client_of(cast.tess).get("/reports/?radius=100").text
        assert "Board far away" in page


class TestPhotos:
    def page(self, client, **query):
        return client.get("/photos/", query_string={"near": HERE, **query})

    def test_the_nearest_comes_first_with_distance_and_report(self, client_of, cast, shoot):
        near, at = shoot(NEAR, title="Near"), shoot(AT, title="At")
        shoot(FAR, title="Far away")
        text = self.page(client_of(cast.tess)).text
        assert text.index(str(at.placement_id)) < text.index(str(near.placement_id))
        assert "11 m" in text and "334 m" in text and "Far away" not in text
        assert f'href="/reports/{at.report_id}"' in text
        assert "2 photos within 500 m of" in " ".join(text.split())

    def test_a_colleagues_report_and_another_company_stay_unseen(self, client_of, cast, shoot):
        shot = shoot(AT)
        assert str(shot.placement_id) not in self.page(client_of(cast.tom)).text
        assert str(shot.placement_id) not in self.page(client_of(cast.otto)).text
        assert str(shot.placement_id) in self.page(client_of(cast.max)).text

    def test_a_viewer_sees_those_of_finished_reports_that_are_granted(
        self, acting, client_of, cast, shoot
    ):
        open_one, done = shoot(AT), shoot(AT)
        with acting(cast.tess) as tess:
            for shot in (open_one, done):
                report = db.session.scalars(select(Report).where(Report.id == shot.report_id)).one()
                scenarios.a_grant(cast.vera.id, report.project_id)
            scenarios.completed(report, tess)
        text = self.page(client_of(cast.vera)).text
        assert str(done.placement_id) in text and str(open_one.placement_id) not in text

    def test_a_photo_in_two_places_is_there_twice_until_one_is_removed(
        self, acting, client_of, cast, shoot
    ):
        shot = shoot(AT)
        with acting(cast.tess) as tess:
            second = place_again(
                report_id=shot.report_id,
                field_id="remarks",
                placement_id=shot.placement_id,
                client_id=uuid4(),
                actor=tess,
            ).id
            db.session.commit()
            assert count_in(circle(), person=tess).photos == 1
        text = self.page(client_of(cast.tess)).text
        assert str(second) in text and str(shot.placement_id) in text
        with acting(cast.tess) as tess:
            remove_photo(placement_id=shot.placement_id, actor=tess)
            db.session.commit()
            assert count_in(circle(), person=tess).photos == 1
        text = self.page(client_of(cast.tess)).text
        assert str(second) in text and str(shot.placement_id) not in text
        with acting(cast.tess) as tess:
            remove_photo(placement_id=second, actor=tess)
            db.session.commit()
            assert count_in(circle(), person=tess) == NearCounts(0, 0)
        assert str(second) not in self.page(client_of(cast.tess)).text

    def test_what_is_counted_is_what_the_person_may_see(self, acting, cast, shoot):
        shoot(AT)
        for person, count in ((cast.tess, 1), (cast.tom, 0), (cast.max, 1), (cast.vera, 0)):
            with acting(person) as actor:
                assert count_in(circle(), person=actor) == NearCounts(count, count), person.name

    def test_pages_of_it(self, app, client_of, cast, shoot, monkeypatch):
        monkeypatch.setitem(app.config, "PAGE_SIZE", 1)
        shoot(AT, title="At"), shoot(NEAR, title="Near")
        second = self.page(client_of(cast.tess), page="2").text
        assert "Near" in second and "Page 2 of 2" in second
        assert "near=-22.907100" in second

    def test_without_a_place_it_asks_for_one(self, client_of, cast):
        page = client_of(cast.tess).get("/photos/")
        assert page.status_code == 200 and "Near which place?" in page.text
        assert 'data-position-into="#near"' in page.text

    def test_nothing_there_and_nothing_readable(self, client_of, cast, shoot):
        shoot(FAR)
        assert "Nothing found" in self.page(client_of(cast.tess)).text
        refused = self.page(client_of(cast.tess), near="somewhere")
        assert refused.status_code == 422 and "“somewhere” cannot be read" in refused.text


class TestProject:
    def test_its_page_shows_what_was_taken_near_the_site(self, acting, client_of, cast, shoot):
        with acting(cast.ana) as ana:
            project = scenarios.a_project(ana, latitude=SITE[0], longitude=SITE[1]).id
        shoot(AT, title="Board of another contract"), shoot(FAR, title="Board far away")
        page = " ".join(client_of(cast.ana).get(f"/projects/{project}").text.split())
        assert "1 report has photos taken within 500 m of the site." in page
        assert "Board of another contract" in page and "Board far away" not in page
        assert "/photos/?near=-22.907100,+-47.063200&amp;radius=500" in page

    def test_where_nothing_is_near_or_nothing_known(self, acting, client_of, cast):
        with acting(cast.ana) as ana:
            known = scenarios.a_project(ana, latitude=SITE[0], longitude=SITE[1]).id
            unknown = scenarios.a_project(ana).id
        words = "No photo that you can see was taken within 500 m of the site."
        assert words in client_of(cast.ana).get(f"/projects/{known}").text
        assert "Photos near the site" not in client_of(cast.ana).get(f"/projects/{unknown}").text


MANY = 12_000
FILL = f"""
insert into photos (tenant_id, report_id, client_id, sha256, byte_size, media_type, storage_key,
    source, latitude, longitude, uploaded_by)
  select r.tenant_id, r.id, gen_random_uuid(), d.digest, 1, 'image/jpeg',
    't/' || r.tenant_id || '/orig/' || d.digest, 'file',
    case when n % 2 = 0 then -23 + n * 0.00005 end, case when n % 2 = 0 then -47 end, r.started_by
  from reports r cross join generate_series(1, {MANY}) n
    cross join lateral (select encode(sha256(convert_to(r.id::text || n, 'UTF8')), 'hex') digest) d;
insert into photo_readings (tenant_id, photo_id, verdict, parser_version, latitude, longitude)
  select tenant_id, id, 'good', 'test',
    case when latitude is null then -23 + random() * 0.6 end,
    case when latitude is null then -47 end from photos;
analyze photos; analyze photo_readings;
"""


@pytest.fixture(scope="module")
def town(cast):
    """A database with many photos of two companies along one road."""
    running = test_servers.current()
    name = running.clone(f"laudo_road_{uuid4().hex[:8]}")
    owner = psycopg2.connect(running.postgres().dsn(database=name))
    with owner, owner.cursor() as cursor:
        for person in (cast.tess, cast.otto):
            cursor.execute(REPORT, {"tenant": str(person.tenant_id), "person": str(person.id)})
        cursor.execute(FILL)
    owner.close()
    yield SimpleNamespace(name=name, running=running)
    running.drop(name)


REPORT = """
with p as (insert into projects (tenant_id, name) values (%(tenant)s, 'Road') returning id),
c as (insert into checklists (tenant_id, code, name, category, status)
  values (%(tenant)s, 'ROAD', 'Road', '', 'draft') returning id),
v as (insert into versions (tenant_id, checklist_id, number, body)
  select %(tenant)s, id, 1, '{}' from c returning id)
insert into reports (tenant_id, project_id, version_id, number, title, started_by, assignee_id)
  select %(tenant)s, p.id, v.id, 'ROAD-1', 'Road', %(person)s, %(person)s from p, v
"""


def test_the_indexes_are_used_by_the_apps_role_and_both_locks_hold(town, cast):
    """auto_explain logs the plan of the statement inside the function. Only a superuser may load it,
    so the session switches to the app's role afterwards."""
    connection = psycopg2.connect(town.running.postgres().dsn(database=town.name))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "load 'auto_explain'; set auto_explain.log_min_duration = 0;"
            " set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on;"
            f" set client_min_messages = log; set session authorization {APP}"
        )
        cursor.execute("select set_config('app.tenant_id', %s, true)", (str(cast.acme),))
        del connection.notices[:]
        cursor.execute("select * from find_photos_near(-22.8, -47, 300)")
        rows = cursor.fetchall()
        plan = "".join(connection.notices)
        assert 0 < len(rows) < 400, len(rows)
        cursor.execute(
            "select count(*) from photos where id = any(%s::uuid[])", ([id for id, _m in rows],)
        )
        assert cursor.fetchone() == (len(rows),), "row-level security shows every one of them"
    connection.close()
    for index in ("ix_photos_point", "ix_photo_readings_point"):
        # The scan must use the place; scanning a whole index would not help.
        assert re.search(rf"Index Scan (?:using|on) {index} .*\n\s*Index Cond: \(point", plan), plan
    assert "Seq Scan on photos" not in plan and "Seq Scan on photo_readings" not in plan, plan
