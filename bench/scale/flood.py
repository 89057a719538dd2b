"""The noisy neighbour: submits many reports and uploads many photos as fast as the web takes them.

A process of its own, so that it does not delay whoever measures: python -m bench.scale.flood, with
a `Flood` as JSON on standard input. It runs until everything is sent or it is terminated.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import uuid4

from bench.load.photos import with_unique_bytes
from tests.faults.people import Client, upload_form
from tests.support.cast import Person

# The phones are other machines in truth.
NICENESS = 10
SUBMITTING, UPLOADING = 2, 4
PHOTOS_EACH = 50


@dataclass(frozen=True, slots=True)
class Flood:
    """`submits` are reports to submit, `albums` those that take 50 photos each."""

    url: str
    email: str
    picture: str
    submits: list[str]
    albums: list[str]
    photos: int


@dataclass(frozen=True, slots=True)
class There:
    """As much of a site as a client needs."""

    url: str


def main() -> None:
    os.nice(NICENESS)
    flood = Flood(**json.load(sys.stdin))
    picture, chance = Path(flood.picture).read_bytes(), Random(1)
    pictures = [with_unique_bytes(picture, chance) for _ in range(flood.photos)]
    with ThreadPoolExecutor(SUBMITTING + UPLOADING) as threads:
        for turn in range(SUBMITTING):
            threads.submit(_submit, flood, flood.submits[turn::SUBMITTING])
        for turn in range(UPLOADING):
            threads.submit(_upload, flood, list(enumerate(pictures))[turn::UPLOADING])


def _client(flood: Flood) -> Client:
    person = Person(uuid4(), None, flood.email, "", None)  # type: ignore[arg-type]
    client = Client(There(flood.url), person)  # type: ignore[arg-type]
    client.log_in()
    return client


def _submit(flood: Flood, reports: list[str]) -> None:
    client = _client(flood)
    for report in reports:
        client.insist(f"/reports/{report}/submit", {})


def _upload(flood: Flood, pictures: list[tuple[int, bytes]]) -> None:
    client = _client(flood)
    for number, data in pictures:
        album = flood.albums[number // PHOTOS_EACH]
        client.insist(f"/reports/{album}/fields/place/photos", upload_form(data, uuid4()), data)


if __name__ == "__main__":
    main()
