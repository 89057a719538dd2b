"""Makes a PDF: load, draw missing prints, render, verify, seal, store, publish. For workers only.

Drawing and rendering are slow, so no transaction is open meanwhile.
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

from app.documents.certificates import keep_certificate
from app.documents.context import build_context
from app.documents.loading import Source, load_source, subject_of
from app.documents.pictures import Prints, plan_prints
from app.documents.sealing import SealOrder, attach_evidence, plan_seal, seal
from app.documents.stamps import request_stamp
from app.evidence.service import About, record
from app.evidence.verdicts import check_rows
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, publish, report_progress
from app.mail.service import mail_pdf_ready
from app.models import Actor, Document
from app.pdf.context import ReportContext
from app.pdf.engine import Progress, RenderedPdf, render_pdf
from app.pdf.limits import TooLarge, limit_process
from app.photos.drawing import DrawingOrder, StoredDerivative, add_rows, draw, local_logo
from app.photos.strip import StripFrame, frame_of
from app.sealing.file import Seal
from app.storage import CorruptObject, MissingObject, kind_of_key, object_key, storage
from app.tenancy import require_tenant
from app.transactions import pause

PROGRESS_SECONDS = 0.5
TOO_LARGE = "too_large"
BYTES_MISSING = "bytes_missing"
BYTES_CHANGED = "bytes_changed"
EVIDENCE_DIFFERS = "evidence_differs"
PREPARING = "photos"
SEALING = "sealing"
WORKER = Actor(name="Laudo")


class PhotosNotPrinted(RuntimeError):
    """A good photo is missing from the finished file; such a PDF is never published."""


@dataclass(frozen=True, slots=True)
class PdfJob:
    """The plain data of a render: the prints' files, verified, and the hashes of their bytes, both
    by key. A final PDF has a seal, a preview has none."""

    context: ReportContext
    prints: Mapping[str, Path]
    hashes: Mapping[str, str]
    is_preview: bool
    seal: SealOrder | None


def make_document(claim: Claim) -> None:
    """Make the claimed document. Raises WorkFailed for failures that a retry cannot fix."""
    progress = ProgressWriter(claim)
    try:
        with TemporaryDirectory(prefix="laudo-pdf-") as name:
            folder = Path(name)
            job, drawn = _prepare(claim, folder, progress)
            output = folder / "report.pdf"
            made = _render(job, folder, output, progress)
            made, sealed = _seal(job, output, made, progress)
            key = object_key(require_tenant(), "pdf", made.sha256, ".pdf")
            storage().put(key, output)
        _publish(claim, job, made, key, drawn, sealed)
    except TooLarge as error:
        # After the CPU limit is reached, the kernel sends this signal every second.
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        raise WorkFailed(TOO_LARGE) from error
    except MissingObject as error:
        raise WorkFailed(BYTES_MISSING) from error
    except CorruptObject as error:
        if kind_of_key(error.key) != "derived":
            raise WorkFailed(BYTES_CHANGED) from error
        # A print can be drawn again: the next attempt will find it missing.
        storage().delete(error.key)
        raise


class ProgressWriter:
    """Stores progress in the row, at most twice a second and at each new stage."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._stage = ""
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        self.say(progress.stage.value, progress.done, progress.total)

    def say(self, stage: str, done: int, total: int | None) -> None:
        """`total` is None if unknown. Raises FenceLost if another worker took over."""
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


def _prepare(
    claim: Claim, folder: Path, progress: ProgressWriter
) -> tuple[PdfJob, tuple[StoredDerivative, ...]]:
    """The data of the PDF, after drawing the missing prints."""
    source, frame, logo, prints = _load(claim, folder)
    drawn: tuple[StoredDerivative, ...] = ()
    if prints.missing:
        db.session.rollback()
        drawn = _draw_all(prints.missing, frame, logo, folder, progress)
        source, frame, logo, prints = _load(claim, folder, drawn)
    order = plan_seal(source)
    context = build_context(source, prints, frame, order.fingerprint if order else "")
    hashes = {one.key: one.sha256 for one in prints.by_photo.values()}
    job = PdfJob(context, prints.files, hashes, source.is_preview, order)
    db.session.rollback()
    return job, drawn


def _load(
    claim: Claim, folder: Path, drawn: tuple[StoredDerivative, ...] = ()
) -> tuple[Source, StripFrame, Path | None, Prints]:
    source = load_source(claim.id)
    if source.report.is_finished and check_rows(source.report.id):
        raise WorkFailed(EVIDENCE_DIFFERS)
    # The page of changes prints what the corrected report said.
    if source.changes is not None and check_rows(source.changes.older.id):
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
        folder,
        is_finished=source.report.is_finished,
        frozen=source.frozen,
        drawn=drawn,
    )
    return source, frame, logo, prints


def _draw_all(
    orders: tuple[DrawingOrder, ...],
    frame: StripFrame,
    logo: Path | None,
    folder: Path,
    progress: ProgressWriter,
) -> tuple[StoredDerivative, ...]:
    drawn: list[StoredDerivative] = []
    for number, order in enumerate(orders):
        progress.say(PREPARING, number, len(orders))
        original = storage().local_path(order.storage_key, folder)
        drawn += draw(order, original, logo, frame.watermark.style, folder).drawn
    return tuple(drawn)


def _render(job: PdfJob, folder: Path, output: Path, progress: ProgressWriter) -> RenderedPdf:
    others = job.context.file_keys() - job.prints.keys()
    files = {**job.prints, **{key: storage().local_path(key, folder) for key in others}}
    if get_current_job() is not None:
        limit_process()
    made = render_pdf(job.context, files, output, progress, hashes=job.hashes)
    _prove(job, made)
    return made


def _seal(
    job: PdfJob, output: Path, made: RenderedPdf, progress: ProgressWriter
) -> tuple[RenderedPdf, Seal | None]:
    """The finished file: with its evidence attached and sealed, unless it is a preview.

    Raises FenceLost if another worker took over, before anything is sealed.
    """
    if job.seal is None:
        return made, None
    made = attach_evidence(job.seal, output, made)
    progress.say(SEALING, 0, None)
    return seal(job.seal, output, made)


def _prove(job: PdfJob, made: RenderedPdf) -> None:
    """Verify that the file contains every good photo as often as it is placed, byte for byte.

    Raises PhotosNotPrinted.
    """
    expected = Counter(job.hashes[photo.key] for photo in job.context.photos())
    lacking = expected - made.drawn
    count = lacking.total() + abs(expected.total() - job.context.photo_totals.good)
    if count:
        raise PhotosNotPrinted(f"{count} of {job.context.photo_totals.good} photos")


def _publish(
    claim: Claim,
    job: PdfJob,
    made: RenderedPdf,
    key: str,
    drawn: tuple[StoredDerivative, ...],
    sealed: Seal | None,
) -> None:
    totals, layout = job.context.photo_totals, job.context.settings.layout
    with publish(Document, claim):
        if job.is_preview:
            # A finished report takes no more derivatives: a print that was redrawn has a row.
            add_rows(drawn)
        if job.seal:
            keep_certificate(job.seal.identity.certificate)
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
                layout=layout,
                sealed_at=sealed.sealed_at if sealed else None,
                seal_fingerprint=sealed.fingerprint if sealed else None,
            )
            .execution_options(synchronize_session=False)
        )
        record(
            "document.made",
            About(Document.audit_type, claim.id),
            WORKER,
            sha256=made.sha256,
            byte_size=str(made.bytes),
            pages=str(made.pages),
            photos=str(totals.good),
            quarantined=str(len(totals.quarantined)),
            is_preview=job.is_preview,
            layout=layout.value,
            **(sealed.as_facts() if sealed else {}),
        )
        if not job.is_preview:
            mail_pdf_ready(claim.id)
            request_stamp(claim.id)
