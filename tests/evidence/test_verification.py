"""Legitimate events raise no alarm, for snapshots of this release and of earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import select, text, update

from app.branding.service import change_watermark
from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Level
from app.documents.service import request_document
from app.evidence import jobs as evidence_jobs
from app.evidence import recorded, verification
from app.evidence.digests import (
    FORMAT_1,
    FORMAT_2,
    FORMAT_3,
    FORMAT_4,
    FORMAT_5,
    KNOWN_FORMATS,
    NEWEST_FORMAT,
)
from app.extensions import db
from app.imaging.settings import WatermarkSettings
from app.models import (
    Account,
    Actor,
    Equipment,
    Photo,
    PhotoPlacement,
    PhotoReading,
    Project,
    Report,
    Role,
    Tenant,
    Verification,
)
from app.photos.placing import remove_photo
from app.reports.lifecycle import archive_report
from app.tenancy import tenant_scope
from tests.evidence.stage import GOLDEN, asking, earlier_database
from tests.evidence.tampering import unguarded
from tests.support import servers as test_servers
from tests.support.backup_stage import Place, copied_place, empty_place, fill, place
from tests.support.cast import Person
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg

pytestmark = pytest.mark.xdist_group("frozen")


@contextmanager
def migrated(snapshot_format: str, folder) -> Iterator[Place]:
    with earlier_database(snapshot_format) as name:
        made = place(name, folder)
        yield made
        made.let_go()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """Reports that the first release completed, without their stored files."""
    with migrated(FORMAT_1, tmp_path_factory.mktemp("earlier")) as made:
        yield made


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """Reports of the last release before photos had separate placements."""
    with migrated(FORMAT_2, tmp_path_factory.mktemp("later")) as made:
        yield made


@pytest.fixture(scope="module")
def uncorrected(tmp_path_factory):
    """Reports of the last release without corrections."""
    with migrated(FORMAT_3, tmp_path_factory.mktemp("uncorrected")) as made:
        yield made


@pytest.fixture(scope="module")
def unwitnessed(tmp_path_factory):
    """A reviewed and sealed report of the last state without witnesses."""
    with migrated(FORMAT_4, tmp_path_factory.mktemp("unwitnessed")) as made:
        yield made


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory):
    """A reviewed and sealed report with the signature of a witness."""
    with migrated(FORMAT_5, tmp_path_factory.mktemp("witnessed")) as made:
        yield made


@pytest.fixture(scope="module")
def today(tmp_path_factory, cast):
    running = test_servers.current()
    name = running.clone(f"laudo_today_{uuid4().hex[:8]}")
    yield fill(place(name, tmp_path_factory.mktemp("today")), cast)
    running.drop(name)


@pytest.fixture(params=["earlier", "later", "uncorrected", "unwitnessed", "witnessed", "today"])
def there(request) -> Place:
    return request.getfixturevalue(request.param)


def wrong(there: Place, *, with_bytes: bool = False) -> list[str]:
    with there.app.app_context():
        found = list(check_evidence(with_bytes=with_bytes))
    return [one.sentence for one in found if one.level is not Level.OK]


def ask(there: Place, query: str) -> list[tuple]:
    dsn = test_servers.current().postgres().dsn(database=there.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def tenant_of(there: Place) -> UUID:
    ((tenant_id,),) = ask(there, "select distinct tenant_id::text from snapshots")
    return UUID(tenant_id)


def inside(there: Place, act: Callable[[Actor], object]) -> None:
    """An act of an admin in the company of the reports."""
    with there.app.app_context(), tenant_scope(tenant_of(there)):
        act(Actor("Ana Admin", Role.ADMIN))
        db.session.commit()


def renamed(_actor: Actor) -> None:
    """Rename everything that has a name."""
    db.session.execute(update(Account).values(name=Account.name + " Silva"))
    db.session.execute(
        update(Project).values(
            name=Project.name + " II",
            client="New client",
            address="Elsewhere 1",
            latitude=1,
            longitude=2,
            radius_m=10,
            client_contact={"phone": "123 now"},
        )
    )
    db.session.execute(update(Equipment).values(tag=Equipment.tag + "-B", name="Renamed"))
    db.session.execute(
        update(Tenant).values(
            name="Acme Holding",
            contact="Moved",
            contact_parts={"phone": "123"},
            locale="pt_BR",
            time_zone="UTC",
        )
    )


def restyled(actor: Actor) -> None:
    change_watermark(WatermarkSettings(logo=False, place=False), actor=actor)


def archived(actor: Actor) -> None:
    for (report_id,) in db.session.execute(text("select report_id from snapshots")).all():
        archive_report(report_id=report_id, actor=actor)


def test_every_format_is_at_hand(earlier, later, uncorrected, unwitnessed, witnessed, today):
    formats = "select body::jsonb ->> 'format', count(*) from snapshots group by 1"
    assert ask(earlier, formats) == [(FORMAT_1, 2)]
    assert ask(later, formats) == [(FORMAT_2, 2)]
    assert ask(uncorrected, formats) == [(FORMAT_3, 2)]
    assert ask(unwitnessed, formats) == [(FORMAT_4, 1)]
    assert ask(witnessed, formats) == [(FORMAT_5, 1)]
    assert ask(today, formats) == [(NEWEST_FORMAT, 1)]
    assert GOLDEN.keys() == set(KNOWN_FORMATS), "rows of each format are kept"
    for there in (earlier, later, uncorrected):
        states = (
            "select count(*) filter (where removed_at is not null), count(*) filter (where"
            " quarantine_reason <> '') from photo_placements p join snapshots s using (report_id)"
        )
        ((removed, explained),) = ask(there, states)
        assert removed and explained, "the rows hold what a check has to read"


def test_a_fresh_report_is_unbroken(there):
    assert wrong(there) == []


ANY_PLACE = (
    "(select p.id from photo_placements p join snapshots s using (report_id)"
    " where p.removed_at is null order by p.id limit 1)"
)


@pytest.mark.parametrize(
    "forged",
    [
        # The unique constraint of earlier releases would have refused this.
        "insert into photo_placements (tenant_id, report_id, photo_id, field_id, position)"
        f" select tenant_id, report_id, photo_id, field_id, 77 from photo_placements where id = {ANY_PLACE}",
        "insert into photo_placements (tenant_id, report_id, photo_id, field_id, removed_at)"
        f" select tenant_id, report_id, photo_id, field_id, now() from photo_placements where id = {ANY_PLACE}",
        f"update photo_placements set position_reason = 'Forged' where id = {ANY_PLACE}",
        f"update photo_placements set caption = 'Forged' where id = {ANY_PLACE}",
    ],
)
def test_a_forged_place_is_named_whatever_the_format(there, tmp_path, forged):
    there.let_go()
    with copied_place(there, tmp_path / "storage") as copy:
        connection = unguarded(copy.database)
        with connection, connection.cursor() as cursor:
            cursor.execute(forged)
            assert cursor.rowcount == 1
        connection.close()
        assert wrong(copy)


def committed_meanwhile(there: Place, act: Callable[[Actor], object], before: str):
    """An `Ask` during which somebody else commits `act`, right before a statement."""
    dsn = test_servers.current().postgres().dsn(database=there.database)
    connection = psycopg2.connect(dsn)
    asked, is_done = asking(connection), []

    def asking_it(statement: str, parameters: Sequence[object]) -> list:
        if statement == before and not is_done:
            is_done.append(True)
            inside(there, act)
        return asked(statement, parameters)

    return asking_it, connection, is_done


def asked_for_a_pdf(actor: Actor) -> None:
    for report in db.session.scalars(select(Report).where(Report.completed_at.is_not(None))):
        request_document(report, actor=replace(actor, account_id=report.completed_by))


@pytest.mark.parametrize("act", [asked_for_a_pdf, archived])
@pytest.mark.parametrize("statement", ["REPORTS", "SNAPSHOTS", "DOCUMENTS", "ENTRIES"])
def test_what_is_committed_during_a_check_raises_no_alarm(today, tmp_path, act, statement):
    today.let_go()
    with copied_place(today, tmp_path / "storage") as copy:
        before = getattr(verification, statement, None) or getattr(recorded, statement)
        asking_it, connection, is_done = committed_meanwhile(copy, act, before)
        tenant_id, entries = str(tenant_of(copy)), "select count(*) from audit_entries"
        ((count,),) = ask(copy, entries)
        found = verification.find_differences(asking_it, tenant_id, list_reports(copy))
        connection.close()
        assert is_done and not any(found.values())
        assert ask(copy, entries) > [(count,)], "nothing was committed"


def list_reports(there: Place) -> list[str]:
    return [one for (one,) in ask(there, "select report_id::text from snapshots")]


def test_every_stored_file_is_read_as_well(today):
    assert wrong(today, with_bytes=True) == []
    assert ask(today, "select count(*) from verifications where bytes_checked_at is not null") == [
        (1,)
    ]


def test_a_newer_software_with_other_rules_alters_nothing(there, monkeypatch):
    """The result and the exceptions are not assessed again; the version is not compared."""

    def judged(*_arguments: object, **_named: object) -> object:
        raise AssertionError("a check judges nothing")

    monkeypatch.setattr("app.reports.facts.assess", judged)
    monkeypatch.setattr("app.definition.fields.kind.against", judged)
    monkeypatch.setattr("app.reports.completing.snapshot.app_version", lambda: "99.0")
    assert wrong(there) == []


@pytest.mark.parametrize("event", [renamed, restyled, archived])
def test_an_honest_event_raises_no_alarm(there, event):
    inside(there, event)
    assert wrong(there) == []


def test_work_that_ends_after_the_completion_raises_no_alarm(tmp_path, cast):
    """A superseded preview, the reading of a photo that was removed unread, another PDF."""
    running = test_servers.current()
    empty = place(running.clone(f"laudo_late_{uuid4().hex[:8]}"), tmp_path)

    @contextmanager
    def acting(person: Person) -> Iterator[Actor]:
        with empty.app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    desk = Desk(empty.app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg(), a_jpeg())
    desk.read_photos()
    desk.photograph(a_jpeg())
    with acting(cast.tess) as tess:
        read = select(PhotoReading.photo_id)
        unread = db.session.scalars(select(Photo.id).where(Photo.id.not_in(read))).one()
        standing = select(PhotoPlacement.id).where(PhotoPlacement.photo_id == unread)
        remove_photo(placement_id=db.session.scalars(standing).one(), actor=tess)
        db.session.commit()
    preview = desk.ask()
    desk.submit()
    assert wrong(empty) == []
    desk.read_photos()
    desk.run("document", preview)
    assert desk.make().sha256 and desk.make().sha256
    with acting(cast.tess):
        assert db.session.scalar(read.where(PhotoReading.photo_id == unread))
    assert wrong(empty, with_bytes=True) == []
    empty.let_go()
    running.drop(empty.database)


@pytest.mark.parametrize(
    "setting",
    [
        "datestyle = 'SQL, DMY'",
        "timezone = 'Asia/Kolkata'",
        "intervalstyle = 'iso_8601'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "standard_conforming_strings = off",
    ],
)
def test_no_setting_of_the_server_raises_an_alarm(there, setting):
    there.as_superuser(f"alter database {there.database} set {setting}")
    there.let_go()
    try:
        assert wrong(there) == []
    finally:
        there.as_superuser(f"alter database {there.database} reset all")
        there.let_go()


def test_the_erasure_of_another_company_raises_no_alarm(today, cast):
    today.as_superuser(
        "delete from tombstones",  # the drill's own tombstone is not genuine
        "update tenants set status = 'suspended', deletion_due_at = now() - interval '1 day'"
        f" where id = '{cast.other}'",
    )
    result = today.flask("tenant", "erase", "--due")
    assert result.exit_code == 0, result.output
    assert wrong(today, with_bytes=True) == []


def test_backup_and_restore_raise_no_alarm(there, tmp_path, request):
    is_whole = request.node.callspec.params["there"] == "today"
    taken = there.flask("backup", str(tmp_path / "backups"))
    assert "no longer matches what was frozen" not in taken.output
    assert (taken.exit_code == 0) is is_whole, taken.output
    with empty_place(tmp_path / "storage") as restored:
        result = restored.flask("restore", str(tmp_path / "backups"))
        assert "no longer matches what was frozen" not in result.output
        assert (result.exit_code == 0) is is_whole, result.output
        assert wrong(restored, with_bytes=is_whole) == []


def test_the_daily_round_keeps_a_verdict_on_each_report(today):
    today.as_superuser("delete from verifications")
    with today.app.app_context():
        for _done in evidence_jobs.check_all(lambda: False):
            db.session.commit()
    kept = ask(
        today, "select rows_checked_at, bytes_checked_at, differences, damage from verifications"
    )
    assert len(kept) == 1
    assert all(kept[0][:2]) and kept[0][2:] == ([], [])


def test_a_relay_that_stops_checks_no_more(today):
    today.as_superuser("delete from verifications")
    with today.app.app_context():
        assert list(evidence_jobs.check_all(lambda: True)) == []


def test_a_difference_survives_its_row():
    one = verification.Difference(verification.Part.ANSWER, "enclosure", ("value", "comment"))
    assert verification.Difference.from_data(one.as_data()) == one
    assert Verification(differences=[one.as_data()], damage=[]).is_unbroken is False
