"""Slow clients without a buffering proxy: pages are served, and honest photos arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.faults.site import wait_until
from tests.faults.tiny_web import TinyWeb, crowd, head, is_closed, posting, read_answer
from tests.operations.stack import Browser, Stack, running_stack
from tests.support.pictures import a_jpeg

# Sixteen for each of the two processes, which have four threads each.
MANY = 32
SOON = 10
FRAGMENT = "HX-Request: true"
FORM = "Content-Type: multipart/form-data; boundary=xyz"


@dataclass(frozen=True)
class Place:
    """A running stack, a technician who is logged in, and their report."""

    stack: Stack
    web: TinyWeb
    tess: Browser
    report_id: UUID

    @property
    def photo_path(self) -> str:
        return f"/reports/{self.report_id}/fields/enclosure/photos"

    def posting_a_photo(self, size: int) -> bytes:
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.tess.session.cookies)
        return posting(self.photo_path, size, FORM, FRAGMENT, f"Cookie: {cookies}")


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A stack that waits half a minute for a client, as in production."""
    with running_place(tmp_path_factory.mktemp("patient"), "30") as place:
        yield place


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(tmp_path_factory.mktemp("strict"), "3") as place:
        yield place


@contextmanager
def running_place(folder: Path, seconds: str) -> Iterator[Place]:
    name = f"laudo_slow_{uuid4().hex[:8]}"
    with running_stack(folder, name, WEB_STALL_SECONDS=seconds) as stack:
        tess = Browser(stack)
        assert tess.log_in(stack.cast.tess).status_code == 303
        web = TinyWeb(stack.port, stack.folder, stack.processes["web"])
        yield Place(stack, web, tess, stack.a_report(stack.cast.tess))


def a_photo(token: str, size: int) -> bytes:
    data = a_jpeg()
    return b"".join(
        (
            b'--xyz\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n',
            token.encode(),
            b'\r\n--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n',
            data,
            bytes(size - len(data)),
            b"\r\n--xyz--\r\n",
        )
    )


def answers_soon(web: TinyWeb) -> bool:
    asked = [web.ask(path, SOON)[0] for path in ("/health", "/login") for _each in range(4)]
    return asked == [200] * 8


def test_slow_request_heads_do_not_delay_pages(patient):
    with crowd(patient.web, MANY, head("GET", "/login")[:-2]):
        assert answers_soon(patient.web)


def test_slow_photos_do_not_delay_pages(patient):
    with crowd(patient.web, MANY, patient.posting_a_photo(4_000_000)):
        assert answers_soon(patient.web)
        # Nor a save, which is small and needs no thread that photos occupy.
        path = f"/reports/{patient.report_id}/fields/enclosure"
        assert patient.tess.post(path, {"value": "ok"}).status_code < 500


def test_anonymous_photos_are_refused_at_once(patient):
    with crowd(patient.web, MANY, posting(patient.photo_path, 4_000_000, FORM)) as clients:
        assert [read_answer(one)[0] for one in clients] == [303] * MANY
        assert answers_soon(patient.web)


def test_an_honest_slow_photo_arrives_while_tricklers_are_cut_off(strict):
    """A scaled-down 4 MB at 20 kB/s: takes longer than a client may stall, but never stalls."""
    body = a_photo(strict.tess.token, 120_000)
    tricklers = crowd(strict.web, 8, strict.posting_a_photo(4_000_000))
    with tricklers as clients, strict.web.connect() as honest:
        honest.sendall(strict.posting_a_photo(len(body)))
        for at in range(0, len(body), 6_000):
            honest.sendall(body[at : at + 6_000])
            time.sleep(0.3)
        assert read_answer(honest)[0] == 201
        wait_until(lambda: all(map(is_closed, clients)), "one may go on", 40)
    assert "Traceback" not in strict.stack.log("web")


def test_a_too_slow_client_gets_the_reason_and_can_retry(strict):
    with strict.web.connect() as client:
        client.sendall(strict.posting_a_photo(200_000))
        status, body = read_answer(client)
    assert (status, b"too slow" in body) == (408, True)
