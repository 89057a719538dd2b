"""Whatever people do in whatever order, a report never leaves the table of transitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.errors import DomainError
from app.extensions import db
from app.models import (
    ANY_MANAGER,
    FINISHED_STATUSES,
    MANAGERS,
    Actor,
    Answer,
    Report,
    ReportStatus,
    Review,
    ReviewComment,
    Signature,
    Snapshot,
    Witness,
)
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.lifecycle import TABLE, ReportEvent, archive_report, discard_report
from app.reports.reviewing.discussing import answer_comment, withdraw_report
from app.reports.reviewing.service import (
    accept_field,
    approve_report,
    comment_on_field,
    return_report,
    settle_comment,
)
from app.reports.signing.service import (
    SignatureInput,
    SignatureState,
    sign_as_witness,
    signing_places,
)
from app.signing import WITNESS_LINK
from app.tenancy import tenant_scope
from app.witnessing import visits
from app.witnessing.items import accept_item, comment_on_item
from app.witnessing.links import LinkFacts, hash_of, revoke_link, send_link
from app.witnessing.visits import Visit
from tests.conftest import rolled_back
from tests.support import scenarios
from tests.support.guests import definition_with_client
from tests.support.operations import drawn, make_complete

EDGES = {(old, row.target) for row in TABLE if row.target for old in row.sources} | {
    # Without a reviewer the submit completes the report at once.
    (old, ReportStatus.COMPLETED)
    for row in TABLE
    if row.event is ReportEvent.SUBMITTED
    for old in row.sources
}
PEOPLE = ("ana", "max", "tess", "tom", "vera")
RULES = ((), (ANY_MANAGER,), (ANY_MANAGER, ANY_MANAGER))
DRAWN = drawn()


def _answer(report_id: UUID, actor: Actor) -> None:
    version = db.session.scalar(
        select(Answer.row_version).where(
            Answer.report_id == report_id, Answer.field_id == "remarks"
        )
    )
    words = [f"by {actor.name}, after {version}"]
    given = AnswerInput(value=words, comment="", na_reason="", row_version=version or 0)
    save_answer(report_id=report_id, field_id="remarks", given=given, actor=actor)


def _sign(report_id: UUID, actor: Actor) -> None:
    """Only an open report takes signatures; the database itself refuses any other."""
    report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
    if report.is_open:
        scenarios.a_valid_signature(report, "technician", actor)


def _comments(report_id: UUID) -> Iterable[UUID]:
    return db.session.scalars(
        select(ReviewComment.id).where(ReviewComment.report_id == report_id).limit(1)
    ).all()


def _reply(report_id: UUID, actor: Actor) -> None:
    for one in _comments(report_id):
        answer_comment(report_id=report_id, comment_id=one, reply="So", is_done=True, actor=actor)


def _settle(report_id: UUID, actor: Actor) -> None:
    for one in _comments(report_id):
        settle_comment(report_id=report_id, comment_id=one, is_done=True, actor=actor)


def _signed_roles(report_id: UUID) -> dict[str, Signature]:
    """The live signature of each role."""
    report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
    return dict(load_facts(report).signatures)


def _invite(report_id: UUID, actor: Actor) -> None:
    send_link(
        report_id=report_id,
        facts=LinkFacts(name="Wanda", until=datetime.now(UTC).date(), role_id="client"),
        actor=actor,
    )


def _witnesses(report_id: UUID) -> list[Witness]:
    rows = select(Witness).where(Witness.report_id == report_id)
    return list(db.session.scalars(rows.order_by(Witness.created_at, Witness.id)))


def _revoke(report_id: UUID, actor: Actor) -> None:
    for one in _witnesses(report_id)[:1]:
        revoke_link(report_id=report_id, witness_id=one.id, actor=actor)


def _expire(report_id: UUID, actor: Actor) -> None:
    """The newest link is one whose last day has passed."""
    report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
    if report.is_finished or actor.role not in MANAGERS:
        return
    witness_id, past = uuid4(), datetime.now(UTC) - timedelta(seconds=1)
    columns = {"expires_at": past, "token_hash": hash_of(WITNESS_LINK.token(witness_id))}
    scenarios.a_witness(report, actor, role_id="client", id=witness_id, **columns)


def _visited(act: Callable[[Visit, Actor], object]) -> Callable[[UUID, Actor], None]:
    """What whoever holds the newest link does, without an account."""

    def do(report_id: UUID, _actor: Actor) -> None:
        for one in _witnesses(report_id)[-1:]:
            is_open = one.revoked_at is None and not one.is_expired
            try:
                with visits.opening(WITNESS_LINK.token(one.id)) as visit:
                    assert is_open, "a closed link opened the report"
                    act(visit, visit.by(ip="", request_id=""))
            except visits.LinkRefused as refused:
                assert not is_open and refused.status == 410
                raise

    return do


def _sign_as_witness(visit: Visit, actor: Actor) -> None:
    report = db.session.scalars(select(Report).where(Report.id == visit.witness.report_id)).one()
    seen = content_hash(report, load_facts(report))
    given = SignatureInput(
        signer_name="Wanda", image=DRAWN, strokes=None, client_id=uuid4(), client_at=None
    )
    sign_as_witness(witness=visit.witness, given=given, seen_content=seen, actor=actor)


WITNESS_VERBS: dict[str, Callable[[UUID, Actor], object]] = {
    "invite": _invite,
    "revoke": _revoke,
    "expire": _expire,
    "open link": _visited(lambda visit, actor: visits.note_opening(visit, actor=actor)),
    "witness accepts": _visited(
        lambda visit, actor: accept_item(
            witness=visit.witness, field_id="remarks", is_accepted=True, actor=actor
        )
    ),
    "witness comments": _visited(
        lambda visit, actor: comment_on_item(
            witness=visit.witness, field_id="remarks", words="Rust", actor=actor
        )
    ),
    "witness signs": _visited(_sign_as_witness),
}
VERBS: dict[str, Callable[[UUID, Actor], object]] = {
    "answer": _answer,
    "sign": _sign,
    "submit": lambda id, actor: submit_report(report_id=id, actor=actor),
    "withdraw": lambda id, actor: withdraw_report(report_id=id, actor=actor),
    "accept": lambda id, actor: accept_field(
        report_id=id, field_id="remarks", is_accepted=True, actor=actor
    ),
    "comment": lambda id, actor: comment_on_field(
        report_id=id, field_id="remarks", words="Why?", actor=actor
    ),
    "reply": _reply,
    "settle": _settle,
    "return": lambda id, actor: return_report(report_id=id, actor=actor),
    "approve": lambda id, actor: approve_report(report_id=id, actor=actor),
    "discard": lambda id, actor: discard_report(report_id=id, actor=actor),
    "archive": lambda id, actor: archive_report(report_id=id, actor=actor),
    **WITNESS_VERBS,
}
# What moves a report is drawn more often than what ends it.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [*VERBS]
            + ["answer", "sign", "submit", "comment", "return", "approve"] * 2
            + ["invite", "witness signs"]
        ),
        st.sampled_from(PEOPLE),
    ),
    min_size=10,
    max_size=60,
)


@dataclass(frozen=True)
class Before:
    status: ReportStatus
    signatures: dict[str, UUID]


def _state(report_id: UUID) -> tuple[ReportStatus, bool]:
    row = db.session.execute(
        select(Report.status, Report.discarded_at).where(Report.id == report_id)
    ).one()
    return row.status, row.discarded_at is not None


def _answers(report_id: UUID) -> dict[str, int]:
    rows = db.session.execute(
        select(Answer.field_id, Answer.row_version).where(Answer.report_id == report_id)
    )
    return {row.field_id: row.row_version for row in rows}


def _check_signatures(report_id: UUID, before: Before, verb: str) -> None:
    """In a submitted report only a role that is due at the approval is signed, and only an open
    link signs as a witness; a signature over other content is void, and void ones complete
    nothing."""
    report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
    facts = load_facts(report)
    content = content_hash(report, facts)
    now = {role: one.id for role, one in facts.signatures.items()}
    new = {role for role, id in now.items() if before.signatures.get(role) != id}
    if before.status is ReportStatus.SUBMITTED and report.status is ReportStatus.SUBMITTED:
        due = {role.id for role in report.version.definition.roles_at_approval}
        assert new <= due, verb
    if before.status in FINISHED_STATUSES:
        assert not new, verb
    for place in signing_places(facts.definition, facts, content):
        if place.signature is not None:
            is_void = place.signature.content_hash != content
            assert (place.state is SignatureState.VOID) is is_void, (verb, place.role.id)
            if report.status in FINISHED_STATUSES:
                assert not is_void, verb


def _check(report_id: UUID) -> None:
    status, _gone = _state(report_id)
    reviews = list(
        db.session.scalars(
            select(Review).where(Review.report_id == report_id).order_by(Review.round, Review.step)
        )
    )
    waiting = [one for one in reviews if one.closed_at is None]
    assert len(waiting) == (1 if status is ReportStatus.SUBMITTED else 0)
    frozen = db.session.scalars(select(Snapshot).where(Snapshot.report_id == report_id)).all()
    is_finished = status in (ReportStatus.COMPLETED, ReportStatus.ARCHIVED)
    assert len(frozen) == (1 if is_finished else 0)
    if is_finished and reviews:
        last = [one for one in reviews if one.round == reviews[-1].round]
        assert [one.state.value for one in last] == ["approved"] * len(last[0].steps)
        assert len({one.reviewer_id for one in last}) == len(last)


@pytest.mark.parametrize("rule", RULES, ids=("nobody", "one", "two"))
def test_no_sequence_of_verbs_leaves_the_table(app, cast, rule):
    @settings(max_examples=12, deadline=None)
    @given(STEPS)
    def walk(steps):
        with rolled_back(app), app.app_context(), tenant_scope(cast.acme):
            actors = {
                key: Actor(one.name, one.role, one.id)
                for key in PEOPLE
                if (one := getattr(cast, key))
            }
            definition = definition_with_client() if rule else None
            version = scenarios.a_checklist(actors["tess"], definition, review_steps=list(rule))
            report = scenarios.a_report(actors["tess"], version=version)
            make_complete(report, actors["tess"])
            report_id = report.id
            for verb, key in steps:
                before, answers = _state(report_id), _answers(report_id)
                held = {role: one.id for role, one in _signed_roles(report_id).items()}
                earlier = Before(before[0], held)
                try:
                    VERBS[verb](report_id, actors[key])
                    db.session.commit()
                except DomainError:
                    db.session.rollback()
                    db.session.expire_all()
                    assert (_state(report_id), _answers(report_id)) == (before, answers), verb
                    continue
                after = _state(report_id)
                assert after[0] is before[0] or (before[0], after[0]) in EDGES, (verb, key)
                assert not before[1] or after == before
                found = _answers(report_id)
                assert all(found[id] >= version for id, version in answers.items())
                _check(report_id)
                _check_signatures(report_id, earlier, verb)

    walk()
