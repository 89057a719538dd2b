"""The maximum size of a PDF: checks before the work starts, and the child's memory and time.

WeasyPrint's time and memory grow with rows, photos and text, and a small input can be made to
run for hours; a report that passes finishes within the limits that `limit_process` sets.
"""

from __future__ import annotations

import math
import resource
import signal
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import FrameType
from typing import Any

from app.pdf.context import Photo, ReportContext

MAX_PHOTOS = 1_500
MAX_TABLE_ROWS = 5_000
MAX_FIELD_TEXT = 20_000
# About 350 pages, which can be rendered in the processor time below.
MAX_TEXT = 400_000
# The rest of a photo (its key, hash, time and place) is short and bounded by MAX_PHOTOS.
PHOTO_TEXTS = ("caption", "conflicts", "notes")

# Address space. The threads that fetch the prints from a bucket leave 0.5 GB reserved but unused.
MEMORY_BYTES = 5 * 512 * 1024 * 1024
CPU_SECONDS = 300
# The time between the exception that the job can report and the kill by the kernel.
CPU_GRACE_SECONDS = 10


class TooLarge(Exception):
    """The report is too large to print as one PDF."""


def check_size(context: ReportContext) -> None:
    """Reject what WeasyPrint could not finish. Raises TooLarge with a sentence for the user."""
    photos = len(context.photos())
    if photos > MAX_PHOTOS:
        raise TooLarge(f"The report has {photos:,} photos; one PDF holds at most {MAX_PHOTOS:,}.")
    rows = sum(len(q.table.rows) for q in context.questions() if q.table)
    if rows > MAX_TABLE_ROWS:
        raise TooLarge(
            f"The tables have {rows:,} rows together; one PDF holds at most {MAX_TABLE_ROWS:,}."
        )
    total = 0
    for name, text in _texts(context):
        if len(text) > MAX_FIELD_TEXT:
            raise TooLarge(
                f"A text of the report ({name.replace('_', ' ')}) has {len(text):,} characters; "
                f"a PDF prints at most {MAX_FIELD_TEXT:,} per text."
            )
        total += len(text)
    if total > MAX_TEXT:
        raise TooLarge(
            f"The report has {total:,} characters of text; one PDF holds at most {MAX_TEXT:,}."
        )


def limit_process(*, memory_bytes: int = MEMORY_BYTES, cpu_seconds: int = CPU_SECONDS) -> None:
    """Limit this process permanently; call it only in a child made for one job (RQ's work horse).

    Memory is address space in bytes: above the limit Python raises MemoryError. After `cpu_seconds`
    more of processor time TooLarge is raised; if that has no effect, the kernel kills the process.
    """
    _lower(resource.RLIMIT_AS, memory_bytes, memory_bytes)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    # The kernel counts whole seconds: rounded down, the first would be over at once.
    end = math.ceil(spent.ru_utime + spent.ru_stime) + cpu_seconds
    signal.signal(signal.SIGXCPU, _out_of_time)
    _lower(resource.RLIMIT_CPU, end, end + CPU_GRACE_SECONDS)


def _lower(kind: int, soft: int, hard: int) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise TooLarge("Making the PDF took longer than one document may take.")


def _texts(value: Any, name: str = "text") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, name)
    elif is_dataclass(value):
        for field in fields(value):
            if isinstance(value, Photo) and field.name not in PHOTO_TEXTS:
                continue
            yield from _texts(getattr(value, field.name), field.name)
