"""Carries out the operations of a device's unsent work on behalf of the person who did it.

They go through the same services as if the device had sent them, with the same client ids, so what
the device sent meanwhile has no second effect. Each audit entry names the importer as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BytesIO

from werkzeug.datastructures import FileStorage, MultiDict

from app.definition.sentences import N_, Sentence, say
from app.errors import DomainError, NotFound
from app.evidence.service import About, record
from app.extensions import db
from app.models import STAFF, Actor, OperationVerdict, UploadState
from app.operations import service as operations
from app.operations.operation import Needs, Operation, OperationKind
from app.operations.reading import read_operation
from app.outboxes import queries
from app.outboxes.archive import Archive
from app.outboxes.records import Record
from app.reports.receipts import find_receipt
from app.reports.signing.service import MAX_IMAGE_BYTES
from app.storage import Incoming, Received
from app.uploads.queries import get_upload
from app.uploads.service import NewUpload, WrongOffset, add_piece, begin, delete_parts

PHOTO, SIGNATURE = "photo", "signature"
UNREADABLE = N_("This entry could not be read, or belongs to another account.")
OUT_OF_REACH = N_("The report does not exist, or %(name)s has no access to it.")
NOT_REACHED = N_("There was no time left for this entry. Import the file again.")
WAITS = {
    Needs.PREDECESSOR: N_("It builds on an entry that has not arrived. Import the newer file too."),
    Needs.BYTES: N_("The photo itself has not arrived."),
    Needs.READING: N_("Photos are still being read. Import the file again in a minute."),
}


class NobodyHere(DomainError):
    """This file was saved by an account that is not among this company's staff. Nothing was
    imported."""

    status = 422


@dataclass(frozen=True, slots=True)
class Line:
    """An operation of the file with its verdict; without one, it can be imported again."""

    record: Record | None
    verdict: OperationVerdict | None
    sentence: Sentence | None = None


def act_for(archive: Archive, importer: Actor) -> Actor:
    """The person whose work it is, acting through the importer. Raises NobodyHere."""
    account = queries.find_account(archive.account_id)
    if account is None or account.role not in STAFF:
        raise NobodyHere
    return replace(
        importer, name=account.name, role=account.role, account_id=account.id, importer=importer
    )


def carry_out_all(archive: Archive, owner: Actor, *, most_bytes: int) -> Iterator[Line | None]:
    """Carry out one operation after the other.

    The caller commits after each item; those that are None only end a transaction. What cannot be
    carried out is rolled back here and does not stop the others.
    """
    for one in archive.records:
        if one is None:
            yield unreadable()
            continue
        try:
            yield from _carry_out(archive, one, owner, most_bytes)
        except DomainError as error:
            db.session.rollback()
            yield _failed(one, error, owner)


def record_import(archive: Archive, lines: list[Line], owner: Actor, importer: Actor) -> None:
    """Note the import in the audit, beside the entries of what it changed."""
    counts = dict.fromkeys(OperationVerdict, 0)
    for line in lines:
        if line.verdict:
            counts[line.verdict] += 1
    record(
        "outbox.imported",
        About("account", owner.account_id),
        importer,
        sha256=archive.sha256,
        exported_at=archive.exported_at.isoformat() if archive.exported_at else None,
        operations=str(len(lines)),
        **{verdict.value: str(count) for verdict, count in counts.items()},
    )


def not_reached(one: Record | None) -> Line:
    return Line(one, None, say(NOT_REACHED))


def unreadable() -> Line:
    return Line(None, OperationVerdict.REFUSED, say(UNREADABLE))


def read_sent(
    one: Record, files: Mapping[str, bytes] | None = None
) -> tuple[OperationKind, Operation] | None:
    """The operation as the device would have sent it. Raises NotFound for a block."""
    given = {name: FileStorage(BytesIO(part), name) for name, part in (files or {}).items()}
    return read_operation(one.report_id, one.form, MultiDict(given))


def files_of(archive: Archive, one: Record) -> dict[str, bytes]:
    """The small files that are part of an operation. Raises WrongBytes."""
    if one.kind != SIGNATURE:
        return {}
    with archive.bytes_of(one, MAX_IMAGE_BYTES) as image:
        found = {"image": image.path.read_bytes()}
    return found | ({"strokes": one.strokes.encode()} if one.strokes else {})


def out_of_reach(owner: Actor) -> Sentence:
    return say(OUT_OF_REACH, name=owner.name)


def _carry_out(
    archive: Archive, one: Record, owner: Actor, most_bytes: int
) -> Iterator[Line | None]:
    sent = read_sent(one, files_of(archive, one))
    if sent is None:
        yield replace(unreadable(), record=one)
        return
    if one.kind == PHOTO and find_receipt(one.client_id) is None:
        yield from _bring_bytes(archive, one, owner, most_bytes)
    outcome = operations.carry_out(*sent, owner)
    sentence = say(WAITS[outcome.needs]) if outcome.needs else outcome.sentence
    yield Line(one, outcome.verdict, sentence)


def _bring_bytes(
    archive: Archive, one: Record, owner: Actor, most_bytes: int
) -> Iterator[Line | None]:
    """Add the photo's bytes to its upload, from where the device stopped."""
    with ExitStack() as files:
        photo = files.enter_context(archive.bytes_of(one, most_bytes))
        new = NewUpload(one.client_id, one.report_id, photo.sha256, photo.byte_size)
        begin(new=new, most_bytes=most_bytes, actor=owner)
        yield None
        upload = get_upload(one.client_id, person=owner)
        if upload.state is not UploadState.OPEN:
            return
        rest = _rest_of(photo, upload.received, files)
        outcome = add_piece(upload, rest)
        yield None
        delete_parts(outcome.stale)
        if outcome.refusal:
            raise outcome.refusal


def _rest_of(photo: Received, offset: int, files: ExitStack) -> Received:
    if not offset:
        return photo
    rest = files.enter_context(Incoming())
    with photo.path.open("rb") as whole:
        whole.seek(offset)
        while chunk := whole.read(64 * 1024):
            rest.write(chunk)
    return rest.received()


def _failed(one: Record, error: DomainError, owner: Actor) -> Line:
    """Not found means: not for this person. What is only temporary has no verdict."""
    if isinstance(error, NotFound):
        return Line(one, OperationVerdict.REFUSED, out_of_reach(owner))
    is_temporary = error.status >= operations.FIRST_TEMPORARY or error.retry_after
    # The device sends the same photo at this moment.
    is_temporary = is_temporary or isinstance(error, WrongOffset)
    verdict = None if is_temporary else OperationVerdict.REFUSED
    return Line(one, verdict, operations.sentence_of(error))
