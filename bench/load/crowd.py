"""One crowd of simulated people: a locust process, watched until it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT
from bench.load import ledger, tables
from bench.load.options import Options
from bench.load.processes import Watch
from bench.load.stage import Stage

SLACK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Run:
    """The results of one crowd. `kinds` omits requests before the last person had logged in.

    Memory is evaluated from `settled` seconds on, half-way through the work. `since` is when
    everybody had logged in.
    """

    users: int
    kinds: list[tables.Kind]
    log_ins: list[tables.Kind]
    watch: Watch
    settled: float
    since: float


def crowd(
    stage: Stage,
    options: Options,
    users: int,
    minutes: float,
    *,
    first: int,
    burst: Callable[[float], list[ledger.Line]] = lambda _delay: [],
) -> Run:
    """Let `users` people log in one by one and work for `minutes`; run `burst` meanwhile."""
    ramp = users / options.ramp
    started = time.time()
    with (
        _people(stage, options, users, ramp + minutes * 60, first) as process,
        Watch(_roots(stage, process.pid), options.sample_every) as watch,
        ThreadPoolExecutor(1) as aside,
    ):
        at_once = aside.submit(burst, ramp + minutes * 30)
        process.wait(ramp + minutes * 60 + 120)
    lines = [*ledger.lines(ledger_of(stage), "request"), *at_once.result()]
    everybody_in = started + ramp + 5
    return Run(
        users,
        tables.kinds(lines, since=everybody_in),
        tables.kinds(lines, since=started, until=everybody_in),
        watch,
        ramp + minutes * 30,
        everybody_in,
    )


@contextmanager
def _people(
    stage: Stage, options: Options, users: int, seconds: float, first: int
) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(Path(__file__).with_name("people.py")),
        "--headless",
        "--users",
        str(users),
        "--spawn-rate",
        str(options.ramp),
        "--run-time",
        f"{seconds:.0f}s",
        "--stop-timeout",
        str(SLACK_SECONDS),
        "--only-summary",
        "--loglevel",
        "WARNING",
        "--exit-code-on-error",
        "0",
    ]
    environment = {**os.environ, **stage.errand(options, first, str(ledger_of(stage)))}
    with (stage.site.folder / "people.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(SLACK_SECONDS)


def _roots(stage: Stage, people: int) -> dict[str, int]:
    site = stage.site
    (valkey,) = (site.redis().info("server")["process_id"],)
    postgres = int((site.postgres.data / "postmaster.pid").read_text().split("\n")[0])
    own = {name: process.pid for name, process in sorted(site.processes.items())}
    own |= site.helpers()
    return {**own, "postgresql": postgres, "valkey": int(valkey), "people": people}


def ledger_of(stage: Stage) -> Path:
    """Where the people note what was acknowledged to them."""
    path = stage.site.folder / "ledger.jsonl"
    path.touch()
    return path
