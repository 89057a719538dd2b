"""The archive of a company: its content, its integrity, and failures.

Made by the real runner on a database of its own, because it reads one moment of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime
from threading import Thread
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from app.evidence.queries import get_chain_head, link_hash, list_entries
from app.evidence.service import record
from app.exports.company import making as archive
from app.exports.company.jobs import ARCHIVING
from app.exports.company.service import (
    find_finished_export,
    find_open_export,
    get_export,
    request_export,
)
from app.extensions import db
from app.jobs import runner
from app.models import (
    Account,
    Actor,
    AuditEntry,
    Document,
    DocumentStamp,
    Export,
    Report,
    Role,
    SealCertificate,
    Snapshot,
    TenantStatus,
    WorkState,
)
from app.photos.placing import remove_photo
from app.storage import StorageUnavailable, object_key, whole_storage
from app.storage.references import list_named
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.companies import set_company
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.stored import put_bytes, storage

FORMULA = '=HYPERLINK("http://evil.test")'
PDF = b"%PDF-1.7 final"
SNAPSHOT = '{"format":"laudo.snapshot/1","title":"Quadro são"}'


@pytest.fixture
def stage(tmp_path, cast):
    """(app, ana) on a separate database and storage."""
    with app_alone(tmp_path) as app:
        yield app, Actor(cast.ana.name, cast.ana.role, cast.ana.id)


def add_evidence(ana) -> dict[str, bytes]:
    """Create a completed report with photos (one removed), a signature, a snapshot and PDFs.

    Returns the content that the archive must have, keyed by the beginning of its path.
    """
    project = scenarios.a_project(ana, name=FORMULA, latitude="-23.550520", longitude="-46.633308")
    equipment = scenarios.an_equipment(project, tag="@QTA-1")
    report = scenarios.a_report(ana, project=project, equipment_id=equipment.id, number="A/B-0001")
    scenarios.all_answers(report, ana, customer="+55 11 4002")
    kept, removed = a_jpeg((40, 30)), a_jpeg((41, 30))
    scenarios.a_photo(report, "enclosure", ana, data=kept, caption="-1")
    gone = scenarios.a_photo(report, "enclosure", ana, data=removed, position=1)
    remove_photo(placement_id=scenarios.place_of(gone).id, actor=ana)
    drawn = a_jpeg((20, 10))
    key = object_key(report.tenant_id, "sign", sha256_of(drawn), ".png")
    put_bytes(key, drawn)
    scenarios.a_signature(report, "technician", ana, image_key=key, image_sha256=sha256_of(drawn))
    scenarios.a_settled_conflict(report, "customer", "=1+1", ana)
    review = scenarios.a_review(report, ana)
    done = {"done_by": ana.account_id, "done_at": review.closed_at}
    scenarios.a_comment(review, "customer", "=2+2", ana, **done)
    scenarios.completed(report, ana)
    record("test.made", report, ana, note=FORMULA)
    db.session.commit()
    head = get_chain_head()
    db.session.add(
        Snapshot(
            report_id=report.id,
            body=SNAPSHOT,
            sha256=sha256_of(SNAPSHOT.encode()),
            audit_sequence=head.sequence,
            audit_hash=head.hash,
        )
    )
    for is_preview, data in ((False, PDF), (True, b"%PDF-1.7 preview")):
        key = object_key(report.tenant_id, "pdf", sha256_of(data), ".pdf")
        put_bytes(key, data)
        db.session.add(
            Document(
                report_id=report.id,
                requested_by=ana.account_id,
                is_preview=is_preview,
                state=WorkState.DONE,
                storage_key=key,
                sha256=sha256_of(data),
                byte_size=len(data),
                pages=1,
            )
        )
    pem = "-----BEGIN CERTIFICATE-----\n"
    db.session.add(
        SealCertificate(
            fingerprint="f" * 64,
            subject="CN=Seal",
            issuer="CN=Seal",
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            valid_until=datetime(2036, 1, 1, tzinfo=UTC),
            pem=pem,
        )
    )
    token = b"token of an authority"
    key = object_key(report.tenant_id, "stamp", sha256_of(token), ".tsr")
    put_bytes(key, token)
    final = select(Document.id).where(Document.is_preview.is_(False))
    db.session.add(
        DocumentStamp(
            document_id=db.session.scalars(final).one(),
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(token),
            byte_size=len(token),
            stamped_at=datetime(2026, 1, 1, tzinfo=UTC),
            authority="Authority",
        )
    )
    db.session.commit()
    return {
        "certificates/ffff": pem.encode(),
        "photos/A_B-0001-R0~": kept,
        "signatures/A_B-0001-R0~": drawn,
        "documents/A_B-0001-R0~": PDF,
        "snapshots/A_B-0001-R0~": SNAPSHOT.encode(),
    }


def run_export(app, cast, ana) -> UUID:
    """Run an export and return its id."""
    with app.app_context(), tenant_scope(cast.acme):
        export_id = request_export(actor=ana).id
        db.session.commit()
    with app.app_context():
        runner.run(ARCHIVING.name, str(export_id))
    return export_id


def open_archive(export_id: UUID) -> zipfile.ZipFile:
    """Open the archive inside a scope; opening it from the storage verifies the hash."""
    export = get_export(export_id)
    with storage().open(str(export.storage_key)) as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == export.sha256
    assert len(data) == export.byte_size
    return zipfile.ZipFile(io.BytesIO(data))


def rows(zipped: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    text = zipped.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_archive_is_complete_and_matches_its_manifest(stage, cast):
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        wanted = add_evidence(ana)
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        export = get_export(export_id)
        assert (export.state, export.error) == (WorkState.DONE, None)
        assert export.progress_done == export.progress_total
        zipped = open_archive(export_id)
        manifest = json.loads(zipped.read("manifest.json"))
        assert zipped.testzip() is None
        files = {one["path"]: one for one in manifest["files"]}
        assert set(files) == set(zipped.namelist()) - {"manifest.json"}
        assert len(files) == export.progress_done
        for path, one in files.items():
            data = zipped.read(path)
            assert one["sha256"] == sha256_of(data), path
            assert one["bytes"] == str(len(data))
        contents = {path: zipped.read(path) for path in files}
        for start, data in wanted.items():
            assert data in [body for path, body in contents.items() if path.startswith(start)]
        assert len([path for path in files if path.startswith("photos/")]) == 2
        (stamp,) = (path for path in files if path.endswith(".tsr"))
        assert contents[stamp.removesuffix(".tsr") + ".pdf"] == PDF
        assert contents[stamp] == b"token of an authority"
        assert b"%PDF-1.7 preview" not in contents.values()
        assert manifest["company"]["slug"] == "acme"
        assert manifest["missing"] == []


def test_tables_are_complete_and_no_cell_is_a_formula(stage, cast):
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        add_evidence(ana)
        answers = db.session.scalar(select(func.count(Report.id)).join(scenarios.Answer))
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        zipped = open_archive(export_id)
        for name in (
            "people",
            "projects",
            "equipment",
            "reports",
            "answers",
            "conflicts",
            "reviews",
            "review_comments",
            "witnesses",
            "photos",
            "signatures",
            "audit",
        ):
            for row in rows(zipped, name):
                for cell in row.values():
                    is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
                    assert not cell.startswith(("=", "+", "@", "\t", "-")) or is_number, cell
        assert {row["email"] for row in rows(zipped, "people")} == {
            f"{key}@acme.test" for key in ("ana", "max", "tess", "tom", "vera")
        }
        (project,) = rows(zipped, "projects")
        assert (project["name"], project["latitude"]) == (f"'{FORMULA}", "-23.550520")
        (report,) = rows(zipped, "reports")
        assert (report["report"], report["equipment"]) == ("A/B-0001-R0", "'@QTA-1")
        assert (report["status"], report["result"]) == ("completed", "passed")
        values = {row["field"]: row["value"] for row in rows(zipped, "answers")}
        assert len(values) == answers == len(scenarios.GOOD_ANSWERS)
        assert json.loads(values["insulation"]) == {"text": ">200", "decimal": "200"}
        (conflict,) = rows(zipped, "conflicts")
        assert (conflict["report"], conflict["field"]) == ("A/B-0001-R0", "customer")
        assert (conflict["value"], conflict["kept"]) == ("'=1+1", "theirs")
        assert conflict["typed_by"] == conflict["settled_by"] == "Ana Admin"
        (review,), (comment,) = rows(zipped, "reviews"), rows(zipped, "review_comments")
        assert (review["report"], review["state"]) == ("A/B-0001-R0", "returned")
        assert review["reviewer"] == comment["author"] == comment["done_by"] == "Ana Admin"
        assert (comment["field"], comment["words"]) == ("customer", "'=2+2")
        photos = rows(zipped, "photos")
        assert [bool(row["removed_at"]) for row in photos] == [False, True]
        assert all(row["file"] in zipped.namelist() for row in photos)
        text = b"".join(zipped.read(one) for one in zipped.namelist() if one.endswith(".csv"))
        secret = db.session.scalars(select(Account.password_hash)).first()
        assert secret.encode() not in text


def test_the_audit_chain_can_be_checked_from_the_archive_alone(stage, cast):
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        add_evidence(ana)
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        zipped = open_archive(export_id)
        manifest = json.loads(zipped.read("manifest.json"))
        previous = ""
        for row in rows(zipped, "audit"):
            at = datetime.strptime(row["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
            assert row["previous_hash"] == previous
            previous = link_hash(previous, str(cast.acme), int(row["sequence"]), at, row["body"])
            assert row["hash"] == previous
        assert manifest["audit"] == {"sequence": row["sequence"], "hash": previous}
        # The live chain has one more entry, for the export itself.
        last = db.session.scalars(
            select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)
        ).one()
        assert last.action == "export.made"
        assert last.facts["facts"]["sha256"] == get_export(export_id).sha256


def test_the_archive_has_no_data_of_another_company(stage, cast):
    app, ana = stage
    otto = Actor(cast.otto.name, cast.otto.role, cast.otto.id)
    with app.app_context(), tenant_scope(cast.other):
        theirs = scenarios.a_report(otto, title="Canary-7f3a")
        scenarios.a_photo(theirs, "enclosure", otto, data=b"Canary-7f3a")
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        zipped = open_archive(export_id)
        assert all(b"Canary-7f3a" not in zipped.read(name) for name in zipped.namelist())
        assert rows(zipped, "reports") == []


def test_a_missing_or_changed_file_is_listed_and_does_not_stop_the_export(stage, cast):
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        report = scenarios.a_report(ana)
        lost, bad, good = (
            scenarios.a_photo(report, "enclosure", ana, data=a_jpeg((30, 20)), position=place)
            for place in range(3)
        )
        storage().delete(lost.storage_key)
        path = whole_storage().root / bad.storage_key
        path.chmod(0o600)
        path.write_bytes(b"other bytes")
        hashes = {lost.sha256: "missing", bad.sha256: "changed"}
        name = good.sha256[:12]
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        export = get_export(export_id)
        assert export.state is WorkState.DONE
        assert export.progress_total - export.progress_done == 2
        zipped = open_archive(export_id)
        missing = json.loads(zipped.read("manifest.json"))["missing"]
        assert {one["sha256"]: one["reason"] for one in missing} == hashes
        photos = [path for path in zipped.namelist() if path.startswith("photos/")]
        assert len(photos) == 1
        assert name in photos[0]


def test_a_new_archive_replaces_the_older_ones(stage, cast):
    app, ana = stage
    first = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        assert find_finished_export().id == first
        key = get_export(first).storage_key
        assert key in list_named()
    second = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        assert get_export(first).storage_key is None
        assert get_export(first).sha256
        assert find_finished_export().id == second
        # No row refers to the old file any more, so the sweeper may delete it.
        assert key not in list_named()


def test_a_suspended_company_can_export(stage, cast):
    app, ana = stage
    set_company(app, cast.acme, status=TenantStatus.SUSPENDED, suspended_reason="Unpaid.")
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        assert get_export(export_id).state is WorkState.DONE


def test_a_full_disk_fails_the_export_without_retries(stage, cast, monkeypatch):
    app, ana = stage
    monkeypatch.setattr(archive, "SPARE_BYTES", 2**62)
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        export = get_export(export_id)
        assert (export.state, export.error) == (WorkState.FAILED, "no_room")
        assert find_open_export() is None
        assert find_finished_export() is None


def test_the_job_waits_for_an_unavailable_storage(stage, cast, monkeypatch):
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        add_evidence(ana)

    def away(_key):
        raise StorageUnavailable

    monkeypatch.setattr(app.extensions["laudo_storage"], "open", away)
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        export = get_export(export_id)
        assert (export.state, export.attempts) == (WorkState.QUEUED, 0)
    monkeypatch.undo()
    with app.app_context(), tenant_scope(cast.acme):
        db.session.execute(update(Export).values(lease_until=None))
        db.session.commit()
    with app.app_context():
        runner.run(ARCHIVING.name, str(export_id))
    with app.app_context(), tenant_scope(cast.acme):
        assert get_export(export_id).state is WorkState.DONE


def test_all_rows_show_the_same_moment(stage, cast, monkeypatch):
    """Rows committed during the export are in none of the tables."""
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        add_evidence(ana)
    add_table = archive._add_table

    def slowly(written, table, zone):
        add_table(written, table, zone)
        if table.name == "people":

            def meanwhile():
                with app.app_context(), tenant_scope(cast.acme):
                    scenarios.a_report(ana, title="Too late")

            thread = Thread(target=meanwhile)
            thread.start()
            thread.join()

    monkeypatch.setattr(archive, "_add_table", slowly)
    export_id = run_export(app, cast, ana)
    with app.app_context(), tenant_scope(cast.acme):
        assert len(rows(open_archive(export_id), "reports")) == 1
        assert db.session.scalar(select(func.count(Report.id))) == 2


def test_memory_stays_flat_with_many_photos(stage, cast):
    """With sixty photos of 1 MB, no more than a few are in memory at any time."""
    app, ana = stage
    with app.app_context(), tenant_scope(cast.acme):
        report = scenarios.a_report(ana)
        for place in range(60):
            data = uuid4().bytes * 65_536
            scenarios.a_photo(report, "enclosure", ana, data=data, position=place)
        export_id = request_export(actor=ana).id
        db.session.commit()
    tracemalloc.start()
    try:
        with app.app_context():
            runner.run(ARCHIVING.name, str(export_id))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000, peak
    with app.app_context(), tenant_scope(cast.acme):
        assert get_export(export_id).byte_size > 60_000_000


def test_a_repeated_request_is_one_export_and_is_audited(stage, cast):
    app, ana = stage
    superadmin = Actor(cast.sam.name, Role.SUPERADMIN, cast.sam.id)
    with app.app_context(), tenant_scope(cast.acme):
        first = request_export(actor=superadmin)
        db.session.commit()
        assert first.requested_by is None
        assert request_export(actor=ana).id == first.id
        db.session.commit()
        (entry,) = list_entries("export", first.id)
        assert entry.action == "export.requested"
        assert entry.facts["actor"]["name"] == cast.sam.name
