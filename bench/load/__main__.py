"""`make load`: start the stack, let people work, watch, ask the database, print.

Its status is 0 when every acknowledged save, photo and document was found, and 1 otherwise; a
machine that is too slow for the target is told, not punished.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from app.config import ROOT
from bench import machine
from bench.load import ledger, tables
from bench.load.burst import log_in_at_once
from bench.load.options import Options
from bench.load.photos import SENT_PICTURES
from bench.load.processes import Watch
from bench.load.proof import Proof, prove
from bench.load.stage import Stage, open_stage
from bench.pdf.originals import take

SLACK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Run:
    """One crowd at work. `kinds` leaves out what happened before the last of them was in.

    Memory is looked at from `settled` seconds on, half-way through the work.
    """

    users: int
    kinds: list[tables.Kind]
    log_ins: list[tables.Kind]
    watch: Watch
    settled: float


def main() -> int:
    options = Options()
    found = machine.facts()
    print(machine.sentence(found), flush=True)
    width, _, height = options.photo_size.partition("x")
    take(SENT_PICTURES, options.album, size=(int(width), int(height)))
    steps = list(_steps(options)) if options.knee else []
    people = options.users + sum(steps)
    with open_stage(options, people + options.burst) as stage:
        burst = partial(log_in_at_once, stage, people, options.burst)
        run = crowd(stage, options, options.users, options.minutes, first=0, burst=burst)
        _print_run(run)
        proof = prove(stage.site, _ledger(stage))
        _print_proof(proof)
        verdict = _verdict(run, proof)
        print(verdict, flush=True)
        knee = search_knee(stage, options, steps)
    _keep(options, found, run, proof, verdict, knee)
    return 1 if proof.wrong else 0


def crowd(
    stage: Stage,
    options: Options,
    users: int,
    minutes: float,
    *,
    first: int,
    burst: Callable[[float], list[ledger.Line]] = lambda _delay: [],
) -> Run:
    """`users` people log in one after the other and then work for `minutes`; amid that, `burst`."""
    ramp = users / options.ramp
    started = time.time()
    with (
        _people(stage, options, users, ramp + minutes * 60, first) as process,
        Watch(_roots(stage, process.pid), options.sample_every) as watch,
        ThreadPoolExecutor(1) as aside,
    ):
        at_once = aside.submit(burst, ramp + minutes * 30)
        process.wait(ramp + minutes * 60 + 120)
    lines = [*ledger.lines(_ledger(stage), "request"), *at_once.result()]
    everybody_in = started + ramp + 5
    return Run(
        users, tables.kinds(lines, since=everybody_in),
        tables.kinds(lines, since=started, until=everybody_in), watch, ramp + minutes * 30,
    )  # fmt: skip


@contextmanager
def _people(
    stage: Stage, options: Options, users: int, seconds: float, first: int
) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("people.py")),
        "--headless", "--users", str(users), "--spawn-rate", str(options.ramp),
        "--run-time", f"{seconds:.0f}s", "--stop-timeout", str(SLACK_SECONDS),
        "--only-summary", "--loglevel", "WARNING", "--exit-code-on-error", "0",
    ]  # fmt: skip
    told = {**os.environ, **stage.errand(options, first, str(_ledger(stage)))}
    with (stage.site.folder / "people.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**told, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
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
    return {**own, "postgresql": postgres, "valkey": int(valkey), "people": people}


def _ledger(stage: Stage) -> Path:
    return stage.site.folder / "ledger.jsonl"


def _steps(options: Options) -> Iterator[int]:
    yield from range(options.users + options.knee_step, options.knee_most + 1, options.knee_step)


def search_knee(stage: Stage, options: Options, steps: list[int]) -> list[dict[str, object]]:
    """Larger crowds, each a short while, until one misses the target; a line for each."""
    lines: list[dict[str, object]] = []
    first = options.users
    for users in steps:
        run = crowd(stage, options, users, options.knee_minutes, first=first)
        first += users
        saves = tables.autosave(run.kinds)
        line: dict[str, object] = {
            "users": users,
            "autosave_p95": round(saves.p95, 1) if saves else None,
            "failed": tables.failures(run.kinds),
            "requests_a_second": round(
                sum(one.count for one in run.kinds) / (options.knee_minutes * 60), 1
            ),
        }
        lines.append(line)
        print(f"knee: {line}", flush=True)
        if not tables.is_met(run.kinds):
            print(tables.requests_table(run.kinds), flush=True)
            break
    return lines


def _print_run(run: Run) -> None:
    print(f"\n{run.users} people, {run.watch.ended_after:.0f} s with the ramp; after the ramp:")
    print(tables.requests_table(run.kinds))
    print("\nwhile they logged in:")
    print(tables.requests_table(run.log_ins))
    cores = len(os.sched_getaffinity(0))
    print(f"\nprocessors of {cores} cores; memory without files (most: proportional shares):")
    print(tables.processes_table(run.watch, cores, run.settled))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load average at the end: {load}", flush=True)


def _print_proof(proof: Proof) -> None:
    print(
        f"\nasked afterwards: {proof.saves} acknowledged saves, {proof.photos} photos (bytes hashed"
        f" again), {proof.submits} reports with their PDF (queue empty after"
        f" {proof.drain_seconds:.0f} s); not as told: {len(proof.wrong)}"
    )
    for sentence in proof.wrong[:20]:
        print(f"    {sentence}")


def _verdict(run: Run, proof: Proof) -> str:
    saves = tables.autosave(run.kinds)
    failed = tables.failures(run.kinds) + tables.failures(run.log_ins)
    parts = {
        "no failed request": not failed,
        f"autosave p95 within {tables.TARGET_MS:.0f} ms": bool(
            saves and saves.p95 <= tables.TARGET_MS
        ),
        "every acknowledged save found": not proof.wrong,
        "memory flat": tables.is_flat(run.watch.usage, run.settled),
        f"web within {tables.WEB_MB:.0f} MB at every moment": tables.is_within(run.watch.usage),
    }
    return "\n" + "\n".join(f"{'pass' if met else 'MISS'}  {words}" for words, met in parts.items())


def _keep(
    options: Options, found: dict[str, object], run: Run, proof: Proof, verdict: str, knee: object
) -> None:
    kept = {
        "machine": found,
        "options": options.model_dump(mode="json"),
        "seconds": run.watch.ended_after,
        "cpu_elsewhere": run.watch.elsewhere,
        "requests": [asdict(one) for one in run.kinds],
        "log_ins": [asdict(one) for one in run.log_ins],
        "processes": {name: asdict(one) for name, one in run.watch.usage.items()},
        "proof": asdict(proof),
        "verdict": verdict.split("\n"),
        "knee": knee,
    }
    options.results.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"\nWritten to {options.results}")


if __name__ == "__main__":
    sys.exit(main())
