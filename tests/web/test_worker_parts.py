"""When the worker passes a request to a thread, and which requests wait."""

from __future__ import annotations

import pytest

from app.web_worker import SMALL_BYTES, Arrival, _carries_password
from tests.faults.tiny_web import head, posting


def arrived(*pieces: bytes) -> Arrival:
    arrival = Arrival()
    for piece in pieces:
        arrival.add(piece)
    return arrival


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_a_request_is_complete_regardless_of_its_pieces(size):
    for data in (head("GET", "/"), posting("/", 5) + b"abcde", b"\r\n" + posting("/", 0)):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert not arrived(*pieces[:-1]).is_ready
        assert arrived(*pieces).is_whole


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: 9",
        "content-length:9",
        "CONTENT-LENGTH: \t9 ",
        "Content-Length: 009",
        "Transfer-Encoding: chunked",
        "transfer-encoding:gzip, chunked",
    ],
)
def test_a_pending_body_waits_or_gets_its_lane(line):
    arrival = arrived(head("POST", "/", line) + b"8 bytes.")
    assert not arrival.is_whole
    assert arrival.is_ready is ("chunked" in line)


@pytest.mark.parametrize("size", [SMALL_BYTES, 10**30])
def test_a_large_body_is_read_by_a_thread(size):
    arrival = arrived(posting("/", size))
    assert arrival.is_ready and not arrival.is_whole


def test_an_endless_head_is_detected():
    arrival = arrived(b"GET / HTTP/1.1\r\n", b"x" * SMALL_BYTES)
    assert arrival.is_endless and not arrival.is_ready


@pytest.mark.parametrize(
    ("target", "waits"),
    [
        ("/login", True),
        ("/login?next=/", True),
        ("/%6cogin", True),
        ("/login/second", True),
        ("http://laudo.test/login", True),
        ("/reset", True),
        ("/invitation/abc", True),
        ("/account/password", True),
        ("/logins", False),
        ("/reports/login", False),
        ("/", False),
        ("*", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_password_requests_are_recognised_by_address(target, waits):
    assert _carries_password(posting(target, 3) + b"abc") is waits
    assert _carries_password(b"\r\n" + posting(target, 3)) is waits
    assert not _carries_password(head("GET", target))


def test_an_invalid_request_has_no_password():
    for said in (b"", b"POST", b"POST \r\n\r\n", b"\x16\x03\x01 \xff\xfe\r\n\r\n"):
        assert not _carries_password(said)
