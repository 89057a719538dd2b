"""The verifier where nothing of Laudo is: Python, pyhanko and what pyhanko needs, no network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from packaging.requirements import Requirement
from PIL import Image
from sqlalchemy import select

from app.extensions import db
from app.models import Report
from tests.conftest import signed_in_client
from tests.outboxes.conftest import Desk
from tests.proof.world import (
    World,
    approve,
    fill_in,
    make_bundle,
    make_pdf,
    newest_pdf,
    photograph,
    retype,
    sign_and_submit,
)
from tests.support.backup_stage import copied_place
from tests.support.outboxes import a_zip, an_answer
from tests.support.verifier import FILE

pytestmark = [
    pytest.mark.xdist_group("proof"),
    pytest.mark.skipif(
        subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0,
        reason="this machine lets nobody switch the network off (unshare -rn)",
    ),
]

ARABIC, HINDI, CHINESE = "فحص العزل مكتمل", "निरीक्षण पूर्ण", "绝缘检查完成"


def needed(name: str) -> dict[str, Distribution]:
    """A distribution and all that it needs, by name."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        try:
            found[one] = distribution(one)
        except PackageNotFoundError:  # for other systems or Pythons
            continue
        for line in found[one].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(re.sub(r"[-_.]+", "-", requirement.name).lower())
    return found


@dataclass(frozen=True)
class Elsewhere:
    """A computer of somebody who was sent the files: a folder, and a Python with pyhanko."""

    python: Path
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["unshare", "-rn", str(self.python), *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )

    def verify(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(FILE.name, *arguments)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Elsewhere:
    """pip would put the same files there: those of pyhanko and of what it names as needed."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    for one in needed("pyhanko").values():
        for top in {Path(file).parts[0] for file in one.files or () if ".." not in str(file)}:
            source = Path(str(one.locate_file(top)))
            if source.exists() and not (packages / top).exists():
                (packages / top).symlink_to(source)
    work = folder / "work"
    work.mkdir()
    shutil.copy(FILE, work)
    return Elsewhere(folder / "venv" / "bin" / "python", work)


def test_there_is_nothing_but_pyhanko_and_no_network(elsewhere: Elsewhere) -> None:
    assert elsewhere.run("-c", "import pyhanko").returncode == 0
    for absent in ("flask", "sqlalchemy", "pikepdf", "PIL", "app"):
        done = elsewhere.run("-c", f"import {absent}")
        assert "ModuleNotFoundError" in done.stderr, absent
    code = "import socket; print(socket.if_nameindex()); socket.create_connection(('1.1.1.1', 53))"
    done = elsewhere.run("-c", code)
    assert "'lo'" in done.stdout and "unreachable" in done.stderr


def heavy_jpeg() -> bytes:
    """A picture of noise, of more than a megabyte."""
    size = (1400, 1000)
    noise = Image.frombytes("RGB", size, Random(8).randbytes(size[0] * size[1] * 3))
    output = BytesIO()
    noise.save(output, "JPEG", quality=92)
    return output.getvalue()


@dataclass(frozen=True)
class Sent:
    """The files by name, and the certificates that sealed them."""

    fingerprints: str


@pytest.fixture(scope="module")
def sent(lived: World, elsewhere: Elsewhere, tmp_path_factory) -> Iterator[Sent]:
    """Three reports with their bundles: with two revisions, imported and in many scripts, and with
    a large photo; and the bundle of a whole project."""
    storage = tmp_path_factory.mktemp("sent") / "storage"
    with copied_place(lived.place, storage) as copy:
        world = replace(lived, place=copy)
        world.hand_out(elsewhere.folder)
        (elsewhere.folder / "bundle.zip").rename(elsewhere.folder / "revisions.zip")
        for name, report_id in {"scripts": in_scripts(world), "large": with_large(world)}.items():
            (elsewhere.folder / f"{name}.pdf").write_bytes(newest_pdf(world, report_id))
            (elsewhere.folder / f"{name}.zip").write_bytes(make_bundle(world, report_id))
        project = make_bundle(world, world.report_id, of_project=True)
        (elsewhere.folder / "project.zip").write_bytes(project)
        yield Sent(world.fingerprints())


def finish(world: World, report_id: Any) -> Any:
    sign_and_submit(world, report_id, world.cast.tess)
    approve(world, report_id, world.cast.max)
    make_pdf(world, report_id, world.cast.tess)
    return report_id


def in_scripts(world: World) -> Any:
    """Partly typed on a phone without a connection and imported from its file."""
    report_id = fill_in(world)
    tess = world.cast.tess.id
    with world.acting(world.cast.tess):
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.is_open
    taken = an_answer(report_id, tess, "customer", f"عميل {ARABIC}", baseVersion=1)
    import_file(world, a_zip(tess, [taken]))
    retype(world, report_id, world.cast.tess, f"{ARABIC}\n{HINDI}\n{CHINESE}\nand 5 Ω")
    return finish(world, report_id)


def import_file(world: World, data: bytes) -> None:
    page = Desk(signed_in_client(world.place.app, world.cast.ana)).take_in(data)
    assert "Imported" in page


def with_large(world: World) -> Any:
    report_id = fill_in(world)
    picture = heavy_jpeg()
    assert len(picture) > 1 << 20
    photograph(world, report_id, world.cast.tess, picture)
    return finish(world, report_id)


FILES = {
    "two revisions": ("R0.pdf", "R1.pdf", "revisions.zip"),
    "imported, in many scripts": ("scripts.pdf", "scripts.zip"),
    "a large photo": ("large.pdf", "large.zip"),
    "a project": ("project.zip",),
}


@pytest.mark.parametrize("files", FILES.values(), ids=FILES.keys())
def test_it_finds_that_nothing_differs(elsewhere: Elsewhere, sent: Sent, files) -> None:
    given = [part for one in sent.fingerprints.split(",") for part in ("--fingerprint", one)]
    done = elsewhere.verify(*files, *given)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.endswith("Nothing differs.\n")
    answer = json.loads((done := elsewhere.verify(*files, *given, "--json")).stdout)
    assert done.returncode == 0 and answer["good"] is True
    states = {one["state"] for one in answer["lines"]}
    assert "differs" not in states and "holds" in states


def lines_of(elsewhere: Elsewhere, *files: str) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = json.loads(elsewhere.verify(*files, "--json").stdout)["lines"]
    return lines


def test_it_says_what_it_compared(elsewhere: Elsewhere, sent: Sent) -> None:
    said = [one["what"] for one in lines_of(elsewhere, "R0.pdf", "R1.pdf", "revisions.zip")]
    for words in (
        "seal: it covers the whole file",
        "seal: the list of files is unchanged",
        "the audit chain names this snapshot",
        "3 photos of the snapshot are in the bundle",
        "4 photos of the snapshot are in the bundle",
        "3 texts beside the PDF are those inside it",
        "revision: it replaces",
        "audit chain: ",
    ):
        assert any(words in one for one in said), words


def test_it_lists_what_it_could_not_compare(elsewhere: Elsewhere, sent: Sent) -> None:
    lines = lines_of(elsewhere, "scripts.pdf")
    skipped = [one["detail"] for one in lines if one["state"] == "not compared"]
    assert any("right-to-left or fallback font" in one and ARABIC[:10] in one for one in skipped)


def test_its_exit_status_tells_apart_what_differs_and_what_cannot_be_read(
    elsewhere: Elsewhere, sent: Sent
) -> None:
    folder = elsewhere.folder
    data = bytearray((folder / "large.pdf").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "changed.pdf").write_bytes(data)
    done = elsewhere.verify("large.zip", "changed.pdf")
    assert done.returncode == 1 and "DIFFERS" in done.stdout
    answer = json.loads(elsewhere.verify("changed.pdf", "--json").stdout)
    assert answer["good"] is False
    (folder / "none.zip").write_bytes(b"PK no archive")
    for file in ("none.zip", "missing.pdf"):
        done = elsewhere.verify(file, "--json")
        assert done.returncode == 2 and json.loads(done.stdout)["error"], file
