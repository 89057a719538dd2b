"""Work that takes two seconds, run in its own process: `python -m tests.commands.long_work`."""

from __future__ import annotations

import os
import time

import click

from app.commands import progress
from app.commands.progress import follow, tell, track

ITEMS = 40
SECONDS = 1.2
BYTES = 50_000_000


def main() -> None:
    progress.LINE_SECONDS = float(os.environ.get("LINE_SECONDS", progress.LINE_SECONDS))
    for number in track(range(ITEMS), "Copying"):
        time.sleep(SECONDS / ITEMS)
        if number == ITEMS - 2:
            tell("object 38 is missing")
    started = time.monotonic()
    with follow(lambda: round((time.monotonic() - started) * BYTES / 2), "Dumping", BYTES):
        time.sleep(SECONDS)
    click.echo('{"ok": true}')


if __name__ == "__main__":
    main()
