"""The sealer: one process that holds the keys and answers on a Unix socket.

Whoever may write to the socket may have documents sealed, so only workers get it. Each connection
is one request and one answer in JSON. The process has no database and no network.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.sealing.holder import KeyHolder, Refused
from app.sealing.sockets import SECONDS, address_of, is_answering

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024
# For the sealer's user and group; the folder of the socket decides as well.
UMASK = 0o117
_PR_SET_DUMPABLE = 4


class AlreadyRunning(RuntimeError):
    """Another sealer answers at this socket."""


class _Handler(socketserver.StreamRequestHandler):
    timeout = SECONDS
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):  # whoever asked has gone
            self.wfile.write(json.dumps(self._answer()).encode())

    def _answer(self) -> dict[str, object]:
        try:
            return self.server.holder.answer(json.loads(self.rfile.read(MOST_BYTES)))
        except Refused as error:
            log.warning("refused: %s", error)
            return {"error": error.code, "words": error.words}
        except ValueError:
            return {"error": "bad_request", "words": ""}
        except Exception:
            log.exception("the sealer failed")
            return {"error": "failed", "words": ""}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: str, holder: KeyHolder) -> None:
        self.holder = holder
        super().__init__(address, _Handler)


@contextmanager
def answering(holder: KeyHolder, path: Path) -> Iterator[None]:
    """Answer at the socket while the block runs. Raises AlreadyRunning."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_answering(path):
        raise AlreadyRunning(path)
    # That of a sealer that was killed.
    path.unlink(missing_ok=True)
    with address_of(path) as address:
        previous = os.umask(UMASK)
        try:
            server = _Server(address, holder)
        finally:
            os.umask(previous)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True, name="sealer")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        path.unlink(missing_ok=True)


def serve(holder: KeyHolder, path: Path, stop: threading.Event) -> None:
    """Answer until `stop` is set. Raises AlreadyRunning."""
    hide_memory()
    with answering(holder, path):
        log.info("the sealer answers at %s", path)
        stop.wait()


def hide_memory() -> None:
    """Other processes of the same user may no longer read this one's memory and environment."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
