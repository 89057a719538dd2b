"""Signs reports, with a drawn signature or an image.

A signature holds the hash of the report's content at that moment (content.py). If the content
changes, the hashes differ and the signature is void; no row needs an update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from app.definition.answers import InvalidAnswer, clean_text
from app.definition.assessment import Progress
from app.definition.schema import Definition, SignatureRole
from app.definition.sentences import Sentence
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.imaging.logo_sandbox import (
    MAX_LOGO_BYTES,
    BlankSignature,
    UnsupportedLogo,
    clean_signature_in_sandbox,
)
from app.models import Actor, Report, ReportStatus, Signature, Witness
from app.reports.content import assess_report, content_hash
from app.reports.facts import ReportFacts, load_facts
from app.reports.locking import lock_open_report, lock_witnessed_report
from app.reports.queries import closed_error, get_report, get_witnessed_report
from app.reports.signing.seen import find_change, read_seen
from app.reports.signing.strokes import BadStrokes, StrokesTooShort, parse_strokes
from app.rows import one_or_404
from app.storage import object_key, put_bytes
from app.tenancy import require_tenant
from app.transactions import pause

MAX_NAME = 120
MAX_DRAWN_BYTES = 200_000
MAX_IMAGE_BYTES = MAX_LOGO_BYTES


class SignatureState(StrEnum):
    OPEN = "open"
    SIGNED = "signed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class SigningPlace:
    """One role of the checklist and its live signature, if any."""

    role: SignatureRole
    signature: Signature | None
    state: SignatureState
    refused: RefusedSignature | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """The response about one role: its place, and the progress of the whole report."""

    report: Report
    place: SigningPlace
    progress: Progress


@dataclass(frozen=True, slots=True)
class RefusedSignature:
    """A refused signature: the name as it was typed, and the reason in words."""

    signer_name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """A signer's input. `strokes` is the pad's JSON, None for an uploaded image. `seen` is what a
    phone showed to the signer (seen.py), None for a form of the server's own page."""

    signer_name: str
    image: bytes
    strokes: bytes | None = None
    client_id: UUID | None = None
    client_at: datetime | None = None
    seen: str | None = None


class SignatureRefused(DomainError):
    """The signature was not accepted."""

    status = 422


class SignerMissing(SignatureRefused):
    """Enter the signer's name, at most 120 characters."""


class SignatureMissing(SignatureRefused):
    """Draw the signature, or choose an image of it."""


class SignatureBlank(SignatureRefused):
    """A dot or a blank image is not a signature. Draw the full signature, or choose an image with a
    dark signature on a light background."""


class SignatureTooLarge(SignatureRefused):
    """The signature is larger than %(size)s kB. Draw it again, or use a smaller image."""


class SignatureUnreadable(SignatureRefused):
    """The image of the signature could not be read. Use a JPEG or PNG image."""


class SignatureIdReused(DomainError):
    """This signature has the same id as another one. Reload the page and sign again."""

    status = 409


class SeenUnreadable(SignatureRefused):
    """What was signed could not be compared with the report. Reload the page and sign again."""


class NotYourRole(SignatureRefused):
    """This link is for reading and commenting only. Ask its sender for a link to sign."""

    status = 403


class ReportChanged(DomainError):
    """The report changed after you opened it, so your signature was not stored. Look at the report
    again, then sign."""


class ContentChanged(DomainError):
    """The report changed after this was signed. Look at it and sign again."""

    status = 409

    def __init__(self, change: Sentence) -> None:
        super().__init__()
        self.change = change


def signing_places(
    definition: Definition, facts: ReportFacts, content: str
) -> Sequence[SigningPlace]:
    """Every role in order; `content` is the hash of the report's current content."""
    return [_place(role, facts.signatures, content) for role in definition.signature_roles]


def get_signing(report_id: UUID, role_id: str, *, person: Actor) -> Signing:
    """One role of a report that the person may see. Raises NotFound."""
    report = get_report(report_id, person=person)
    facts = load_facts(report)
    place = _place(_get_role(report, role_id), facts.signatures, content_hash(report, facts))
    return Signing(report, place, assess_report(report, facts).progress)


def get_signature(report_id: UUID, signature_id: UUID, *, person: Actor) -> Signature:
    """A signature with an image, of a report that the person may see. Raises NotFound."""
    report = get_report(report_id, person=person)
    return one_or_404(
        select(Signature).where(
            Signature.id == signature_id,
            Signature.report_id == report.id,
            Signature.image_key.is_not(None),
        )
    )


def sign_report(
    *, report_id: UUID, role_id: str, given: SignatureInput, actor: Actor
) -> SigningPlace:
    """Store a role's signature of the report's current content; the newest one is live.

    A repeated client id changes nothing. Raises NotFound, ReportClosed, SeenIncomplete,
    ContentChanged and the refusals above.
    """
    # NotFound comes first: errors about the image must not reveal whether a report exists.
    role = _get_role(get_report(report_id, person=actor), role_id)
    drawing = _keep(given)
    report = lock_open_report(report_id, actor=actor)
    facts = load_facts(report)
    content = content_hash(report, facts)
    if _is_known(report, role, given, drawing):
        return _place(role, facts.signatures, content)
    _require_unchanged(given.seen, facts)
    signature = _add(report, role, given, drawing, content, taken_by=actor.account_id)
    record("signature.taken", report, actor, **_signed(signature))
    return SigningPlace(role, signature, SignatureState.SIGNED)


def sign_as_witness(
    *, witness: Witness, given: SignatureInput, seen_content: str, actor: Actor
) -> SigningPlace:
    """Store the witness's signature of the content that their page showed.

    `seen_content` is its hash. While the report is submitted, only a role that is due at the
    approval can be signed. A repeated client id changes nothing. Raises NotFound, NotYourRole,
    ReportClosed, ReportChanged and the refusals above.
    """
    if witness.role_id is None:
        raise NotYourRole
    role = _get_role(get_witnessed_report(witness), witness.role_id)
    drawing = _keep(given)
    report = lock_witnessed_report(witness)
    facts = load_facts(report)
    content = content_hash(report, facts)
    if _is_known(report, role, given, drawing):
        return _place(role, facts.signatures, content)
    if not can_be_signed(report, role):
        raise closed_error(report.status, report.number)
    if seen_content != content:
        raise ReportChanged
    signature = _add(report, role, given, drawing, content, witness_id=witness.id)
    record("signature.witnessed", report, actor, witness_id=str(witness.id), **_signed(signature))
    return SigningPlace(role, signature, SignatureState.SIGNED)


def can_be_signed(report: Report, role: SignatureRole) -> bool:
    """Whether the role can be signed in the report's status; the database refuses all others."""
    is_waiting = report.status is ReportStatus.SUBMITTED
    return report.is_open or (is_waiting and role.is_due_at_approval)


def withdraw_signature(*, report_id: UUID, role_id: str, actor: Actor) -> SigningPlace:
    """Withdraw the live signature of a role, if there is one; its row stays.

    Raises NotFound, ReportClosed.
    """
    report = lock_open_report(report_id, actor=actor)
    role = _get_role(report, role_id)
    live = load_facts(report).signatures.get(role.id)
    if live:
        withdrawal = Signature(
            report_id=report.id,
            role_id=role.id,
            signer_name=live.signer_name,
            content_hash=live.content_hash,
            withdrawn=True,
            taken_by=actor.account_id,
            client_id=uuid4(),
        )
        db.session.add(withdrawal)
        record("signature.withdrawn", report, actor, **_signed(withdrawal))
    return SigningPlace(role, None, SignatureState.OPEN)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A checked signature whose image is stored under `key`."""

    name: str
    strokes: dict[str, Any] | None
    key: str
    sha256: str


def _keep(given: SignatureInput) -> _Drawing:
    """Check the input and store its image. Ends the transaction: cleaning an image is slow, so no
    connection is held meanwhile."""
    pause()
    name, strokes, image = _checked(given)
    digest = sha256(image).hexdigest()
    key = object_key(require_tenant(), "sign", digest, ".png")
    put_bytes(key, image)
    return _Drawing(name, strokes, key, digest)


def _is_known(
    report: Report, role: SignatureRole, given: SignatureInput, drawing: _Drawing
) -> bool:
    """Whether this signature was stored before. Raises SignatureIdReused."""
    earlier = _find_by_client_id(given.client_id) if given.client_id else None
    if earlier is None:
        return False
    if (earlier.report_id, earlier.role_id, earlier.signer_name) != (
        report.id,
        role.id,
        drawing.name,
    ):
        raise SignatureIdReused
    return True


def _add(
    report: Report,
    role: SignatureRole,
    given: SignatureInput,
    drawing: _Drawing,
    content: str,
    *,
    taken_by: UUID | None = None,
    witness_id: UUID | None = None,
) -> Signature:
    signature = Signature(
        report_id=report.id,
        role_id=role.id,
        signer_name=drawing.name,
        strokes=drawing.strokes,
        image_key=drawing.key,
        image_sha256=drawing.sha256,
        content_hash=content,
        withdrawn=False,
        taken_by=taken_by,
        witness_id=witness_id,
        client_id=given.client_id or uuid4(),
        client_at=given.client_at,
    )
    db.session.add(signature)
    return signature


def _require_unchanged(seen: str | None, facts: ReportFacts) -> None:
    if seen is None:
        return
    try:
        change = find_change(read_seen(seen), facts)
    except ValueError as error:
        raise SeenUnreadable from error
    if change:
        raise ContentChanged(change)


def _checked(given: SignatureInput) -> tuple[str, dict[str, Any] | None, bytes]:
    """Name, strokes and the image as a new PNG that holds nothing but its pixels."""
    try:
        name = " ".join(clean_text(given.signer_name, MAX_NAME).split())
    except InvalidAnswer as error:
        raise SignerMissing from error
    if not name:
        raise SignerMissing
    if not given.image:
        raise SignatureMissing
    most = MAX_IMAGE_BYTES if given.strokes is None else MAX_DRAWN_BYTES
    if len(given.image) > most:
        raise SignatureTooLarge(size=most // 1000)
    try:
        strokes = parse_strokes(given.strokes) if given.strokes is not None else None
        return name, strokes, clean_signature_in_sandbox(given.image)
    except (StrokesTooShort, BlankSignature) as error:
        raise SignatureBlank from error
    except BadStrokes as error:
        raise SignatureMissing from error
    except UnsupportedLogo as error:
        raise SignatureUnreadable from error


def _place(role: SignatureRole, live: Mapping[str, Signature], content: str) -> SigningPlace:
    signature = live.get(role.id)
    if signature is None:
        return SigningPlace(role, None, SignatureState.OPEN)
    is_valid = signature.content_hash == content
    return SigningPlace(role, signature, SignatureState.SIGNED if is_valid else SignatureState.VOID)


def _get_role(report: Report, role_id: str) -> SignatureRole:
    role = report.version.definition.role(role_id)
    if role is None:
        raise NotFound
    return role


def _find_by_client_id(client_id: UUID) -> Signature | None:
    return db.session.scalars(
        select(Signature).where(Signature.client_id == client_id)
    ).one_or_none()


def _signed(signature: Signature) -> dict[str, str | None]:
    """The audit facts of a signature."""
    return {
        "role": signature.role_id,
        "signer": signature.signer_name,
        "image_sha256": signature.image_sha256,
        "content_hash": signature.content_hash,
        "client_at": signature.client_at.isoformat() if signature.client_at else None,
    }
