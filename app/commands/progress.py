"""Progress of long commands, on stderr: a bar on a terminal, a plain line every 10 s in a log.

Both show rate and remaining time, by tqdm. Shorter work shows nothing. Stdout has only what the
command itself prints, so that programs can read it.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

import click
from tqdm import tqdm

BAR_SECONDS = 0.5
LINE_SECONDS = 10.0
POLL_SECONDS = 0.25

Item = TypeVar("Item")


class Meter:
    """Shows how much of `total` is done. Not thread-safe."""

    def __init__(self, label: str, unit: str, total: int | None) -> None:
        self.done = 0
        self._label, self._unit, self._total = label, unit, total
        self._started = self._printed_at = time.monotonic()
        self._has_printed = False
        self._bar = self._make_bar() if sys.stderr.isatty() else None

    def _make_bar(self) -> tqdm:
        # tqdm's monitor thread is only needed for bars that skip steps, and some commands fork.
        tqdm.monitor_interval = 0
        # A fallback, because tqdm draws nothing if a terminal reports no size, as in some
        # containers.
        size = shutil.get_terminal_size()
        return tqdm(
            desc=self._label,
            total=self._total,
            unit=self._spaced_unit,
            unit_scale=self._is_bytes,
            delay=BAR_SECONDS,
            miniters=1,
            ncols=size.columns,
            nrows=size.lines,
            file=sys.stderr,
        )

    @property
    def _is_bytes(self) -> bool:
        return self._unit == "B"

    @property
    def _spaced_unit(self) -> str:
        return self._unit if self._is_bytes else f" {self._unit}"

    def move_to(self, done: int) -> None:
        """Show `done` from now on."""
        step, self.done = done - self.done, done
        if self._bar is not None:
            self._bar.update(step)
        elif time.monotonic() - self._printed_at >= LINE_SECONDS:
            self._print()

    def close(self) -> None:
        """Leave the last bar or line on the screen, if there was one."""
        if self._bar is not None:
            self._bar.close()
        elif self._has_printed:
            self._print()

    def _print(self) -> None:
        self._printed_at, self._has_printed = time.monotonic(), True
        line = tqdm.format_meter(
            self.done,
            self._total,
            self._printed_at - self._started,
            ncols=0,
            prefix=self._label,
            unit=self._spaced_unit,
            unit_scale=self._is_bytes,
        )
        click.echo(line, err=True)


@contextmanager
def _metered(label: str, unit: str, total: int | None) -> Iterator[Meter]:
    meter = Meter(label, unit, total)
    try:
        yield meter
    finally:
        meter.close()


def track(
    items: Iterable[Item], label: str, *, unit: str = "objects", total: int | None = None
) -> Iterator[Item]:
    """Yield the items, and count each when the next is requested.

    `total` is for iterables without a length.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with _metered(label, unit, total) as meter:
        for number, item in enumerate(items, 1):
            yield item
            meter.move_to(number)


@contextmanager
def follow(position: Callable[[], int], label: str, total: int | None = None) -> Iterator[None]:
    """While the block runs, show how many bytes another program has read or written."""
    with _metered(label, "B", total) as meter:
        is_over = threading.Event()

        def poll() -> None:
            while not is_over.wait(POLL_SECONDS):
                meter.move_to(position())

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
        meter.move_to(position())


def tell(sentence: str) -> None:
    """Print a sentence to stdout; a bar on the same terminal stays below it."""
    with tqdm.external_write_mode(file=sys.stdout):
        click.echo(sentence)
