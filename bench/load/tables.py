"""The tables of a run: requests by kind, memory and CPU by party."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.load.ledger import Line
from bench.load.processes import Usage, Watch

TARGET_MS = 250.0
FLAT_MB_A_MINUTE = 2.0
WEB_MB = 600.0
# Excluded: the load tool, and PostgreSQL, whose shared buffers keep filling during a run.
NOT_JUDGED = ("people", "postgresql")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: count, failures, three percentiles and the maximum in ms."""

    name: str
    count: int
    failed: int
    p50: float
    p95: float
    p99: float
    longest: float
    troubles: tuple[str, ...]


def kinds(requests: Iterable[Line], *, since: float = 0.0, until: float = 1e12) -> list[Kind]:
    """Kinds by name, of requests that ended between the two times (seconds since the epoch)."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in requests:
        if since <= line["at"] < until:
            found[line["kind"]].append(line)
    return [_kind(name, found[name]) for name in sorted(found)]


def _kind(name: str, lines: list[Line]) -> Kind:
    times = sorted(line["ms"] for line in lines)
    troubles = [line["trouble"] for line in lines if line["trouble"]]
    p50, p95, p99 = (
        times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.95, 0.99)
    )
    kept = tuple(dict.fromkeys(troubles))[:5]
    return Kind(name, len(lines), len(troubles), p50, p95, p99, times[-1], kept)


def requests_table(found: list[Kind]) -> str:
    ranks = "".join(f"{rank:>9}" for rank in ("p50 ms", "p95 ms", "p99 ms", "max ms"))
    lines = [f"{'request':20}{'count':>8}{'failed':>8}{ranks}"]
    for one in found:
        lines.append(
            f"{one.name:20}{one.count:>8}{one.failed:>8}{one.p50:>9.0f}{one.p95:>9.0f}"
            f"{one.p99:>9.0f}{one.longest:>9.0f}"
        )
        lines += [f"    {trouble}" for trouble in one.troubles]
    return "\n".join(lines)


def processes_table(watch: Watch, cores: int, settled: float) -> str:
    """Memory from `settled` seconds on, when everybody has logged in and the caches are full."""
    whole = watch.ended_after * cores
    lines = [
        f"{'process':16}{'CPU s':>8}{'of all cores':>14}{'first MB':>10}{'last MB':>9}"
        f"{'MB a minute':>13}{'most MB':>9}{'high MB':>9}{'processes':>11}"
    ]
    for name, one in watch.usage.items():
        share = 100 * one.cpu / whole
        lines.append(
            f"{name:16}{one.cpu:>8.0f}{share:>13.0f}%{one.first(settled):>10.0f}{one.last:>9.0f}"
            f"{one.slope(settled):>13.2f}{one.most:>9.0f}{one.high_water:>9.0f}{one.processes:>11}"
        )
    share = 100 * watch.elsewhere / whole
    lines.append(f"{'all others':16}{watch.elsewhere:>8.0f}{share:>13.0f}%  (no part of this)")
    return "\n".join(lines)


def is_flat(usage: Mapping[str, Usage], settled: float) -> bool:
    return all(
        one.slope(settled) <= FLAT_MB_A_MINUTE
        for name, one in usage.items()
        if name not in NOT_JUDGED
    )


def is_within(usage: Mapping[str, Usage]) -> bool:
    """Whether the web stayed within its memory limit, including the burst of log-ins."""
    return 0 < usage["web"].high_water <= WEB_MB


def autosave(found: list[Kind]) -> Kind | None:
    return next((one for one in found if one.name == "autosave"), None)


def failures(found: list[Kind]) -> int:
    return sum(one.failed for one in found)


def is_met(found: list[Kind]) -> bool:
    """True if no request failed and the 95th percentile of autosaves is within the target."""
    saves = autosave(found)
    return saves is not None and not failures(found) and saves.p95 <= TARGET_MS
