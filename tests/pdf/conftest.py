"""The sample PDFs, rendered once per test process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.layouts import Layout
from app.pdf.engine import Progress, RenderedPdf, render_pdf
from tests.pdf import layouts, samples
from tests.pdf.samples import Sample


@dataclass(frozen=True)
class Printed:
    sample: Sample
    path: Path
    rendered: RenderedPdf
    progress: list[Progress]


def print_sample(sample: Sample, path: Path) -> Printed:
    progress: list[Progress] = []
    rendered = render_pdf(sample.context, sample.files, path, progress.append)
    return Printed(sample, path, rendered, progress)


@pytest.fixture(scope="session")
def printing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Printed]:
    folder = tmp_path_factory.mktemp("printed")
    makers: dict[str, Callable[[], Sample]] = {
        "big": lambda: samples.big_report(folder / "big"),
        "small": samples.small_report,
        "failed": lambda: samples.failed_report(folder / "failed"),
        "photos": lambda: samples.photo_report(folder / "photos", 40),
    }
    printed: dict[str, Printed] = {}

    def get(name: str) -> Printed:
        if name not in printed:
            printed[name] = print_sample(makers[name](), folder / f"{name}.pdf")
        return printed[name]

    return get


@pytest.fixture(scope="session")
def in_layout(tmp_path_factory: pytest.TempPathFactory) -> layouts.Printing:
    folder = tmp_path_factory.mktemp("layouts")
    makers: dict[str, Callable[[], Sample]] = {
        "small": samples.small_report,
        "big": cache(lambda: samples.big_report(folder / "big")),
        "failed": cache(lambda: samples.failed_report(folder / "failed")),
        "one of everything": cache(lambda: samples.one_of_everything(folder / "one")),
    }

    @cache
    def get(name: str, layout: Layout) -> layouts.Printed:
        sample, output = makers[name](), folder / f"{name}-{layout.value}.pdf"
        render_pdf(layouts.laid_out(sample, layout), sample.files, output)
        return sample, output

    return get
