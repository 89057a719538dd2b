"""A full temporary folder: every kind of answer explains it, and no file remains there.

The folder is a real small file system, mounted for the test; it is the TMPDIR of a real web
process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.config import ROOT
from app.definition.workbook.guard import MAX_FILE
from tests.faults.site import wait_until
from tests.operations.stack import Browser, Stack, running_stack
from tests.storage.stages import small_disk
from tests.support.pictures import a_jpeg, a_png

MIB = 1024 * 1024
PHOTO = 4 * MIB


@dataclass
class Disk:
    folder: Path

    def free(self) -> int:
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    @contextmanager
    def leaving(self, room: int) -> Iterator[None]:
        """Leave only `room` bytes free until the block ends."""
        ballast = self.folder / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while self.free() > room and file.write(bytes(min(MIB, self.free() - room))):
                pass
        try:
            yield
        finally:
            ballast.unlink()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    with small_disk(tmp_path_factory.mktemp("small") / "tmp", "48m") as folder:
        yield Disk(folder)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, disk: Disk) -> Iterator[Stack]:
    name = f"laudo_full_{uuid4().hex[:8]}"
    with running_stack(tmp_path_factory.mktemp("web"), name, TMPDIR=str(disk.folder)) as running:
        yield running


@pytest.fixture(scope="module")
def report_id(stack: Stack) -> UUID:
    return stack.a_report(stack.cast.tess)


@pytest.fixture(scope="module")
def tess(stack: Stack) -> Browser:
    browser = Browser(stack)
    assert browser.log_in(stack.cast.tess).status_code == 303
    return browser


@pytest.fixture
def leaves_nothing(disk: Disk) -> Iterator[None]:
    """Nothing remains, not even files without a name: these show in the free space."""
    before = disk.names(), disk.free()
    yield
    wait_until(
        lambda: (disk.names(), disk.free()) == before, lambda: f"{before} {disk.names()}", 20
    )


def send(browser: Browser, path: str, files: dict[str, tuple[str, bytes]], **headers: str):
    return browser.session.post(
        f"{browser.stack.url}{path}",
        data={"csrf_token": browser.token},
        files=files,
        headers=headers,
        timeout=60,
        allow_redirects=False,
    )


def a_large_jpeg() -> bytes:
    data = a_jpeg()
    return data + os.urandom(PHOTO - len(data))


@pytest.mark.usefixtures("leaves_nothing")
class TestFull:
    @pytest.mark.parametrize(
        ("headers", "sort"),
        [
            ({}, "text/html"),
            ({"HX-Request": "true"}, "text/plain"),
            ({"X-Requested-With": "fetch"}, "text/plain"),
        ],
        ids=["page", "fragment", "script"],
    )
    def test_a_photo_stays_with_its_sender(self, disk, tess, report_id, headers, sort):
        path = f"/reports/{report_id}/fields/enclosure/photos"
        with disk.leaving(PHOTO // 2):
            answer = send(tess, path, {"file": ("a.jpg", a_large_jpeg())}, **headers)
            assert answer.status_code == 507
            assert answer.headers["Content-Type"].startswith(sort)
            assert "stays on your device" in " ".join(answer.text.split())
            assert ("toast" in answer.headers.get("HX-Trigger", "")) is (sort == "text/plain")
            # Requests without files still work.
            assert tess.get(f"/reports/{report_id}/fill").status_code == 200
        answer = send(tess, path, {"file": ("a.jpg", a_large_jpeg())}, **headers)
        assert answer.status_code == (201 if headers.get("HX-Request") else 303)

    def test_a_process_that_starts_while_it_is_full_uses_no_other_folder(self, disk, stack):
        ask = "import wsgi, tempfile; print(tempfile.gettempdir())"
        with disk.leaving(0):
            started = subprocess.run(
                [sys.executable, "-c", ask],
                cwd=ROOT,
                env=stack.environment,
                capture_output=True,
                text=True,
                check=True,
            )
        assert started.stdout.splitlines()[-1] == str(disk.folder)

    def test_with_no_room_at_all(self, disk, tess, report_id):
        path = f"/reports/{report_id}/fields/enclosure/photos"
        with disk.leaving(0):
            assert send(tess, path, {"file": ("a.jpg", a_large_jpeg())}).status_code == 507
            small = send(tess, path, {"file": ("a.jpg", a_jpeg())}, **{"HX-Request": "true"})
            assert small.status_code == 507
            assert "stays on your device" in small.text

    def test_other_routes_with_files(self, disk, stack, tess, report_id):
        ana = Browser(stack)
        ana.log_in(stack.cast.ana)
        ana.get("/checklists/new")
        large = os.urandom(PHOTO)
        sendings = {
            "a workbook": (ana, "/checklists/", {"file": ("a.xlsx", large)}),
            "a logo": (ana, "/company/brand", {"logo": ("a.png", large)}),
            "a signature": (
                tess,
                f"/reports/{report_id}/signatures/technician",
                {"image": ("a.png", large), "strokes": ("a.json", b"[]")},
            ),
        }
        assert len(large) < MAX_FILE
        for what, (browser, path, files) in sendings.items():
            with disk.leaving(PHOTO // 2):
                assert send(browser, path, files).status_code == 507, what
            assert send(browser, path, files).status_code not in (404, 405, 500, 507), what

    def test_a_list_as_a_file(self, disk, tess):
        with disk.leaving(0):
            answer = tess.get("/reports/export.xlsx")
            assert answer.status_code == 507
            assert "no storage space" in answer.text
        assert tess.get("/reports/export.xlsx").status_code == 200

    def test_an_upload_needs_its_own_size_once(self, disk, tess, report_id):
        path = f"/reports/{report_id}/fields/enclosure/photos"
        with disk.leaving(PHOTO + PHOTO // 2):
            answer = send(tess, path, {"file": ("a.jpg", a_large_jpeg())}, **{"HX-Request": "true"})
            assert answer.status_code == 201

    def test_refused_uploads_leave_nothing(self, tess, report_id):
        path = f"/reports/{report_id}/fields/enclosure/photos"
        answer = send(tess, path, {"file": ("a.jpg", os.urandom(PHOTO))})
        assert answer.status_code == 303  # back to its question, where the error is shown
        tess.token, kept = "wrong", tess.token
        try:
            assert send(tess, path, {"file": ("a.jpg", a_png() + bytes(PHOTO))}).status_code == 400
        finally:
            tess.token = kept
