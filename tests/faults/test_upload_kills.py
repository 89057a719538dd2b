"""The web is killed in the middle of an upload; the phone asks for its offset and goes on."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from random import Random
from threading import Thread
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg2
import pytest
import requests

from app.database_roles import OWNER
from tests.faults.conftest import LEASE_SECONDS
from tests.faults.people import TOKEN, Client, make_reports
from tests.faults.site import DATABASE, Site, children, kill, wait_until
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.uploads import announcement

pytestmark = pytest.mark.xdist_group("faults")

SIZE = 3 * 1024 * 1024
KILLS = 3
RETRY_SECONDS = 60 + LEASE_SECONDS


class Sender:
    """One photo that is sent until the server has all of it."""

    def __init__(self, site: Site, tess: Client, report_id: UUID) -> None:
        self.site, self.session = site, tess._session
        self.data = a_jpeg() + bytes(Random(1).randbytes(SIZE))
        self.client_id, self.report_id = uuid4(), report_id
        page = self.session.get(f"{site.url}/", headers={"HX-Request": ""}, timeout=30)
        self.token = TOKEN.search(page.text)[1]  # type: ignore[index]

    def ask(
        self, method: str, path: str, data: bytes = b"", **headers: str
    ) -> requests.Response | None:
        """The response; None if the connection broke."""
        sent = {"X-CSRFToken": self.token, "Tus-Resumable": "1.0.0"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self.session.request(
                method, f"{self.site.url}{path}", data=data, headers=sent, timeout=30
            )
        except requests.RequestException:
            return None

    def insist(
        self, method: str, path: str, data: bytes = b"", **headers: str
    ) -> requests.Response:
        deadline = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < deadline:
            answer = self.ask(method, path, data, **headers)
            if answer is not None and answer.status_code != 503:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was not answered within {RETRY_SECONDS} s")

    def announce(self) -> None:
        headers = announcement(self.report_id, self.data, self.client_id)
        assert self.insist("POST", "/uploads", **headers).status_code == 201

    def offset(self) -> int:
        answer = self.insist("HEAD", f"/uploads/{self.client_id}")
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def send(self, first: int, end: int) -> requests.Response | None:
        return self.ask(
            "PATCH",
            f"/uploads/{self.client_id}",
            self.data[first:end],
            Upload_Offset=str(first),
            Content_Type="application/offset+octet-stream",
        )

    def stored_parts(self) -> set[str]:
        return {path.name for path in self.site.storage.glob("t/*/parts/*") if path.is_file()}

    def named_parts(self) -> set[str]:
        rows = self.site.ask("select storage_key from photo_parts")
        return {str(key).rpartition("/")[2] for (key,) in rows}

    def check(self) -> None:
        """All bytes are there, exactly as they were sent."""
        row = self.site.ask(
            "select state, received, storage_key from photo_uploads where client_id = %s",
            str(self.client_id),
        )
        ((state, received, key),) = row
        assert (state, received) == ("complete", len(self.data))
        assert str(key).endswith(sha256_of(self.data))
        assert (self.site.storage / str(key)).read_bytes() == self.data


@pytest.fixture
def sender(site: Site, tess: Client) -> Sender:
    (report_id,) = make_reports(site, 1)
    one = Sender(site, tess, report_id)
    one.announce()
    return one


def kill_web(site: Site) -> None:
    """SIGKILL to every gunicorn worker; their master starts new ones."""
    arbiter = site.processes["web"].pid
    wait_until(lambda: children(arbiter), "the web has no worker", 30)
    for pid in children(arbiter):
        kill(pid)


def test_a_part_without_its_row_costs_only_that_part(site, sender):
    """The row's lock is held here, so the worker dies after the part was stored."""
    sender.send(0, 1000)
    before = sender.stored_parts()
    with closing(psycopg2.connect(site.postgres.dsn(OWNER, DATABASE))) as connection:
        connection.cursor().execute(
            "select 1 from photo_uploads where client_id = %s for no key update",
            (str(sender.client_id),),
        )
        answers: list[object] = []
        person = Thread(target=lambda: answers.append(sender.send(1000, 50_000)), daemon=True)
        person.start()
        wait_until(lambda: sender.stored_parts() - before, "no part is stored", 30)
        kill_web(site)
        person.join(60)
        assert answers == [None]
    (loose,) = sender.stored_parts() - before
    assert loose not in sender.named_parts()
    assert sender.offset() == 1000
    answer = sender.send(1000, 50_000)
    assert answer is not None and answer.status_code == 204
    assert sender.send(50_000, len(sender.data)).status_code == 204  # type: ignore[union-attr]
    sender.check()
    # Only the part of the killed worker is left; the sweep deletes it after a day.
    assert sender.stored_parts() == {loose}
    (site.storage / next(site.storage.glob(f"t/*/parts/{loose}"))).unlink()


def test_kills_at_random_moments_lose_nothing(site, sender):
    chance, step = Random(7), len(sender.data) // KILLS
    for _number in range(KILLS):
        first = sender.offset()
        end = min(first + step, len(sender.data))
        answers: list[requests.Response | None] = []
        person = Thread(
            target=lambda first=first, end=end, answers=answers: answers.append(
                sender.send(first, end)
            ),
            daemon=True,
        )
        person.start()
        time.sleep(chance.uniform(0, 0.03))
        kill_web(site)
        person.join(60)
        assert sender.offset() in (first, end)
    while (first := sender.offset()) < len(sender.data):
        sender.send(first, len(sender.data))
    sender.check()
    assert sender.named_parts() == set()


def test_what_arrived_before_the_connection_broke_counts(site, sender):
    """Through the real server, which reads the body from the socket."""
    place = urlsplit(site.url)
    cookies = "; ".join(f"{one.name}={one.value}" for one in sender.session.cookies)
    head = "\r\n".join(
        (
            f"PATCH /uploads/{sender.client_id} HTTP/1.1",
            f"Host: {place.netloc}",
            f"Cookie: {cookies}",
            f"X-CSRFToken: {sender.token}",
            "Tus-Resumable: 1.0.0",
            "Upload-Offset: 0",
            "Content-Type: application/offset+octet-stream",
            f"Content-Length: {len(sender.data)}",
            "",
            "",
        )
    )
    sent = 1_234_567
    with socket.create_connection((place.hostname, place.port)) as client:
        client.sendall(head.encode() + sender.data[:sent])
        time.sleep(1)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(30)
        assert b" 408 " in client.recv(65536).partition(b"\r\n")[0]
    assert sender.offset() == sent
    assert sender.send(sent, len(sender.data)).status_code == 204  # type: ignore[union-attr]
    sender.check()
