"""Two managers at once, on real connections: one draft, one outcome, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.checklists import lifecycle, service
from app.definition.schema import Text
from app.errors import NotFound
from app.extensions import db
from app.models import Actor, AuditEntry, Checklist, ChecklistStatus, Report, Role, Version
from app.reports.starting import service as starting
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, Acts, all_at_once, app_alone

ROUNDS = 4


@pytest.fixture
def stage(tmp_path, cast):
    """An app on its own copy of the database, because the races really commit."""
    with app_alone(tmp_path) as app:
        yield app


def raced(app, cast, acts: Acts) -> list[object]:
    """The outcomes, none of which may be a database error (deadlock, duplicate row)."""
    outcomes = all_at_once(app, cast.acme, acts)
    assert not [one for one in outcomes if isinstance(one, DBAPIError)], outcomes
    return outcomes


def actor(person) -> Actor:
    return Actor(person.name, Role.MANAGER, person.id)


def set_up(app, cast, code: str) -> tuple[UUID, UUID, UUID]:
    """A published version and a draft beside it, as (checklist, version, draft)."""
    with app.app_context(), tenant_scope(cast.acme):
        version = scenarios.a_checklist(actor(cast.max), scenarios.a_definition(code))
        draft = service.put_draft(
            version.checklist, scenarios.a_definition(code, signature_roles=())
        )
        ids = version.checklist_id, version.id, draft.id
        db.session.commit()
    return ids


def read(app, cast, statement):
    with app.app_context(), tenant_scope(cast.acme):
        return db.session.scalars(statement).all()


def recorded(app, cast, checklist_id: UUID, action: str) -> int:
    counted = select(func.count(AuditEntry.id)).where(
        AuditEntry.object_id == checklist_id, AuditEntry.action == action
    )
    return read(app, cast, counted)[0]


def publish(draft: UUID, person) -> Callable[[], object]:
    return lambda: service.publish_version(version_id=draft, actor=actor(person), note=person.name)


def discard(draft: UUID, person) -> Callable[[], object]:
    return lambda: service.discard_draft(version_id=draft, actor=actor(person))


def restore(version: UUID, person) -> Callable[[], object]:
    return lambda: lifecycle.restore_version(version_id=version, actor=actor(person))


def test_two_who_publish_publish_once(stage, cast):
    for number in range(ROUNDS):
        checklist, _version, draft = set_up(stage, cast, f"P{number}")
        outcomes = raced(stage, cast, [publish(draft, cast.max), publish(draft, cast.ana)])
        assert outcomes == [DONE, DONE]
        assert recorded(stage, cast, checklist, "checklist.published") == 1


def test_publishing_and_discarding_leave_one_outcome(stage, cast):
    for number in range(ROUNDS):
        checklist, _version, draft = set_up(stage, cast, f"D{number}")
        outcomes = raced(stage, cast, [publish(draft, cast.max), discard(draft, cast.ana)])
        (refused,) = [one for one in outcomes if one != DONE]
        left = read(stage, cast, select(Version.published_at).where(Version.id == draft))
        if isinstance(refused, service.VersionPublished):
            assert left and left[0] is not None
            assert recorded(stage, cast, checklist, "checklist.draft_discarded") == 0
        else:
            assert isinstance(refused, NotFound) and left == []
            assert recorded(stage, cast, checklist, "checklist.published") == 0


def test_two_who_restore_make_one_draft(stage, cast):
    for number in range(ROUNDS):
        checklist, version, draft = set_up(stage, cast, f"R{number}")
        raced(stage, cast, [publish(draft, cast.max)])
        acts = [restore(version, cast.max), restore(version, cast.ana)]
        assert raced(stage, cast, acts) == [DONE, DONE], "the same draft serves both"
        assert recorded(stage, cast, checklist, "checklist.restored") == 1


def test_of_two_who_restore_different_versions_one_is_told(stage, cast):
    for number in range(ROUNDS):
        checklist, version, draft = set_up(stage, cast, f"O{number}")
        raced(stage, cast, [publish(draft, cast.max)])
        outcomes = raced(stage, cast, [restore(version, cast.max), restore(draft, cast.ana)])
        (refused,) = [one for one in outcomes if one != DONE]
        assert isinstance(refused, lifecycle.DraftInTheWay)
        drafts = select(Version.id).where(
            Version.checklist_id == checklist, Version.published_at.is_(None)
        )
        assert len(read(stage, cast, drafts)) == 1


def test_a_report_starts_before_the_retirement_or_not_at_all(stage, cast):
    for number in range(ROUNDS):
        checklist, _version, _draft = set_up(stage, cast, f"S{number}")
        with stage.app_context(), tenant_scope(cast.acme):
            project = scenarios.a_project(actor(cast.max)).id
            db.session.commit()

        def start(checklist=checklist, project=project):
            starting.start_report(
                checklist_id=checklist, project_id=project, actor=actor(cast.max), title="Raced"
            )

        def retire(checklist=checklist):
            lifecycle.retire_checklist(checklist_id=checklist, actor=actor(cast.ana))

        outcomes = raced(stage, cast, [start, retire])
        status = read(stage, cast, select(Checklist.status).where(Checklist.id == checklist))
        assert status == [ChecklistStatus.RETIRED]
        started = select(Report.id).join(Version).where(Version.checklist_id == checklist)
        is_refused = any(isinstance(one, starting.ChecklistNotPublished) for one in outcomes)
        assert len(read(stage, cast, started)) == (0 if is_refused else 1)


def test_of_two_copies_with_one_code_one_is_refused(stage, cast):
    for number in range(ROUNDS):
        _checklist, version, _draft = set_up(stage, cast, f"C{number}")

        def copy(person, version=version, code=f"C{number}-B"):
            lifecycle.duplicate_checklist(
                version_id=version, code=code, title=Text(en="Copy"), actor=actor(person)
            )

        outcomes = raced(stage, cast, [lambda: copy(cast.max), lambda: copy(cast.ana)])
        (refused,) = [one for one in outcomes if one != DONE]
        assert isinstance(refused, lifecycle.CodeTaken)
