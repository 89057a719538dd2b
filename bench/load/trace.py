"""Where the slowest saves of a traced run spent their time (make load TRACE=1)."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

SLOWEST = 100
# In the order in which a save meets them. `chain's lock` is the insert of the audit entry, which
# waits for the chain and then writes it; `PostgreSQL` are all other statements and the commit.
PARTS = {
    "thread": "waiting for a thread",
    "connection": "waiting for a database connection",
    "row lock": "locking the report",
    "chain's lock": "waiting for the chain's lock and writing the entry",
    "PostgreSQL": "other statements and the commit",
    "processor": "Python, on a processor",
    "rest": "Python, waiting for a processor or another thread",
}

Line = Mapping[str, float]


def read(path: Path, *, since: float = 0.0, until: float = 1e12) -> list[Line]:
    """The saves that ended between the two times, with the rest of their time as a part."""
    if not path.exists():
        return []
    found = [json.loads(text) for text in path.read_text().splitlines()]
    return [_with_rest(one) for one in found if since <= one["at"] < until]


def _with_rest(line: Line) -> Line:
    """A statement's time contains the processor time of the driver: the rest is never negative."""
    known = sum(line.get(part, 0.0) for part in PARTS if part != "rest")
    return {**line, "rest": max(0.0, line["whole"] - known)}


def slowest(lines: Sequence[Line], count: int = SLOWEST) -> list[Line]:
    return sorted(lines, key=lambda one: -one["whole"])[:count]


def table(lines: Sequence[Line]) -> str:
    """Two columns of means in ms with shares: the slowest saves, and all of them."""
    if not lines:
        return "no save was traced"
    groups = {f"slowest {min(SLOWEST, len(lines))}": slowest(lines), f"all {len(lines)}": lines}
    head = f"{'where saves spent their time, mean ms':54}"
    rows = [head + "".join(f"{name:>20}" for name in groups)]
    for part, words in {"whole": "from the whole request to the answer", **PARTS}.items():
        cells = "".join(f"{_cell(part, group):>20}" for group in groups.values())
        rows.append(f"{words:54}{cells}")
    return "\n".join(rows)


def _cell(part: str, lines: Sequence[Line]) -> str:
    mean = statistics.fmean(one.get(part, 0.0) for one in lines) * 1000
    whole = statistics.fmean(one["whole"] for one in lines) * 1000
    return f"{mean:.1f} ({100 * mean / whole:.0f} %)" if whole else f"{mean:.1f}"
