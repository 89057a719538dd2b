"""Pages, saves and uploads against the same acts of an earlier commit, interleaved.

Each side runs in a process of its own with servers and data of its own (side.py). A shared or slow
machine disturbs both sides of a round alike, so the medians of the ratios within a round are
compared; the milliseconds are told beside them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from PIL import Image

from app.config import ROOT
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.derivatives import make_derivatives
from app.imaging.watermark import StripText
from bench.baseline import checkout
from bench.many_reports import REPORTS_EACH, TENANTS
from bench.pdf.originals import SIZE, take
from bench.side import UPLOADED, Sample
from tests.support import servers

OURS, EARLIER, AGAIN = "ours", "earlier", "again"
NOISE = "list, first page"
UPLOAD, WORKER, DRAWN = "upload, until done", "upload, worker", "drawing a photo / bare decode"
# The highest ratio of processor time to that of the earlier commit, by the start of an act's name.
GOALS = {
    "start page": 0.5,
    "list": 0.7,
    "fill page": 0.5,
    "report page, 100 photos": 0.5,
    "one save": 0.5,
    UPLOAD: 0.5,
}
DRAWN_GOAL = 1.8
# Where nothing was measured: ratios of it are 1.
NONE = 1e-9
STRIP = StripText(
    time="2026-03-14 09:00:00 -03:00 · EXIF",
    position="−23.626600, −46.701234 ±12 m · EXIF",
    place="2.9 km from Barueri, SP, BR (GeoNames)",
    report="BENCH-0001-R0",
    sha256="0" * 64,
    from_site="140 m from the site",
    site="Site: Data Center Tamboré SP4",
)


@dataclass(frozen=True, slots=True)
class PageRatio:
    """One act: the medians of the ratios of processor time, in all and apart for this process,
    workers and PostgreSQL, to those of the earlier commit in the same round; medians of ours in
    ms; statements of ours and of the earlier commit. `goal` applies to `ratio`."""

    name: str
    ratio: float
    web_ratio: float
    database_ratio: float
    web: float
    worker: float
    database: float
    wall: float
    statements: int
    earlier_statements: int
    kilobytes: float
    goal: float | None

    @property
    def is_met(self) -> bool | None:
        return None if self.goal is None else self.ratio <= self.goal


Round = Mapping[tuple[str, str], Sample]
"""The samples of one round by act and side."""


class Peer:
    """A side.py process."""

    def __init__(self, process: subprocess.Popen[str], size: Mapping[str, object]) -> None:
        assert process.stdin and process.stdout
        self._into: IO[str] = process.stdin
        self._out: IO[str] = process.stdout
        self._tell(json.dumps(size))

    def acts(self) -> list[str]:
        """The names of its acts, once its world is ready."""
        return list(json.loads(self._answer()))

    def measure(self, act: str) -> Sample:
        self._tell(act)
        return Sample(**json.loads(self._answer()))

    def _tell(self, line: str) -> None:
        self._into.write(line + "\n")
        self._into.flush()

    def _answer(self) -> str:
        line = self._out.readline()
        if not line:
            raise RuntimeError("a side of the comparison ended; its output above says why")
        return line


def measure(
    album: Path,
    *,
    rounds: int = 15,
    warm_up: int = 2,
    tenants: int = TENANTS,
    each: int = REPORTS_EACH,
    sections: int = 20,
    size: tuple[int, int] = SIZE,
) -> list[PageRatio]:
    """Run all acts on both sides in turn, `rounds` times after `warm_up` rounds that do not count.
    The large report has `sections` of 15 fields; photos have the `size` in pixels."""
    photo = take(1, album, size=size)[0].original
    world = {"tenants": tenants, "each": each, "sections": sections, "picture": str(photo)}
    with ExitStack() as stack:
        peers = {
            name: stack.enter_context(_side(folder, world))
            for name, folder in ((OURS, ROOT), (EARLIER, checkout()))
        }
        names, _same = (peer.acts() for peer in peers.values())
        seen: list[Round] = []
        drawn: list[tuple[Sample, Sample]] = []
        for turn in range(warm_up + rounds):
            found = _one_round(peers, names)
            if turn >= warm_up:
                seen.append(found)
                drawn.append(drawn_and_decoded(photo))
    return rows_of(names, seen, drawn)


def rows_of(
    names: Sequence[str], seen: Sequence[Round], drawn: Sequence[tuple[Sample, Sample]]
) -> list[PageRatio]:
    """The rows of the table, from all rounds."""
    ours, bare = zip(*drawn, strict=True)
    rows = [_row(name, seen) for name in names]
    return [*rows, _worker(seen), _compared(DRAWN, ours, bare, DRAWN_GOAL), _noise(seen)]


def _one_round(peers: Mapping[str, Peer], names: Sequence[str]) -> Round:
    found = {(act, side): peer.measure(act) for act in names for side, peer in peers.items()}
    found[NOISE, AGAIN] = peers[OURS].measure(NOISE)
    return found


@contextmanager
def _side(folder: Path, world: Mapping[str, object]) -> Iterator[Peer]:
    """A process that runs side.py with the code in the folder."""
    # Without the servers of a test run: each side starts its own.
    own = {name: value for name, value in os.environ.items() if name != servers.ENV}
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("side.py"))],
        cwd=folder,
        env={**own, "PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Peer(process, world)
    finally:
        process.communicate(timeout=120)


def drawn_and_decoded(photo: Path) -> tuple[Sample, Sample]:
    """What the worker draws of a photo, and the decoding alone that it cannot do without."""
    return _alone(_draw, photo), _alone(_decode, photo)


def _alone(act: Callable[[Path], None], photo: Path) -> Sample:
    """Processor time of an act in this process."""
    began = time.process_time()
    act(photo)
    spent = (time.process_time() - began) * 1000
    return Sample(spent, NONE, NONE, spent, 0, 0)


def _decode(photo: Path) -> None:
    """Decode the picture, reduced as for a print, and do nothing else."""
    with Image.open(photo) as image:
        image.draft("RGB", (960, 720))
        image.load()


def _draw(photo: Path) -> None:
    """What the worker draws of a photo: print with strip, and thumbnail."""
    with TemporaryDirectory() as folder:
        make_derivatives(photo, Path(folder), STRIP, None, fonts=Fonts.from_folder(FONT_FOLDER))


def _row(name: str, seen: Sequence[Round]) -> PageRatio:
    ours, earlier = ([one[name, side] for one in seen] for side in (OURS, EARLIER))
    goal = next((goal for start, goal in GOALS.items() if name.startswith(start)), None)
    return _compared(name, ours, earlier, goal)


def _noise(seen: Sequence[Round]) -> PageRatio:
    again, ours = ([one[NOISE, side] for one in seen] for side in (AGAIN, OURS))
    return _compared(f"noise: {NOISE}, again", again, ours, None)


def _compared(
    name: str, ours: Sequence[Sample], others: Sequence[Sample], goal: float | None
) -> PageRatio:
    pairs = list(zip(ours, others, strict=True))
    return PageRatio(
        name=name,
        ratio=statistics.median(_spent(one) / _spent(other) for one, other in pairs),
        web_ratio=statistics.median(one.web / other.web for one, other in pairs),
        database_ratio=statistics.median(one.database / other.database for one, other in pairs),
        web=statistics.median(one.web for one in ours),
        worker=statistics.median(one.worker for one in ours),
        database=statistics.median(one.database for one in ours),
        wall=statistics.median(one.wall for one in ours),
        statements=ours[-1].statements,
        earlier_statements=others[-1].statements,
        kilobytes=ours[-1].size / 1000,
        goal=goal,
    )


def _worker(seen: Sequence[Round]) -> PageRatio:
    """The worker's part of the upload, for one photo."""
    ours, earlier = ([_of_worker(one[UPLOAD, side]) for one in seen] for side in (OURS, EARLIER))
    return _compared(WORKER, ours, earlier, None)


def _of_worker(sample: Sample) -> Sample:
    return Sample(NONE, sample.worker / UPLOADED, NONE, sample.wall, 0, 0)


def _spent(sample: Sample) -> float:
    return sample.web + sample.worker + sample.database


def table(rows: Sequence[PageRatio]) -> str:
    """The printed table, with pass or miss for each goal."""
    heads = (
        "ratio",
        "web only",
        "DB only",
        "web ms",
        "worker ms",
        "DB ms",
        "wall ms",
        "SQL",
        "before",
    )
    lines = [f"{'act':36}" + "".join(f"{head:>10}" for head in heads) + f"{'kB':>9}  goal"]
    for row in rows:
        verdict = "" if row.is_met is None else "pass" if row.is_met else "MISS"
        goal = "" if row.goal is None else f"{row.goal} {verdict}"
        lines.append(
            f"{row.name:36}{row.ratio:10.2f}{row.web_ratio:10.2f}{row.database_ratio:10.2f}"
            f"{row.web:10.1f}{row.worker:10.1f}{row.database:10.1f}{row.wall:10.1f}"
            f"{row.statements:10}{row.earlier_statements:10}{row.kilobytes:9.1f}  {goal}"
        )
    return "\n".join(lines)


def as_json(rows: Sequence[PageRatio]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]
