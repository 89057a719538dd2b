"""What reviewers and technicians may do with a submitted report, and what follows from it."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import select, update

from app.definition.schema import Definition, Field, FieldType, Prefill, Text
from app.errors import NotAllowed, NotFound
from app.evidence.queries import list_entries
from app.evidence.verdicts import check_rows
from app.extensions import db
from app.models import (
    ANY_MANAGER,
    Account,
    Document,
    Mail,
    MailKind,
    Report,
    ReportStatus,
    Review,
    ReviewComment,
    ReviewState,
    Role,
    Snapshot,
    Tenant,
)
from app.reports.completing.service import submit_report
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.lifecycle import WrongStatus
from app.reports.queries import ReportInReview
from app.reports.reviewing.discussing import answer_comment, withdraw_report
from app.reports.reviewing.errors import (
    CommentsOpen,
    FilledInYourself,
    NothingToReturn,
    ReviewedByOther,
    ReviewHasBegun,
    TwoPeopleNeeded,
)
from app.reports.reviewing.queries import list_waiting_reviews
from app.reports.reviewing.service import (
    accept_field,
    approve_report,
    comment_on_field,
    return_report,
    settle_comment,
)
from tests.support import scenarios
from tests.support.operations import make_complete
from tests.support.revisions import correct


@pytest.fixture
def doing(acting):
    """`with doing(person) as actor:` commits what succeeds and rolls back what is refused."""

    @contextmanager
    def stage(person):
        with acting(person) as actor:
            try:
                yield actor
                db.session.commit()
            except Exception:
                db.session.rollback()
                raise

    return stage


def definition_with_own_client() -> Definition:
    """A further field, not required, that the checklist fills with the project's client."""
    field = Field(
        id="client",
        type=FieldType.TEXT,
        label=Text(en="Client", pt="Cliente"),
        prefill=Prefill.CLIENT,
        required=False,
        photos=scenarios.NO_PHOTOS,
    )
    whole = scenarios.a_definition(code="OWN")
    return whole.model_copy(update={"info_fields": (*whole.info_fields, field)})


def report_of(report_id) -> Report:
    return db.session.scalars(select(Report).where(Report.id == report_id)).one()


def reviews_of(report_id) -> list[tuple[int, int, str]]:
    rows = db.session.scalars(
        select(Review).where(Review.report_id == report_id).order_by(Review.round, Review.step)
    )
    return [(row.round, row.step, row.state.value) for row in rows]


def actions_of(report_id) -> list[str]:
    return [entry.action for entry in list_entries("report", report_id)]


def mails() -> list[tuple[MailKind, str]]:
    rows = db.session.execute(select(Mail.kind, Mail.recipient).order_by(Mail.created_at))
    return sorted((row.kind, row.recipient) for row in rows)


def test_a_submit_waits_for_the_reviewer(doing, cast, submitted):
    report_id = submitted()
    with doing(cast.tess):
        report = report_of(report_id)
        assert (report.status, report.completed_at, report.outcome) == (
            ReportStatus.SUBMITTED,
            None,
            None,
        )
        assert reviews_of(report_id) == [(1, 1, "waiting")]
        assert db.session.scalars(select(Snapshot)).all() == []
        assert db.session.scalars(select(Document)).all() == []
        assert actions_of(report_id) == ["report.submitted"]
        assert mails() == [
            (MailKind.REVIEW_WAITING, "ana@acme.test"),
            (MailKind.REVIEW_WAITING, "max@acme.test"),
        ]


@pytest.mark.parametrize(
    ("of_checklist", "of_project", "waits"),
    [
        ((), None, False),
        ((), (ANY_MANAGER,), True),
        ((ANY_MANAGER,), (), False),
        ((ANY_MANAGER,), None, True),
    ],
)
def test_the_project_overrides_the_checklist(
    doing, cast, submitted, of_checklist, of_project, waits
):
    report_id = submitted(of_checklist, of_project)
    with doing(cast.tess):
        wanted = ReportStatus.SUBMITTED if waits else ReportStatus.COMPLETED
        assert report_of(report_id).status is wanted


def test_a_second_submit_changes_nothing(doing, cast, submitted):
    report_id = submitted()
    with doing(cast.tess) as tess:
        submit_report(report_id=report_id, actor=tess)
    with doing(cast.tess):
        assert reviews_of(report_id) == [(1, 1, "waiting")]
        assert actions_of(report_id) == ["report.submitted"]


def test_the_rule_of_the_submit_counts(doing, cast, submitted):
    report_id = submitted()
    with doing(cast.max) as boss:
        report_of(report_id).version.checklist.review_steps = [ANY_MANAGER, str(cast.ana.id)]
        db.session.flush()
        assert approve_report(report_id=report_id, actor=boss).is_finished


def test_nothing_changes_while_it_waits(doing, cast, submitted):
    report_id = submitted()
    given = AnswerInput(value=["Late"], comment="", na_reason="", row_version=1)
    with pytest.raises(ReportInReview), doing(cast.tess) as tess:
        save_answer(report_id=report_id, field_id="remarks", given=given, actor=tess)


class TestApprove:
    def test_it_completes_and_freezes_the_report(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with doing(cast.max):
            report = report_of(report_id)
            assert report.status is ReportStatus.COMPLETED and report.outcome
            assert report.completed_by == cast.max.id
            assert reviews_of(report_id) == [(1, 1, "approved")]
            assert actions_of(report_id) == [
                "report.submitted",
                "review.begun",
                "review.approved",
                "report.completed",
                "document.requested",
            ]
            body = json.loads(db.session.scalars(select(Snapshot)).one().body)
            (review,) = body["reviews"]
            assert (review["round"], review["state"]) == ("1", "approved")
            assert review["reviewer"]["name"] == "Max Manager"
            assert review["submitted_by"]["name"] == "Tess Technician"
            # The photo of the scenario was not received through its service.
            found = [one for one in check_rows(report_id) if one.facts != ("receipt",)]
            assert found == []

    def test_the_snapshot_names_the_approval_as_the_head(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with doing(cast.max):
            entries = {entry.action: entry for entry in list_entries("report", report_id)}
            snapshot = db.session.scalars(select(Snapshot)).one()
            assert snapshot.audit_hash == entries["review.approved"].hash

    def test_a_report_without_a_review_has_no_such_part(self, doing, cast, submitted):
        submitted(())
        with doing(cast.tess):
            assert "reviews" not in json.loads(db.session.scalars(select(Snapshot)).one().body)

    def test_twice_is_once(self, doing, cast, submitted):
        report_id = submitted()
        for _time in range(2):
            with doing(cast.max) as boss:
                approve_report(report_id=report_id, actor=boss)
        with doing(cast.max):
            assert actions_of(report_id).count("report.completed") == 1

    def test_not_while_a_comment_is_open(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            comment = comment_on_field(
                report_id=report_id, field_id="enclosure", words="Why?", actor=boss
            )
            comment_id = comment.id
        with pytest.raises(CommentsOpen), doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with doing(cast.max) as boss:
            settle_comment(report_id=report_id, comment_id=comment_id, is_done=True, actor=boss)
            assert approve_report(report_id=report_id, actor=boss).is_finished

    def test_a_value_that_its_source_gets_after_the_submit_is_no_answer(self, doing, cast):
        """The signatures would be void, and the report could never be approved."""
        with doing(cast.tess) as tess:
            version = scenarios.a_checklist(
                tess, definition_with_own_client(), review_steps=[ANY_MANAGER]
            )
            project = scenarios.a_project(tess, client="")
            report = scenarios.a_report(tess, version=version, project=project)
            make_complete(report, tess)
            report_id = report.id
            submit_report(report_id=report_id, actor=tess)
        with doing(cast.max):
            report_of(report_id).project.client = "Another client"
        with doing(cast.max) as boss:
            assert approve_report(report_id=report_id, actor=boss).is_finished

    @pytest.mark.parametrize("key", ["tess", "tom", "vera"])
    def test_others_may_not(self, doing, cast, submitted, key):
        report_id = submitted()
        with pytest.raises((NotAllowed, NotFound)), doing(getattr(cast, key)) as actor:
            approve_report(report_id=report_id, actor=actor)


class TestOwnWork:
    """Nobody approves what they filled in, unless the company allows it."""

    @pytest.fixture
    def of_max(self, doing, cast, filled):
        report_id = filled()
        with doing(cast.max) as boss:
            given = AnswerInput(value=["Mine"], comment="", na_reason="", row_version=1)
            save_answer(report_id=report_id, field_id="remarks", given=given, actor=boss)
        with doing(cast.tess) as tess:
            report = report_of(report_id)
            scenarios.a_valid_signature(report, "technician", tess)
            submit_report(report_id=report_id, actor=tess)
        return report_id

    def test_it_is_refused(self, doing, cast, of_max):
        with pytest.raises(FilledInYourself), doing(cast.max) as boss:
            approve_report(report_id=of_max, actor=boss)

    def test_even_if_somebody_else_replaced_the_answer(self, doing, cast, of_max):
        with doing(cast.max) as boss:
            comment_on_field(report_id=of_max, field_id="remarks", words="Again", actor=boss)
            return_report(report_id=of_max, actor=boss)
        with doing(cast.tess) as tess:
            given = AnswerInput(value=["Hers"], comment="", na_reason="", row_version=2)
            save_answer(report_id=of_max, field_id="remarks", given=given, actor=tess)
            (comment_id,) = db.session.scalars(select(ReviewComment.id))
            answer_comment(
                report_id=of_max, comment_id=comment_id, reply="", is_done=True, actor=tess
            )
        with doing(cast.tess) as tess:
            scenarios.a_valid_signature(report_of(of_max), "technician", tess)
            submit_report(report_id=of_max, actor=tess)
        with pytest.raises(FilledInYourself), doing(cast.max) as boss:
            approve_report(report_id=of_max, actor=boss)

    def test_another_manager_may(self, doing, cast, of_max):
        with doing(cast.ana) as ana:
            assert approve_report(report_id=of_max, actor=ana).is_finished

    def test_what_a_correction_carries_is_theirs_as_well(self, doing, cast, of_max):
        with doing(cast.ana) as ana:
            approve_report(report_id=of_max, actor=ana)
        with doing(cast.tess) as tess:
            revision = correct(report_of(of_max), tess).id
            scenarios.a_valid_signature(report_of(revision), "technician", tess)
            submit_report(report_id=revision, actor=tess)
        with pytest.raises(FilledInYourself), doing(cast.max) as boss:
            approve_report(report_id=revision, actor=boss)
        with doing(cast.ana) as ana:
            assert approve_report(report_id=revision, actor=ana).is_finished

    def test_the_company_can_allow_it(self, doing, cast, of_max):
        with doing(cast.max) as boss:
            db.session.execute(
                update(Tenant).where(Tenant.id == cast.acme).values(may_approve_own=True)
            )
            assert approve_report(report_id=of_max, actor=boss).is_finished


class TestTwoSteps:
    def test_the_second_reviewer_follows(self, doing, cast, submitted):
        report_id = submitted((ANY_MANAGER, str(cast.ana.id)))
        with doing(cast.max) as boss:
            assert not approve_report(report_id=report_id, actor=boss).is_finished
        with doing(cast.ana):
            assert reviews_of(report_id) == [(1, 1, "approved"), (1, 2, "waiting")]
            assert mails().count((MailKind.REVIEW_WAITING, "ana@acme.test")) == 2
        with doing(cast.ana) as ana:
            assert approve_report(report_id=report_id, actor=ana).is_finished
        with doing(cast.ana):
            assert reviews_of(report_id) == [(1, 1, "approved"), (1, 2, "approved")]

    def test_one_person_takes_one_step(self, doing, cast, submitted):
        report_id = submitted((ANY_MANAGER, ANY_MANAGER))
        with doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with pytest.raises(TwoPeopleNeeded), doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)

    def test_a_return_by_the_second_begins_with_the_first(self, doing, cast, submitted):
        report_id = submitted((ANY_MANAGER, str(cast.ana.id)))
        with doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with doing(cast.ana) as ana:
            comment_on_field(report_id=report_id, field_id="remarks", words="More", actor=ana)
            return_report(report_id=report_id, actor=ana)
        with doing(cast.tess) as tess:
            submit_report(report_id=report_id, actor=tess)
        with doing(cast.tess):
            assert reviews_of(report_id) == [
                (1, 1, "approved"),
                (1, 2, "returned"),
                (2, 1, "waiting"),
            ]


class TestNamed:
    def test_only_the_named_person_reviews(self, doing, cast, submitted):
        report_id = submitted((str(cast.ana.id),))
        with pytest.raises(ReviewedByOther), doing(cast.max) as boss:
            accept_field(report_id=report_id, field_id="remarks", is_accepted=True, actor=boss)
        with doing(cast.ana) as ana:
            assert mails() == [
                (MailKind.REPORT_SUBMITTED, "max@acme.test"),
                (MailKind.REVIEW_WAITING, "ana@acme.test"),
            ]
            assert approve_report(report_id=report_id, actor=ana).is_finished

    @pytest.mark.parametrize("gone", [{"is_active": False}, {"role": Role.VIEWER}])
    def test_any_manager_replaces_one_who_is_gone(self, doing, cast, submitted, gone):
        report_id = submitted((str(cast.ana.id),))
        with doing(cast.max) as boss:
            db.session.execute(update(Account).where(Account.id == cast.ana.id).values(**gone))
            assert approve_report(report_id=report_id, actor=boss).is_finished

    @pytest.mark.parametrize("named", ["max", "ana"])
    def test_the_second_of_two_who_took_the_first_step_is_replaced(
        self, doing, cast, submitted, named
    ):
        first, other = getattr(cast, named), cast.ana if named == "max" else cast.max
        report_id = submitted((ANY_MANAGER, str(first.id)))
        with doing(first) as actor:
            approve_report(report_id=report_id, actor=actor)
        with doing(other) as actor:
            assert [
                one.report_id for one in list_waiting_reviews(actor, may_approve_own=False)
            ] == [report_id]
        with pytest.raises(TwoPeopleNeeded), doing(first) as actor:
            approve_report(report_id=report_id, actor=actor)
        with doing(other) as actor:
            assert approve_report(report_id=report_id, actor=actor).is_finished

    @pytest.mark.parametrize("may_approve_own", [False, True])
    def test_one_who_filled_in_the_report_is_replaced(self, doing, cast, filled, may_approve_own):
        report_id = filled((str(cast.max.id),))
        with doing(cast.max) as boss:
            db.session.execute(
                update(Tenant).where(Tenant.id == cast.acme).values(may_approve_own=may_approve_own)
            )
            given = AnswerInput(value=["Mine"], comment="", na_reason="", row_version=1)
            save_answer(report_id=report_id, field_id="remarks", given=given, actor=boss)
        with doing(cast.tess) as tess:
            scenarios.a_valid_signature(report_of(report_id), "technician", tess)
            submit_report(report_id=report_id, actor=tess)
        with doing(cast.ana) as ana:
            waiting = [
                one.report_id for one in list_waiting_reviews(ana, may_approve_own=may_approve_own)
            ]
            assert waiting == ([] if may_approve_own else [report_id])
        if may_approve_own:
            with pytest.raises(ReviewedByOther), doing(cast.ana) as ana:
                approve_report(report_id=report_id, actor=ana)
        else:
            with doing(cast.ana) as ana:
                assert approve_report(report_id=report_id, actor=ana).is_finished


class TestReturn:
    def test_it_needs_an_open_comment(self, doing, cast, submitted):
        report_id = submitted()
        with pytest.raises(NothingToReturn), doing(cast.max) as boss:
            return_report(report_id=report_id, actor=boss)

    def test_the_technician_answers_and_submits_again(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            words = {"report_id": report_id, "words": "Open the door", "actor": boss}
            comment_id = comment_on_field(field_id="enclosure", **words).id
            return_report(report_id=report_id, actor=boss)
        with doing(cast.tess) as tess:
            assert report_of(report_id).status is ReportStatus.RETURNED
            assert (MailKind.REPORT_RETURNED, "tess@acme.test") in mails()
            answer_comment(
                report_id=report_id, comment_id=comment_id, reply="Open", is_done=True, actor=tess
            )
        with doing(cast.tess) as tess:
            submit_report(report_id=report_id, actor=tess)
        with doing(cast.max) as boss:
            comment = db.session.scalars(select(ReviewComment)).one()
            assert (comment.reply, comment.replied_by, comment.done_by) == (
                "Open",
                cast.tess.id,
                cast.tess.id,
            )
            assert reviews_of(report_id) == [(1, 1, "returned"), (2, 1, "waiting")]
            approve_report(report_id=report_id, actor=boss)
        with doing(cast.max):
            assert actions_of(report_id) == [
                "report.submitted",
                "review.begun",
                "review.commented",
                "report.returned",
                "review.replied",
                "review.comment_done",
                "report.submitted",
                "review.begun",
                "review.approved",
                "report.completed",
                "document.requested",
            ]
            body = json.loads(db.session.scalars(select(Snapshot)).one().body)
            assert body["reviews"][0]["comments"][0]["reply"] == "Open"

    def test_the_comments_close_with_the_report(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            comment_id = comment_on_field(
                report_id=report_id, field_id="enclosure", words="Why?", actor=boss
            ).id
        with pytest.raises(ReportInReview), doing(cast.tess) as tess:
            answer_comment(
                report_id=report_id, comment_id=comment_id, reply="So", is_done=True, actor=tess
            )

    def test_the_same_comment_twice_is_one(self, doing, cast, submitted):
        report_id = submitted()
        for _time in range(2):
            with doing(cast.max) as boss:
                comment_on_field(report_id=report_id, field_id="remarks", words="Why?", actor=boss)
        with doing(cast.max):
            assert len(db.session.scalars(select(ReviewComment)).all()) == 1
            assert actions_of(report_id).count("review.commented") == 1

    @pytest.mark.parametrize("field_id", ["advice", "nothing"])
    def test_a_comment_needs_a_question(self, doing, cast, submitted, field_id):
        report_id = submitted()
        with pytest.raises(NotFound), doing(cast.max) as boss:
            comment_on_field(report_id=report_id, field_id=field_id, words="Why?", actor=boss)


class TestAccept:
    def test_a_mark_comes_and_goes_once_each(self, doing, cast, submitted):
        report_id = submitted()
        for is_accepted in (True, True, False, False):
            with doing(cast.max) as boss:
                review = accept_field(
                    report_id=report_id, field_id="remarks", is_accepted=is_accepted, actor=boss
                )
                assert review.accepted == (["remarks"] if is_accepted else [])
        with doing(cast.max):
            assert actions_of(report_id)[1:] == [
                "review.begun",
                "review.accepted",
                "review.acceptance_withdrawn",
            ]

    def test_a_comment_takes_it_away(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.max) as boss:
            accept_field(report_id=report_id, field_id="remarks", is_accepted=True, actor=boss)
            comment_on_field(report_id=report_id, field_id="remarks", words="No", actor=boss)
        with doing(cast.max):
            assert db.session.scalars(select(Review)).one().accepted == []


class TestWithdraw:
    def test_until_somebody_begins(self, doing, cast, submitted):
        report_id = submitted()
        with doing(cast.tess) as tess:
            withdraw_report(report_id=report_id, actor=tess)
        with doing(cast.tess) as tess:
            assert report_of(report_id).status is ReportStatus.IN_PROGRESS
            assert reviews_of(report_id) == [(1, 1, "withdrawn")]
            submit_report(report_id=report_id, actor=tess)
        with doing(cast.max) as boss:
            accept_field(report_id=report_id, field_id="remarks", is_accepted=True, actor=boss)
        with pytest.raises(ReviewHasBegun, match="Max Manager"), doing(cast.tess) as tess:
            withdraw_report(report_id=report_id, actor=tess)

    def test_not_between_two_steps(self, doing, cast, submitted):
        report_id = submitted((ANY_MANAGER, ANY_MANAGER))
        with doing(cast.max) as boss:
            approve_report(report_id=report_id, actor=boss)
        with pytest.raises(ReviewHasBegun), doing(cast.tess) as tess:
            withdraw_report(report_id=report_id, actor=tess)

    def test_not_what_is_not_submitted(self, doing, cast, filled):
        report_id = filled()
        with pytest.raises(WrongStatus), doing(cast.tess) as tess:
            withdraw_report(report_id=report_id, actor=tess)

    def test_not_another_technicians(self, doing, cast, submitted):
        report_id = submitted()
        with pytest.raises(NotFound), doing(cast.tom) as tom:
            withdraw_report(report_id=report_id, actor=tom)


def test_somebody_else_may_take_over_a_step_for_any_manager(doing, cast, submitted):
    report_id = submitted()
    for person in (cast.max, cast.ana):
        with doing(person) as actor:
            accept_field(report_id=report_id, field_id="remarks", is_accepted=True, actor=actor)
            review = db.session.scalars(select(Review)).one()
            assert (review.reviewer_id, review.state) == (person.id, ReviewState.BEGUN)
