"""`flask demo`: runs the main job in the demo company and prints the results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from app.checklists.service import WorkbookRefused
from app.commands.demo.cast import MANAGER, TECHNICIAN, demo_actor, demo_site
from app.commands.demo.job import Job, Stuck, sha256_of
from app.commands.demo.photos import pictures_in
from app.commands.progress import track
from app.errors import DomainError
from app.extensions import db
from app.models import Derivative, DerivativeKind, Document
from app.pdf.proof import drawn_images
from app.platform.queries import get_tenant_id
from app.reports.completing.service import ReportIncomplete, get_review
from app.storage import storage
from app.tenancy import tenant_scope
from app.transactions import pause

File = click.Path(exists=True, dir_okay=False, path_type=Path)
Folder = click.Path(exists=True, file_okay=False, path_type=Path)


class Stages:
    """The seconds of each stage, printed when it ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        click.echo(f"  {name:<12} {self.seconds[name]:7.2f} s")


@click.command("demo")
@click.option("--checklist", type=File, required=True, help="An .xlsx workbook.")
@click.option("--photos", type=Folder, required=True, help="A folder of pictures.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--tenant", "slug", default="northwind", show_default=True)
@with_appcontext
def demo(checklist: Path, photos: Path, out: Path, seed: int, slug: str) -> None:
    """Make a PDF from a workbook and a folder of pictures, with the same rules as a browser."""
    pictures, others = pictures_in(photos)
    for path in others:
        click.echo(f"  refused      {path.name}: not a JPEG, PNG or HEIC picture")
    try:
        with tenant_scope(get_tenant_id(slug)):
            actors = demo_actor(MANAGER), demo_actor(TECHNICIAN)
            job = Job(*actors, Random(seed), demo_site(), watch=track)  # noqa: S311
            document = _carry_out(job, checklist, pictures)
            lost = _write(job, document, out)
            _print_result(job, document, pictures)
            unplaced = _unplaced(job, pictures)
    except WorkbookRefused as refused:
        for problem in refused.problems:
            click.echo(f"  {problem.sheet}!{problem.cell}: {problem.sentence}", err=True)
        raise click.ClickException(str(refused)) from refused
    except (DomainError, Stuck) as error:
        raise click.ClickException(str(error)) from error
    if unplaced:
        raise click.ClickException(f"{len(unplaced)} pictures found no question with room")
    if lost:
        raise click.ClickException(f"{lost} good photos are not in the PDF")
    click.echo(f"Wrote {out}")


def _carry_out(job: Job, checklist: Path, pictures: list[Path]) -> Document:
    stages = Stages()
    with stages.stage("import"):
        job.import_checklist(checklist.read_bytes(), checklist.name)
    with stages.stage("start"):
        title = job.definition.header.title.first(job.definition.languages)
        job.start(title, tag=f"QGBT-{job.rng.randint(1, 99):02d}")
    with stages.stage("answers"):
        job.answer()
    with stages.stage("photos"):
        job.photograph(pictures)
    with stages.stage("signatures"):
        job.sign()
    with stages.stage("submit"):
        _submit(job)
    with stages.stage("PDF"):
        return job.wait_for_document()


def _submit(job: Job) -> None:
    """Submit. If the server finds something missing, print it as its page does."""
    try:
        job.submit()
    except ReportIncomplete:
        db.session.rollback()
        for missing in get_review(job.report_id, person=job.technician).missing:
            click.echo(f"  missing      {missing.field_id or missing.role_id}: {missing.sentence}")
        raise


def _write(job: Job, document: Document, out: Path) -> int:
    """Write the PDF; returns the number of placed good photos that it lacks."""
    assert document.storage_key
    pause()
    with storage().open(document.storage_key) as stored:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(stored.read())
    photo_ids = [one.photo.id for one in job.good_photos()]
    newest = select(Derivative).where(
        Derivative.photo_id.in_(photo_ids), Derivative.kind == DerivativeKind.PRINT
    )
    by_photo = {one.photo_id: one.sha256 for one in db.session.scalars(newest)}
    expected = Counter(by_photo.get(photo_id, "") for photo_id in photo_ids)
    return (expected - drawn_images(out)).total()


def _unplaced(job: Job, pictures: list[Path]) -> list[Path]:
    """Print and return the pictures that no question could take."""
    placed = {shot.path for shot in job.shots}
    left = [path for path in pictures if path not in placed]
    for path in left:
        click.echo(f"  unplaced     {path.name}: every question has its most photos")
    return left


def _print_result(job: Job, document: Document, pictures: list[Path]) -> None:
    repeats = [shot for shot in job.shots if shot.repeated]
    fields = len(job.answers)
    click.echo(
        f"  {fields} fields answered, {len(pictures)} pictures in the folder,"
        f" {len(job.shots)} photos placed ({len(repeats)} repeats)"
    )
    for shot in repeats:
        click.echo(f"  repeat       {shot.path.name} -> {shot.field.id}")
    for sha256, reason in job.quarantined():
        names = {shot.path.name for shot in job.shots if sha256_of(shot.path) == sha256}
        click.echo(f"  quarantined  {', '.join(sorted(names))}: {reason}")
    megabytes, seconds = (document.byte_size or 0) / 1e6, document.render_seconds or 0
    click.echo(
        f"  {document.photos_printed} photos printed on {document.pages} pages,"
        f" {megabytes:.1f} MB, rendered in {seconds:.1f} s"
    )


COMMANDS = (demo,)
