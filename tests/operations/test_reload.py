"""A reload replaces every web process under constant requests without a failed request."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import requests

from tests.operations.processes import children_of
from tests.operations.stack import HOST, Stack, wait_until

pytestmark = pytest.mark.xdist_group("operations")

ASKING = 3


def ask(stack: Stack, stop: threading.Event, seen: list[int | str]) -> None:
    """Send requests like a proxy that opens a connection for each."""
    while not stop.is_set():
        try:
            answer = requests.get(f"{stack.url}/login", headers={"Host": HOST}, timeout=30)
            seen.append(answer.status_code)
        except requests.RequestException as error:
            seen.append(repr(error))


def test_a_reload_under_constant_requests_fails_none(stack):
    stop = threading.Event()
    seen: list[int | str] = []
    threads = [threading.Thread(target=ask, args=(stack, stop, seen)) for _one in range(ASKING)]
    before = set(children_of(stack))
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(seen) > 10, lambda: stack.log("web"))
        os.kill(stack.processes["web"].pid, signal.SIGHUP)
        wait_until(
            lambda: len(now := set(children_of(stack))) == 2 and not now & before,
            lambda: stack.log("web"),
        )
        count = len(seen)
        wait_until(lambda: len(seen) > count + 10, lambda: stack.log("web"))
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    assert [one for one in seen if one != 200] == []


def test_only_health_checks_may_use_the_ip_address(stack):
    for path, status in (("/health", 200), ("/login", 400), ("/", 400), ("/api/v1/", 400)):
        answer = requests.get(f"{stack.url}{path}", headers={"Host": "10.0.0.7"}, timeout=30)
        assert answer.status_code == status, path
    by_name = requests.get(f"{stack.url}/login", headers={"Host": HOST}, timeout=30)
    assert by_name.status_code == 200
    ready = requests.get(f"{stack.url}/health/ready", headers={"Host": "10.0.0.7"}, timeout=30)
    assert ready.json()["database"]["ok"]
