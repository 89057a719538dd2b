"""`make scale`: people work while everything runs, while processes die, and during a release.

The exit status is 1 if anything acknowledged is missing afterwards, or if a request failed during
the load or the release. While processes die, requests may fail: people repeat them.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from bench import machine
from bench.load import tables
from bench.load.__main__ import print_proof, print_run
from bench.load.crowd import Run, crowd, ledger_of
from bench.load.ledger import Line
from bench.load.photos import SENT_PICTURES
from bench.load.proof import Proof, prove
from bench.load.stage import Stage, furnish
from bench.pdf.originals import take
from bench.scale import trouble
from bench.scale.neighbour import Neighbour, measure_neighbour, sentence
from bench.scale.options import Options
from bench.scale.site import ScaledSite, scaled_site

DEATHS = 4

Events = Callable[[ScaledSite], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """One crowd and what happened to it. `failed` counts requests, repeated ones too."""

    name: str
    run: Run
    events: list[str]

    @property
    def failed(self) -> int:
        return tables.failures(self.run.kinds) + tables.failures(self.run.log_ins)


def main() -> int:
    # So that everything that was started ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = Options()
    found = machine.facts()
    print(machine.sentence(found), flush=True)
    width, _, height = options.photo_size.partition("x")
    take(SENT_PICTURES, options.album, size=(int(width), int(height)))
    settings = {"WEB_CONCURRENCY": "1", "LOGIN_TRIES_PER_MINUTE": "5"}
    with scaled_site(options.workers, **settings) as site:
        stage = furnish(site, 3 * options.users)
        parts = list(_parts(site, stage, options))
        proof = prove(site, ledger_of(stage))
        print_proof(proof)
        is_asked = "neighbour" in options.parts.split()
        neighbour = measure_neighbour(site, stage, options) if is_asked else None
    if neighbour:
        print(sentence(neighbour), flush=True)
    verdict = _verdict(parts, proof, neighbour)
    print("\n".join(f"{'pass' if met else 'MISS'}  {words}" for words, met in verdict.items()))
    _keep(options, found, parts, proof, neighbour, verdict)
    return 0 if _is_sound(parts, proof) else 1


def _parts(site: ScaledSite, stage: Stage, options: Options) -> Iterator[Part]:
    seconds = options.minutes * 60
    plans: tuple[tuple[str, Events], ...] = (
        ("load", lambda _site: iter(())),
        ("deaths", lambda one: trouble.kill_each(one, seconds)),
        ("release", trouble.release),
    )
    for turn, (name, events) in enumerate(plans):
        if name in options.parts.split():
            yield _part(site, stage, options, name, events, first=turn * options.users)


def _part(
    site: ScaledSite, stage: Stage, options: Options, name: str, events: Events, *, first: int
) -> Part:
    said: list[str] = []

    def happen(_middle: float) -> list[Line]:
        time.sleep(options.users / options.ramp + 5)
        began = time.monotonic()
        for words in events(site):
            said.append(f"{time.monotonic() - began:.0f} s: {words}")
        return []

    run = crowd(stage, options, options.users, options.minutes, first=first, burst=happen)
    part = Part(name, run, said)
    print(f"\n=== {name}; failed requests: {part.failed}")
    print("\n".join(f"    {words}" for words in said))
    print_run(run)
    return part


def _is_sound(parts: list[Part], proof: Proof) -> bool:
    return not proof.wrong and not any(one.failed for one in parts if one.name != "deaths")


def _verdict(parts: list[Part], proof: Proof, neighbour: Neighbour | None) -> dict[str, bool]:
    verdict = {"nothing acknowledged is lost": not proof.wrong}
    for part in parts:
        if part.name == "deaths":
            words = "a web, a worker, a relay and PgBouncer were killed"
            verdict[words] = len(part.events) == DEATHS
        else:
            verdict[f"no failed request: {part.name}"] = not part.failed
    return verdict | (neighbour.verdict() if neighbour else {})


def _keep(
    options: Options,
    found: dict[str, object],
    parts: list[Part],
    proof: Proof,
    neighbour: Neighbour | None,
    verdict: dict[str, bool],
) -> None:
    kept = {
        "machine": found,
        "options": options.model_dump(mode="json"),
        "parts": {
            part.name: {
                "events": part.events,
                "failed": part.failed,
                "requests": [asdict(one) for one in part.run.kinds],
                "processes": {name: asdict(one) for name, one in part.run.watch.usage.items()},
                "cpu_elsewhere": part.run.watch.elsewhere,
            }
            for part in parts
        },
        "proof": asdict(proof),
        "neighbour": asdict(neighbour) if neighbour else None,
        "verdict": verdict,
    }
    options.results.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"\nWritten to {options.results}")


if __name__ == "__main__":
    sys.exit(main())
