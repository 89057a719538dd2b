"""Saves of one report at once with whatever else changes its progress, on real connections.

After each storm no save is lost or doubled, the audit's chain holds, and what is kept of the
progress is what a full assessment counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.errors import NotFound
from app.evidence.chain import verify_chain
from app.extensions import db
from app.models import (
    Actor,
    Answer,
    AuditEntry,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Project,
    Receipt,
    Report,
)
from app.photos.placing import remove_photo
from app.reports.assigning.service import assign_report
from app.reports.completing.service import submit_report
from app.reports.content import assess_report
from app.reports.facts import load_facts
from app.reports.filling.kept_progress import basis_of, count, outline_of, read_counts
from app.reports.filling.rows import lock_plainly, read_field
from app.reports.filling.service import AnswerInput, StaleAnswer, save_answer
from app.reports.lifecycle import discard_report
from app.reports.own_values import ReportOrigin, own_values
from app.reports.queries import ReportClosed, get_report
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, all_at_once, app_alone
from tests.support.counted import a_definition

SAVERS = 20
# The report of a storm has no address, tag or equipment of its own.
GOOD_ANSWERS = {
    **scenarios.GOOD_ANSWERS,
    "pair": "ok",
    **dict.fromkeys(("known_address", "known_tag", "known_equipment"), "By hand"),
}
Act = Callable[[], object]


class Storm:
    """A report on a database of its own, and what happens to it at once."""

    def __init__(self, app, cast) -> None:
        self.app, self.cast = app, cast
        self.actor = Actor(cast.max.name, cast.max.role, cast.max.id)
        with self.inside():
            # Nobody signs: most submits would be refused for a signature of older content.
            definition = a_definition().model_copy(update={"signature_roles": ()})
            version = scenarios.a_checklist(self.actor, definition)
            self.project_id = (project := scenarios.a_project(self.actor)).id
            report = scenarios.a_report(self.actor, version=version, project=project)
            self.id: UUID = report.id
            self.first: dict[str, int] = {}

    def fill(self) -> None:
        """Everything that a submit asks for."""
        with self.inside():
            for name, value in GOOD_ANSWERS.items():
                scenarios.an_answer(self.report, name, value, self.actor)
            for field_id in ("enclosure", "pair", "pair"):
                scenarios.a_photo(self.report, field_id, self.actor)
            self.first = dict.fromkeys(GOOD_ANSWERS, 1)

    def wait_for_photos(self) -> None:
        with self.inside():
            for _photo in range(3):
                photo = scenarios.a_photo(self.report, "pair", self.actor, verdict=None)
                db.session.add(PhotoCheck(photo_id=photo.id))
            db.session.commit()

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self.app.app_context(), tenant_scope(self.cast.acme):
            yield

    def save(self, field_id: str, value: object, client_id: UUID | None = None, **more) -> Act:
        """One save on top of what is stored now."""

        def act() -> None:
            row = db.session.scalars(
                select(Answer).where(Answer.report_id == self.id, Answer.field_id == field_id)
            ).one_or_none()
            version = row.row_version if row else 0
            db.session.rollback()
            given = AnswerInput(value=value, row_version=version, client_id=client_id, **more)
            save_answer(report_id=self.id, field_id=field_id, given=given, actor=self.actor)

        return act

    def insist(self, field_id: str, value: object, client_id: UUID) -> Act:
        """A save that is repeated on top of the newer answer until it is taken."""

        def act() -> None:
            while True:
                try:
                    return self.save(field_id, value, client_id)()
                except StaleAnswer:
                    db.session.rollback()

        return act

    # --- what else happens --------------------------------------------------------------------

    def photograph(self) -> None:
        scenarios.a_photo(self.report, "pair", self.actor, verdict=PhotoVerdict.GOOD)

    def read_photos(self, verdict: PhotoVerdict) -> Act:
        def act() -> None:
            known = select(PhotoReading.photo_id)
            found = select(PhotoPlacement.photo_id).where(
                PhotoPlacement.report_id == self.id, PhotoPlacement.photo_id.not_in(known)
            )
            for photo_id in db.session.scalars(found.limit(1)):
                row = {"photo_id": photo_id, "verdict": verdict, "parser_version": "test"}
                row["tenant_id"] = self.cast.acme
                db.session.execute(insert(PhotoReading).values(row).on_conflict_do_nothing())

        return act

    def remove(self) -> None:
        found = select(PhotoPlacement.id).where(
            PhotoPlacement.report_id == self.id, PhotoPlacement.removed_at.is_(None)
        )
        for placement_id in db.session.scalars(found.limit(1)):
            remove_photo(placement_id=placement_id, actor=self.actor)

    def rename(self) -> None:
        names = update(Project).where(Project.id == self.project_id)
        db.session.execute(names.values(client=f"Client {uuid4()}"))

    def empty_client(self) -> None:
        db.session.execute(update(Project).where(Project.id == self.project_id).values(client=""))

    def hand_over(self) -> None:
        assign_report(report_id=self.id, assignee_id=self.cast.tom.id, actor=self.actor)

    def submit(self) -> None:
        submit_report(report_id=self.id, actor=self.actor)

    def discard(self) -> None:
        discard_report(report_id=self.id, actor=self.actor)

    def saved(self, field_id: str) -> int:
        """The saves of a field, without what `fill` stored."""
        found = select(Answer.row_version).where(
            Answer.report_id == self.id, Answer.field_id == field_id
        )
        return (db.session.scalar(found) or 0) - self.first.get(field_id, 0)

    # --- what must be true --------------------------------------------------------------------

    @property
    def report(self) -> Report:
        return get_report(self.id, person=self.actor)

    def run(self, acts: list[Act]) -> list[object]:
        outcomes = all_at_once(self.app, self.cast.acme, acts, is_crowd=True)
        with self.inside():
            self.check_entries()
            self.check_kept()
            assert verify_chain().broken_at is None
        return outcomes

    def check_entries(self) -> None:
        """One entry for each version of each answer, and one receipt for each client id."""
        entries = db.session.scalars(
            select(AuditEntry).where(
                AuditEntry.action == "answer.saved", AuditEntry.object_id == self.id
            )
        )
        facts = [json.loads(one.body)["facts"] for one in entries]
        versions = [(one["field"], int(one["new_version"])) for one in facts]
        rows = db.session.scalars(select(Answer).where(Answer.report_id == self.id))
        last = {one.field_id: one.row_version for one in rows if one.answered_by}
        assert sorted(versions) == sorted(
            (name, number)
            for name, until in last.items()
            for number in range(self.first.get(name, 0) + 1, until + 1)
        )
        taken = Counter(db.session.scalars(select(Receipt.client_id)))
        assert set(taken.values()) <= {1}

    def check_kept(self) -> None:
        """What is kept on the present basis is what a full assessment counts."""
        found = select(Report).where(Report.id == self.id)
        if db.session.scalars(found).one().discarded_at:
            return
        report = self.report
        definition = report.version.definition
        facts = load_facts(report)
        counted = count(assess_report(report, facts))
        locked = lock_plainly(self.id, actor=self.actor)
        stored = read_field(locked, "remarks", with_origin=True)
        own = own_values(ReportOrigin(report), definition) if report.is_open else {}
        basis = basis_of(stored.answers, stored.versions, stored.photo_digest, own)
        kept = read_counts(locked.progress, basis, outline_of(definition))
        assert kept in (None, counted)
        if report.is_open:
            saved = save_answer(
                report_id=self.id,
                field_id="remarks",
                given=AnswerInput(value=str(uuid4()), row_version=stored.row_version),
                actor=self.actor,
            )
            report = self.report
            assert saved.progress == assess_report(report, load_facts(report)).progress
        db.session.rollback()


@pytest.fixture
def storm(tmp_path, cast):
    with app_alone(tmp_path) as app:
        yield Storm(app, cast)


def test_saves_of_one_field_follow_each_other(storm):
    ids = [uuid4() for _ in range(SAVERS)]
    outcomes = storm.run([storm.insist("customer", f"c{n}", one) for n, one in enumerate(ids)])
    assert outcomes == [DONE] * SAVERS
    with storm.inside():
        assert storm.saved("customer") == SAVERS


def test_one_client_id_is_saved_once(storm):
    one = uuid4()
    outcomes = storm.run([storm.save("customer", "same", one) for _ in range(SAVERS)])
    assert outcomes == [DONE] * SAVERS
    with storm.inside():
        assert storm.saved("customer") == 1


QUESTIONS = {
    "customer": "Lobo",
    "inspected_on": "2026-03-31",
    "enclosure": "ok",
    "cable_entry": "top",
    "insulation": "150",
    "started_at": "14:05",
    "pair": "ok",
    "known_client": "By hand",
    "known_technician": "By hand",
}
WORDS = ("customer", "known_client", "known_technician")


def test_saves_of_all_fields_beside_everything_else(storm):
    storm.wait_for_photos()
    for turn in range(4):
        acts: list[Act] = [
            storm.insist(name, f"{value} {turn}" if name in WORDS else value, uuid4())
            for name, value in QUESTIONS.items()
        ]
        acts += [
            storm.save("insulation", "", uuid4(), na_reason=f"none {turn}"),
            storm.save("started_at", "", uuid4(), na_reason=f"none {turn}"),
            storm.photograph,
            storm.remove,
            storm.read_photos(PhotoVerdict.GOOD),
            storm.read_photos(PhotoVerdict.QUARANTINED),
            storm.empty_client if turn == 1 else storm.rename,
            storm.hand_over if turn == 2 else storm.rename,
        ]
        outcomes = storm.run(acts)
        wrong = [one for one in outcomes if not (one is DONE or isinstance(one, StaleAnswer))]
        assert wrong == []
    with storm.inside():
        assert all(storm.saved(name) for name in QUESTIONS)


@pytest.mark.parametrize("end", ["submit", "discard"])
def test_a_save_comes_before_the_end_of_a_report_or_is_refused(storm, end):
    storm.fill()
    changes = [storm.insist("remarks", str(uuid4()), uuid4()) for _save in range(SAVERS)]
    half = SAVERS // 2
    outcomes = storm.run([*changes[:half], getattr(storm, end), *changes[half:]])
    is_refused = [isinstance(one, ReportClosed | NotFound) for one in outcomes]
    assert outcomes.count(DONE) + sum(is_refused) == len(outcomes), outcomes
    with storm.inside():
        report = db.session.scalars(select(Report).where(Report.id == storm.id)).one()
        assert not report.is_open
        assert storm.saved("remarks") == outcomes.count(DONE) - 1
