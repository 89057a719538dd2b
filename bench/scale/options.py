"""The options of `make scale`, from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bench.load import options


class Options(options.Options):
    """As of `make load`, with a smaller crowd and smaller photos. MINUTES are those of each of the
    first three PARTS; FLOOD_* are those of the noisy neighbour."""

    users: int = Field(default=40, ge=1)
    minutes: float = Field(default=3.0, gt=0)
    workers: int = Field(default=3, ge=1)
    burst: int = Field(default=10, ge=1)
    # So that reports are submitted in each part.
    submit_every: float = Field(default=90.0, gt=0)
    is_patient: bool = True
    # About 300 kB.
    photo_size: str = "1120x840"
    parts: str = "load deaths release neighbour"
    flood_pdfs: int = Field(default=500, ge=1)
    flood_photos: int = Field(default=2000, ge=1)
    flood_seconds: float = Field(default=60.0, gt=0)
    results: Path = Path(__file__).with_name("results.json")
