"""`make growth`: fill two databases, compare them, and measure what an operator waits for.

It never judges: the status is 0 unless something did not run.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2
from pydantic import Field
from pydantic_settings import BaseSettings

from app.commands.backup import figures
from app.commands.backup.taking import take_backup
from app.database_roles import BACKUP
from app.evidence.chain import verify_chain
from app.storage import LocalStorage
from app.tenancy import tenant_scope
from bench import machine
from bench.growth.acts import acts_of
from bench.growth.worlds import Grown, Size, grown_worlds
from tests.support import servers

RESULTS = Path(__file__).with_name("results.json")
GB = 1e9
BIG_TABLES = "answers", "receipts", "audit_entries", "reports"


class Options(BaseSettings):
    """REPORTS=30000 in companies of EACH=600, against SMALL=1200; ANSWERS=39 (at most) in each;
    ROUNDS=15 of the acts."""

    reports: int = Field(default=30_000, ge=1)
    small: int = Field(default=1_200, ge=1)
    each: int = Field(default=600, ge=1)
    answers: int = Field(default=39, ge=1, le=39)
    rounds: int = Field(default=15, ge=1)
    results: Path = RESULTS

    def size(self, reports: int) -> Size:
        return Size(max(1, reports // self.each), self.each, self.answers)


@dataclass(frozen=True, slots=True)
class Compared:
    """One act: median milliseconds in the small database, median of the ratios of each round, and
    of the ratios of the small database against itself."""

    name: str
    ms: float
    ratio: float
    noise: float


@dataclass(frozen=True, slots=True)
class Table:
    """Bytes of a table and of its indexes for one report."""

    name: str
    rows: int
    bytes_each: float
    index_bytes_each: float


def main() -> None:
    options = Options()
    found = machine.facts()
    print(machine.sentence(found), flush=True)
    sizes = {"small": options.size(options.small), "large": options.size(options.reports)}
    began = time.monotonic()
    with grown_worlds(sizes, lambda _words: None) as worlds:
        seconds = time.monotonic() - began
        print(f"made in {seconds:.0f} s: {sizes}", flush=True)
        compared = compare(worlds["small"], worlds["large"], options.rounds)
        print(_compared_table(compared), flush=True)
        tables = sizes_of(worlds["large"], sizes["large"])
        print(_sizes_table(tables), flush=True)
        operated = operate(worlds["large"])
        print("\n".join(f"{name}: {value:,.2f}" for name, value in operated.items()))
    kept = {
        "machine": found,
        "options": options.model_dump(mode="json"),
        "seconds_to_make": seconds,
        "acts": [asdict(one) for one in compared],
        "tables": [asdict(one) for one in tables],
        "operating": operated,
    }
    options.results.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"Written to {options.results}")


def compare(small: Grown, large: Grown, rounds: int) -> list[Compared]:
    """Each round does every act in both, and twice in the small one."""
    theirs = {"small": acts_of(small), "large": acts_of(large), "again": acts_of(small)}
    # One history of saves for both, as the second would meet a newer version.
    theirs["again"]["one save"] = theirs["small"]["one save"]
    rows = []
    for name in theirs["small"]:
        times: dict[str, list[float]] = {world: [] for world in theirs}
        for turn in range(rounds + 2):
            for world, acts in theirs.items():
                spent = _milliseconds(acts[name])
                if turn >= 2:  # the first rounds fill caches
                    times[world].append(spent)
        rows.append(
            Compared(
                name,
                statistics.median(times["small"]),
                _ratio(times["large"], times["small"]),
                _ratio(times["again"], times["small"]),
            )
        )
    return rows


def _milliseconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _ratio(over: list[float], under: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def sizes_of(world: Grown, size: Size) -> list[Table]:
    reports = size.companies * size.reports
    dsn = servers.current().postgres().dsn(database=world.name)
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid)"
            " from pg_class where relname = any(%s) order by 3 desc",
            (list(BIG_TABLES),),
        )
        return [
            Table(name, rows, table / reports, indexes / reports)
            for name, rows, table, indexes in cursor.fetchall()
        ]


def operate(world: Grown) -> dict[str, float]:
    """Processor and wall seconds of the audit check and of a backup."""
    url = servers.current().url(BACKUP, world.name)
    with figures.frozen(url) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database()), count(*) from audit_entries")
        size, entries = cursor.fetchone() or (0, 0)
    assert world.person.tenant_id
    began = time.monotonic()
    with world.app.app_context(), tenant_scope(world.person.tenant_id):
        state = verify_chain()
    checked = time.monotonic() - began
    assert state.broken_at is None, state
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as objects:
        backup, manifest = take_backup(
            Path(folder), url, LocalStorage(Path(objects)), lambda _words: None
        )
        dump = backup.dump.stat().st_size
    taken = time.monotonic() - began
    assert not manifest.problems, manifest.problems
    return {
        "database, GB": size / GB,
        "audit entries": entries,
        "check of a company's chain, s per 100,000 entries": checked / state.entries * 1e5,
        "backup of the database with all its checks, s per GB": taken / (size / GB),
        "dump, GB per GB": dump / size,
    }


def _compared_table(rows: list[Compared]) -> str:
    lines = [f"{'act':28}{'small, ms':>10}{'large':>8}{'noise':>8}"]
    lines += [f"{one.name:28}{one.ms:>10.1f}{one.ratio:>7.2f}x{one.noise:>7.2f}x" for one in rows]
    return "\n".join(lines)


def _sizes_table(tables: list[Table]) -> str:
    lines = [f"{'table':20}{'rows':>12}{'kB a report':>14}{'indexes, kB':>14}"]
    lines += [
        f"{one.name:20}{one.rows:>12,}{one.bytes_each / 1000:>14.1f}"
        f"{one.index_bytes_each / 1000:>14.1f}"
        for one in tables
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
