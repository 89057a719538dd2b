"""Our gunicorn worker class with the settings of gunicorn.conf.py and the minimal app of
tiny_app.py."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT
from app.local.embedded import free_port
from app.local.lan import certificate_for
from tests.faults.site import wait_until

THREADS = 4
# All of gunicorn.conf.py except its hooks, which need the app and its database.
CONFIG = """
import runpy
ours = runpy.run_path({path!r})
for name in ("bind", "workers", "threads", "worker_class", "keepalive", "graceful_timeout",
             "timeout", "certfile", "keyfile", "worker_tmp_dir", "control_socket_disable"):
    globals()[name] = ours[name]
max_requests = {max_requests}
worker_connections = {connections}
"""


@dataclass
class TinyWeb:
    """One process of four threads. A client may stall for `stall` seconds."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    tls: ssl.SSLContext | None = None

    def connect(self, *, shakes_hands: bool = True) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        if self.tls and shakes_hands:
            return self.tls.wrap_socket(plain, server_hostname="laudo.test")
        return plain

    def ask(self, path: str = "/", seconds: float = 30) -> tuple[int, bytes]:
        with self.connect() as client:
            client.settimeout(seconds)
            client.sendall(head("GET", path, "Connection: close"))
            return read_answer(client)

    def answers(self) -> bool:
        try:
            return self.ask(seconds=2)[0] == 200
        except OSError:
            return False

    def log(self) -> str:
        return (self.folder / "web.log").read_text(errors="replace")


@contextmanager
def running_web(
    folder: Path,
    *,
    stall: float = 30,
    is_tls: bool = False,
    connections: int = 1000,
    max_requests: int = 0,
) -> Iterator[TinyWeb]:
    port = free_port()
    config = folder / "tiny.conf.py"
    config.write_text(
        CONFIG.format(
            path=str(ROOT / "gunicorn.conf.py"), connections=connections, max_requests=max_requests
        )
    )
    environment = {
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": str(THREADS),
        "WEB_STALL_SECONDS": str(stall),
        "PYTHONPATH": str(ROOT),
    }
    tls = None
    if is_tls:
        certificate, key = certificate_for(folder / "lan", ["laudo.test"])
        environment |= {"TLS_CERTIFICATE": str(certificate), "TLS_KEY": str(key)}
        tls = ssl.create_default_context(cafile=str(folder / "lan" / "root.pem"))
    command = [sys.executable, "-m", "gunicorn", "-c", str(config), "tests.faults.tiny_app:app"]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    web = TinyWeb(port, folder, process, tls)
    try:
        wait_until(web.answers, web.log, 30)
        yield web
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()


def head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: laudo.test", *lines, "", "")).encode()


def posting(path: str, size: int, *lines: str) -> bytes:
    return head("POST", path, f"Content-Length: {size}", *lines)


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer with a Content-Length. Raises ConnectionError if it is cut."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _piece(client)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    pieces, missing = [body], int(lines[b"content-length"]) - len(body)
    while missing > 0:
        pieces.append(_piece(client))
        missing -= len(pieces[-1])
    return int(head.split()[1]), b"".join(pieces)


def _piece(client: socket.socket) -> bytes:
    if piece := client.recv(65536):
        return piece
    raise ConnectionError("closed before the answer was whole")


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed this connection, with or without an answer."""
    client.settimeout(0.05)
    try:
        while client.recv(65536):
            pass
    except (TimeoutError, ssl.SSLWantReadError):
        return False
    except OSError:
        pass
    return True


@contextmanager
def crowd(web: TinyWeb, count: int, sent: bytes, **options: bool) -> Iterator[list[socket.socket]]:
    """Open `count` connections that send `sent` and then single bytes without end."""
    with ExitStack() as stack:
        clients = [stack.enter_context(web.connect(**options)) for _each in range(count)]
        for client in clients:
            client.sendall(sent)
        ended = threading.Event()
        thread = threading.Thread(target=_trickle, args=(clients, ended), daemon=True)
        thread.start()
        try:
            yield clients
        finally:
            ended.set()
            thread.join()


def _trickle(clients: list[socket.socket], ended: threading.Event) -> None:
    while not ended.wait(0.3):
        for client in clients:
            with suppress(OSError):
                client.send(b"x")


def time_of(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
