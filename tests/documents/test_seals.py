"""The seal of final PDFs: what is attached, what tampering shows, and when nothing is published."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import func, select, update
from sqlalchemy.exc import ProgrammingError

from app.config import ROOT
from app.documents import making
from app.documents.own_keys import retire_own_key, use_own_key
from app.evidence.queries import link_hash
from app.extensions import db
from app.jobs import runner
from app.models import Actor, AuditEntry, Document, Snapshot, WorkState
from app.sealing.certificates import make_key_pair
from app.sealing.client import ask_installation, ask_wrapped
from app.sealing.file import read_seal_of
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.sealed import bytes_of, certificate_of, is_whole
from tests.support.sealers import running_sealer, sealing_with

NAMES = {"snapshot.json", "photos.json", "audit.json"}


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    return Desk(app, acting, cast)


@pytest.fixture
def completed(desk) -> Desk:
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg())
    desk.read_photos()
    desk.submit()
    return desk


def again(desk: Desk, document_id) -> Document:
    """The worker's next try, without its pause."""
    with desk.acting(desk.tess):
        db.session.execute(
            update(Document)
            .where(Document.id == document_id)
            .values(state=WorkState.QUEUED, lease_until=None)
        )
        db.session.commit()
    desk.run("document", document_id)
    return desk.document(document_id)


def attachments(data: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}


def test_once_a_company_has_sealed_pdfs_none_is_published_without_a_seal(completed, monkeypatch):
    """Workers of a release without seals may finish what they have begun before that."""
    monkeypatch.setattr(making, "plan_seal", lambda source: None)
    before = completed.make()
    assert (before.state, before.seal_fingerprint) == (WorkState.DONE, None)
    monkeypatch.undo()
    assert completed.make().seal_fingerprint
    monkeypatch.setattr(making, "plan_seal", lambda source: None)
    document_id = completed.ask()
    with pytest.raises(ProgrammingError, match="has no seal"):
        completed.run("document", document_id)
    assert completed.document(document_id).state is not WorkState.DONE
    monkeypatch.undo()
    assert again(completed, document_id).seal_fingerprint


def test_a_final_pdf_is_sealed_and_names_its_certificate(completed):
    document = completed.make()
    data = bytes_of(completed, document)
    trusted = certificate_of(completed, document)
    found = read_seal_of(data, trusted)
    assert found and found.is_whole
    assert (found.fingerprint, found.sealed_at) == (document.seal_fingerprint, document.sealed_at)
    assert hashlib.sha256(data).hexdigest() == document.sha256
    assert document.seal_fingerprint in completed.text(document).replace(" ", "")


def test_another_program_says_what_the_documentation_quotes(completed, tmp_path):
    path = tmp_path / "report.pdf"
    document = completed.make()
    path.write_bytes(bytes_of(completed, document))
    home = {**os.environ, "HOME": str(tmp_path)}
    said = subprocess.run(["pdfsig", path], env=home, capture_output=True, text=True).stdout
    page = (ROOT / "docs/operating.md").read_text()
    quoted = re.findall(r"^  - .+$", page[page.index("## The seal") :], re.MULTILINE)
    assert len(quoted) == 4
    assert [line for line in quoted if line not in said.splitlines()] == []
    # The documentation's own commands.
    (tmp_path / "certificate.pem").write_text(certificate_of(completed, document).pem)
    (commands,) = re.findall(r"^```\n(mkdir trusted.+?)^```", page, re.MULTILINE | re.DOTALL)
    trusted = subprocess.run(
        ["sh", "-e", "-c", commands], cwd=tmp_path, env=home, capture_output=True, text=True
    )
    assert "Certificate Validation: Certificate is Trusted." in trusted.stdout, trusted.stderr
    assert '"Certificate is Trusted."' in page
    readme = " ".join((ROOT / "README.md").read_text().split())
    for words in ("Signature is Valid", "Certificate issuer is unknown"):
        assert f"{words}." in said and f'"{words}"' in readme


def test_a_preview_is_not_sealed(desk):
    desk.answer()
    document = desk.make()
    data = bytes_of(desk, document)
    assert (document.sealed_at, document.seal_fingerprint) == (None, None)
    assert PdfFileReader(io.BytesIO(data)).embedded_signatures == []
    assert attachments(data) == {}
    assert "sealed" not in desk.text(document)


def test_the_attachments_are_the_frozen_evidence(completed):
    data = bytes_of(completed, completed.make())
    files = attachments(data)
    assert files.keys() == NAMES
    with completed.acting(completed.tess):
        snapshot = db.session.scalars(select(Snapshot)).one()
        head = db.session.execute(
            select(AuditEntry.sequence, AuditEntry.hash).where(
                AuditEntry.action == "report.completed"
            )
        ).one()
        assert files["snapshot.json"].decode() == snapshot.body
        frozen = json.loads(snapshot.body)
        photos = json.loads(files["photos.json"])
        assert [(one["placement"], one["sha256"]) for one in photos["photos"]] == [
            (one["id"], one["sha256"]) for one in frozen["photos"]
        ]
        assert len({one["name"] for one in photos["photos"]}) == 2
        audit = json.loads(files["audit.json"])
        assert audit["head"] == {"sequence": str(head.sequence), "hash": head.hash}
        assert audit["report"] == str(completed.report_id)
    for entry in audit["entries"]:
        at = datetime.fromisoformat(entry["at"]).astimezone(UTC)
        computed = link_hash(
            entry["previous_hash"], audit["tenant"], int(entry["sequence"]), at, entry["body"]
        )
        assert computed == entry["hash"]
        assert json.loads(entry["body"])["object"]["id"] == audit["report"]


def test_the_attachments_have_fixed_dates_and_relations(completed):
    data = bytes_of(completed, completed.make())
    with completed.acting(completed.tess), pikepdf.open(io.BytesIO(data)) as pdf:
        completed_at = db.session.scalar(
            select(AuditEntry.at).where(AuditEntry.action == "report.completed")
        )
        stamp = completed_at.strftime("D:%Y%m%d%H%M")
        relations = {str(one.UF): str(one.AFRelationship) for one in pdf.Root.AF}
        dates = {str(one.EF.F.Params.ModDate)[: len(stamp)] for one in pdf.Root.AF}
    assert relations == {
        "snapshot.json": "/Source",
        "photos.json": "/Data",
        "audit.json": "/Supplement",
    }
    assert dates == {stamp}


# --- the sealer --------------------------------------------------------------------------


def test_without_a_sealer_the_pdf_waits_and_nothing_is_published(
    app, completed, client_of, cast, tmp_path
):
    document_id = completed.ask()
    with sealing_with(app, tmp_path / "nobody.sock"):
        completed.run("document", document_id)
    waiting = completed.document(document_id)
    assert (waiting.state, waiting.error) == (WorkState.QUEUED, "SealerAway")
    assert (waiting.attempts, waiting.storage_key) == (0, None)
    page = client_of(cast.tess).get(f"/documents/{document_id}").text
    assert "The PDF waits for its seal" in page
    assert again(completed, document_id).state is WorkState.DONE


def test_a_sealer_that_dies_in_the_middle_of_an_answer_is_waited_for(
    app, completed, monkeypatch, tmp_path
):
    """A real process, killed when the file is rendered and about to be sealed."""
    keys = tmp_path / "own"
    process = start_sealer_process(keys)
    seal = making.seal

    def killed_first(*given):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return seal(*given)

    document_id = completed.ask()
    with sealing_with(app, keys / "sealer.sock"):
        monkeypatch.setattr(making, "seal", killed_first)
        completed.run("document", document_id)
        waiting = completed.document(document_id)
        assert (waiting.state, waiting.error, waiting.attempts) == (
            WorkState.QUEUED,
            "SealerAway",
            0,
        )
        assert waiting.storage_key is None
        monkeypatch.undo()
        with running_sealer(keys):  # the socket of the killed one is in its way
            made = again(completed, document_id)
    assert made.state is WorkState.DONE
    assert made.seal_fingerprint == certificate_of(completed, made).fingerprint


def start_sealer_process(folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "SECRET_KEY": "test-secret-key-of-32-characters!!",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": "postgresql://nobody@localhost/none",
        "PLATFORM_DATABASE_URL": "postgresql://nobody@localhost/none",
        "REDIS_URL": "redis://localhost:1/0",
        "SEAL_DIR": str(folder / "seal"),
        "SEAL_SOCKET": str(folder / "sealer.sock"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "sealer"],
        env=environment,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    for line in process.stderr:
        if b"the sealer answers" in line:
            return process
    raise AssertionError("the sealer did not start")


def test_a_lost_fence_publishes_no_second_seal(completed, monkeypatch):
    """The first worker lost its lease while it rendered, and comes too late to seal."""
    document_id, attach, sealed = completed.ask(), making.attach_evidence, []
    seal = making.seal

    def overtaken(*given):
        with completed.acting(completed.tess):
            db.session.execute(
                update(Document)
                .where(Document.id == document_id)
                .values(fence=Document.fence + 1, state=WorkState.QUEUED, lease_until=None)
            )
            db.session.commit()
        return attach(*given)

    def counted(*given):
        sealed.append(given)
        return seal(*given)

    monkeypatch.setattr(making, "attach_evidence", overtaken)
    monkeypatch.setattr(making, "seal", counted)
    completed.run("document", document_id)
    assert sealed == []
    monkeypatch.setattr(making, "attach_evidence", attach)
    completed.run("document", document_id)
    assert completed.document(document_id).state is WorkState.DONE
    assert len(sealed) == 1
    with completed.acting(completed.tess):
        made = select(func.count()).where(AuditEntry.action == "document.made")
        assert db.session.scalar(made.where(AuditEntry.object_id == document_id)) == 1


def test_each_try_seals_the_same_bytes(completed, monkeypatch):
    """What is sealed is the same in every try; only the seal has a time of its own."""
    digests, publish = [], making._publish
    seal_file = making.seal

    def noted(order, path, made):
        digests.append(made.sha256)
        return seal_file(order, path, made)

    def lost(*given):
        raise runner.FenceLost

    monkeypatch.setattr(making, "seal", noted)
    monkeypatch.setattr(making, "_publish", lost)
    document_id = completed.ask()
    completed.run("document", document_id)
    monkeypatch.setattr(making, "_publish", publish)
    made = again(completed, document_id)
    assert made.state is WorkState.DONE
    assert len(digests) == 2 and len(set(digests)) == 1


# --- keys --------------------------------------------------------------------------------


def test_after_a_rotation_old_pdfs_can_still_be_checked(app, completed, tmp_path):
    with running_sealer(tmp_path) as sealer, sealing_with(app, sealer.socket):
        first = completed.make()
        sealer.keys.replace(make_key_pair("The next one"))
        second = completed.make()
        with completed.acting(completed.tess):
            known = ask_installation(sealer.socket)
    assert first.seal_fingerprint != second.seal_fingerprint == known.current.fingerprint
    assert [one.fingerprint for one in known.former] == [first.seal_fingerprint]
    for document in (first, second):
        assert is_whole(bytes_of(completed, document), certificate_of(completed, document))
    assert not is_whole(bytes_of(completed, first), certificate_of(completed, second))


def test_a_key_that_is_replaced_while_a_pdf_is_made_is_printed_by_the_next_try(
    app, completed, monkeypatch, tmp_path
):
    with running_sealer(tmp_path) as sealer, sealing_with(app, sealer.socket):
        attach = making.attach_evidence

        def rotated(*given):
            sealer.keys.replace(make_key_pair("In the middle"))
            return attach(*given)

        monkeypatch.setattr(making, "attach_evidence", rotated)
        monkeypatch.setitem(app.config, "TESTING", False)
        document_id = completed.ask()
        completed.run("document", document_id)
        waiting = completed.document(document_id)
        assert (waiting.state, waiting.error) == (WorkState.QUEUED, "SealChanged")
        monkeypatch.setattr(making, "attach_evidence", attach)
        made = again(completed, document_id)
    assert made.seal_fingerprint in completed.text(made).replace(" ", "")


def test_a_company_seals_with_its_own_key(app, completed, cast):
    pair = make_key_pair("Acme Ltda")
    with completed.acting(completed.tess):
        wrapped, certificate = ask_wrapped(
            app.config["SEAL_SOCKET"], cast.acme, pair.as_pkcs12(), None
        )
        assert "PRIVATE" not in wrapped
        use_own_key(wrapped=wrapped, certificate=certificate, actor=Actor("Operator"))
        db.session.commit()
    own = completed.make()
    assert own.seal_fingerprint == pair.described.fingerprint
    assert is_whole(bytes_of(completed, own), pair.described)
    with completed.acting(completed.tess):
        retire_own_key(actor=Actor("Operator"))
        db.session.commit()
    after = completed.make()
    assert after.seal_fingerprint != own.seal_fingerprint
    assert is_whole(bytes_of(completed, own), certificate_of(completed, own))
