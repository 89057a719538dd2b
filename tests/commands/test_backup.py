"""`flask backup` and `flask restore`: a restore is complete, and alterations are reported."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import func, select, text

from app import database_roles as roles
from app.commands.backup.folder import Backup, list_backups
from app.commands.backup.refusal import Refusal
from app.commands.backup.tools import find_tool
from app.evidence.chain import verify_chain
from app.evidence.service import About, record
from app.extensions import db
from app.jobs import daily
from app.jobs.daily import sweep_if_due
from app.models import Actor, Photo, PhotoPlacement, Report
from app.reports.starting.service import start_report
from app.storage import object_key
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.storage.conftest import moto_url  # noqa: F401
from tests.storage.stages import S3Stage
from tests.support import servers as test_servers
from tests.support.backup_stage import Filled, Place, copied_place, empty_place, fill, place

pytestmark = pytest.mark.xdist_group("backup")


@pytest.fixture(scope="module")
def original(tmp_path_factory, cast):
    running = test_servers.current()
    name = running.clone(f"laudo_kept_{uuid4().hex[:8]}")
    yield fill(place(name, tmp_path_factory.mktemp("original")), cast)
    running.drop(name)


@pytest.fixture(scope="module")
def kept(original, tmp_path_factory) -> Path:
    """A folder with one backup. Tests that damage it use a copy."""
    folder = tmp_path_factory.mktemp("backups") / "laudo"
    result = original.flask("backup", str(folder))
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def copy(kept, tmp_path) -> Path:
    return shutil.copytree(kept, tmp_path / "copy")


@pytest.fixture
def on_s3(moto_url, tmp_path) -> Iterator[tuple[Place, S3Stage]]:  # noqa: F811
    """An empty installation whose storage is a bucket."""
    bucket = S3Stage(moto_url)
    with empty_place(tmp_path / "unused") as target:
        target.app.extensions["laudo_storage"] = bucket.store
        yield target, bucket
    bucket.close()


def test_a_backup_moves_an_installation_into_a_bucket_and_is_taken_from_one(
    original, kept, on_s3, cast, tmp_path
):
    restored, bucket = on_s3
    result = restored.flask("restore", str(kept))
    assert result.exit_code == 0, result.output
    tess = signed_in_client(restored.app, cast.tess)
    pdf = tess.get(f"/documents/{original.document_id}/download", follow_redirects=True)
    assert pdf.data == original.pdf
    assert restored.flask("storage", "check").exit_code == 0
    refused = restored.flask("restore", str(kept))
    assert refused.exit_code == 1 and "empty" in refused.output
    again = tmp_path / "again"
    assert restored.flask("backup", str(again)).exit_code == 0
    objects = {one.key for one in only_backup(again).list_objects()}
    assert objects == {one.key for one in only_backup(kept).list_objects()}
    bucket.harm(min(objects))
    assert (
        f"{min(objects)} is damaged in the storage"
        in restored.flask("backup", str(tmp_path / "third")).output
    )


def test_a_bucket_that_does_not_answer_is_one_sentence(original, on_s3, kept, tmp_path):
    restored, bucket = on_s3
    with bucket.unavailable():
        result = restored.flask("restore", str(kept))
    assert result.exit_code == 1
    assert "Error: The file storage is not responding." in result.output
    assert restored.flask("restore", str(kept)).exit_code == 0


def only_backup(folder: Path) -> Backup:
    (backup,) = list_backups(folder)
    return backup


def flip(path: Path, at: int = -40) -> None:
    """Flip one bit of one byte, as a failing disk does."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def test_a_restored_installation_serves_what_the_first_one_did(original, kept, cast, tmp_path):
    with empty_place(tmp_path / "storage") as restored:
        result = restored.flask("restore", str(kept))
        assert result.exit_code == 0, result.output
        assert "All of it is as the manifest says" in result.output
        tess = signed_in_client(restored.app, cast.tess)
        assert tess.get(f"/reports/{original.report_id}").status_code == 200
        assert (
            tess.get(f"/documents/{original.document_id}/download", follow_redirects=True).data
            == original.pdf
        )
        with restored.app.app_context(), tenant_scope(cast.acme):
            digests = dict(db.session.execute(select(Photo.id, Photo.sha256)).all())
            places = db.session.execute(
                select(PhotoPlacement.id, Photo.sha256).join(PhotoPlacement.photo)
            ).all()
        assert set(original.photo_ids) == set(digests)
        assert len(places) == len(digests) + 1, "one photo stands in two places"
        for placement_id, digest in places:
            assert (
                sha256(
                    tess.get(f"/photos/{placement_id}/original", follow_redirects=True).data
                ).hexdigest()
                == digest
            )
        work_goes_on(restored, original, cast)
        again = restored.flask("restore", str(kept))
        assert again.exit_code == 1
        assert "a backup is restored into an empty one alone" in again.output
        assert "create database other_name owner laudo_owner" in again.output


def work_goes_on(restored, original: Filled, cast) -> None:
    """Numbers and the audit chain continue from their last values, under the same locks."""
    with restored.app.app_context(), tenant_scope(cast.acme):
        tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
        first = db.session.scalars(select(Report).where(Report.id == original.report_id)).one()
        report = start_report(
            checklist_id=first.version.checklist_id,
            project_id=first.project_id,
            title="After the restore",
            actor=tess,
            client_id=uuid4(),
        )
        assert report.number.endswith("-0002")
        db.session.commit()
        assert verify_chain().broken_at is None
        with pytest.raises(Exception, match="cannot change"):
            db.session.execute(
                text("update reports set title = 'x' where id = :id"), {"id": original.report_id}
            )
    with restored.app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Report.__table__)) == 0


def test_a_backup_is_private_and_holds_every_kind_of_object(kept):
    backup = only_backup(kept)
    assert (kept.stat().st_mode & 0o777, backup.path.stat().st_mode & 0o777) == (0o700, 0o700)
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    kinds = {one.key.split("/")[2] for one in backup.list_objects()}
    assert kinds == {
        "orig",
        "derived",
        "logo",
        "sign",
        "pdf",
        "stamp",
        "export",
        "preview",
        "answers",
        "bundle",
    }


def test_the_drill_has_a_row_of_every_table(kept):
    """Without a row, a restore proves nothing for a table: a new one needs a row in
    backup_rows.py."""
    figures = only_backup(kept).read_manifest().figures
    assert [name for name, table in figures.tables.items() if not table.rows] == []


def test_a_second_backup_copies_nothing_twice_and_leaves_the_first(original, copy):
    first = only_backup(copy)
    before = {path: path.stat().st_ino for path in copy.rglob("*") if path.is_file()}
    result = original.flask("backup", str(copy))
    assert result.exit_code == 0
    assert "0 objects were new" in result.output
    assert len(list_backups(copy)) == 2
    assert first.find_changed_files() == []
    assert {path: path.stat().st_ino for path in before} == before


@pytest.mark.parametrize("harm", ["dump", "manifest", "objects", "byte", "object", "sums"])
def test_verify_names_alterations(original, copy, harm):
    backup = only_backup(copy)
    victim = backup.object_path(next(iter(backup.list_objects())).key)
    assert original.flask("backup", "--verify", str(copy)).exit_code == 0
    if harm == "object":
        victim.unlink()
    else:
        files = {
            "dump": "database.dump",
            "manifest": "manifest.json",
            "objects": "objects.tsv",
            "sums": "SHA256SUMS",
        }
        flip(victim if harm == "byte" else backup.path / files[harm])
    result = original.flask("backup", "--verify", str(copy))
    assert result.exit_code == 1
    named = {"byte": victim.name, "object": victim.name, "sums": "SHA-256 differs"}
    assert (named.get(harm) or backup.dump.with_name(files[harm]).name) in result.output


@pytest.mark.parametrize("name", ["database.dump", "manifest.json", "objects.tsv"])
def test_an_altered_backup_is_not_restored(copy, tmp_path, name):
    flip(only_backup(copy).path / name)
    with empty_place(tmp_path / "storage") as target:
        result = target.flask("restore", str(copy))
        assert result.exit_code == 1
        assert "was altered and is not restored" in result.output
        assert not (tmp_path / "storage").exists()


def test_a_restore_names_every_difference_and_keeps_the_rest(original, copy, tmp_path):
    backup = only_backup(copy)
    damaged, lost, *others = backup.list_objects()
    flip(backup.object_path(damaged.key))
    backup.object_path(lost.key).unlink()
    manifest = backup.read_manifest()
    figures = manifest.figures
    figures.tables["photos"].rows += 1
    figures.tables["answers"].digest = "1"
    next(iter(figures.chains.values())).hash = "0" * 64
    policy = next(name for name in figures.catalog if name.startswith("policy reports"))
    figures.catalog[policy] += " or true"
    (backup.path / "manifest.json").write_text(manifest.model_dump_json())
    (backup.path / "SHA256SUMS").unlink()
    backup.write_sums()
    with empty_place(tmp_path / "storage") as target:
        result = target.flask("restore", str(copy))
        assert result.exit_code == 1
        for sentence in (
            f"{damaged.key} is damaged in the backup",
            f"{lost.key} is missing from the backup",
            "photos: 3 rows, were 4",
            "Rows of answers differ",
            "has another head",
            f"The {policy} differs",
            "(6 found)",
        ):
            assert sentence in result.output
        assert all((tmp_path / "storage" / one.key).exists() for one in others)


def test_a_storage_with_objects_needs_keep_storage(original, kept, tmp_path):
    storage = shutil.copytree(original.storage, tmp_path / "storage")
    with empty_place(storage) as target:
        refused = target.flask("restore", str(kept))
        assert refused.exit_code == 1
        assert "--keep-storage" in refused.output
        victim = storage / next(iter(only_backup(kept).list_objects())).key
        flip(victim)
        result = target.flask("restore", "--keep-storage", str(kept))
        assert result.exit_code == 1
        assert f"{victim.name} in the storage is not what was kept" in result.output.replace(
            "\n", ""
        )
        assert "(1 found)" in result.output


# --- objects that no restored row names --------------------------------------------------------


def newer_work(tenant_id: UUID, folder: Path, count: int) -> list[str]:
    """Objects of a tenant, put three days ago, in a storage that is newer than the restored
    database."""
    keys = []
    for number in range(count):
        data = f"photo {number}".encode()
        key = object_key(tenant_id, "orig", sha256(data).hexdigest())
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        keys.append(key)
    return sorted(keys)


def age(folder: Path) -> None:
    then = time.time() - 3 * 24 * 3600
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def outlived(original, kept, cast, tmp_path):
    """A restored place whose storage has 60 photos and a company that the backup does not know.

    Yields the place, the output of `flask restore`, the 60 keys, and the company's keys."""
    folder = shutil.copytree(original.storage, tmp_path / "storage")
    photos = newer_work(cast.acme, folder, 60)
    strange = newer_work(uuid4(), folder, 5)
    age(folder)
    with empty_place(folder) as restored:
        result = restored.flask("restore", "--keep-storage", str(kept))
        assert result.exit_code == 0, result.output
        yield restored, result.output, photos, strange


def test_a_restore_reports_objects_without_a_row(outlived, cast):
    _restored, result, photos, strange = outlived
    size = sum(len(f"photo {number}") for number in range(60))
    company = strange[0].split("/")[1]
    assert f"65 objects ({size + 35} bytes) that no restored row names" in result
    named = ", ".join(photos[:3])
    assert f"tenant {cast.acme}: 60 objects, {size} bytes: {named} and 57 more" in result
    assert f"tenant {company}: 5 objects, 35 bytes: {', '.join(strange[:3])} and 2 more" in result
    assert "nothing is swept until `flask storage release`" in result


@pytest.mark.parametrize("arguments", [(), ("--sure",)], ids=["by hand", "sure"])
def test_no_command_sweeps_before_the_release(outlived, arguments):
    restored, _told, photos, strange = outlived
    before = files_in(restored.storage)
    result = restored.flask("storage", "sweep", *arguments)
    assert result.exit_code == 1
    assert "found 65 objects" in result.output and "flask storage release" in result.output
    assert files_in(restored.storage) == before
    assert {*photos, *strange} <= before


def test_the_relay_logs_the_hold_and_sweeps_nothing(outlived, monkeypatch, caplog):
    restored, *_ = outlived
    monkeypatch.setattr(daily, "TURN", f"laudo:sweep:{uuid4()}")
    before = files_in(restored.storage)
    assert sweep_if_due(restored.app, threading.Event())
    assert "nothing is swept before the hold" in caplog.text
    assert files_in(restored.storage) == before


def test_check_and_readiness_report_the_hold_until_its_release(outlived, cast):
    restored, *_ = outlived
    client = restored.app.test_client()
    assert client.get("/health/ready").json["sweep"] == {"ok": True, "is_held": True}
    assert "found 65 objects" in restored.flask("check").output
    assert "Released what a restore held" in restored.flask("storage", "release").output
    assert client.get("/health/ready").json["sweep"] == {"ok": True, "is_held": False}
    assert "Nothing holds the daily sweep" in restored.flask("check").output
    assert "Nothing holds the sweep." in restored.flask("storage", "release").output
    audit = signed_in_client(restored.app, cast.sam).get("/platform/audit?kind=storage").text
    assert "65 stored objects" in audit and "released the storage sweep" in audit


def test_after_the_release_objects_older_than_a_day_are_swept(outlived, cast):
    restored, _told, photos, strange = outlived
    young = newer_work(cast.acme, restored.storage, 61)
    (fresh,) = set(young) - set(photos)
    os.utime(restored.storage / fresh)
    for key in photos:  # renewed by the line above
        os.utime(restored.storage / key, (0, 0))
    before = files_in(restored.storage)
    assert restored.flask("storage", "release").exit_code == 0
    result = restored.flask("storage", "sweep")
    assert result.exit_code == 0 and "60 deleted" in result.output
    assert files_in(restored.storage) == before - set(photos)
    assert fresh in before and set(strange) <= files_in(restored.storage)
    assert restored.flask("storage", "check").exit_code == 0


def test_app_and_platform_roles_cannot_release_a_hold(outlived):
    restored, *_ = outlived
    running = test_servers.current()
    for role in (roles.APP, roles.PLATFORM):
        for statement in (
            "update sweep_holds set released_at = now()",
            "delete from sweep_holds",
        ):
            url = running.url(role, restored.database).replace("+psycopg2", "")
            with (
                pytest.raises(psycopg2.errors.InsufficientPrivilege),
                closing(psycopg2.connect(url)) as connection,
            ):
                connection.cursor().execute(statement)


def test_without_a_surplus_there_is_no_hold(original, kept, tmp_path):
    folder = shutil.copytree(original.storage, tmp_path / "storage")
    with empty_place(folder) as restored:
        result = restored.flask("restore", "--keep-storage", str(kept))
        assert result.exit_code == 0 and "no restored row names" not in result.output
        assert restored.flask("storage", "sweep").exit_code == 0


def test_a_restore_of_an_older_release_is_held_too(cast, tmp_path):
    """Its backup has no table for a hold; the restore migrates to this release first."""
    running = test_servers.current()
    name = f"laudo_older_{uuid4().hex[:8]}"
    roles.ensure_database(running.postgres().dsn(), name)
    test_servers.migrate(running.url(roles.OWNER, name), "0007")
    older = place(name, tmp_path / "older")
    older.as_superuser(f"insert into tenants (id, name, slug) values ('{cast.acme}', 'A', 'a')")
    assert older.flask("backup", str(tmp_path / "kept")).exit_code == 0
    older.let_go()
    running.drop(name)
    folder = tmp_path / "storage"
    keys = newer_work(cast.acme, folder, 60)
    age(folder)
    with empty_place(folder) as restored:
        result = restored.flask("restore", str(tmp_path / "kept"))
        assert result.exit_code == 0, result.output
        assert "60 objects" in result.output and "Bringing the tables" in result.output
        assert restored.flask("up").exit_code == 0
        assert restored.flask("storage", "sweep").exit_code == 1
        assert files_in(folder) == set(keys)
        restored.flask("storage", "release")
        assert "60 deleted" in restored.flask("storage", "sweep").output


def unguarded(table: str, statement: str) -> tuple[str, ...]:
    off, on = (f"alter table {table} {verb} trigger all" for verb in ("disable", "enable"))
    return (off, statement, on)


HARMS = {
    "a link taken out": (
        unguarded("audit_entries", "delete from audit_entries where sequence = 3"),
        "does not fit at entry 3",
    ),
    "the end cut off": (
        unguarded(
            "audit_entries",
            "delete from audit_entries e where sequence = (select max(sequence)"
            " from audit_entries l where l.tenant_id = e.tenant_id)",
        ),
        "was rewritten",
    ),
    "a word changed": (
        unguarded(
            "audit_entries", "update audit_entries set body = body || ' ' where sequence = 2"
        ),
        "does not fit at entry 2",
    ),
    "a snapshot changed": (
        unguarded("snapshots", "update snapshots set body = replace(body, '2', '3')"),
        "no longer matches what was frozen at completion. The frozen snapshot",
    ),
    "an answer changed": (
        unguarded(
            "answers",
            "update answers set comment = 'Forged' where field_id = 'enclosure' and report_id in"
            " (select report_id from snapshots)",
        ),
        'The answer to "enclosure": differs in the answer\'s comment',
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_backup_reports_altered_evidence(original, copy, tmp_path, harm):
    statements, sentence = HARMS[harm]
    with copied_place(original, tmp_path / "storage") as harmed:
        harmed.as_superuser(*statements)
        result = harmed.flask("backup", str(copy))
    assert result.exit_code == 1
    assert sentence in result.output
    assert "The backup is complete" in result.output


def erase_acme(there: Place) -> None:
    there.as_superuser(
        *unguarded("tombstones", "delete from tombstones where slug = 'gone'"),
        "update tenants set status = 'suspended', deletion_due_at = now() - interval '1 day'"
        " where slug = 'acme'",
    )
    result = there.flask("tenant", "erase", "acme")
    assert result.exit_code == 0, result.output


def test_an_erased_company_is_not_reported_as_a_rewritten_chain(original, copy, tmp_path):
    with copied_place(original, tmp_path / "storage") as there:
        erase_acme(there)
        for _night in range(2):
            result = there.flask("backup", str(copy))
            assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "harm",
    [
        "update tombstones set signature = repeat('0', 64) where slug = 'acme'",
        "update tombstones set body = replace(body, 'acme', 'akme') where slug = 'acme'",
        "delete from tombstones where slug = 'acme'",
    ],
)
def test_a_missing_company_without_a_genuine_tombstone_is_reported(original, copy, tmp_path, harm):
    with copied_place(original, tmp_path / "storage") as there:
        erase_acme(there)
        there.as_superuser(*unguarded("tombstones", harm))
        result = there.flask("backup", str(copy))
    assert result.exit_code == 1
    assert "was rewritten" in result.output


def test_a_missing_object_does_not_keep_an_old_chain_head(original, cast, copy, tmp_path):
    """Entries added after the last backup without problems are protected, too."""
    with copied_place(original, tmp_path / "storage") as there:
        with there.app.app_context(), tenant_scope(cast.acme):
            actor = Actor("Ana Admin")
            record("x.y", About("tenant", cast.acme), actor)
            db.session.commit()
        next(path for path in there.storage.rglob("*") if path.is_file()).unlink()
        before = there.flask("backup", str(copy))
        assert "is missing from the storage; this backup has it" in before.output
        assert "rewritten" not in before.output
        there.as_superuser(*HARMS["the end cut off"][0])
        for _night in range(2):
            assert "was rewritten" in there.flask("backup", str(copy)).output


def test_a_backup_can_be_named_from_inside_it(original, copy, tmp_path, monkeypatch):
    monkeypatch.chdir(only_backup(copy).path)
    result = original.flask("backup", "--verify", ".")
    assert result.exit_code == 0, result.output
    with empty_place(tmp_path / "storage") as target:
        result = target.flask("restore", ".")
        assert result.exit_code == 0, result.output


def test_a_backup_names_missing_objects(original, tmp_path):
    folder = tmp_path / "backups"
    with copied_place(original, tmp_path / "storage") as harmed:
        gone, bad = sorted(path for path in harmed.storage.rglob("*") if path.is_file())[:2]
        gone.unlink()
        flip(bad)
        result = harmed.flask("backup", str(folder))
    assert result.exit_code == 1
    assert f"{gone.name} is missing from the storage" in result.output
    assert f"{bad.name} is damaged in the storage" in result.output
    assert not list((folder / "objects").rglob(bad.name))


def test_the_rest_of_a_killed_backup_is_never_used(original, kept, tmp_path):
    folder = tmp_path / "backups"
    leftover = shutil.copytree(only_backup(kept).path, folder / "20200101T000000Z.partial")
    with empty_place(tmp_path / "storage") as target:
        assert "no finished backup" in target.flask("restore", str(folder)).output
    assert original.flask("backup", str(folder)).exit_code == 0
    assert not leftover.exists()
    assert len(list_backups(folder)) == 1


def fake_dump(folder: Path, major: int) -> Path:
    folder.mkdir()
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.4 (Debian)'\n")
    program.chmod(0o755)
    return folder


def test_the_oldest_pg_dump_that_can_read_the_server_is_taken(tmp_path):
    folders = [fake_dump(tmp_path / str(major), major) for major in (15, 19, 18)]
    assert find_tool("pg_dump", 18, folders).major == 18
    assert find_tool("pg_dump", 16, folders).major == 18
    with pytest.raises(Refusal, match="is version 19, the server is PostgreSQL 20"):
        find_tool("pg_dump", 20, folders)
    with pytest.raises(Refusal, match=r"was not found.*postgresql-client-18"):
        find_tool("pg_dump", 18, [tmp_path])


def test_a_database_that_does_not_answer_gives_a_message(original, tmp_path):
    url = "postgresql://laudo_backup:wrong@127.0.0.1:1/laudo"
    result = original.app.test_cli_runner().invoke(
        args=["backup", str(tmp_path / "backups")], env={"BACKUP_DATABASE_URL": url}
    )
    assert result.exit_code == 1
    assert "does not take the login" in result.output
    assert list_backups(tmp_path / "backups") == []
