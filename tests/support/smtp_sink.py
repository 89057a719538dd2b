"""A mail server for tests: accepts mails over a real socket, or answers as a test needs."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Taken:
    sender: str
    recipients: list[str]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.data, policy=default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class Sink:
    """`says` replaces the answer to a verb ('RCPT': '550 no such person'); '' hangs up instead.

    `after_data` is the answer to a mail that was accepted already.
    """

    says: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 taken"
    taken: list[Taken] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    port: int = 0


@contextmanager
def smtp_sink(port: int = 0) -> Iterator[Sink]:
    sink = Sink()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.sender, self.recipients = "", list[str]()
            self._say("220 sink")
            while line := self.rfile.readline():
                verb, _, rest = line.decode().strip().partition(" ")
                sink.verbs.append(verb.upper())
                if not self._answer(verb.upper(), rest):
                    return

        def _answer(self, verb: str, rest: str) -> bool:
            """False ends the connection."""
            if (reply := sink.says.get(verb)) is not None:
                return self._say(reply)
            if verb == "MAIL":
                self.sender = rest
            elif verb == "RCPT":
                self.recipients.append(rest.removeprefix("TO:").strip("<>"))
            elif verb == "DATA":
                self._say("354 go on")
                sink.taken.append(Taken(self.sender, self.recipients, self._data()))
                return self._say(sink.after_data)
            elif verb == "QUIT":
                self._say("221 bye")
                return False
            return self._say("250 well")

        def _data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            return b"".join(lines)

        def _say(self, words: str) -> bool:
            if words:
                self.wfile.write(words.encode() + b"\r\n")
            return bool(words)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Talk) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join(timeout=5)
