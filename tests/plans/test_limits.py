"""Limits: new work is checked, started work never is, and the message gives the reason."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.definition.schema import Field, FieldType, PhotoMode, PhotoPolicy, Section, Text
from app.documents.service import request_document
from app.extensions import db
from app.models import (
    Account,
    Invitation,
    Photo,
    PhotoReading,
    PhotoVerdict,
    Report,
    ReportStatus,
    Role,
    Tenant,
)
from app.photos.placing import remove_photo
from app.photos.service import Upload, add_photo
from app.plans import limits, usage
from app.plans.plans import GIB, PLANS, Limit, Plan, limits_of
from app.reports.completing.service import submit_report
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.lifecycle import discard_report
from app.reports.starting.service import start_report
from app.storage import receive
from app.team.service import create_account, deactivate_account, reactivate_account
from app.web.errors import translated
from tests.support import scenarios
from tests.support.cast import PASSWORD
from tests.support.companies import company_as
from tests.support.pictures import a_jpeg
from tests.support.revisions import a_completed_report, correct

HTMX = {"HX-Request": "true"}
COVER = Field(
    id="cover",
    type=FieldType.TEXT,
    label=Text(en="Cover"),
    required=False,
    photos=PhotoPolicy(max=9),
)


@pytest.fixture
def limited(app, cast):
    """`with limited(people=6):` gives Acme this limit; its other limits come from the plan."""

    def hold(**own):
        return company_as(app, cast.acme, limits=own)

    return hold


def a_small_checklist(actor, *fields):
    section = Section(id="one", title=Text(en="One"), fields=fields or (COVER,))
    code = f"L{uuid4().hex[:6].upper()}"
    definition = scenarios.a_definition(
        code=code, info_fields=(), sections=(section,), signature_roles=()
    )
    return scenarios.a_checklist(actor, definition)


def start(actor, version=None, **more):
    version = version or a_small_checklist(actor)
    project = scenarios.a_project(actor)
    return start_report(
        checklist_id=version.checklist_id, project_id=project.id, title="Panel", actor=actor, **more
    )


def upload(report_id, actor, *, data=None, client_id=None):
    db.session.commit()  # as before every request: no transaction is open during the upload
    with receive(io.BytesIO(data or a_jpeg())) as received:
        return add_photo(
            report_id=report_id,
            field_id="cover",
            actor=actor,
            upload=Upload(received, client_id=client_id or uuid4()),
        )


def an_account(actor, **more):
    return create_account(
        email=f"{uuid4().hex[:8]}@acme.test",
        name="New",
        role=Role.TECHNICIAN,
        password=PASSWORD,
        actor=actor,
        **more,
    )


def an_invitation(actor, **columns):
    columns = {"expires_at": datetime.now(UTC) + timedelta(days=7), **columns}
    db.session.add(
        Invitation(
            email=f"{uuid4().hex[:8]}@acme.test",
            role=Role.TECHNICIAN,
            invited_by=actor.account_id,
            invited_by_name=actor.name,
            **columns,
        )
    )
    db.session.commit()


def test_a_companys_own_limit_overrides_its_plan():
    assert limits_of("small", {}) == PLANS[Plan.SMALL]
    own = limits_of("small", {"people": 3, "storage_bytes": None})
    assert own[Limit.PEOPLE] == 3
    assert own[Limit.STORAGE_BYTES] is None
    assert own[Limit.REPORTS_MONTH] == PLANS[Plan.SMALL][Limit.REPORTS_MONTH]


# --- people ------------------------------------------------------------------------------


def test_people_and_open_invitations_share_one_limit(acting, cast, limited):
    with limited(people=7), acting(cast.ana) as ana:
        assert limits.count_people() == 5
        an_invitation(ana)
        an_account(ana)
        with pytest.raises(limits.TooManyPeople) as refused:
            an_account(ana)
        assert "People in your company: 7 of 7, including open invitations" in str(refused.value)
        assert "operator can raise" in str(refused.value)


def test_closed_invitations_and_accounts_do_not_count(acting, cast, limited):
    now = datetime.now(UTC)
    with limited(people=6), acting(cast.ana) as ana:
        for closed in ({"accepted_at": now}, {"revoked_at": now}, {"expires_at": now}):
            an_invitation(ana, **closed)
        account = an_account(ana)
        deactivate_account(account_id=account.id, actor=ana)
        an_account(ana)
        with pytest.raises(limits.TooManyPeople):
            reactivate_account(account_id=account.id, actor=ana)
        assert not db.session.get_one(Account, account.id).is_active


def test_an_invited_person_can_join_after_the_limit_was_lowered(acting, cast, limited):
    with limited(people=5), acting(cast.ana) as ana:
        assert an_account(ana, is_invited=True).is_active


# --- reports and storage -------------------------------------------------------------------


def test_discarded_reports_count_towards_the_month(acting, cast, limited):
    with limited(reports_month=2), acting(cast.tess) as tess:
        earlier = limits.first_of_month("UTC") - timedelta(seconds=1)
        scenarios.a_report(tess, created_at=earlier)
        discard_report(report_id=start(tess).id, actor=tess)
        client_id = uuid4()
        version = a_small_checklist(tess)
        second = start(tess, version, client_id=client_id)
        with pytest.raises(limits.TooManyReports) as refused:
            start(tess)
        assert "company this month: 2 of 2" in str(refused.value)
        # A form that is posted twice is no new work.
        assert start(tess, version, client_id=client_id).id == second.id
        assert db.session.scalar(select(func.count(Report.id))) == 3


def test_the_month_is_in_the_companys_time_zone(app, acting, cast):
    with company_as(app, cast.acme, time_zone="Pacific/Kiritimati"), acting(cast.tess):
        first = limits.first_of_month("Pacific/Kiritimati")
        assert (first.day, first.hour, first.utcoffset()) == (1, 0, timedelta(hours=14))
        assert limits.count_reports_of_month() == 0


def test_full_storage_stops_new_reports(acting, cast, limited, app):
    with limited(storage_bytes=3 * GIB // 2), acting(cast.tess) as tess:
        report = start(tess)
        photo = scenarios.a_photo(report, "cover", tess)
        assert limits.find_obstacle_to_report() is None
        db.session.add(
            Photo(
                report_id=report.id,
                client_id=uuid4(),
                sha256=photo.sha256,
                byte_size=3 * GIB // 2,
                media_type="image/jpeg",
                source=photo.source,
                storage_key=photo.storage_key,
                uploaded_by=tess.account_id,
            )
        )
        db.session.commit()
        with pytest.raises(limits.StorageUsedUp) as refused:
            start(tess)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert "company: 1.5 of 1.5 GB" in translated(refused.value)


def test_unlimited_companies_are_never_refused(acting, cast, limited):
    none = dict.fromkeys(limit.value for limit in Limit)
    with limited(**none), acting(cast.ana) as ana:
        an_account(ana)
        assert start(ana).photo_limit is None


# --- photos --------------------------------------------------------------------------------


def test_a_report_keeps_the_photo_limit_that_it_was_started_with(acting, cast, limited):
    with limited(photos_report=2), acting(cast.tess) as tess:
        report_id = start(tess).id
        db.session.commit()
    with limited(photos_report=0), acting(cast.tess) as tess:
        first, data = uuid4(), a_jpeg()
        placement_id = upload(report_id, tess, data=data, client_id=first).id
        upload(report_id, tess)
        with pytest.raises(limits.ReportTakesNoMorePhotos) as refused:
            upload(report_id, tess)
        assert "Photos in this report: 2 of 2" in str(refused.value)
        # After a lost response the browser sends the same photo again.
        assert upload(report_id, tess, data=data, client_id=first).id == placement_id
        remove_photo(placement_id=placement_id, actor=tess)
        upload(report_id, tess)


def test_an_unreadable_photo_does_not_count(acting, cast, limited):
    with limited(photos_report=1), acting(cast.tess) as tess:
        report = start(tess)
        scenarios.a_photo(report, "cover", tess, verdict=PhotoVerdict.QUARANTINED)
        upload(report.id, tess)
        with pytest.raises(limits.ReportTakesNoMorePhotos):
            upload(report.id, tess)


def test_a_checklist_that_requires_too_many_photos_is_refused(acting, cast, limited):
    required = PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3)
    fields = [
        Field(id=name, type=FieldType.TEXT, label=Text(en=name), photos=required)
        for name in ("one", "two")
    ]
    with limited(photos_report=3), acting(cast.tess) as tess:
        version = a_small_checklist(tess, *fields)
        with pytest.raises(limits.NeedsMorePhotos) as refused:
            start(tess, version)
        assert "at least 4." in str(refused.value)
        assert "is 3, so" in str(refused.value)
    with limited(photos_report=4), acting(cast.tess) as tess:
        assert start(tess, version).photo_limit == 4


# --- started work --------------------------------------------------------------------------


def test_started_work_can_finish_when_every_limit_is_reached(acting, cast, limited):
    with acting(cast.tess) as tess:
        report_id = start(tess).id
        db.session.commit()
    nothing = {"people": 0, "storage_bytes": 0, "reports_month": 0, "photos_report": 0}
    with limited(**nothing), acting(cast.tess) as tess:
        upload(report_id, tess)
        given = AnswerInput(value="found", row_version=0, client_id=uuid4())
        save_answer(report_id=report_id, field_id="cover", given=given, actor=tess)
        photo = db.session.scalars(select(Photo)).one()
        # The submit waits only for the worker's reading.
        db.session.add(
            PhotoReading(photo_id=photo.id, verdict=PhotoVerdict.GOOD, parser_version="test")
        )
        db.session.commit()
        submit_report(report_id=report_id, actor=tess)
        db.session.commit()
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.status is ReportStatus.COMPLETED
        request_document(report, actor=tess)


# --- pages ---------------------------------------------------------------------------------


def start_form(version, project, **changes):
    return {
        "checklist_id": str(version.checklist_id),
        "project_id": str(project.id),
        "title": "Typed with care",
        "client_id": str(uuid4()),
        **changes,
    }


def test_the_start_form_shows_a_reached_limit_at_once(acting, client_of, cast, limited):
    with acting(cast.tess) as tess:
        version, project = a_small_checklist(tess), scenarios.a_project(tess)
        form = start_form(version, project)
    client = client_of(cast.tess)
    assert 'type="submit" disabled' not in client.get("/reports/new").text
    with limited(reports_month=0):
        page = client.get("/reports/new").text
        assert "company this month: 0 of 0" in page
        assert 'type="submit" disabled' in page
        refused = client.post("/reports/", data=form)
        assert refused.status_code == 422
        assert "Typed with care" in refused.text
        assert "company this month: 0 of 0" in refused.text


def test_a_refused_checklist_keeps_what_was_typed(acting, client_of, cast, limited):
    policy = PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3)
    field = Field(id="one", type=FieldType.TEXT, label=Text(en="One"), photos=policy)
    with acting(cast.tess) as tess:
        version, project = a_small_checklist(tess, field), scenarios.a_project(tess)
        form = start_form(version, project)
    with limited(photos_report=1):
        refused = client_of(cast.tess).post("/reports/", data=form)
    assert refused.status_code == 422
    assert "Typed with care" in refused.text
    assert "at least 2." in refused.text
    assert 'type="submit" disabled' not in refused.text
    with acting(cast.tess):
        assert db.session.scalar(select(func.count(Report.id))) == 0


def test_the_client_gets_the_reason_for_a_refused_photo(acting, client_of, cast, limited):
    with limited(photos_report=0), acting(cast.tess) as tess:
        report_id = start(tess).id
        db.session.commit()
    client = client_of(cast.tess)
    url = f"/reports/{report_id}/fields/cover/photos"

    def send(**headers):
        file = (io.BytesIO(a_jpeg()), "a.jpg")
        return client.post(url, data={"file": file}, headers=headers)

    refused = send(**HTMX)
    assert refused.status_code == 409
    assert refused.mimetype == "text/plain"
    assert "Photos in this report: 0 of 0" in refused.text
    back = send()  # without JavaScript it redirects to the question and shows the message there
    assert back.status_code == 303
    assert "a.jpg: Photos in this report: 0 of 0" in client.get(back.location).text


def test_numbers_are_formatted_for_portuguese_readers(app):
    with app.test_request_context(headers={"Accept-Language": "pt-BR"}):
        error = limits.StorageUsedUp(most=limits.gigabytes(GIB * 5 // 2), used=limits.gigabytes(0))
        assert "2,5" in translated(error)


def test_the_limit_is_read_again_after_waiting_for_the_lock(app, acting, cast):
    """A row that the session has already loaded may be older than the platform's change."""
    with acting(cast.ana) as ana:
        db.session.execute(update(Account).where(Account.id == ana.account_id).values(name="Ana A"))
        db.session.scalars(select(Tenant)).all()
        with company_as(app, cast.acme, limits={"people": 5}), pytest.raises(limits.TooManyPeople):
            limits.require_room_for_person()


def test_a_correction_is_no_new_report(limited, acting, cast):
    """A limit must never keep a mistake in force."""
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
    with limited(reports_month=1), acting(cast.tess) as tess:
        with pytest.raises(limits.TooManyReports):
            limits.require_room_for_report()
        assert correct(older, tess).revision == 1
        assert limits.count_reports_of_month() == 1
        assert usage.get_usage().busiest == 1
