"""The page on which an admin imports a device's unsent work."""

from __future__ import annotations

from time import monotonic

from flask import Response, current_app, request
from werkzeug.datastructures import FileStorage

from app.errors import DomainError
from app.extensions import db
from app.models import Actor, Role
from app.outboxes import blueprint, service
from app.outboxes.archive import MAX_FILE, MIB, Archive, opened
from app.outboxes.expecting import expect_all
from app.outboxes.forms import ImportForm
from app.outboxes.service import Line
from app.outboxes.showing import Shown, shown
from app.storage import receive
from app.transactions import pause
from app.web.errors import translated
from app.web.fragments import render_page
from app.web.guards import current_actor, requires

# A proxy gives up after a minute. What was not reached is imported by the next attempt.
MOST_SECONDS = 40
UNUSABLE = 422


@blueprint.before_request
def take_large_files() -> None:
    request.max_content_length = MAX_FILE + MIB


@blueprint.get("/company/unsent-work")
@requires(Role.ADMIN)
def index() -> Response:
    return render_page("outboxes/index.html", "content", form=ImportForm(), shown=None)


@blueprint.post("/company/unsent-work")
@requires(Role.ADMIN)
def create() -> Response:
    """Show what would come of a file, or import it if it is the one that was shown."""
    form = ImportForm()
    if not form.validate_on_submit():
        return _result(form, status=422)
    importer = current_actor()
    try:
        found = _read(form, form.file.data, importer)
    except DomainError as refusal:
        if refusal.status != UNUSABLE:
            raise
        db.session.rollback()
        form.file.errors = [translated(refusal)]
        return _result(form, status=UNUSABLE)
    return _result(form, found)


def _read(form: ImportForm, file: FileStorage, importer: Actor) -> Shown:
    pause()
    with receive(file.stream) as received, opened(received) as archive:  # type: ignore[arg-type]
        owner = service.act_for(archive, importer)
        is_import = form.imports(archive.sha256)
        if is_import:
            lines = _import(archive, owner, importer)
        else:
            lines = expect_all(archive, owner, most_bytes=_most_bytes())
        return shown(archive, lines, owner, is_import=is_import)


def _import(archive: Archive, owner: Actor, importer: Actor) -> list[Line]:
    """One transaction for each step, so that what is imported stays whatever comes after it."""
    lines: list[Line] = []
    ends_at = monotonic() + MOST_SECONDS
    for line in service.carry_out_all(archive, owner, most_bytes=_most_bytes()):
        db.session.commit()
        if line:
            lines.append(line)
            if monotonic() > ends_at:
                break
    lines += [service.not_reached(one) for one in archive.records[len(lines) :]]
    service.record_import(archive, lines, owner, importer)
    db.session.commit()
    return lines


def _most_bytes() -> int:
    return int(current_app.config["MAX_UPLOAD_BYTES"])


def _result(form: ImportForm, found: Shown | None = None, *, status: int = 200) -> Response:
    return render_page("outboxes/index.html", "result", status=status, form=form, shown=found)
