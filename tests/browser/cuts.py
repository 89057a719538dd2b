"""A gate that cuts connections at chosen stages: on the way, before the answer, or within it."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum

from tests.browser.gate import CHUNK, Gate

KIND = re.compile(rb'(?:^|&)kind=(\w+)|name="kind"\r\n\r\n(\w+)')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Cut(StrEnum):
    """Where a connection breaks. After the second and the third the server has the request."""

    ASKING = "asking"
    UNANSWERED = "unanswered"
    ANSWERING = "answering"


def stage_of(request: bytes) -> str:
    """The stage of the outbox that a request is: session, upload, or the kind of an operation."""
    head, _, body = request.partition(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0].decode("latin1")
    if "/session.json" in line:
        return "session"
    if "/uploads" in line:
        return "upload"
    found = KIND.search(body) if "/operations" in line else None
    return (found[1] or found[2]).decode() if found else ""


class CuttingGate(Gate):
    """`plan` has for each stage the cuts of its requests, in their order; None lets one pass."""

    def __init__(self, target: str, plan: Mapping[str, Sequence[Cut | None]]) -> None:
        self.plan = {stage: list(cuts) for stage, cuts in plan.items()}
        self.cut: Counter[tuple[str, Cut]] = Counter()
        self._lock = threading.Lock()
        super().__init__(target)

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        due: list[Cut] = []
        back = threading.Thread(target=self._answer, args=(server, client, due), daemon=True)
        back.start()
        with suppress(OSError):
            while request := _request_from(client):
                cut = self._next(stage_of(request))
                if cut is Cut.ASKING:
                    server.sendall(request[: len(request) // 2])
                    break
                due += [cut] if cut else []
                server.sendall(request)
        self._end(server, client)

    def _answer(self, server: socket.socket, client: socket.socket, due: list[Cut]) -> None:
        with suppress(OSError):
            while data := server.recv(CHUNK):
                if due:
                    client.sendall(b"" if due[0] is Cut.UNANSWERED else data[: len(data) // 2])
                    break
                client.sendall(data)
        self._end(server, client)

    def _next(self, stage: str) -> Cut | None:
        with self._lock:
            cuts = self.plan.get(stage)
            cut = cuts.pop(0) if cuts else None
            if cut:
                self.cut[stage, cut] += 1
            return cut

    def _end(self, *pair: socket.socket) -> None:
        for one in pair:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            self._held.discard(one)


def _request_from(client: socket.socket) -> bytes:
    """One whole request; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(CHUNK)
        if not more:
            return b""
        data += more
    found = LENGTH.search(data[: data.index(b"\r\n\r\n")])
    whole = data.index(b"\r\n\r\n") + 4 + (int(found[1]) if found else 0)
    parts = [data]
    size = len(data)
    while size < whole:
        more = client.recv(CHUNK)
        if not more:
            return b""
        parts.append(more)
        size += len(more)
    return b"".join(parts)
