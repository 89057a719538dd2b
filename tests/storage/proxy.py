"""A proxy in front of moto that passes requests on or injects faults."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HANG_SECONDS = 30
QUOTA = b"<Error><Code>QuotaExceeded</Code><Message>no room</Message></Error>"
TOO_LARGE = b"<Error><Code>EntityTooLarge</Code><Message>too large</Message></Error>"
FAILED = b"<Error><Code>InternalError</Code><Message>we failed</Message></Error>"


class Proxy:
    """`url` is the endpoint for boto3; requests fail inside a `fault(name)` block."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.faults: list[str] = []
        self.seen: list[tuple[str, str]] = []
        self.before_request: Callable[[str, str], None] = lambda method, path: None
        self.before_answer: Callable[[str, str], None] = lambda method, path: None
        self.is_closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.is_closing.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def fault(self, name: str, *, times: int = 1_000_000) -> Iterator[None]:
        """`hang`, `500`, `reset`, `truncate`, `corrupt`, `quota` or `too large`, for `times`
        requests."""
        self.faults = [name] * min(times, 10_000)
        try:
            yield
        finally:
            self.faults = []

    def next_fault(self, method: str) -> str:
        if self.faults and (self.faults[0] not in ("quota", "too large") or method == "PUT"):
            return self.faults.pop(0)
        return ""


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None: ...

        def handle_expect_100(self) -> bool:
            return proxy.faults[:1] in (["hang"], ["reset"]) or super().handle_expect_100()

        def _serve(self) -> None:
            proxy.seen.append((self.command, urlsplit(self.path).path))
            fault = proxy.next_fault(self.command)
            if fault == "hang":
                proxy.is_closing.wait(HANG_SECONDS)
                self.close_connection = True
            elif fault == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                self.close_connection = True
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answers = {
                    "500": (500, FAILED),
                    "quota": (403, QUOTA),
                    "too large": (400, TOO_LARGE),
                }
                if fault in answers:
                    self._answer(*answers[fault])
                else:
                    self._pass_on(body, fault)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve

        def _pass_on(self, body: bytes, fault: str) -> None:
            proxy.before_request(self.command, self.path)
            upstream = http.client.HTTPConnection(proxy.target.hostname, proxy.target.port)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            data = answer.read()
            proxy.before_answer(self.command, self.path)
            headers = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in ("transfer-encoding", "content-length", "connection")
            }
            if self.command == "HEAD":
                headers["Content-Length"] = answer.getheader("Content-Length", "0")
            if self.command == "GET" and fault == "corrupt":
                data = data[:-1] + bytes([data[-1] ^ 1])
            is_short = self.command == "GET" and fault == "truncate"
            self._answer(answer.status, data, headers, is_short=is_short)
            upstream.close()

        def _answer(
            self,
            status: int,
            data: bytes,
            headers: dict[str, str] | None = None,
            *,
            is_short: bool = False,
        ) -> None:
            self.send_response(status)
            headers = {"Content-Length": str(len(data)), **(headers or {})}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[: len(data) // 2] if is_short else data)
            if is_short:
                self.wfile.flush()
                time.sleep(0.05)
                self.close_connection = True

    return Handler
