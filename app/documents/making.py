"""Making one PDF: load, draw what is missing, render, prove, store, publish. For workers only.

No transaction is open while anything is drawn or rendered.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rq import get_current_job
from sqlalchemy import update

from app.documents.context import build_context
from app.documents.loading import Source, load_source, subject_of
from app.documents.pictures import Prints, plan_prints
from app.evidence.service import record
from app.evidence.verdicts import check_rows
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish, report_progress
from app.mail.service import mail_pdf_ready
from app.models import Actor, Document
from app.pdf.context import ReportContext
from app.pdf.engine import Progress, RenderedPdf, render_pdf
from app.pdf.limits import TooLarge, limit_process
from app.pdf.proof import drawn_images
from app.photos.drawing import Drawn, Order, add_rows, draw, local_logo
from app.photos.strip import StripFrame, frame_of
from app.storage import CorruptObject, MissingObject, kind_of_key, object_key, storage
from app.tenancy import require_tenant
from app.transactions import pause

PROGRESS_SECONDS = 0.5
TOO_LARGE = "too_large"
BYTES_MISSING = "bytes_missing"
BYTES_CHANGED = "bytes_changed"
EVIDENCE_DIFFERS = "evidence_differs"
PREPARING = "photos"
WORKER = Actor(name="Laudo")


class PhotosNotPrinted(RuntimeError):
    """A good photo is not in the finished file: such a PDF is never published."""


@dataclass(frozen=True, slots=True)
class Job:
    """Plain data of one render; `hashes` maps the key of each print to the hash of its bytes."""

    context: ReportContext
    hashes: Mapping[str, str]
    is_preview: bool


def make_document(claim: Claim) -> None:
    """Carry out one document. Raises WorkFailed for what no further try can mend."""
    progress = Reporter(claim)
    try:
        with TemporaryDirectory(prefix="laudo-pdf-") as name:
            folder = Path(name)
            job, drawn = _prepare(claim, folder, progress)
            output = folder / "report.pdf"
            made = _render(job, folder, output, progress)
            key = object_key(require_tenant(), "pdf", made.sha256, ".pdf")
            storage().put(key, output)
        _publish(claim, job, made, key, drawn)
    except TooLarge as error:
        # The processor's limit signals every second from its first time on.
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        raise WorkFailed(TOO_LARGE) from error
    except MissingObject as error:
        raise WorkFailed(BYTES_MISSING) from error
    except CorruptObject as error:
        if kind_of_key(error.key) != "derived":
            raise WorkFailed(BYTES_CHANGED) from error
        # A print can be drawn again: the next try finds that it is missing.
        storage().delete(error.key)
        raise


class Reporter:
    """Writes progress into the row, at most twice a second and at each new stage."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._stage = ""
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        self.say(progress.stage.value, progress.done, progress.total)

    def say(self, stage: str, done: int, total: int | None) -> None:
        """`total` may be unknown. Raises FenceLost when the work was taken away."""
        if stage == self._stage and time.monotonic() < self._next:
            return
        self._stage, self._next = stage, time.monotonic() + PROGRESS_SECONDS
        report_progress(
            Document,
            self._claim,
            progress_stage=stage,
            progress_done=done,
            progress_total=total or 0,
        )


def _prepare(claim: Claim, folder: Path, progress: Reporter) -> tuple[Job, tuple[Drawn, ...]]:
    """The data of the PDF, after drawing the prints that it lacks."""
    source, frame, logo, prints = _load(claim, folder)
    drawn: tuple[Drawn, ...] = ()
    if prints.missing:
        db.session.rollback()
        drawn = _draw_all(prints.missing, frame, logo, folder, progress)
        source, frame, logo, prints = _load(claim, folder, drawn)
    context = build_context(source, prints, frame)
    hashes = {one.key: one.sha256 for one in prints.by_photo.values()}
    job = Job(context, hashes, source.is_preview)
    db.session.rollback()
    return job, drawn


def _load(
    claim: Claim, folder: Path, drawn: tuple[Drawn, ...] = ()
) -> tuple[Source, StripFrame, Path | None, Prints]:
    source = load_source(claim.id)
    if source.report.is_finished and check_rows(source.report.id):
        raise WorkFailed(EVIDENCE_DIFFERS)
    subject = subject_of(source)
    frame = frame_of(
        source.report,
        source.facts.surroundings,
        project=subject.project,
        address=subject.address,
    )
    pause()
    logo = local_logo(frame.logo_key, folder)
    prints = plan_prints(
        source.facts.photos,
        frame,
        logo,
        is_finished=source.report.is_finished,
        frozen=source.frozen,
        drawn=drawn,
    )
    return source, frame, logo, prints


def _draw_all(
    orders: tuple[Order, ...],
    frame: StripFrame,
    logo: Path | None,
    folder: Path,
    progress: Reporter,
) -> tuple[Drawn, ...]:
    drawn: list[Drawn] = []
    for number, order in enumerate(orders):
        progress.say(PREPARING, number, len(orders))
        original = storage().local_path(order.storage_key, folder)
        drawn += draw(order, original, logo, frame.watermark.style, folder).drawn
    return tuple(drawn)


def _render(job: Job, folder: Path, output: Path, progress: Reporter) -> RenderedPdf:
    files = {key: storage().local_path(key, folder) for key in job.context.file_keys()}
    if get_current_job() is not None:
        limit_process()
    made = render_pdf(job.context, files, output, progress)
    _prove(job, output)
    return made


def _prove(job: Job, output: Path) -> None:
    """Every good photo is drawn as often as it is placed, with the very bytes of its print.

    Raises PhotosNotPrinted.
    """
    wanted = Counter(job.hashes[photo.key] for photo in job.context.photos())
    lacking = wanted - drawn_images(output)
    count = lacking.total() + abs(wanted.total() - job.context.photo_totals.good)
    if count:
        raise PhotosNotPrinted(f"{count} of {job.context.photo_totals.good} photos")


def _publish(claim: Claim, job: Job, made: RenderedPdf, key: str, drawn: tuple[Drawn, ...]) -> None:
    totals = job.context.photo_totals
    with publish(Document, claim):
        if job.is_preview:
            # A finished report takes no more pictures: what was drawn again has its row.
            add_rows(drawn)
        db.session.execute(
            update(Document)
            .where(Document.id == claim.id)
            .values(
                is_preview=job.is_preview,
                storage_key=key,
                sha256=made.sha256,
                byte_size=made.bytes,
                pages=made.pages,
                photos_printed=totals.good,
                photos_quarantined=len(totals.quarantined),
                render_seconds=round(made.seconds, 3),
            )
            .execution_options(synchronize_session=False)
        )
        record(
            action="document.made",
            actor=WORKER,
            object_type="document",
            object_id=claim.id,
            sha256=made.sha256,
            byte_size=str(made.bytes),
            pages=str(made.pages),
            photos=str(totals.good),
            quarantined=str(len(totals.quarantined)),
            is_preview=job.is_preview,
        )
        if not job.is_preview:
            mail_pdf_ready(claim.id)
