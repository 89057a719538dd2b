"""A minimal app that loads nothing of ours, so that its many processes start at once.

`/` answers, `/read` reads the body and returns its size, `/refuse` answers without reading,
`/most` returns the largest number of concurrent body reads, `/login` takes half a second, `/done`
returns the number of finished `/login`s, `/large` sends 8 MB from a file, `/many` the same in
pieces.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

LARGE = 8 * 1024 * 1024
_lock = threading.Lock()
_logins: list[int] = []
_readers = {"now": 0, "most": 0}


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/large":
        start("200 OK", [("Content-Length", str(LARGE))])
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the server
        file.truncate(LARGE)
        return environ["wsgi.file_wrapper"](file)
    if path == "/many":
        start("200 OK", [("Content-Length", str(LARGE))])
        return (bytes(65536) for _each in range(LARGE // 65536))
    words = str(_answer(path, environ)).encode()
    status = "303 See Other" if path == "/refuse" else "200 OK"
    start(status, [("Content-Length", str(len(words)))])
    return [words]


def _answer(path: str, environ: dict[str, Any]) -> object:
    if path == "/read":
        return _read(environ["wsgi.input"])
    if path == "/login":
        time.sleep(0.5)
        _logins.append(1)
    if path == "/done":
        return len(_logins)
    return _readers["most"] if path == "/most" else os.getpid()


def _read(stream: Any) -> int:
    size = 0
    with _lock:
        _readers["now"] += 1
        _readers["most"] = max(_readers.values())
    try:
        while piece := stream.read(65536):
            size += len(piece)
    finally:
        with _lock:
            _readers["now"] -= 1
    return size
