"""`make bench`: pages, saves and PDFs on this machine; tables, and bench/results.json.

The exit status is 0 if everything ran: a slow machine shows in the table, but does not fail. The
options come from the environment, see `Options`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from app.config import ROOT
from bench import machine, pages, ready
from bench.baseline import COMMIT
from bench.many_reports import REPORTS_EACH, TENANTS
from bench.pdf import measure as pdf
from bench.pdf.contenders import CONTENDERS
from bench.side import UPLOADED

RESULTS = Path(__file__).with_name("results.json")


class Options(BaseSettings):
    """PHOTOS='40 300 1000', PLAIN='40 300 1500' (questions of reports without photos), ROUNDS=5,
    NAIVE_ROUNDS=2, READY='disk S3' (the storages of submit to ready, '' for none), READY_ROUNDS=3,
    ROWS=100, PAGE_ROUNDS=15 (0 for PDFs alone), WARM_UP=2 (rounds of pages before those),
    TENANTS=20, REPORTS=10000 (in each tenant), SECTIONS=20 (of 15 fields in the large report),
    CONTENDERS (names from bench/pdf/contenders.py; ratios are relative to ours), ALBUM (the folder
    of the photos), RESULTS."""

    photos: str = "40 300 1000"
    plain: str = "40 300 1500"
    rows: int = Field(default=pdf.ROWS, ge=1)
    rounds: int = Field(default=5, ge=1)
    naive_rounds: int = Field(default=2, ge=1)
    ready: str = " ".join(ready.STORAGES)
    ready_rounds: int = Field(default=3, ge=1)
    page_rounds: int = Field(default=15, ge=0)
    warm_up: int = Field(default=2, ge=0)
    tenants: int = Field(default=TENANTS, ge=1)
    reports: int = Field(default=REPORTS_EACH, ge=1)
    sections: int = Field(default=20, ge=1)
    photo_size: str = "4000x3000"
    contenders: str = " ".join(CONTENDERS)
    album: Path = ROOT / "instance" / "bench-photos"
    results: Path = RESULTS

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the originals in pixels."""
        width, _, height = self.photo_size.partition("x")
        return int(width), int(height)


def main() -> None:
    options = Options()
    found = machine.facts()
    print(machine.sentence(found), flush=True)
    rows = _pages(options) if options.page_rounds else []
    waited = ready.measure(
        options.album,
        [int(photos) for photos in options.photos.split()],
        storages=options.ready.split(),
        rounds=options.ready_rounds,
        size=options.size,
    )
    print("\n" + ready.table(waited), flush=True)
    series = []
    sizes = [(int(photos), options.rows) for photos in options.photos.split()]
    sizes += [(0, int(rows)) for rows in options.plain.split()]
    for photos, rows_of_pdf in sizes:
        series.append(
            pdf.measure(
                photos,
                options.album,
                rows=rows_of_pdf,
                rounds=options.rounds,
                naive_rounds=options.naive_rounds,
                size=options.size,
                names=options.contenders.split(),
            )
        )
        print("\n" + pdf.table(series[-1:]), flush=True)
    print(f"\nNaive WeasyPrint: {options.naive_rounds} rounds at most, its samples last longest.")
    kept = {
        "machine": found,
        "options": options.model_dump(mode="json"),
        "pages": pages.as_json(rows),
        "ready": [asdict(one) for one in waited],
        "pdf": [asdict(one) for one in series],
    }
    options.results.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"Written to {options.results}")


def _pages(options: Options) -> list[pages.PageRatio]:
    print(f"\nPages, saves and uploads at {options.reports} reports among", end=" ")
    print(f"{options.tenants * options.reports}, processor time against {COMMIT[:7]};", end=" ")
    print(f"fill, check and report page have {options.sections * 15} fields;", end=" ")
    print(f"an upload is {UPLOADED} photos", flush=True)
    rows = pages.measure(
        options.album,
        rounds=options.page_rounds,
        warm_up=options.warm_up,
        tenants=options.tenants,
        each=options.reports,
        sections=options.sections,
        size=options.size,
    )
    print(pages.table(rows), flush=True)
    return rows


if __name__ == "__main__":
    main()
