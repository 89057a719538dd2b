"""Clients that trickle, stall, flood or leave occupy connections, not the web's threads."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.faults.site import children, wait_until
from tests.faults.tiny_app import LARGE
from tests.faults.tiny_web import (
    THREADS,
    TinyWeb,
    crowd,
    head,
    is_closed,
    posting,
    read_answer,
    running_web,
)

MANY = 16
# If clients occupied the threads, answers would take 30 s, the time a client may stall.
SOON = 10


@pytest.fixture(scope="module", params=["plain", "tls"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("web")
    with running_web(folder, is_tls=request.param == "tls") as running:
        yield running


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyWeb]:
    """A web that lets a client stall for only two seconds."""
    with running_web(tmp_path_factory.mktemp("strict"), stall=2) as running:
        yield running


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyWeb]:
    """A web that accepts at most twenty connections."""
    with running_web(tmp_path_factory.mktemp("narrow"), connections=20) as running:
        yield running


def answers_soon(web: TinyWeb, times: int = 5) -> bool:
    return all(web.ask(seconds=SOON)[0] == 200 for _each in range(times))


class TestThreadsStayFree:
    @pytest.mark.parametrize(
        "sent",
        [b"", b"GET / HT", head("GET", "/")[:-2], posting("/read", 20_000)],
        ids=["nothing", "half a line", "half a head", "half a small body"],
    )
    def test_unfinished_requests(self, web, sent):
        with crowd(web, MANY, sent):
            assert answers_soon(web)

    def test_unfinished_tls_handshakes(self, web):
        with crowd(web, MANY, b"\x16\x03\x01\x02", shakes_hands=False):
            assert answers_soon(web)

    def test_slow_large_bodies(self, web):
        with crowd(web, MANY, posting("/read", 1_000_000)):
            assert answers_soon(web)
            wait_until(lambda: int(web.ask("/most")[1]) >= THREADS - 2, web.log, SOON)
            assert int(web.ask("/most")[1]) == THREADS - 2

    def test_slow_chunks(self, web):
        with crowd(web, MANY, head("POST", "/read", "Transfer-Encoding: chunked") + b"fff\r\n"):
            assert answers_soon(web)

    def test_clients_that_keep_sending_refused_bodies(self, web):
        with crowd(web, MANY, posting("/refuse", 1_000_000)) as clients:
            assert answers_soon(web)
            assert [read_answer(one)[0] for one in clients] == [303] * MANY

    def test_waiting_for_password_checks(self, web):
        with crowd(web, MANY, posting("/login", 3) + b"abc") as clients:
            assert int(web.ask("/done")[1]) < MANY / 2, "it waited for them"
            assert [read_answer(one)[0] for one in clients] == [200] * MANY


class TestHonestRequests:
    def test_one_after_the_other_on_one_connection(self, web):
        with web.connect() as client:
            for size in (0, 10, 70_000, 3_000_000):
                client.sendall(posting("/read", size) + bytes(size))
                assert read_answer(client) == (200, str(size).encode())

    def test_two_pipelined_requests(self, web):
        with web.connect() as client:
            client.sendall(posting("/read", 3) + b"abc" + head("GET", "/most", "Connection: close"))
            sent = b""
            while piece := client.recv(65536):
                sent += piece
            assert sent.count(b"HTTP/1.1 200 OK") == 2

    def test_a_head_and_a_body_in_pieces(self, web):
        with web.connect() as client:
            for piece in (b"POST /rea", posting("/read", 6)[9:] + b"abc", b"def"):
                client.sendall(piece)
                time.sleep(0.1)
            assert read_answer(client) == (200, b"6")

    def test_a_body_in_chunks(self, web):
        with web.connect() as client:
            client.sendall(head("POST", "/read", "Transfer-Encoding: chunked"))
            for _each in range(3):
                client.sendall(b"4\r\nabcd\r\n")
                time.sleep(0.05)
            client.sendall(b"0\r\n\r\n")
            assert read_answer(client) == (200, b"12")

    def test_expect_100_continue(self, web):
        with web.connect() as client:
            client.sendall(posting("/read", 100_000, "Expect: 100-continue"))
            assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(bytes(100_000))
            assert read_answer(client) == (200, b"100000")

    def test_a_client_that_sends_everything_first_gets_the_refusal(self, web):
        """As browsers do. Closing the connection early would lose the answer."""
        with web.connect() as client:
            client.sendall(posting("/refuse", 8_000_000))
            for _each in range(8):
                client.sendall(bytes(1_000_000))
            assert read_answer(client)[0] == 303
            assert client.recv(1) == b""

    def test_a_refused_body_that_has_arrived_keeps_the_connection(self, web):
        with web.connect() as client:
            for _each in range(2):
                client.sendall(posting("/refuse", 5) + b"abcde")
                assert read_answer(client)[0] == 303

    def test_a_large_answer(self, web):
        with web.connect() as client:
            for path in ("/large", "/many"):
                client.sendall(head("GET", path))
                assert len(read_answer(client)[1]) == LARGE


class TestPatienceEnds:
    @pytest.mark.parametrize(
        "sent",
        [
            b"GET / HT",
            posting("/read", 20_000),
            posting("/read", 1_000_000),
            posting("/refuse", 1_000_000),
        ],
        ids=["head", "small body", "large body", "refused body"],
    )
    def test_a_trickling_client(self, strict, sent):
        with crowd(strict, 3, sent) as clients:
            wait_until(lambda: all(map(is_closed, clients)), "one may go on", 20)
        assert strict.answers()

    def test_not_a_constantly_slow_client(self, strict):
        """A photo of 4 MB at 20 kB/s takes a hundred times as long as a client may stall."""
        with strict.connect() as client:
            client.sendall(posting("/read", 100_000))
            for _each in range(20):
                client.sendall(bytes(5_000))
                time.sleep(0.25)
            assert read_answer(client) == (200, b"100000")

    def test_a_client_that_does_not_read_the_answer(self, strict):
        """Threads write answers; each is free again when its client has not read for too long."""
        for path in ("/large", "/many"):
            with crowd(strict, THREADS, head("GET", path)):
                wait_until(strict.answers, "no thread is free", 30)

    def test_an_endless_request_head(self, strict):
        with strict.connect() as client:
            client.sendall(head("GET", "/")[:-2] + b"X: " + b"x" * 100_000)
            assert b" 431 " in client.recv(65536)


def test_a_new_client_is_served_at_the_connection_limit(narrow):
    with crowd(narrow, 40, b""):
        assert answers_soon(narrow)


def test_a_reload_waits_for_no_trickling_client(narrow):
    (before,) = children(narrow.process.pid)
    with (
        narrow.connect() as kept,
        crowd(narrow, 4, b"GET / HT"),
        crowd(narrow, 2, posting("/refuse", 99_999)),
    ):
        kept.sendall(head("GET", "/"))
        assert read_answer(kept) == (200, str(before).encode())
        os.kill(narrow.process.pid, signal.SIGHUP)
        wait_until(lambda: children(narrow.process.pid) not in ([before], []), narrow.log, 20)
        wait_until(lambda: before not in children(narrow.process.pid), narrow.log, 20)
    assert narrow.answers()


def test_a_process_is_replaced_after_its_last_request(tmp_path):
    with running_web(tmp_path, max_requests=5) as web:
        (before,) = children(web.process.pid)
        with crowd(web, 4, b"GET / HT"):
            for _each in range(5):
                web.answers()
            wait_until(lambda: before not in children(web.process.pid), web.log, 20)
            wait_until(web.answers, web.log, 20)


def test_a_connection_reset_does_no_harm(web):
    for sent in (b"", b"GET / HT", posting("/read", 1_000_000), posting("/refuse", 9)):
        client = web.connect()
        client.sendall(sent)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.close()
    assert answers_soon(web)
    assert "Traceback" not in web.log()
