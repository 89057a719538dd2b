"""Fifty concurrent attempts at a limit, on real connections: exactly the allowed number succeeds."""

from __future__ import annotations

import io
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.definition.schema import Field, FieldType, PhotoPolicy, Section, Text
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Actor, Invitation, Report, Role
from app.photos.queries import count_in_report
from app.photos.service import Upload, add_photo
from app.plans import limits
from app.reports.starting.service import start_report
from app.storage import receive
from app.team.inviting import InvitationFacts, invite_person
from app.team.service import create_account, deactivate_account, reactivate_account
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, all_at_once, app_alone
from tests.support.cast import PASSWORD
from tests.support.companies import set_company
from tests.support.pictures import a_jpeg

AT_ONCE = 50
ROOM = 7
COVER = Field(id="cover", type=FieldType.TEXT, label=Text(en="Cover"), photos=PhotoPolicy(max=50))


@pytest.fixture
def alone(tmp_path):
    """A separate database, because these transactions commit."""
    with app_alone(tmp_path) as app:
        yield app


def a_version(actor: Actor) -> UUID:
    """The id of a new checklist. Starts from the same checklist would be serialised anyway."""
    section = Section(id="one", title=Text(en="One"), fields=(COVER,))
    definition = scenarios.a_definition(
        code=f"R{uuid4().hex[:6].upper()}", info_fields=(), sections=(section,), signature_roles=()
    )
    return scenarios.a_checklist(actor, definition).checklist_id


def count_successes(outcomes: list[object], refusal: type[DomainError]) -> int:
    """The number of successes; all others must have failed with this error."""
    refused = [one for one in outcomes if one != DONE]
    assert all(isinstance(one, refusal) for one in refused), refused
    return outcomes.count(DONE)


def test_fifty_starts_fill_the_month_exactly(alone, cast):
    set_company(alone, cast.acme, limits={"reports_month": ROOM})
    actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    with alone.app_context(), tenant_scope(cast.acme):
        checklists = [a_version(actor) for _ in range(5)]
        project_id = scenarios.a_project(actor).id

    def start(number: int) -> Callable[[], object]:
        return lambda: start_report(
            checklist_id=checklists[number % 5],
            project_id=project_id,
            title="At once",
            actor=actor,
            client_id=uuid4(),
        )

    outcomes = all_at_once(
        alone, cast.acme, [start(number) for number in range(AT_ONCE)], is_crowd=True
    )
    assert count_successes(outcomes, limits.TooManyReports) == ROOM
    with alone.app_context(), tenant_scope(cast.acme):
        assert db.session.scalar(select(func.count(Report.id))) == ROOM


def test_fifty_new_people_fill_the_limit_exactly(alone, cast):
    """New accounts, invitations and reactivated people count towards the same limit."""
    actor = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
    with alone.app_context(), tenant_scope(cast.acme):
        gone = [
            create_account(
                email=f"gone{number}@acme.test",
                name="Gone",
                role=Role.TECHNICIAN,
                password=PASSWORD,
                actor=actor,
            ).id
            for number in range(10)
        ]
        for account_id in gone:
            deactivate_account(account_id=account_id, actor=actor)
        db.session.commit()
        before = limits.count_people()
    set_company(alone, cast.acme, limits={"people": before + ROOM})

    def add(number: int) -> Callable[[], object]:
        email = f"race{number}@acme.test"
        if number < len(gone):
            return lambda: reactivate_account(account_id=gone[number], actor=actor)
        if number % 2:
            facts = InvitationFacts(email=email, role=Role.TECHNICIAN)
            return lambda: invite_person(facts=facts, actor=actor)
        return lambda: create_account(
            email=email, name="Race", role=Role.TECHNICIAN, password=PASSWORD, actor=actor
        )

    outcomes = all_at_once(
        alone, cast.acme, [add(number) for number in range(AT_ONCE)], is_crowd=True
    )
    assert count_successes(outcomes, limits.TooManyPeople) == ROOM
    with alone.app_context(), tenant_scope(cast.acme):
        assert limits.count_people() == before + ROOM
        active = db.session.scalar(select(func.count(Account.id)).where(Account.is_active))
        invited = db.session.scalar(select(func.count(Invitation.id)))
        assert active + invited == before + ROOM


def test_fifty_photos_fill_a_report_exactly(alone, cast):
    set_company(alone, cast.acme, limits={"photos_report": ROOM})
    actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    with alone.app_context(), tenant_scope(cast.acme):
        report_id = start_report(
            checklist_id=a_version(actor),
            project_id=scenarios.a_project(actor).id,
            title="At once",
            actor=actor,
        ).id
        db.session.commit()

    def upload(data: bytes) -> Callable[[], object]:
        def act() -> None:
            with receive(io.BytesIO(data)) as received:
                photo = Upload(received, client_id=uuid4())
                add_photo(report_id=report_id, field_id="cover", upload=photo, actor=actor)

        return act

    pictures = [a_jpeg((32, 24)) for _ in range(AT_ONCE)]
    outcomes = all_at_once(alone, cast.acme, [upload(data) for data in pictures], is_crowd=True)
    assert count_successes(outcomes, limits.ReportTakesNoMorePhotos) == ROOM
    with alone.app_context(), tenant_scope(cast.acme):
        assert count_in_report(report_id) == ROOM
