"""The progress kept with a report equals a full assessment, whatever changed in the meantime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.definition.assessment import SIGNATURES, Progress
from app.definition.schema import Field, FieldType
from app.extensions import db
from app.models import (
    Answer,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Project,
    Report,
    Signature,
    WorkState,
)
from app.photos.placing import explain_photo, remove_photo
from app.reports.assigning.service import assign_report
from app.reports.content import assess_report, content_hash
from app.reports.facts import load_facts
from app.reports.filling import kept_progress, saving
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.counted import a_definition

# A test runs inside savepoints.
TESTS_OWN = ("SAVEPOINT", "RELEASE", "ROLLBACK")
VALUES = {
    FieldType.VERDICT: ["ok", "not_ok", "na", ""],
    FieldType.SELECT_ONE: ["top", "bottom", ""],
    FieldType.SELECT_MANY: [["lamp"], ["lamp", "fan"], []],
    FieldType.NUMBER: ["5", "150", "1,234", ""],
    FieldType.DATE: ["2026-03-31", ""],
    FieldType.TIME: ["14:05", ""],
    FieldType.TABLE: [
        {"a:before": "0.1", "a:after": "0.9", "b:before": "0.2", "b:after": "0.3"},
        {"a:before": "0.1"},
        {},
    ],
}


class Stage:
    """A report, and random changes to what its progress depends on."""

    def __init__(self, actor, cast, seed: int) -> None:
        self.actor, self.cast, self.random = actor, cast, Random(seed)
        # A name that is empty at first: its field is open until the project has a client.
        project = scenarios.a_project(actor, client="")
        version = scenarios.a_checklist(actor, a_definition())
        self.id: UUID = scenarios.a_report(actor, version=version, project=project).id
        self.project_id = project.id

    @property
    def report(self) -> Report:
        db.session.expire_all()
        return get_report(self.id, person=self.actor)

    def full(self) -> Progress:
        report = self.report
        return assess_report(report, load_facts(report)).progress

    def save(self, field: Field | None = None) -> Progress:
        pick, fields = self.random.choice, list(a_definition().all_fields())
        field = field or pick([one for one in fields if one.is_question])
        row = self.row_of(field.id)
        given = AnswerInput(
            value=pick(VALUES.get(field.type, ["words", ""])),
            comment=pick(["", "as seen"]),
            na_reason=pick(["", "", "", "not fitted"]),
            row_version=row.row_version if row else 0,
            client_id=pick([None, uuid4()]),
        )
        saved = save_answer(report_id=self.id, field_id=field.id, given=given, actor=self.actor)
        db.session.commit()
        return saved.progress

    def row_of(self, field_id: str) -> Answer | None:
        return db.session.scalars(
            select(Answer).where(Answer.report_id == self.id, Answer.field_id == field_id)
        ).one_or_none()

    # --- changes that no save makes -----------------------------------------------------------

    def changes(self) -> list[Callable[[], object]]:
        return [
            self.photograph,
            self.photograph,
            self.read_photo,
            self.give_up_reading,
            self.remove_photo,
            self.explain,
            self.sign,
            self.withdraw,
            self.rename_project,
            self.hand_over,
            self.write_elsewhere,
            self.forget,
        ]

    def photograph(self) -> None:
        kinds = [None, PhotoVerdict.GOOD, PhotoVerdict.GOOD, PhotoVerdict.QUARANTINED]
        photo = scenarios.a_photo(
            self.report,
            self.random.choice(["enclosure", "pair"]),
            self.actor,
            verdict=self.random.choice(kinds),
            has_position=self.random.random() < 0.7,
            position=self.random.randrange(1000),
        )
        db.session.add(PhotoCheck(photo_id=photo.id))
        db.session.commit()

    def _placements(self, *conditions) -> list[PhotoPlacement]:
        return list(
            db.session.scalars(
                select(PhotoPlacement)
                .outerjoin(PhotoReading, PhotoReading.photo_id == PhotoPlacement.photo_id)
                .where(
                    PhotoPlacement.report_id == self.id,
                    PhotoPlacement.removed_at.is_(None),
                    *conditions,
                )
            )
        )

    def read_photo(self) -> None:
        for one in self._placements(PhotoReading.id.is_(None))[:1]:
            verdict = self.random.choice([*PhotoVerdict])
            reading = PhotoReading(photo_id=one.photo_id, verdict=verdict, parser_version="test")
            db.session.add(reading)
            db.session.commit()

    def give_up_reading(self) -> None:
        """As the relay's function does, which locks no report."""
        photos = [one.photo_id for one in self._placements(PhotoReading.id.is_(None))]
        failed = update(PhotoCheck).where(PhotoCheck.photo_id.in_(photos))
        db.session.execute(failed.values(state=WorkState.FAILED))
        db.session.commit()

    def remove_photo(self) -> None:
        for one in self._placements()[:1]:
            remove_photo(placement_id=one.id, actor=self.actor)
            db.session.commit()

    def explain(self) -> None:
        for one in self._placements(PhotoReading.verdict == PhotoVerdict.QUARANTINED)[:1]:
            explain_photo(placement_id=one.id, reason="the camera broke", actor=self.actor)
            db.session.commit()

    def sign(self) -> None:
        report = self.report
        signed = content_hash(report, load_facts(report))
        role = self.random.choice(["technician", "client"])
        scenarios.a_signature(report, role, self.actor, content_hash=signed)

    def withdraw(self) -> None:
        found = select(Signature).where(Signature.report_id == self.id)
        for one in list(db.session.scalars(found))[:1]:
            scenarios.a_signature(self.report, one.role_id, self.actor, withdrawn=True)

    def rename_project(self) -> None:
        names = update(Project).where(Project.id == self.project_id)
        db.session.execute(names.values(client=self.random.choice(["", "A client"])))
        db.session.commit()

    def hand_over(self) -> None:
        someone = self.random.choice([self.cast.tess.id, self.cast.tom.id])
        assign_report(report_id=self.id, assignee_id=someone, actor=self.actor)
        db.session.commit()

    def write_elsewhere(self) -> None:
        """As the release before does, which knows nothing of kept counts."""
        row = self.row_of("cable_entry") or Answer(report_id=self.id, field_id="cable_entry")
        row.value = self.random.choice(["top", None])
        row.row_version = (row.row_version or 0) + 1
        row.answered_by, row.answered_at = self.actor.account_id, datetime.now(UTC)
        db.session.add(row)
        db.session.commit()

    def forget(self) -> None:
        """As a report of an earlier release, without counts."""
        db.session.execute(update(Report).where(Report.id == self.id).values(progress=None))
        db.session.commit()


@pytest.mark.parametrize("seed", range(6))
def test_the_kept_counts_equal_a_full_assessment(acting, cast, seed):
    with acting(cast.max) as actor:
        stage = Stage(actor, cast, seed)
        percents = set()
        for _step in range(40):
            for _change in range(stage.random.choice([0, 0, 0, 1, 2])):
                stage.random.choice(stage.changes())()
            told = stage.save()
            assert told == stage.full()
            percents.add(told.percent)
            if kept := stage.report.progress:
                assert kept["counts"].keys() == told.per_section.keys() - {SIGNATURES}
        assert len(percents) > 4, "the walk got nowhere"


@pytest.mark.parametrize(
    "change",
    [
        "photograph",
        "read_photo",
        "give_up_reading",
        "remove_photo",
        "rename_project",
        "hand_over",
        "write_elsewhere",
        "forget",
    ],
)
def test_whatever_changes_otherwise_is_counted_at_the_next_save(acting, cast, change):
    with acting(cast.max) as actor:
        stage = Stage(actor, cast, seed=1)
        field = a_definition().field("remarks")
        stage.save(field)
        scenarios.a_photo(stage.report, "pair", actor, verdict=None)
        db.session.add(PhotoCheck(photo_id=stage._placements()[0].photo_id))
        db.session.commit()
        stage.save(field)
        for _time in range(3):
            getattr(stage, change)()
            assert stage.save(field) == stage.full()


def test_a_save_counts_only_its_own_field(acting, cast, monkeypatch):
    with acting(cast.max) as actor:
        stage = Stage(actor, cast, seed=2)
        first, second = a_definition().field("remarks"), a_definition().field("cable_entry")
        for _time in range(2):  # the first answer begins the report
            stage.save(first)
            stage.save(second)
        calls = []
        whole = saving.assess_report
        monkeypatch.setattr(
            saving, "assess_report", lambda *given: calls.append(1) or whole(*given)
        )
        for _time in range(4):
            stage.save(first)
            stage.save(second)
        assert calls == []
        scenarios.a_photo(stage.report, "pair", actor)
        for _time in range(6):
            stage.save(second)
        assert calls == [1]


def test_counts_of_other_rules_are_counted_again(acting, cast, monkeypatch):
    with acting(cast.max) as actor:
        stage = Stage(actor, cast, seed=3)
        stage.save(a_definition().field("remarks"))
        # What other rules counted: nothing in this section is done.
        kept = {**stage.report.progress}
        kept["counts"] = {**kept["counts"], "visual": [0, 1]}
        db.session.execute(update(Report).where(Report.id == stage.id).values(progress=kept))
        db.session.commit()
        assert stage.save(a_definition().field("started_at")) != stage.full()
        monkeypatch.setattr(kept_progress, "edition", lambda: "the next release")
        assert stage.save(a_definition().field("started_at")) == stage.full()


def test_one_save_takes_six_statements(acting, cast, client_of, queries):
    with acting(cast.tess) as actor:
        stage = Stage(actor, cast, seed=4)
        report_id = stage.id
        scenarios.a_photo(stage.report, "pair", actor)
    client = client_of(cast.tess)
    for version in range(4):  # the first two begin the report and count it
        sent = {"value": f"v{version}", "row_version": version, "client_id": str(uuid4())}
        with queries() as seen:
            answer = client.post(
                f"/reports/{report_id}/fields/customer", data=sent, headers={"HX-Request": "true"}
            )
        assert answer.status_code == 200
    statements = [one for one in seen.statements if not one.startswith(TESTS_OWN)]
    assert len(statements) <= 6, statements
