"""Evidence bundles: what is in them, for whom, and that the verifier accepts and doubts them."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.documents import making
from app.exports.bundle import service
from app.extensions import db
from app.jobs import runner
from app.models import Actor, AuditEntry, Bundle, Photo, Project, Report, WorkState
from app.reports.queries import get_report
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.revisions import correct
from tests.support.stored import storage
from tests.support.verifier import verifier

HX = {"HX-Request": "true"}


@pytest.fixture
def alone(tmp_path):
    """An app whose transactions are real: a bundle reads all rows at one moment."""
    with app_alone(tmp_path) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        yield app


@pytest.fixture
def acting(alone):
    @contextmanager
    def working(person):
        with alone.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    return working


@pytest.fixture
def client_of(alone):
    return lambda person: signed_in_client(alone, person)


@pytest.fixture
def desk(alone, acting, cast) -> Desk:
    """A completed report with two photos and its sealed PDF."""
    desk = Desk(alone, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg(size=(80, 60)))
    desk.read_photos()
    desk.submit()
    desk.make()
    return desk


@pytest.fixture
def project_id(desk, acting, cast):
    with acting(cast.tess):
        return db.session.scalars(select(Report.project_id)).one()


def made(app, acting, person, bundle_id) -> bytes:
    """Let the worker make the bundle; returns the archive."""
    with app.app_context():
        runner.run("bundle", str(bundle_id))
    with acting(person):
        row = db.session.scalars(select(Bundle).where(Bundle.id == bundle_id)).one()
        assert row.state is WorkState.DONE, row.error
        assert row.progress_done == row.progress_total > 0
        return storage().open(row.storage_key or "").read()


def requested(acting, person, **subject) -> object:
    with acting(person) as actor:
        ask = (
            service.request_report_bundle
            if "report_id" in subject
            else service.request_project_bundle
        )
        bundle_id = ask(**subject, actor=actor).id
        db.session.commit()
        return bundle_id


def kept(data: bytes, folder: Path) -> Path:
    path = folder / f"{uuid4().hex}.zip"
    path.write_bytes(data)
    return path


def differing(path: Path) -> list[str]:
    try:
        lines = verifier.verify([path])
    except verifier.Unreadable as error:
        return [str(error)]
    return [f"{one.about} {one.what} {one.detail}" for one in lines if one.state == "differs"]


def test_a_bundle_has_everything_and_the_verifier_accepts_it(alone, acting, cast, desk, tmp_path):
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        names = set(bundle.namelist())
        manifest = json.loads(bundle.read("manifest.json"))
        (number,) = {one["number"] for one in manifest["reports"]}
        full = f"{number}-R0"
        photos = {one for one in names if one.startswith(f"photos/{full}/")}
        assert len(photos) == 2 and all(one.endswith(".jpg") for one in photos)
        assert names - photos == {
            "manifest.json",
            "manifest.json.p7s",
            "laudo_verify.py",
            f"{full}.pdf",
            f"{full}/snapshot.json",
            f"{full}/photos.json",
            f"{full}/audit.json",
        }
        listed = {one["name"] for one in json.loads(bundle.read(f"{full}/photos.json"))["photos"]}
        assert {one.rpartition("/")[2] for one in photos} == listed
        report = verifier.open_report("x", bundle.read(f"{full}.pdf"))
        assert bundle.read(f"{full}/snapshot.json") == report.texts["snapshot.json"]
    path = kept(data, tmp_path)
    assert differing(path) == []
    said = [one.what for one in verifier.verify([path])]
    assert "2 photos of the snapshot are in the bundle" in said
    assert f"{len(names) - 2} of {len(names) - 2} files have the listed hashes" in said
    assert "seal: the list of files is unchanged" in said


def test_honest_bundles_of_revisions_hold(alone, acting, cast, desk, tmp_path):
    """Carried photos are there once, under the older revision; reports may have several PDFs."""
    desk.make()
    with acting(cast.tess) as tess:
        older = get_report(desk.report_id, person=tess)
        desk.report_id = correct(older, tess).id
    desk.photograph(a_jpeg(size=(90, 60)))
    desk.read_photos()
    desk.submit()
    desk.make()
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    assert differing(kept(data, tmp_path)) == []
    about = [one.what for one in verifier.verify([kept(data, tmp_path)])]
    assert not any("vouches" in one for one in about)
    assert any(one.startswith("revision: it replaces") for one in about)


def altered(data: bytes, change) -> bytes:
    """The archive with the files that `change(names -> bytes)` leaves, freshly packed."""
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    change(files)
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return output.getvalue()


def photo_in(files) -> str:
    return next(name for name in files if name.startswith("photos/"))


def forge_photo(files) -> None:
    """Another picture, with a manifest that fits."""
    name, manifest = photo_in(files), json.loads(files["manifest.json"])
    files[name] = a_jpeg(size=(50, 50))
    for one in manifest["files"]:
        if one["path"] == name:
            one["sha256"] = hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files.pop(photo_in(files)), "missing"),
        (lambda files: files.update({photo_in(files): b"other"}), "its bytes changed"),
        (forge_photo, "photos of the snapshot are in the bundle"),
        (lambda files: files.update({"more.txt": b"x"}), "not listed in the manifest"),
        (lambda files: files.pop("manifest.json"), "cannot be read"),
        (lambda files: files.update({"manifest.json": b"{}"}), "not an evidence bundle"),
    ],
)
def test_a_changed_bundle_is_named(alone, acting, cast, desk, tmp_path, change, named):
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    found = differing(kept(altered(data, change), tmp_path))
    assert any(named in one for one in found), found


def test_a_bundle_of_a_company_with_pdfs_from_before_the_seals(
    alone, acting, cast, monkeypatch, tmp_path
):
    """The seal of the list vouches for a PDF that has none itself, as long as the list says so."""
    monkeypatch.setattr(making, "plan_seal", lambda source: None)
    desk = Desk(alone, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    assert desk.make().seal_fingerprint is None
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    path = kept(data, tmp_path)
    assert differing(path) == []
    said = [one.detail for one in verifier.verify([path]) if one.state == "not compared"]
    assert any("made before PDFs were sealed" in one for one in said)
    with zipfile.ZipFile(path) as bundle:
        (name,) = (one for one in bundle.namelist() if one.endswith(".pdf"))
        alone_pdf = kept(bundle.read(name), tmp_path)
    assert any("0 seals instead of one" in one for one in differing(alone_pdf))

    def forget(files) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["reports"][0]["unsealed"] = []
        files["manifest.json"] = json.dumps(manifest).encode()

    found = differing(kept(altered(data, forget), tmp_path))
    assert any("0 seals instead of one" in one for one in found)
    assert any("the list of files is unchanged" in one for one in found)


def test_the_seal_of_the_list_can_be_read_by_another_program(alone, acting, cast, desk, tmp_path):
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        bundle.extractall(tmp_path)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify"]
    command += ["-in", "manifest.json.p7s", "-content", "manifest.json", "-out", "/dev/null"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "Verification successful" in done.stdout + done.stderr
    (tmp_path / "manifest.json").write_text("{}")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode != 0


def without_reports(files) -> None:
    manifest = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps({**manifest, "reports": []}).encode()


def test_a_bundle_without_any_report_proves_nothing(alone, acting, cast, desk, tmp_path):
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    found = differing(kept(altered(data, without_reports), tmp_path))
    assert any("no PDF of a report is among them" in one for one in found)


def manifest_with(**changes):
    def change(files) -> None:
        manifest = json.loads(files["manifest.json"])
        files["manifest.json"] = json.dumps({**manifest, **changes}).encode()

    return change


def patched(data: bytes, offset: int, value: int) -> bytes:
    """The archive with a byte changed in each entry of its directory and in each file's header."""
    changed = bytearray(data)
    for start, shift in ((b"PK\x01\x02", 2), (b"PK\x03\x04", 0)):
        at = changed.find(start)
        while at >= 0:
            changed[at + shift + offset] = value
            at = changed.find(start, at + 4)
    return bytes(changed)


def twice_packed(data: bytes) -> bytes:
    """The archive with a second file of a photo's name before it."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as bundle, zipfile.ZipFile(output, "w") as other:
        for name in bundle.namelist():
            if name.startswith("photos/"):
                other.writestr(zipfile.ZipInfo(name), b"other")
                del other.NameToInfo[name]
            other.writestr(name, bundle.read(name))
    return output.getvalue()


def test_hostile_archives_end_with_a_status_and_never_with_a_trace(
    alone, acting, cast, desk, tmp_path, capsys, monkeypatch
):
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    read = verifier._read_entry
    monkeypatch.setattr(verifier, "_read_entry", lambda *at: read(at[0], at[1], 1 << 20))
    text = f"{photo_in(altered_names(data)).split('/')[1]}/snapshot.json"
    hostile = {
        "nested deeply": altered(
            data, lambda files: files.update({"manifest.json": b"[" * 90_000})
        ),
        "too large": altered(data, lambda files: files.update({"manifest.json": b" " * (2 << 20)})),
        "encrypted": patched(data, 6, 1),
        "packed in an unknown way": patched(data, 8, 99),
        "a path that is no text": altered(data, manifest_with(files=[{"path": 1, "sha256": "x"}])),
        "reports that are none": altered(data, manifest_with(reports=[1])),
        "cut": data[: len(data) // 2],
        "two files of one name": twice_packed(data),
        "damaged inside": damaged(data, text),
        "damaged manifest": damaged(data, "manifest.json"),
    }
    for what, content in hostile.items():
        assert verifier.main([str(kept(content, tmp_path))]) in (1, 2), what
        assert capsys.readouterr().out.strip(), what


def altered_names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        return bundle.namelist()


def damaged(data: bytes, name: str) -> bytes:
    """The archive with broken compressed bytes of a file."""
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        start = bundle.getinfo(name).header_offset + 60 + len(name)
    changed = bytearray(data)
    changed[start : start + 10] = bytes(one ^ 0xFF for one in changed[start : start + 10])
    return bytes(changed)


def test_a_project_bundle_has_what_the_person_may_see(
    alone, acting, cast, desk, project_id, tmp_path
):
    with acting(cast.tom) as actor:
        project = desk_project(project_id)
        other = scenarios.a_report(actor, project=project, title="Of Tom, still open")
        assert other.project_id == project_id
    data = made(alone, acting, cast.ana, requested(acting, cast.ana, project_id=project_id))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    assert [one["id"] for one in manifest["reports"]] == [str(desk.report_id)]
    assert differing(kept(data, tmp_path)) == []
    with acting(cast.tom) as actor, pytest.raises(service.NothingFinished):
        service.request_project_bundle(project_id=project_id, actor=actor)


def desk_project(project_id):
    return db.session.scalars(select(Project).where(Project.id == project_id)).one()


def test_a_missing_photo_is_said_and_stops_nothing(alone, acting, cast, desk, tmp_path):
    with acting(cast.tess):
        key = db.session.scalars(select(Photo.storage_key)).first()
        storage().delete(key)
    data = made(alone, acting, cast.tess, requested(acting, cast.tess, report_id=desk.report_id))
    found = differing(kept(data, tmp_path))
    assert any("the server had it missing" in one for one in found)
    assert any("photos of the snapshot are in the bundle" in one for one in found)


class TestRoutes:
    @pytest.fixture
    def tess(self, client_of, cast):
        return client_of(cast.tess)

    def test_request_follow_and_download(self, alone, acting, cast, desk, tess, client_of):
        page = tess.get(f"/reports/{desk.report_id}").text
        assert 'id="bundle"' in page and "Generate the bundle" in page
        answer = tess.post(f"/reports/{desk.report_id}/bundle", headers=HX)
        assert answer.status_code == 200 and 'data-state="queued"' in answer.text
        again = tess.post(f"/reports/{desk.report_id}/bundle")
        assert again.status_code == 303 and again.location.endswith("#bundle")
        with acting(cast.tess):
            (row,) = db.session.scalars(select(Bundle))
            bundle_id = row.id
        assert tess.get(f"/bundles/{bundle_id}/download").status_code == 409
        made(alone, acting, cast.tess, bundle_id)
        shown = tess.get(f"/bundles/{bundle_id}", headers=HX).text
        assert 'data-state="done"' in shown and "hx-trigger" not in shown
        assert tess.get(f"/bundles/{bundle_id}/download").status_code in (302, 303)
        with acting(cast.ana):
            actions = list(
                db.session.scalars(
                    select(AuditEntry.action)
                    .where(AuditEntry.object_type == "bundle")
                    .order_by(AuditEntry.sequence)
                )
            )
            number = db.session.scalars(select(Report.number)).one()
        assert actions == ["bundle.requested", "bundle.made", "bundle.downloaded"]
        told = client_of(cast.ana).get("/audit").text
        assert told.count(f"evidence bundle of {number}") == len(actions)

    def test_nobody_follows_the_bundle_of_another(self, acting, cast, desk, client_of):
        bundle_id = requested(acting, cast.tess, report_id=desk.report_id)
        for person in (cast.ana, cast.tom, cast.otto):
            assert client_of(person).get(f"/bundles/{bundle_id}").status_code == 404
            assert client_of(person).get(f"/bundles/{bundle_id}/download").status_code == 404

    def test_another_technician_and_another_company_find_no_report(self, cast, desk, client_of):
        for person in (cast.tom, cast.otto):
            answer = client_of(person).post(f"/reports/{desk.report_id}/bundle")
            assert answer.status_code == 404

    def test_an_open_report_has_nothing_to_check(self, acting, cast, tess):
        with acting(cast.tess) as actor:
            report_id = scenarios.a_report(actor).id
        assert tess.post(f"/reports/{report_id}/bundle").status_code == 422
        assert 'id="bundle"' not in tess.get(f"/reports/{report_id}").text

    def test_the_page_of_a_project(self, cast, desk, project_id, client_of):
        ana = client_of(cast.ana)
        assert f"/projects/{project_id}/bundle" in ana.get(f"/projects/{project_id}").text
        assert "Generate the bundle" in ana.get(f"/projects/{project_id}/bundle").text
        answer = ana.post(f"/projects/{project_id}/bundle")
        assert answer.status_code == 303 and answer.location == f"/projects/{project_id}/bundle"
        assert client_of(cast.otto).get(f"/projects/{project_id}/bundle").status_code == 404
