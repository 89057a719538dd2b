"""`PatientWorker`: Gunicorn's threaded worker, hardened against slow and malicious clients.

A process has few threads, but a connection that waits in the poller costs next to nothing. So the
poller waits for clients: for the TLS handshake, the request head, a small body, and the rest of an
unwanted body. Threads get complete requests. Only the app knows whether it wants a large body, so a
thread reads it; but two threads are reserved for other requests, and a client that sends almost
nothing is disconnected. Passwords are verified one at a time (auth/passwords.py), so requests with
a password wait in the poller too.

Do not import anything of the app here: gunicorn.conf.py loads this file by path in the master.
"""

from __future__ import annotations

import errno
import re
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from ssl import SSLSocket, SSLWantReadError, SSLWantWriteError
from typing import Any
from urllib.parse import unquote

from gunicorn.http.body import LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.sock import ssl_context  # type: ignore[import-untyped]
from gunicorn.util import split_request_uri  # type: ignore[import-untyped]
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

# Limit for the head, and for requests that are received without a thread. It covers saves and all
# anonymous requests (MAX_ANONYMOUS_BYTES in web/guards.py), but not photos.
SMALL_BYTES = 96 * 1024
# The slowest usable phone network has about 5 kB/s.
MIN_BYTES_PER_SECOND = 1024
PIECE_BYTES = 256 * 1024
# After an early response, read up to this much of the upload, so that the client gets the response.
DRAINED_BYTES = 256 * 1024 * 1024
# Threads that large bodies may not use.
RESERVED_THREADS = 2
# One thread hashes, the next one is ready.
PASSWORD_THREADS = 2

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
PASSWORD_PATHS = re.compile(r"/(login|reset|invitation|account)(/|$)")
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class Arrival:
    """The bytes of one request received so far. `size` is the total of head and body, known once
    the head is complete."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.size: int | None = None

    def add(self, piece: bytes) -> None:
        begin = max(0, len(self.data) - len(HEAD_END) + 1)
        self.data += piece
        if self.size is None and (end := self.data.find(HEAD_END, begin)) >= 0:
            self.size = end + len(HEAD_END) + _body_size(bytes(self.data[: end + 2]))

    @property
    def is_whole(self) -> bool:
        return self.size is not None and len(self.data) >= self.size

    @property
    def is_ready(self) -> bool:
        """Whether to pass it to a thread: it is complete, or too large to be received here."""
        return self.is_whole or (self.size is not None and self.size > SMALL_BYTES)

    @property
    def is_endless(self) -> bool:
        return self.size is None and len(self.data) > SMALL_BYTES


def _body_size(head: bytes) -> int:
    """The body size that the head declares; a chunked body counts as large. The parser refuses
    invalid heads later."""
    if CHUNKED.search(head):
        return SMALL_BYTES + 1
    found = LENGTH.search(head)
    return int(found[1][:18]) if found else 0


def _carries_password(head: bytes) -> bool:
    """Whether the request goes to an address that computes a password hash."""
    method, _, rest = head.lstrip().partition(b" ")
    try:
        path = split_request_uri(rest.partition(b" ")[0].decode("latin-1")).path
    except ValueError:
        return False  # the parser refuses it
    return method == b"POST" and PASSWORD_PATHS.match(unquote(path)) is not None


class Lane:
    """Connections that share a few threads; while they wait, they occupy none."""

    def __init__(self, threads: int) -> None:
        self.free = threads
        self.waiting: deque[TConn] = deque()


class PacedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads for a thread. The client may keep it waiting for `seconds` and earns time back by
    sending data: the rate is limited, not the duration of a large upload."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        super().__init__(sock)
        self._most = self._left = seconds

    def chunk(self, size_hint: int | None = None) -> bytes:
        if self._left <= 0:
            raise TimeoutError("the client sends almost nothing")
        began = time.monotonic()
        self.sock.settimeout(self._left)
        try:
            piece: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(None)
            self._left -= time.monotonic() - began
        self._left = min(self._most, self._left + len(piece) / MIN_BYTES_PER_SECOND)
        return piece


class UnreadAwareRequest(Request):  # type: ignore[misc]
    """Sends "Connection: close" if part of the body has not arrived and will not be read.

    Otherwise the unread rest is already in memory, so no thread ever waits to discard it.
    """

    def should_close(self) -> bool:
        return bool(super().should_close()) or not self._is_here()

    def _is_here(self) -> bool:
        reader = self.body.reader
        if isinstance(reader, LengthReader):
            here = self.unreader.buf.getbuffer().nbytes
            return bool(reader.length <= min(here, SMALL_BYTES))
        return reader.parser is None  # a chunked body, fully read


class UnreadAwareParser(RequestParser):  # type: ignore[misc]
    mesg_class = UnreadAwareRequest


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    # How long a client may neither send nor receive in the middle of a request.
    stall_seconds = 30.0

    def init_process(self) -> None:
        # Connections in the poller that wait for a head, a small body or the end of a drained one;
        # the longest silent one comes first.
        self.waiting: dict[TConn, None] = {}
        self.bodies = Lane(max(1, self.cfg.threads - RESERVED_THREADS))
        self.passwords = Lane(PASSWORD_THREADS)
        self.tls = ssl_context(self.cfg) if self.cfg.is_ssl else None
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """When all connections are in use, drop the longest silent one: otherwise a client that
        opens idle connections could lock everybody out."""
        try:
            super().accept(listener)
            is_full = self.nr_conns >= self.worker_connections
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            is_full = True
        if is_full and self.waiting:
            self._drop(next(iter(self.waiting)))

    def enqueue_req(self, conn: TConn) -> None:
        """Receive a request on a new or kept-alive connection before a thread gets it."""
        conn.arrival = Arrival()
        conn.sock.setblocking(False)
        if conn.initialized:
            conn.timeout = time.monotonic() + self.stall_seconds
            conn.arrival.add(conn.parser.unreader.take_buffered())
        else:
            conn.initialized = True  # threads skip the handshake and the wait for the first byte
            conn.timeout = time.monotonic() + self.cfg.keepalive
        self._step(conn, self._receive)

    # --- steps in the poller: each does what it can without blocking, and is repeated -------------

    def _step(self, conn: TConn, step: Callable[[TConn], None]) -> None:
        try:
            step(conn)
        except (BlockingIOError, SSLWantReadError):
            self._wait(conn, step, EVENT_READ)
        except SSLWantWriteError:
            self._wait(conn, step, EVENT_WRITE)
        except OSError as error:
            self.log.debug("A connection ended before its request: %s", error)
            self._drop(conn)

    def _wait(self, conn: TConn, step: Callable[[TConn], None], event: int) -> None:
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.waiting[conn] = None
        self.poller.register(conn.sock, event, partial(self._go_on, conn, step))

    def _go_on(self, conn: TConn, step: Callable[[TConn], None], _sock: object) -> None:
        if conn in self.waiting:  # another connection's step may have dropped it in this round
            self._forget(conn)
            self._step(conn, step)

    def _receive(self, conn: TConn) -> None:
        if self.tls:
            self._shake_hands(conn)
        arrival = conn.arrival
        while not arrival.is_ready:
            if arrival.is_endless:
                error = LimitRequestHeaders(f"a head of more than {SMALL_BYTES} bytes")
                self.handle_error(None, conn.sock, conn.client, error)
                return self._linger(conn)
            piece = conn.sock.recv(SMALL_BYTES)
            if not piece:
                raise ConnectionResetError("its client left")
            if not arrival.data:
                conn.timeout = time.monotonic() + self.stall_seconds
            arrival.add(piece)
        return self._hand_over(conn)

    def _shake_hands(self, conn: TConn) -> None:
        assert self.tls
        if not isinstance(conn.sock, SSLSocket):
            conn.sock = self.tls.wrap_socket(
                conn.sock,
                server_side=True,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=self.cfg.suppress_ragged_eofs,
            )
        conn.sock.do_handshake()  # has no effect once it is done

    def _linger(self, conn: TConn) -> None:
        """Close only after the client has: if we close while it sends, it may lose our response."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
            return
        conn.sock.setblocking(False)
        conn.drained, conn.timeout = 0, time.monotonic() + self.stall_seconds
        self._step(conn, self._begin_to_drain)

    def _begin_to_drain(self, conn: TConn) -> None:
        conn.sock.shutdown(socket.SHUT_WR)
        self._wait(conn, self._drain, EVENT_READ)

    def _drain(self, conn: TConn) -> None:
        """Read one piece per round, so that a fast client does not delay others."""
        piece = conn.sock.recv(PIECE_BYTES)
        conn.drained += len(piece)
        if not piece or conn.drained > DRAINED_BYTES:
            return self._drop(conn)
        earned = conn.timeout + len(piece) / MIN_BYTES_PER_SECOND
        conn.timeout = min(earned, time.monotonic() + self.stall_seconds)
        raise BlockingIOError

    # --- from the poller to a thread and back -----------------------------------------------------

    def _hand_over(self, conn: TConn) -> None:
        if conn.parser is None:
            conn.parser = UnreadAwareParser(self.cfg, conn.sock, conn.client)
            self._limit_sending(conn.sock)
        unreader = PacedUnreader(conn.sock, self.stall_seconds)
        unreader.unread(bytes(conn.arrival.data))
        conn.parser.unreader = unreader
        conn.lane = self._lane_for(conn.arrival)
        conn.arrival = None
        if conn.lane:
            conn.lane.waiting.append(conn)
            self._start_next(conn.lane)
        else:
            super().enqueue_req(conn)

    def _limit_sending(self, sock: socket.socket) -> None:
        """Let the kernel drop a client that does not receive: a thread blocks while it writes."""
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            milliseconds = int(self.stall_seconds * 1000)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _lane_for(self, arrival: Arrival) -> Lane | None:
        if not arrival.is_whole:
            return self.bodies
        return self.passwords if _carries_password(bytes(arrival.data)) else None

    def _start_next(self, lane: Lane) -> None:
        while lane.waiting and lane.free:
            lane.free -= 1
            super().enqueue_req(lane.waiting.popleft())

    def handle_request(self, req: Request, conn: TConn) -> bool:
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError as error:
            self.log.info("A client from %s took nothing of its answer: %s", conn.client, error)
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error

    def finish_request(self, conn: TConn, fs: Any) -> None:
        if conn.lane:
            conn.lane.free += 1
            self._start_next(conn.lane)
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    # --- timeouts ---------------------------------------------------------------------------------

    def murder_pending(self) -> None:
        now = time.monotonic()
        for conn in [one for one in self.waiting if one.timeout <= now]:
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.waiting:
            conn.timeout = min(conn.timeout, deadline)

    def _forget(self, conn: TConn) -> None:
        del self.waiting[conn]
        self.poller.unregister(conn.sock)

    def _drop(self, conn: TConn) -> None:
        if conn in self.waiting:
            self._forget(conn)
        self.nr_conns -= 1
        conn.close()
