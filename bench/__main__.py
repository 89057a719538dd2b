"""`make bench`: pages, saves and PDFs on this machine; tables, and bench/results.json.

Its status is 0 when everything ran: a slow machine is told in the table, never by failing. The
options come from the environment, see `Options`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from app.config import ROOT
from bench import machine, pages
from bench.many_reports import REPORTS_EACH, TENANTS
from bench.pdf import measure as pdf

RESULTS = Path(__file__).with_name("results.json")


class Options(BaseSettings):
    """PHOTOS='40 300', ROUNDS=5, NAIVE_ROUNDS=2, ROWS=100, PAGE_ROUNDS=15, TENANTS=20,
    REPORTS=10000 (in each tenant), SECTIONS=20 (of 15 fields in the large report), ALBUM (where
    the photos are kept), RESULTS."""

    photos: str = "40 300"
    rows: int = Field(default=pdf.ROWS, ge=1)
    rounds: int = Field(default=5, ge=1)
    naive_rounds: int = Field(default=2, ge=1)
    page_rounds: int = Field(default=15, ge=1)
    tenants: int = Field(default=TENANTS, ge=1)
    reports: int = Field(default=REPORTS_EACH, ge=1)
    sections: int = Field(default=20, ge=1)
    photo_size: str = "4000x3000"
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
    print(f"\nPages and saves at {options.reports} reports among", end=" ")
    print(f"{options.tenants * options.reports}, server time in process;", end=" ")
    print(f"fill, check and report page have {options.sections * 15} fields", flush=True)
    rows = pages.measure(
        rounds=options.page_rounds, tenants=options.tenants, each=options.reports,
        sections=options.sections,
    )  # fmt: skip
    print(pages.table(rows), flush=True)
    series = []
    for photos in map(int, options.photos.split()):
        series.append(
            pdf.measure(
                photos, options.album, rows=options.rows, rounds=options.rounds,
                naive_rounds=options.naive_rounds, size=options.size,
            )
        )  # fmt: skip
        print("\n" + pdf.table(series[-1:]), flush=True)
    print(f"\nNaive WeasyPrint: {options.naive_rounds} rounds at most, its samples last longest.")
    kept = {
        "machine": found,
        "options": options.model_dump(mode="json"),
        "pages": pages.as_json(rows),
        "pdf": [asdict(one) for one in series],
    }
    options.results.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"Written to {options.results}")


if __name__ == "__main__":
    main()
