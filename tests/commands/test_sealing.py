"""`flask seal` and what `flask check` says of seals, on an installation with real commits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.commands.check.sealing import check_sealing
from app.commands.sealing import own_name
from app.extensions import db
from app.models import AuditEntry, SealCertificate, SealKey
from app.sealing import certificates
from app.sealing.certificates import make_key_pair
from app.tenancy import tenant_scope
from tests.support.alone import app_alone
from tests.support.cast import load_cast
from tests.support.sealers import RunningSealer, running_sealer, sealing_with

FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    with app_alone(tmp_path_factory.mktemp("seal")) as app:
        yield app


@pytest.fixture
def sealer(alone, tmp_path) -> Iterator[RunningSealer]:
    with running_sealer(tmp_path) as running, sealing_with(alone, running.socket):
        yield running


def flask(app, sealer, *arguments: str, **options):
    environment = {"SEAL_DIR": str(sealer.keys.path)}
    return app.test_cli_runner().invoke(args=["seal", *arguments], env=environment, **options)


def findings(app) -> dict[str, list[tuple[str, str]]]:
    with app.app_context():
        found: dict[str, list[tuple[str, str]]] = {}
        for one in check_sealing():
            found.setdefault(one.part, []).append((one.level, one.sentence))
        return found


def test_a_rotation_is_in_force_at_once_and_the_status_lists_both(alone, sealer):
    before = sealer.keys.read().described.fingerprint
    done = flask(alone, sealer, "rotate", "--yes")
    assert done.exit_code == 0, done.output
    now = sealer.keys.read().described.fingerprint
    assert FINGERPRINT.findall(done.output) == [now] != [before]
    status = flask(alone, sealer, "status")
    assert FINGERPRINT.findall(status.output) == [now, before]


def test_a_rotation_is_asked_about_first(alone, sealer):
    before = sealer.keys.current.read_bytes()
    assert flask(alone, sealer, "rotate", input="n\n").exit_code == 1
    assert sealer.keys.current.read_bytes() == before


def test_the_status_without_a_sealer_says_that_pdfs_wait(alone, sealer, tmp_path):
    with sealing_with(alone, tmp_path / "nobody.sock"):
        status = flask(alone, sealer, "status")
    assert status.exit_code == 1
    assert "PDFs wait" in status.output


def test_an_imported_file_seals_from_now_on(alone, sealer, tmp_path):
    pair = make_key_pair("Imported")
    (tmp_path / "a1.p12").write_bytes(pair.as_pkcs12())
    done = flask(alone, sealer, "import", str(tmp_path / "a1.p12"), input="\n")
    assert done.exit_code == 0, done.output
    assert sealer.keys.read().described == pair.described


def test_a_file_that_cannot_seal_changes_nothing(alone, sealer, tmp_path):
    before = sealer.keys.current.read_bytes()
    (tmp_path / "a1.p12").write_bytes(b"no file")
    for more in ([], ["--tenant", "acme"]):
        done = flask(alone, sealer, "import", str(tmp_path / "a1.p12"), *more, input="x\n")
        assert (done.exit_code, "no PKCS#12 file" in done.output) == (1, True)
    assert sealer.keys.current.read_bytes() == before


def test_a_company_gets_its_own_key_and_gives_it_up(alone, sealer, tmp_path):
    pairs = [make_key_pair(name) for name in ("Acme 2026", "Acme 2027")]
    for number, pair in enumerate(pairs):
        path = tmp_path / f"{number}.p12"
        path.write_bytes(pair.as_pkcs12())
        done = flask(alone, sealer, "import", str(path), "--tenant", "acme", input="\n")
        assert done.exit_code == 0, done.output
    with alone.app_context(), tenant_scope(load_cast(alone).acme):
        rows = {row.fingerprint: row for row in db.session.scalars(select(SealKey))}
        kept = set(db.session.scalars(select(SealCertificate.fingerprint)))
        actions = db.session.scalars(
            select(AuditEntry.action).where(AuditEntry.object_type == "seal_key")
        ).all()
    first, second = (pair.described.fingerprint for pair in pairs)
    assert rows[first].retired_at and not rows[second].retired_at
    assert kept == {first, second}
    assert actions == ["seal_key.imported"] * 2
    assert sealer.keys.read().described.fingerprint not in kept
    (level, sentence), *others = findings(alone)["seal keys"]
    assert (level, others) == ("ok", []) and second[:12] in sentence

    # Another sealer has another wrapping key, as after a loss of its folder.
    with (
        running_sealer(tmp_path / "other") as other,
        sealing_with(alone, other.socket),
    ):
        (level, sentence), *others = findings(alone)["seal keys"]
    assert (level, others) == ("wrong", []) and "import it again" in sentence

    assert flask(alone, sealer, "retire", "acme").exit_code == 0
    again = flask(alone, sealer, "retire", "acme")
    assert (again.exit_code, "no key of its own" in again.output) == (1, True)
    assert findings(alone)["seal keys"] == [("ok", "No company has a key of its own.")]


def test_a_check_names_a_sealer_that_does_not_answer(alone, sealer, tmp_path):
    assert findings(alone)["sealer"][0][0] == "ok"
    with sealing_with(alone, tmp_path / "nobody.sock"):
        ((level, sentence),) = findings(alone)["sealer"]
    assert level == "wrong"
    assert "Start `flask sealer`" in sentence


@pytest.mark.parametrize(
    ("days_left", "level", "words"),
    [(90, "ok", "seals, until"), (30, "warning", "ends on"), (-1, "wrong", "PDFs wait")],
)
def test_a_check_warns_before_a_certificate_ends(
    alone, sealer, monkeypatch, days_left, level, words
):
    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            age = timedelta(days=365 * certificates.YEARS - days_left)
            return datetime.now(UTC) - age

    monkeypatch.setattr(certificates, "datetime", Earlier)
    pair = make_key_pair("Old")
    monkeypatch.undo()
    sealer.keys.replace(pair)
    ((found, sentence),) = findings(alone)["sealer"]
    assert (found, words in sentence) == (level, True), sentence


@pytest.mark.parametrize(
    ("address", "name", "email"),
    [
        ("https://laudo.example.com", "laudo.example.com", "laudo@laudo.example.com"),
        ("https://ação.example", "xn--ao-siap.example", "laudo@xn--ao-siap.example"),
        ("http://[::1]:8000", "::1", "laudo@localhost"),
        ("http://localhost:8000", "localhost", "laudo@localhost"),
    ],
)
def test_any_address_has_its_certificate(alone, monkeypatch, address, name, email):
    monkeypatch.setitem(alone.config, "BASE_URL", address)
    with alone.app_context():
        assert own_name() == (f"Laudo seal, {name}", email)
        assert make_key_pair(*own_name())


def test_stamps_need_an_authority(alone, sealer):
    done = flask(alone, sealer, "stamp")
    assert (done.exit_code, "set TSA_URL" in done.output) == (1, True)
    assert findings(alone)["stamps"][0][0] == "ok"
