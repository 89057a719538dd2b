"""The sample reports in every layout, each rendered once per test process, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from app.layouts import Layout
from app.pdf import context as data
from app.pdf.settings import PdfSettings
from tests.pdf.samples import Sample

Printed = tuple[Sample, Path]
Printing = Callable[[str, Layout], Printed]
NAMES = ("small", "big", "failed")

# Fields whose text is a code or a file, or which is printed in other words.
UNPRINTED = {
    # Printed without its scheme; test_check_code.py reads it.
    "check_url",
    "content_sha256",
    "languages",
    "time_zone",
    "status",
    "verdict",
    "key",
    "image_key",
    "id",
    "field_id",
}
# Parts that are printed shortened or as other words; their own tests read them.
APART = (data.Branding, data.Limits, data.ReportException, data.PhotoNote, PdfSettings)


def laid_out(sample: Sample, layout: Layout) -> data.ReportContext:
    return replace(sample.context, settings=replace_layout(sample.context.settings, layout))


def replace_layout(settings: PdfSettings, layout: Layout) -> PdfSettings:
    return settings.model_copy(update={"layout": layout})


def texts_of(value: Any, name: str = "") -> Iterator[str]:
    """Every text of a report that stands in its PDF word for word."""
    if isinstance(value, (Enum, *APART)) or name in UNPRINTED:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item, name)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name == "number" and isinstance(value, data.Question):
                continue  # not of notes and of information
            yield from texts_of(getattr(value, field.name), field.name)
