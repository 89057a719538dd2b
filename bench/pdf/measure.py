"""Rounds of samples, ratios within a round, and the table."""

from __future__ import annotations

import json
import os
import pickle
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from app.config import ROOT
from bench.baseline import checkout
from bench.pdf.checks import Contents, read, require
from bench.pdf.contenders import CONTENDERS
from bench.pdf.originals import SIZE, printing_ms, take
from bench.pdf.report import Material, a_material

ROWS = 100
PLAIN = "plain.pickle"
EARLIER = Path(__file__).with_name("earlier.py")
HEAD = (
    f"{'contender':30}{'wall ratio':>22}{'CPU ratio':>10}{'wall s':>8}{'CPU s':>8}"
    f"{'grown MB':>10}{'peak MB':>9}{'PDF MB':>8}{'pages':>7}{'photos':>8}{'answers':>9}{'n':>4}"
)
Sample = dict[str, float]


@dataclass(slots=True)
class Result:
    """One contender at one size. `ratios` has, for each round, the ratio to our engine."""

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
    """All contenders at one size. `printing_ms` is CPU time of a photo already spent on upload, 0
    without photos; `prints_mb` the size of the embedded prints together."""

    photos: int
    rows: int
    original_mb: float
    prints_mb: float
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
    names: Sequence[str] = tuple(CONTENDERS),
) -> Series:
    """Run the named contenders in turn, `rounds` times, each time in shuffled order.

    Slow contenders take part only in the first `naive_rounds`: with hundreds of originals, one
    sample takes minutes. Raises NotTheReport if a file lacks something.
    """
    shots = take(photos, folder, size=size)
    chosen = [CONTENDERS[name] for name in names]
    results = {
        one.name: Result(one.name, one.words)
        for one in chosen
        if photos <= one.most_photos and one.is_here() and (photos or one.name != "copy")
    }
    with TemporaryDirectory(prefix="laudo-bench-pdf-") as name:
        material = a_material(shots, rows, Path(name))
        given = Path(name) / "material.pickle"
        given.write_bytes(pickle.dumps(material))
        given.with_name(PLAIN).write_bytes(pickle.dumps(material.plain()))
        for turn in range(rounds):
            _round(results, material, rows, given, turn, with_slow=turn < naive_rounds)
    weight = statistics.mean(shot.original.stat().st_size for shot in shots) / 1e6 if shots else 0
    prints = sum(shot.print.stat().st_size for shot in shots) / 1e6
    spent = printing_ms(shots) if shots else 0.0
    return Series(photos, rows, weight, prints, spent, tuple(results.values()))


def _round(
    results: dict[str, Result],
    material: Material,
    rows: int,
    given: Path,
    turn: int,
    *,
    with_slow: bool,
) -> None:
    names = [name for name in results if with_slow or not CONTENDERS[name].is_slow]
    random.Random(turn).shuffle(names)
    samples = {name: _sample(results[name], material, rows, given) for name in names}
    ours = samples["ours"]
    for name, sample in samples.items():
        results[name].samples.append(sample)
        results[name].ratios.append(sample["wall"] / ours["wall"])
        results[name].cpu_ratios.append(sample["cpu"] / ours["cpu"])


def _sample(result: Result, material: Material, rows: int, given: Path) -> Sample:
    output = given.with_name("report.pdf")
    if CONTENDERS[result.name].render is None:
        done = _run(
            [str(EARLIER), result.name, str(given.with_name(PLAIN)), str(output)], checkout()
        )
    else:
        done = _run(["-m", "bench.pdf.sample", result.name, str(given), str(output)], ROOT)
    if done.returncode:
        raise RuntimeError(f"{result.name}: {done.stderr[-2000:]}")
    if result.contents is None:
        result.contents = read(output, rows)
        answers = CONTENDERS[result.name].prints_answers
        require(result.contents, material, rows, answers=answers)
    output.unlink()
    sample: Sample = json.loads(done.stdout)
    return sample


def _run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def table(series: Sequence[Series]) -> str:
    """The printed table: ratios first, then seconds for scale."""
    return "\n\n".join("\n".join(_lines(one)) for one in series)


def _lines(one: Series) -> Iterator[str]:
    yield (
        f"PDF of {one.photos} photos (12 MP, {one.original_mb:.1f} MB each; prints"
        f" {one.prints_mb:.1f} MB) and {one.rows} questions;"
        " ratios are to our engine in the same round, median [least, most]"
    )
    yield HEAD
    for result in one.results:
        if result.samples:
            yield _line(result)
    if one.photos:
        yield _upload(one)


def _upload(one: Series) -> str:
    return (
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
