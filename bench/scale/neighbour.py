"""How much one company's flood of PDFs and photos delays the work of another."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from uuid import UUID

from app.config import ROOT
from bench.load.photos import album_paths
from bench.load.stage import Stage
from bench.scale.flood import PHOTOS_EACH, Flood
from bench.scale.options import Options
from bench.scale.site import ScaledSite
from tests.faults.people import Client, make_reports
from tests.faults.site import wait_until

MOST_RATIO, MOST_PDF_SECONDS = 1.5, 10.0
SAVE_EVERY = 0.25
PDFS = 3
LONGEST_PDF_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Milliseconds of the other company's saves in a quiet hour and under the flood; the seconds
    from its submissions to its PDFs; how much of the flood had been done by then."""

    quiet: list[float]
    flooded: list[float]
    pdf_seconds: list[float]
    flood: dict[str, int]

    @property
    def ratio(self) -> float:
        return statistics.median(self.flooded) / statistics.median(self.quiet)

    def verdict(self) -> dict[str, bool]:
        return {
            f"a neighbour's flood: saves within {MOST_RATIO}x": self.ratio <= MOST_RATIO,
            f"a neighbour's flood: PDF within {MOST_PDF_SECONDS:.0f} s": (
                max(self.pdf_seconds) <= MOST_PDF_SECONDS
            ),
        }


def sentence(found: Neighbour) -> str:
    def spread(times: list[float]) -> str:
        p95 = sorted(times)[int(0.95 * (len(times) - 1))]
        return f"p50 {statistics.median(times):.0f}, p95 {p95:.0f} ms of {len(times)}"

    pdfs = ", ".join(f"{one:.1f}" for one in found.pdf_seconds)
    return (
        f"\n=== a noisy neighbour: {found.flood}\n"
        f"    saves of the other company, quiet: {spread(found.quiet)}\n"
        f"    saves of the other company, flooded: {spread(found.flooded)}"
        f" ({found.ratio:.2f}x by the medians)\n"
        f"    its PDFs, submitted in the flood: {pdfs} s"
    )


def measure_neighbour(site: ScaledSite, stage: Stage, options: Options) -> Neighbour:
    """Save and submit as the other company, first alone and then during a flood of the first."""
    (report, *submits) = make_reports(site, 1 + PDFS, person=site.cast.otto)
    otto = Client(site, site.cast.otto)
    otto.log_in()
    versions = _Versions(report)
    _save_for(otto, versions, 3)
    quiet = _save_for(otto, versions, options.flood_seconds / 2)
    with _flood(site, options):
        flooded, pdfs = [], []
        for one in submits:
            flooded += _save_for(otto, versions, options.flood_seconds / PDFS)
            pdfs.append(_seconds_to_pdf(site, otto, one))
        done = _done(site)
    return Neighbour(quiet, flooded, pdfs, done)


@dataclass
class _Versions:
    report: UUID
    version: int = 0


def _save_for(otto: Client, at: _Versions, seconds: float) -> list[float]:
    """Milliseconds of each save, as many as fit into the time at their pace."""
    times = []
    ends = time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        assert otto.save(at.report, "note", f"words {began}", at.version) == 200
        at.version += 1
        times.append((time.monotonic() - began) * 1000)
        time.sleep(max(0.0, SAVE_EVERY - (time.monotonic() - began)))
    return times


def _seconds_to_pdf(site: ScaledSite, otto: Client, report: UUID) -> float:
    began = time.monotonic()
    assert otto.insist(f"/reports/{report}/submit", {}) in (200, 303)
    wait_until(
        lambda: site.ask(
            "select from documents where report_id = %s and state = 'done'", str(report)
        ),
        "no PDF",
        LONGEST_PDF_SECONDS,
    )
    return time.monotonic() - began


@contextmanager
def _flood(site: ScaledSite, options: Options) -> Iterator[None]:
    albums = -(-options.flood_photos // PHOTOS_EACH)
    (*reports,) = map(str, make_reports(site, options.flood_pdfs + albums, rows=20))
    flood = Flood(
        url=site.url,
        email=site.cast.tess.email,
        picture=str(album_paths(options)[0].resolve()),
        submits=reports[albums:],
        albums=reports[:albums],
        photos=options.flood_photos,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.scale.flood"], cwd=ROOT, stdin=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(json.dumps(asdict(flood)).encode())
    process.stdin.close()
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _done(site: ScaledSite) -> dict[str, int]:
    """Of the flooding company: rows that wait and rows that are done."""
    rows = site.ask(
        "select 'PDFs ' || case state when 'done' then 'made' else 'waiting' end, count(*)"
        " from documents where tenant_id = %(acme)s group by 1 union all"
        " select 'photos ' || case state when 'done' then 'read' else 'waiting' end, count(*)"
        " from photo_checks where tenant_id = %(acme)s group by 1".replace("%(acme)s", "%s"),
        str(site.cast.acme),
        str(site.cast.acme),
    )
    return {str(name): int(str(count)) for name, count in rows}
