"""From a ReportContext and its files to a PDF on disk, with real progress and a checked result.

One WeasyPrint document per report, from local files, options at their defaults: measured to be
the fastest that keeps memory flat in photo bytes. No queue, no database, no storage here.
"""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, cast

from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.urls import FatalURLFetchingError

from app.pdf import context as data
from app.pdf import limits
from app.pdf.fetcher import ReportFetcher
from app.pdf.fonts import family_css, font_face_css, font_files, shared_fonts
from app.pdf.limits import TooLarge, check_size
from app.pdf.markup import render_html, stylesheet, stylesheets_of, theme_css
from app.pdf.proof import photos_missing
from app.scripts import families_of
from app.slow_work import slow_work


class RenderFailed(Exception):
    """The PDF could not be made."""


class Stage(StrEnum):
    READING = "reading"
    LAYOUT = "layout"
    DRAWING = "drawing"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` photos while reading, pages after that; the total may be unknown."""

    stage: Stage
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """What was written; `seconds` is how long it took."""

    pages: int
    bytes: int
    sha256: str
    seconds: float


OnProgress = Callable[[Progress], None]


@slow_work
def render_pdf(
    context: data.ReportContext,
    files: Mapping[str, Path],
    output: Path,
    on_progress: OnProgress | None = None,
) -> RenderedPdf:
    """Write the report to `output`: the same context and files always give the same bytes.

    `files` maps every key of `context.file_keys()` to a local JPEG or PNG without EXIF.
    `on_progress` is called for every photo and page, so it should be cheap. Raises TooLarge for
    what cannot be printed as one PDF and RenderFailed when a file is missing or not drawn; no
    partial file is left behind.
    """
    started = perf_counter()
    check_size(context)
    wanted = {key: files[key] for key in context.file_keys() if key in files}
    lacking = sorted(context.file_keys() - wanted.keys())
    if lacking:
        raise RenderFailed(f"The report lacks {len(lacking)} of its files, first {lacking[0]}.")
    try:
        with _no_gc():
            pages = _write(context, wanted, output, on_progress or (lambda progress: None))
        photos = {photo.key: wanted[photo.key] for photo in context.photos()}
        missing = photos_missing(output, photos)
        if missing:
            raise RenderFailed(f"{len(missing)} of the photos were not drawn, first {missing[0]}.")
    except FatalURLFetchingError as error:
        output.unlink(missing_ok=True)
        raise RenderFailed(str(error)) from error
    except (MemoryError, RecursionError) as error:
        output.unlink(missing_ok=True)
        raise TooLarge("The report needs more memory than one document may take.") from error
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    with output.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = output.stat().st_size
    return RenderedPdf(pages, size, digest, perf_counter() - started)


def warm_up() -> None:
    """Load fonts, templates and libraries once, in the parent of the forked work horses.

    A first render in a cold child costs three times as much; freezing keeps the parent's objects
    out of the children's collections and so their memory pages shared.
    """
    with TemporaryDirectory() as folder:
        render_pdf(_tiny(), {}, Path(folder) / "warm.pdf")
    gc.collect()
    gc.freeze()


def _write(
    context: data.ReportContext,
    files: Mapping[str, Path],
    output: Path,
    on_progress: OnProgress,
) -> int:
    photos = {photo.key for photo in context.photos()}
    read: set[str] = set()

    def on_evidence(key: str) -> None:
        if key in photos and key not in read:
            read.add(key)
            on_progress(Progress(Stage.READING, len(read), len(photos)))

    fetcher = ReportFetcher(font_files(), files, on_evidence)
    html = render_html(context)
    # Whatever is printed stands in the page, so no text can be forgotten.
    families = families_of(html)
    own = (stylesheet(name) for name in stylesheets_of(context))
    texts = (font_face_css(), theme_css(context), *own, family_css(families))
    fonts = shared_fonts()
    fonts.add(families)
    sheets = [CSS(string=text, url_fetcher=fetcher, font_config=fonts) for text in texts]
    with _page_reports(on_progress):
        document = HTML(string=html, url_fetcher=fetcher).render(
            font_config=fonts, stylesheets=sheets
        )
    return _draw(document, output, on_progress)


def _draw(document: Document, output: Path, on_progress: OnProgress) -> int:
    total = len(document.pages)

    def painted(number: int) -> None:
        stage = Stage.WRITING if number == total else Stage.DRAWING
        on_progress(Progress(stage, number, total))

    document.pages = [
        _WatchedPage(page, number, painted) for number, page in enumerate(document.pages, start=1)
    ]
    document.write_pdf(output, pdf_tags=total <= limits.MAX_TAGGED_PAGES)
    return total


class _WatchedPage:
    """A WeasyPrint page that tells when it has been painted."""

    def __init__(self, page: Any, number: int, painted: Callable[[int], None]) -> None:
        self._page, self._number, self._painted = page, number, painted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def paint(self, stream: Any, scale: float = 1) -> None:
        self._page.paint(stream, scale)
        self._painted(self._number)


class _PageRecords(logging.Handler):
    """Hears WeasyPrint's own progress log, which names each page as it is laid out."""

    def __init__(self, on_progress: OnProgress) -> None:
        super().__init__()
        self._on_progress = on_progress

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Step 5 - Creating layout - Page"):
            (page,) = cast(tuple[int], record.args)
            self._on_progress(Progress(Stage.LAYOUT, page))


@contextmanager
def _page_reports(on_progress: OnProgress) -> Iterator[None]:
    logger = logging.getLogger("weasyprint.progress")
    handler, level, propagate = _PageRecords(on_progress), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


@contextmanager
def _no_gc() -> Iterator[None]:
    """Layout makes millions of live objects; collecting among them costs time and frees nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _tiny() -> data.ReportContext:
    words = data.Words("Warm", "Quente")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    questions = (
        data.Question("a", "1.1", words, "verdict", verdict="ok", comment="Ω"),
        data.Question("b", "1.2", words, "note", hint=words),
    )
    return data.ReportContext(
        branding=data.Branding(name="Laudo"),
        project=data.Project(name="Warm", client="Warm"),
        report=data.Report("W", 0, "Warm", "draft", is_preview=True, created_at=moment),
        checklist=data.Checklist("W", 1, words),
        languages=("en", "pt"),
        time_zone="UTC",
        result=data.Result(None, 1, ok=1),
        sections=(data.Section("s", "1", words, questions),),
        rendered_at=moment,
        photo_totals=data.PhotoTotals(good=0),
    )
