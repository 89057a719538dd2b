"""Rounds of samples, ratios within a round, and the table of them."""

from __future__ import annotations

import json
import pickle
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pdf.checks import Contents, read, require
from bench.pdf.contenders import CONTENDERS
from bench.pdf.originals import SIZE, printing_ms, take
from bench.pdf.report import Material, a_material

ROWS = 100
HEAD = (
    f"{'contender':30}{'wall ratio':>22}{'CPU ratio':>10}{'wall s':>8}{'CPU s':>8}"
    f"{'grown MB':>10}{'peak MB':>9}{'PDF MB':>8}{'pages':>7}{'photos':>8}{'answers':>9}{'n':>4}"
)
Sample = dict[str, float]


@dataclass(slots=True)
class Result:
    """One contender at one size. `ratios` are to our engine in the same round, one per round."""

    name: str
    words: str
    samples: list[Sample] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    cpu_ratios: list[float] = field(default_factory=list)
    contents: Contents | None = None

    def median(self, key: str) -> float:
        return statistics.median(sample[key] for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Series:
    """All contenders at one number of photos; `printing_ms` is CPU that the upload has paid."""

    photos: int
    rows: int
    original_mb: float
    printing_ms: float
    results: tuple[Result, ...]


def measure(
    photos: int,
    folder: Path,
    *,
    rows: int = ROWS,
    rounds: int = 5,
    naive_rounds: int = 2,
    size: tuple[int, int] = SIZE,
) -> Series:
    """The contenders in turn, `rounds` times, in an order that is shuffled every time.

    Naive WeasyPrint takes part in the first `naive_rounds` only: with hundreds of originals one
    of its samples lasts minutes. Raises NotTheReport for a file that lacks something.
    """
    shots = take(photos, folder, size=size)
    material = a_material(shots, rows)
    results = {name: Result(name, one.words) for name, one in CONTENDERS.items()}
    with TemporaryDirectory(prefix="laudo-bench-pdf-") as name:
        given = Path(name) / "material.pickle"
        given.write_bytes(pickle.dumps(material))
        for turn in range(rounds):
            _round(results, material, rows, given, turn, with_naive=turn < naive_rounds)
    weight = statistics.mean(shot.original.stat().st_size for shot in shots) / 1e6
    return Series(photos, rows, weight, printing_ms(shots), tuple(results.values()))


def _round(
    results: dict[str, Result],
    material: Material,
    rows: int,
    given: Path,
    turn: int,
    *,
    with_naive: bool,
) -> None:
    names = [name for name in results if name != "naive" or with_naive]
    random.Random(turn).shuffle(names)
    samples = {name: _sample(results[name], material, rows, given) for name in names}
    ours = samples["ours"]
    for name, sample in samples.items():
        results[name].samples.append(sample)
        results[name].ratios.append(sample["wall"] / ours["wall"])
        results[name].cpu_ratios.append(sample["cpu"] / ours["cpu"])


def _sample(result: Result, material: Material, rows: int, given: Path) -> Sample:
    output = given.with_name("report.pdf")
    command = [sys.executable, "-m", "bench.pdf.sample", result.name, str(given), str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{result.name}: {done.stderr[-2000:]}")
    if result.contents is None:
        result.contents = read(output, rows)
        answers = CONTENDERS[result.name].prints_answers
        require(result.contents, material, rows, answers=answers)
    output.unlink()
    sample: Sample = json.loads(done.stdout)
    return sample


def table(series: Sequence[Series]) -> str:
    """For people: ratios first, seconds beside them to give the ratios a size."""
    return "\n\n".join("\n".join(_lines(one)) for one in series)


def _lines(one: Series) -> Iterator[str]:
    yield (
        f"PDF of {one.photos} photos (12 MP, {one.original_mb:.1f} MB each) in {one.rows} rows;"
        " ratios are to our engine in the same round, median [least, most]"
    )
    yield HEAD
    for result in one.results:
        if result.samples:
            yield _line(result)
    yield (
        f"Upload pays {one.printing_ms:.0f} ms of CPU a photo for print and thumbnail, once;"
        " naive WeasyPrint pays for every photo in every PDF."
    )


def _line(result: Result) -> str:
    contents = result.contents
    assert contents
    low, middle, high = min(result.ratios), statistics.median(result.ratios), max(result.ratios)
    ratio = f"{middle:.3f} [{low:.2f}, {high:.2f}]"
    return (
        f"{result.words:30}{ratio:>22}{statistics.median(result.cpu_ratios):>10.3f}"
        f"{result.median('wall'):>8.2f}{result.median('cpu'):>8.2f}"
        f"{result.median('grown_mb'):>10.0f}{result.median('peak_mb'):>9.0f}"
        f"{contents.megabytes:>8.1f}{contents.pages:>7}"
        f"{contents.photos:>8}{contents.answers:>9}{len(result.samples):>4}"
    )
