"""Renders a ReportContext and its files to a PDF on disk, with progress and a final check.

One WeasyPrint document per report, from local files, with default options: measured as the
fastest way whose memory does not grow with photo bytes. app/pdf/lean leaves out the work that
WeasyPrint does for pages in general. No queue, database or storage here.
"""

from __future__ import annotations

import gc
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import cast

from PIL import Image
from weasyprint import CSS
from weasyprint.document import Document
from weasyprint.urls import FatalURLFetchingError

from app.layouts import Layout
from app.pdf import context as data
from app.pdf.check_code import CODE_URL, CheckCode
from app.pdf.fetcher import ReportFetcher, evidence_url
from app.pdf.fonts import family_css, font_face_css, font_files
from app.pdf.lean.fonts import shared_fonts
from app.pdf.lean.frame import Frame, FramedPage
from app.pdf.lean.page import lay_out
from app.pdf.lean.pictures import StoredPicture, find_picture
from app.pdf.limits import TooLarge, check_size
from app.pdf.markup import (
    FRAME,
    MARK,
    page_words,
    render_html,
    stylesheet,
    stylesheets_of,
    theme_css,
)
from app.pdf.proof import drawn_images, photos_missing
from app.pdf.warming import warming_report
from app.scripts import families_of
from app.slow_work import slow_work

COVERLESS = {Layout.COMPACT, Layout.PROTOCOL}


class RenderFailed(Exception):
    """The PDF could not be made."""


class Stage(StrEnum):
    READING = "reading"
    LAYOUT = "layout"
    DRAWING = "drawing"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` photos while reading, then pages; the total may be unknown."""

    stage: Stage
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """The finished file; `seconds` is the time it took, `drawn` how often each JPEG is drawn in it,
    by the SHA-256 of its bytes."""

    pages: int
    bytes: int
    sha256: str
    seconds: float
    drawn: Counter[str]


OnProgress = Callable[[Progress], None]


@slow_work
def render_pdf(
    context: data.ReportContext,
    files: Mapping[str, Path],
    output: Path,
    on_progress: OnProgress | None = None,
    *,
    hashes: Mapping[str, str] | None = None,
) -> RenderedPdf:
    """Write the report to `output`: the same context and files always give the same bytes.

    `files` maps every key of `context.file_keys()` to a local JPEG or PNG without EXIF; `hashes`
    are the SHA-256 of those that the caller has just verified.
    `on_progress` is called for every photo and page, so it should be cheap. Raises TooLarge if the
    report does not fit into one PDF, and RenderFailed if a file is missing or not drawn; no partial
    file is left behind.
    """
    started = perf_counter()
    check_size(context)
    needed = {key: files[key] for key in context.file_keys() if key in files}
    lacking = sorted(context.file_keys() - needed.keys())
    if lacking:
        raise RenderFailed(f"The report lacks {len(lacking)} of its files, first {lacking[0]}.")
    try:
        with _no_gc():
            pages = _write(context, needed, output, on_progress or (lambda progress: None))
        photos = {photo.key: needed[photo.key] for photo in context.photos()}
        drawn = drawn_images(output)
        missing = photos_missing(drawn, photos, hashes or {})
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
    return RenderedPdf(pages, size, digest, perf_counter() - started, drawn)


def warm_up() -> None:
    """Load fonts, templates and libraries once, in the parent of the forked work horses.

    The first render in a cold child takes three times as long; freezing keeps the parent's objects
    out of the children's garbage collections, so that their memory pages stay shared.
    """
    with TemporaryDirectory() as name:
        picture = Path(name) / "warm.jpg"
        Image.new("RGB", (4, 3)).save(picture, "JPEG")
        render_pdf(warming_report("warm"), {"warm": picture}, Path(name) / "warm.pdf")
    gc.collect()
    gc.freeze()


def _write(
    context: data.ReportContext,
    files: Mapping[str, Path],
    output: Path,
    on_progress: OnProgress,
) -> int:
    fetcher = ReportFetcher(font_files(), files)
    html = render_html(context)
    # All printed text is in the page, so no text can be missed.
    families = families_of(html)
    fonts = shared_fonts()
    fonts.add(families)
    own = f"{theme_css(context)}\n{family_css(families)}"
    sheets = [_packaged(stylesheets_of(context)), CSS(string=own, font_config=fonts)]
    pictures: dict[str, object] = {**_pictures(context, files, on_progress)}
    if context.check_url:
        pictures[CODE_URL] = CheckCode(context.check_url)
    with _page_reports(on_progress):
        document = lay_out(html, fetcher, sheets, fonts, pictures)
    lay_out_frame = partial(lay_out, fetcher=fetcher, sheets=sheets, fonts=fonts)
    frames = _frames(context, len(document.pages), lay_out_frame)
    return _draw(document, frames, output, on_progress)


def _pictures(
    context: data.ReportContext, files: Mapping[str, Path], on_progress: OnProgress
) -> dict[str, StoredPicture]:
    """The photos by URL, as WeasyPrint embeds them."""
    keys = dict.fromkeys(photo.key for photo in context.photos())
    pictures = {}
    for count, key in enumerate(keys, start=1):
        if picture := find_picture(files[key], f"photo-{count}"):
            pictures[evidence_url(key)] = picture
        on_progress(Progress(Stage.READING, count, len(keys)))
    return pictures


def _frames(
    context: data.ReportContext, pages: int, lay_out_frame: Callable[[str], Document]
) -> Callable[[int], tuple[Frame, ...]]:
    """The frames of each page by its number: head and foot, not on the cover, and the mark."""
    around = Frame(
        lay_out_frame(render_html(context, FRAME)),
        lambda number: page_words(context, number, pages),
    )
    mark = (Frame(lay_out_frame(render_html(context, MARK))),) if context.report.is_preview else ()
    has_cover = context.settings.layout not in COVERLESS
    return lambda number: mark if number == 1 and has_cover else (around, *mark)


def _draw(
    document: Document,
    frames: Callable[[int], tuple[Frame, ...]],
    output: Path,
    on_progress: OnProgress,
) -> int:
    total = len(document.pages)

    def painted(number: int) -> None:
        stage = Stage.WRITING if number == total else Stage.DRAWING
        on_progress(Progress(stage, number, total))

    document.pages = [
        FramedPage(page, number, frames(number), painted)
        for number, page in enumerate(document.pages, start=1)
    ]
    document.write_pdf(output, pdf_tags=True)
    return total


@cache
def _packaged(names: tuple[str, ...]) -> CSS:
    """The fonts and the packaged stylesheets, parsed once in the parent of the work horses."""
    texts = (font_face_css(), *(stylesheet(name) for name in names))
    fetcher = ReportFetcher(font_files(), {})
    return CSS(string="\n".join(texts), url_fetcher=fetcher, font_config=shared_fonts())


class _PageLogHandler(logging.Handler):
    """Handles WeasyPrint's progress log, which names each page during layout."""

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
    handler, level, propagate = _PageLogHandler(on_progress), logger.level, logger.propagate
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
    """Layout creates millions of live objects; collecting garbage takes time and frees nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
