"""The processes of several machines on this one, each of which can be killed and replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import requests
from botocore.exceptions import ClientError

from app import database_roles as roles
from app.jobs.alive import count_alive
from app.local.embedded import free_port
from bench.scale.bucket import BUCKET, running_bucket
from bench.scale.proxy import Proxy
from tests.faults.site import DATABASE, Site, children, running_site, wait_until
from tests.support.pooler import running_pooler

WEBS = ("web-1", "web-2")
RELAYS = ("relay-1", "relay-2")
LONGEST_START = 120.0


class ScaledSite(Site):
    """`url` is nginx's. Processes connect to PgBouncer, never to PostgreSQL."""

    def __init__(self, folder: Path, *, workers: int, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.workers = workers
        self._opened = ExitStack()

    def prepare(self) -> None:
        super().prepare()
        self.pooler = self._opened.enter_context(running_pooler(self.postgres))
        self.ports = dict(zip(WEBS, _free_ports(len(WEBS)), strict=True))
        port = free_port(9000)
        self.url = f"http://127.0.0.1:{port}"
        self.proxy = Proxy(self.folder / "nginx", port)
        self._opened.callback(self.proxy.stop)
        self.bucket = self._opened.enter_context(running_bucket(self.folder / "bucket.log"))
        self.environment |= {
            "BASE_URL": self.url,
            "DATABASE_URL": self.pooler.url(roles.APP, DATABASE),
            "PLATFORM_DATABASE_URL": self.pooler.url(roles.PLATFORM, DATABASE),
            "PROXY_HOPS": "1",
            **self.bucket.settings,
        }

    def start_all(self) -> None:
        for name in WEBS:
            self.start_web(name)
        for number in range(1, self.workers + 1):
            self.start("worker", f"worker-{number}")
        for name in RELAYS:
            self.start("relay", name)
        self.start("sealer")
        self.proxy.start(list(self.ports.values()))
        self.wait_for_web()

    def start_web(self, name: str) -> None:
        self.start("web", name, BIND=f"127.0.0.1:{self.ports[name]}")
        wait_until(lambda: self.is_up(name), lambda: self.log(name)[-3000:], LONGEST_START)

    def is_up(self, name: str) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.ports[name]}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def crash(self, name: str) -> None:
        """Kill the process and its children at once, as when their machine stops."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def reload_web(self, name: str) -> None:
        """Replace the web's processes as a release does, while the proxy leaves it out."""
        self.proxy.take_out(self.ports[name])
        process = self.processes[name]
        before = set(children(process.pid))
        process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: (now := set(children(process.pid))) and not now & before,
            lambda: self.log(name)[-3000:],
            LONGEST_START,
        )
        wait_until(lambda: self.is_up(name), lambda: self.log(name)[-3000:], LONGEST_START)
        self.proxy.put_back()

    def wait_for_background(self) -> None:
        """Until every worker and relay has given a sign of life."""
        expected = {"worker": self.workers, "relay": len(RELAYS)}
        with self.redis() as client:
            wait_until(
                lambda: all(count_alive(client, kind) >= few for kind, few in expected.items()),
                "a worker or a relay did not start",
                LONGEST_START,
            )

    def helpers(self) -> dict[str, int]:
        running = {"nginx": self.proxy.process, "pgbouncer": self.pooler.process}
        running["bucket"] = self.bucket.process
        return {name: process.pid for name, process in running.items() if process}

    def keys(self) -> list[str]:
        pages = self.bucket.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def stored(self, key: str) -> bytes | None:
        try:
            found = self.bucket.client.get_object(Bucket=BUCKET, Key=key)
            return bytes(found["Body"].read())
        except ClientError:
            return None

    def close(self) -> None:
        for name in list(self.processes):
            self.stop(name)
        self._opened.close()
        super().close()


@contextmanager
def scaled_site(workers: int, **settings: str) -> Iterator[ScaledSite]:
    with running_site(make=partial(ScaledSite, workers=workers), **settings) as site:
        site.wait_for_background()
        yield site


def _free_ports(count: int) -> list[int]:
    first = free_port(8100)
    return [first, *(free_port(first + turn) for turn in range(1, count))]
