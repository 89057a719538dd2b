"""A TCP proxy that cuts connections at random bytes, on the way there or on the way back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random

# A small request or answer is shorter than this, so that cuts fall into each part of it.
LONGEST = 4_000
CHUNK = 65_536


class CuttingProxy:
    """Listens on `port`; cuts about this `share` of all connections. `cuts` counts them."""

    def __init__(self, target: tuple[str, int], share: float, random: Random) -> None:
        self.cuts = 0
        self._target, self._share, self._random = target, share, random
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _address = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            is_cut = self._random.random() < self._share
            room = [self._random.randrange(LONGEST) if is_cut else None, None]
            self._random.shuffle(room)
        try:
            server = socket.create_connection(self._target, timeout=30)
        except OSError:
            client.close()
            return
        back = threading.Thread(target=self._pump, args=(server, client, room[1]), daemon=True)
        back.start()
        self._pump(client, server, room[0])
        back.join(60)
        for one in (client, server):
            one.close()

    def _pump(self, source: socket.socket, sink: socket.socket, room: int | None) -> None:
        """Forward up to `room` bytes, then cut both ways; everything if it is None."""
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if room is not None and len(data) >= room:
                    sink.sendall(data[:room])
                    with self._lock:
                        self.cuts += 1
                    break
                sink.sendall(data)
                room = None if room is None else room - len(data)
            else:
                sink.shutdown(socket.SHUT_WR)
                return
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(port: int, *, share: float, random: Random) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(("127.0.0.1", port), share, random)
    try:
        yield proxy
    finally:
        proxy.close()
