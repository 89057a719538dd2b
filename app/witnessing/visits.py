"""From a link or a cookie to the witness: who comes in, and who is told why not.

A token is looked up before a company is known (find_witness); everything after that runs with the
witness's company bound, under both locks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Report, Tenant, Witness
from app.reports.queries import get_witnessed_report
from app.rows import own_tenant
from app.signing import WITNESS_PROOF
from app.tenancy import call_definer, tenant_scope
from app.witnessing.links import code_hash, hash_of

# Parts the token in a cookie from the proof that the code word was given; no letter of a token.
MARK = "."
LONGEST_COOKIE = 200


class LinkRefused(DomainError):
    """This link does not work. Ask the person who sent it to you for a new one."""

    status = 410


class LinkUnknown(LinkRefused):
    """This link is incomplete or unknown. Open it from the message again, or scan the code again;
    if that does not help, ask the person who sent it to you for a new one."""

    status = 404


class LinkRevoked(LinkRefused):
    """This link was revoked, so it no longer opens the report. What you signed or sent before is
    kept. Ask the person who sent it to you for a new one."""


class LinkExpired(LinkRefused):
    """This link has expired, so it no longer opens the report. What you signed or sent before is
    kept. Ask the person who sent it to you for a new one."""


class CodeDue(Exception):
    """The link asks for a code word that this browser has not given."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self.visit = visit


class WrongCode(DomainError):
    """This is not the code word. Ask the person who sent you the link for it."""

    status = 422


@dataclass(frozen=True, slots=True)
class Found:
    """What the look-up of a token returned."""

    tenant_id: UUID
    witness_id: UUID


@dataclass(frozen=True, slots=True)
class Visit:
    """An open link in the scope of its company. `cookie` is what the browser keeps of it."""

    witness: Witness
    tenant: Tenant
    cookie: str

    def by(self, *, ip: str, request_id: str) -> Actor:
        """The witness as the author of audit entries."""
        return Actor(self.witness.name, ip=ip, request_id=request_id)

    @property
    def until(self) -> datetime:
        return self.witness.expires_at


def find(token: str) -> Found:
    """Which witness a token belongs to. Raises LinkUnknown."""
    rows = call_definer("find_witness", p_token_hash=hash_of(token[:LONGEST_COOKIE]))
    if not rows:
        raise LinkUnknown
    return Found(rows[0].tenant_id, rows[0].witness_id)


@contextmanager
def opening(token: str) -> Iterator[Visit]:
    """The visit that begins with a link; whether a code word is due is not asked yet.

    Raises a subclass of LinkRefused.
    """
    found = find(token)
    with tenant_scope(found.tenant_id):
        yield Visit(_get_open(found.witness_id), own_tenant(), token)


@contextmanager
def visiting(witness_id: UUID, cookie: str) -> Iterator[Visit]:
    """The visit that a browser's cookie continues. The address names the witness, so that the
    cookie of one link opens nothing of another.

    Raises a subclass of LinkRefused, CodeDue.
    """
    with asking(witness_id, cookie) as visit:
        if not has_given_code(visit):
            raise CodeDue(visit)
        yield visit


@contextmanager
def asking(witness_id: UUID, cookie: str) -> Iterator[Visit]:
    """Like `visiting`, before the code word was given."""
    found = find(cookie[:LONGEST_COOKIE].partition(MARK)[0])
    if found.witness_id != witness_id:
        raise LinkUnknown
    with tenant_scope(found.tenant_id):
        yield Visit(_get_open(witness_id), own_tenant(), cookie)


def has_given_code(visit: Visit) -> bool:
    """Whether the link asks for no code word, or this browser has given it."""
    if visit.witness.code_hash is None:
        return True
    given = visit.cookie.partition(MARK)[2].encode(errors="replace")
    return compare_digest(given, _proof(visit.witness).encode())


def give_code(visit: Visit, typed: str) -> str:
    """The cookie of a browser that gave the code word. Raises WrongCode."""
    wanted, given = visit.witness.code_hash, code_hash(visit.witness.id, typed) or ""
    if wanted is not None and not compare_digest(given, wanted):
        raise WrongCode
    return visit.cookie.partition(MARK)[0] + MARK + _proof(visit.witness)


def note_opening(visit: Visit, *, actor: Actor) -> Report:
    """Record that the link opened the report. Raises LinkRefused for a discarded report."""
    report = get_report_of(visit.witness)
    record("witness.opened", report, actor, witness_id=str(visit.witness.id))
    return report


def get_report_of(witness: Witness) -> Report:
    """The report with all that its page needs. Raises NotFound if it was discarded since."""
    return get_witnessed_report(witness)


def _get_open(witness_id: UUID) -> Witness:
    witness = db.session.scalars(select(Witness).where(Witness.id == witness_id)).one_or_none()
    if witness is None:
        raise LinkUnknown
    require_open(witness)
    return witness


def require_open(witness: Witness) -> None:
    """Raises LinkRevoked, LinkExpired."""
    if witness.revoked_at is not None:
        raise LinkRevoked
    if witness.is_expired:
        raise LinkExpired


def _proof(witness: Witness) -> str:
    return WITNESS_PROOF.token(witness.id, witness.code_hash or "")
