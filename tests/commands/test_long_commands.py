"""Each long command shows its progress on stderr and keeps stdout for programs."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from click.testing import Result

from app.commands import progress, seed
from app.commands.demo.job import Job
from app.extensions import db
from app.storage import object_key, put_bytes
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.backup_stage import Filled, empty_place, fill, place
from tests.support.pictures import sha256_of

pytestmark = pytest.mark.xdist_group("backup")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, cast):
    running = test_servers.current()
    name = running.clone(f"laudo_watched_{uuid4().hex[:8]}")
    yield fill(place(name, tmp_path_factory.mktemp("watched")), cast)
    running.drop(name)


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    """Print a line for each step, not only every ten seconds."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


def labels(result: Result) -> set[str]:
    """The labels of the progress lines. Checks that each has a rate, and that stdout has none."""
    lines = [line for line in result.stderr.splitlines() if "/s]" in line or "[00:" in line]
    assert not [line for line in result.stdout.splitlines() if "[00:" in line], result.stdout
    return {line.partition(":")[0] for line in lines}


def test_backup_and_restore(filled: Filled, tmp_path):
    folder = str(tmp_path / "backups")
    made = filled.flask("backup", folder)
    assert made.exit_code == 0, made.output
    reading = {"Reading tables", "Reading audit entries", "Comparing completed reports"}
    assert labels(made) == {"Dumping the database", "Copying objects"} | reading
    verified = filled.flask("backup", "--verify", folder)
    assert labels(verified) == {"Reading objects"}
    with empty_place(tmp_path / "restored") as target:
        restored = target.flask("restore", folder)
        assert restored.exit_code == 0, restored.output
        own = {"Looking for objects", "Putting objects", "Restoring the database"}
        assert labels(restored) == own | reading | {"Listing the storage"}
        (whole,) = re.findall(r"^Restoring the database: .*$", restored.stderr, re.MULTILINE)[-1:]
        assert "100%" in whole


def test_the_checks(filled: Filled):
    read = filled.flask("storage", "check")
    assert labels(read) == {"Reading objects"}
    assert re.fullmatch(r"\d+ objects read, 0 wrong\.\n", read.stdout)
    swept = filled.flask("storage", "sweep")
    assert labels(swept) == {"Listing objects"}
    assert " objects seen, 0 deleted" in swept.stdout
    checked = filled.flask("check", "--json")
    assert labels(checked) == {"Checking reports"}
    assert json.loads(checked.stdout)["findings"]


def start_with_another_checklist(job: Job, _data: bytes, _filename: str) -> None:
    """Avoid reading the demo's workbook: a busy machine may exceed the time limit for it."""
    version = scenarios.a_checklist(job.manager)
    db.session.commit()
    job.use_checklist(version.checklist_id, version.definition)


def test_the_seed(filled: Filled, monkeypatch):
    monkeypatch.setattr(Job, "import_checklist", start_with_another_checklist)
    monkeypatch.setattr(seed, "list_tenants", list)
    monkeypatch.setattr(seed, "REPORTS", seed.REPORTS[:1])
    monkeypatch.setattr(seed, "PASSWORD_FILE", filled.storage / "password")
    monkeypatch.setattr(seed, "UNFINISHED_FILE", filled.storage / "unfinished")
    made = filled.flask("seed")
    assert made.exit_code == 0, made.output
    assert labels(made) == {"Making reports"}
    assert made.stdout == "Making the demo companies\n"


def test_the_erasing(cast, tmp_path):
    running = test_servers.current()
    installed = place(running.clone(f"laudo_erased_{uuid4().hex[:8]}"), tmp_path)
    with installed.app.app_context(), tenant_scope(cast.acme):
        put_bytes(object_key(cast.acme, "pdf", sha256_of(b"x"), ".pdf"), b"x")
    installed.as_superuser(
        f"update tenants set status = 'suspended', deletion_due_at = now() where id = '{cast.acme}'"
    )
    erased = installed.flask("tenant", "erase", "--due")
    running.drop(installed.database)
    assert erased.exit_code == 0, erased.output
    assert labels(erased) == {"Erasing rows", "Listing objects", "Erasing files of acme"}
    assert erased.stdout.startswith("Erased acme, ")
