"""Gunicorn's threaded worker, for clients that are slow or mean to be: `PatientWorker`.

A thread is a large part of what a process can do at a time, a connection that waits in the poller
next to nothing. So the poller waits for clients: for the TLS handshake, for the head of a request,
for a body that is small, and for the rest of a body that nobody wants. Threads get requests that
are complete. A large body is read by a thread, since only the app knows whether it wants it, but
such bodies may hold all threads but two, and a client that sends almost nothing is cut off.
Passwords are compared one at a time (auth/passwords.py), so what carries one waits here as well.

Nothing of the app may be imported here: gunicorn.conf.py loads this in the master, by its path.
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

# A head may have so many bytes, and a request up to this size is received without a thread: saves
# and all that somebody unknown may send (STRANGERS_BYTES in web/guards.py), not photos.
SMALL_BYTES = 96 * 1024
# The slowest phone network that anybody would call one has some 5 kB/s.
LEAST_BYTES_A_SECOND = 1024
PIECE_BYTES = 256 * 1024
# An answer that came early must survive the rest of the upload; a stream without end need not.
DRAINED_BYTES = 256 * 1024 * 1024
# Threads that large bodies may not have.
SPARED_THREADS = 2
# One is at the hasher, one on its way to it.
PASSWORD_THREADS = 2

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
PASSWORD_PATHS = re.compile(r"/(login|reset|invitation|account)(/|$)")
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class Arrival:
    """What came of one request so far. `size` is that of head and body, once the head is here."""

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
        """Whether a thread should have it: all of it is here, or more is coming than we hold."""
        return self.is_whole or (self.size is not None and self.size > SMALL_BYTES)

    @property
    def is_endless(self) -> bool:
        return self.size is None and len(self.data) > SMALL_BYTES


def _body_size(head: bytes) -> int:
    """By the head's own words; a chunked body may have any size. What is odd the parser refuses."""
    if CHUNKED.search(head):
        return SMALL_BYTES + 1
    found = LENGTH.search(head)
    return int(found[1][:18]) if found else 0


def _carries_password(head: bytes) -> bool:
    """Whether it goes to one of the addresses that make or compare the hash of a password."""
    method, _, rest = head.lstrip().partition(b" ")
    try:
        path = split_request_uri(rest.partition(b" ")[0].decode("latin-1")).path
    except ValueError:
        return False  # the parser refuses it
    return method == b"POST" and PASSWORD_PATHS.match(unquote(path)) is not None


class Lane:
    """Connections that share a few threads; what waits for one of them holds none."""

    def __init__(self, threads: int) -> None:
        self.free = threads
        self.waiting: deque[TConn] = deque()


class PacedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads for a thread. The client has so many seconds to keep it waiting, and earns them back
    by what it sends: the rate counts, not how long a large photo takes."""

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
        self._left = min(self._most, self._left + len(piece) / LEAST_BYTES_A_SECOND)
        return piece


class UnreadAwareRequest(Request):  # type: ignore[misc]
    """Says "Connection: close" where a part of the body has still to come and nobody will read it.

    What is left otherwise lies in memory, so no thread ever waits to get rid of it.
    """

    def should_close(self) -> bool:
        return bool(super().should_close()) or not self._is_here()

    def _is_here(self) -> bool:
        reader = self.body.reader
        if isinstance(reader, LengthReader):
            here = self.unreader.buf.getbuffer().nbytes
            return bool(reader.length <= min(here, SMALL_BYTES))
        return reader.parser is None  # chunked, and read to its end


class UnreadAwareParser(RequestParser):  # type: ignore[misc]
    mesg_class = UnreadAwareRequest


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    # How long a client may send nothing, or read nothing, in the middle of a request.
    stall_seconds = 30.0

    def init_process(self) -> None:
        # In the poller by what they wait for: a head, a small body, the end of a drained one.
        # The one that was silent for longest comes first.
        self.waiting: dict[TConn, None] = {}
        self.bodies = Lane(max(1, self.cfg.threads - SPARED_THREADS))
        self.passwords = Lane(PASSWORD_THREADS)
        self.tls = ssl_context(self.cfg) if self.cfg.is_ssl else None
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Where there is room for no more, the one that was silent for longest makes room: else
        whoever opens connections and leaves them would shut everybody out."""
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
        """A new connection, or one whose client begins its next request; not yet for a thread."""
        conn.arrival = Arrival()
        conn.sock.setblocking(False)
        if conn.initialized:
            conn.timeout = time.monotonic() + self.stall_seconds
            conn.arrival.add(conn.parser.unreader.take_buffered())
        else:
            conn.initialized = True  # no thread need shake hands or wait for the first byte
            conn.timeout = time.monotonic() + self.cfg.keepalive
        self._step(conn, self._receive)

    # --- steps in the poller: each does what it can at once, and is taken again for the rest -----

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
        if conn in self.waiting:  # another one's step of this round may have dropped it
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
                conn.sock, server_side=True, do_handshake_on_connect=False,
                suppress_ragged_eofs=self.cfg.suppress_ragged_eofs,
            )  # fmt: skip
        conn.sock.do_handshake()  # nothing happens where that is done

    def _linger(self, conn: TConn) -> None:
        """Close when the client has: else what it still sends would take our answer from it."""
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
        """One piece a turn, so that nobody else waits for a fast one."""
        piece = conn.sock.recv(PIECE_BYTES)
        conn.drained += len(piece)
        if not piece or conn.drained > DRAINED_BYTES:
            return self._drop(conn)
        earned = conn.timeout + len(piece) / LEAST_BYTES_A_SECOND
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
        """The kernel gives up on a client that takes nothing of an answer; a thread writes it."""
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

    # --- what has waited for too long -------------------------------------------------------------

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
