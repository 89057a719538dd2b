"""Server time of pages and saves with many reports around: milliseconds, statements, in process."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from uuid import uuid4

from sqlalchemy import Engine, event

from bench.many_reports import REPORTS_EACH, TENANTS
from bench.world import World, open_world

TARGETS_MS = {"list": 60.0, "fill": 150.0}


@dataclass(frozen=True, slots=True)
class PageTime:
    """Of one address: median and 95th percentile in ms (wall, database included), the process's
    own CPU in ms, SQL statements, kB of body. `target` in ms holds for the median."""

    name: str
    p50: float
    p95: float
    cpu: float
    statements: int
    kilobytes: float
    target: float | None

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.p50 <= self.target


def measure(
    *, rounds: int = 15, tenants: int = TENANTS, each: int = REPORTS_EACH, sections: int = 20
) -> list[PageTime]:
    """All addresses in turn, `rounds` times over, so that a slow minute hits each alike.

    The large report has `sections` of 15 fields.
    """
    with open_world(tenants=tenants, each=each, sections=sections) as world:
        acts = list(_acts(world))
        samples: dict[str, list[tuple[float, float, int, int]]] = {name: [] for name, _, _ in acts}
        for turn in range(rounds + 2):
            for name, act, _ in acts:
                sample = _one(act)
                if turn >= 2:  # the first two fill caches
                    samples[name].append(sample)
        return [_row(name, samples[name], target) for name, _, target in acts]


Act = Callable[[], int]


def _acts(world: World) -> Iterator[tuple[str, Act, float | None]]:
    def page(address: str) -> Act:
        def get() -> int:
            answer = world.client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            return len(answer.data)

        return get

    listed = TARGETS_MS["list"]
    first = f"/reports/{world.report_id}"
    yield "home", page("/"), None
    yield "list, first page", page("/reports/"), listed
    yield "list, page 400", page("/reports/?page=400"), listed
    yield "list, by title", page("/reports/?sort=title&page=200"), listed
    yield "list, by project", page("/reports/?sort=project&page=200"), listed
    yield "list, filtered", page("/reports/?status=completed&since=2026-01-01"), listed
    yield "list, search of two words", page("/reports/?search=energizacao+qta-3"), listed
    yield "list, nothing found", page("/reports/?search=zzzz"), listed
    yield "fill page", page(f"{first}/fill?at=s0_f0"), TARGETS_MS["fill"]
    yield "check page", page(f"{first}/review"), None
    yield "report page", page(first), None
    yield "one save", _saving(world), None


def _saving(world: World) -> Act:
    turn, version = count(), [0]

    def save() -> int:
        answer = world.client.post(
            f"/reports/{world.report_id}/fields/s0_f13",
            data={
                "value": f"words {next(turn)}", "row_version": str(version[0]),
                "client_id": str(uuid4()), "client_at": "2026-01-01T00:00:00Z",
            },
            headers={"HX-Request": "true"},
        )  # fmt: skip
        found = re.search(r'name="row_version"[^>]*value="(\d+)"', answer.text)
        assert answer.status_code == 200 and found, answer.text
        version[0] = int(found.group(1))
        return len(answer.data)

    return save


def _one(act: Act) -> tuple[float, float, int, int]:
    with _counted() as statements:
        wall, cpu = time.perf_counter(), time.process_time()
        size = act()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall * 1000, cpu * 1000, len(statements), size


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _row(name: str, samples: list[tuple[float, float, int, int]], target: float | None) -> PageTime:
    walls = sorted(wall for wall, *_ in samples)
    p95 = walls[min(len(walls) - 1, round(0.95 * (len(walls) - 1)))]
    cpu = statistics.median(cpu for _, cpu, *_ in samples)
    *_, statements, size = samples[-1]
    median = statistics.median(walls)
    return PageTime(name, median, p95, cpu, statements, size / 1000, target)


def table(rows: list[PageTime]) -> str:
    """The rows for people, with pass or miss where a target stands."""
    lines = [f"{'page':28}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}{'SQL':>5}{'kB':>8}  target"]
    for row in rows:
        verdict = "" if row.is_met is None else "pass" if row.is_met else "MISS"
        target = "" if row.target is None else f"{row.target:.0f} ms {verdict}"
        lines.append(
            f"{row.name:28}{row.p50:8.1f}{row.p95:8.1f}{row.cpu:8.1f}{row.statements:5}"
            f"{row.kilobytes:8.1f}  {target}"
        )
    return "\n".join(lines)


def as_json(rows: list[PageTime]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


if __name__ == "__main__":
    print(table(measure()))
