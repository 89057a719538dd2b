"""`make load`: start the stack, simulate people, sample, query the database, print.

The exit status is 0 if every acknowledged save, photo and document was found, and 1 otherwise. A
machine that is too slow for the target is reported, but does not fail.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from bench import machine
from bench.load import tables, trace
from bench.load.burst import log_in_at_once
from bench.load.crowd import Run, crowd, ledger_of
from bench.load.options import Options
from bench.load.photos import SENT_PICTURES
from bench.load.proof import Proof, prove
from bench.load.stage import Stage, open_stage
from bench.pdf.originals import take


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
        print_run(run)
        if options.trace:
            lines = trace.read(options.trace_file, since=run.since)
            print(f"\n{trace.table(lines)}", flush=True)
        proof = prove(stage.site, ledger_of(stage))
        print_proof(proof)
        verdict = _verdict(run, proof)
        print(verdict, flush=True)
        knee = search_knee(stage, options, steps)
    _keep(options, found, run, proof, verdict, knee)
    return 1 if proof.wrong else 0


def _steps(options: Options) -> Iterator[int]:
    yield from range(options.users + options.knee_step, options.knee_most + 1, options.knee_step)


def search_knee(stage: Stage, options: Options, steps: list[int]) -> list[dict[str, object]]:
    """Try larger crowds for a short time until one misses the target; prints a line for each."""
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


def print_run(run: Run) -> None:
    print(f"\n{run.users} people, {run.watch.ended_after:.0f} s with the ramp; after the ramp:")
    print(tables.requests_table(run.kinds))
    print("\nwhile they logged in:")
    print(tables.requests_table(run.log_ins))
    cores = len(os.sched_getaffinity(0))
    print(f"\nprocessors of {cores} cores; memory without files (most: proportional shares):")
    print(tables.processes_table(run.watch, cores, run.settled))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load average at the end: {load}", flush=True)


def print_proof(proof: Proof) -> None:
    print(
        f"\nasked afterwards: {proof.saves} acknowledged saves, {proof.photos} photos (bytes hashed"
        f" again), {proof.submits} reports with their PDF (queue empty after"
        f" {proof.drain_seconds:.0f} s); not as acknowledged: {len(proof.wrong)}"
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
