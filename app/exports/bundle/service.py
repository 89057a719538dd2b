"""Requests evidence bundles and reads their state.

The contents of the archive belong in bundle/making.py, which only workers use.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.jobs.work import ask_once, count_open, find_open
from app.locks import Turn, take_turn
from app.models import FINISHED_STATUSES, Actor, Bundle, Project, Report
from app.reports.queries import get_report, projects_open_to, visible_to
from app.rows import one_or_404

# Unfinished bundles allowed per person.
MAX_OPEN = 5
# Codes of `Bundle.error`: errors that a retry cannot fix.
NO_ROOM = "no_room"
TOO_LARGE = "too_large"
NOT_ALLOWED = "not_allowed"


class NothingFinished(DomainError):
    """No report here is completed yet, so there is nothing to check. Complete one first."""

    status = 422


class TooManyBundles(DomainError):
    """%(most)s of your evidence bundles are already in progress. Wait until one of them is
    ready."""


class NotBundled(DomainError):
    """This bundle has no file: it is not ready yet, or a newer one has replaced it."""


class MadeForOtherRole(DomainError):
    """This bundle was generated while you had another role, and your role determines what you can
    see. Generate a new one."""

    status = 403


def finished_reports(person: Actor, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on finished reports that this person may see."""
    return and_(visible_to(person), Report.status.in_(FINISHED_STATUSES), *which)


def request_report_bundle(*, report_id: UUID, actor: Actor) -> Bundle:
    """Request the bundle of all finished revisions of a report; returns one in progress.

    Allowed in a read-only company. Raises NotFound, NothingFinished, TooManyBundles.
    """
    report = get_report(report_id, person=actor)
    return _request(
        finished_reports(actor, Report.number == report.number),
        actor,
        subject=report.number,
        report_id=report.id,
    )


def request_project_bundle(*, project_id: UUID, actor: Actor) -> Bundle:
    """Request the bundle of all finished reports of a project that the person may see.

    Allowed in a read-only company. Raises NotFound, NothingFinished, TooManyBundles.
    """
    project = get_project(project_id, person=actor)
    return _request(
        finished_reports(actor, Report.project_id == project.id),
        actor,
        subject=project.name,
        project_id=project.id,
    )


def get_project(project_id: UUID, *, person: Actor) -> Project:
    """A project that is open to this person, or has a finished report that they may see.

    Raises NotFound.
    """
    seen = finished_reports(person, Report.project_id == Project.id)
    is_known = or_(projects_open_to(person), select(Report.id).where(seen).exists())
    return one_or_404(select(Project).where(Project.id == project_id, is_known))


def has_finished(project_id: UUID, *, person: Actor) -> bool:
    """Whether the person may see a finished report of the project."""
    return _is_any(finished_reports(person, Report.project_id == project_id))


def _request(
    which: ColumnElement[bool], actor: Actor, *, subject: str, **subject_id: UUID
) -> Bundle:
    if not _is_any(which):
        raise NothingFinished
    if actor.account_id is None or actor.role is None:
        raise NotFound
    is_own = Bundle.requested_by == actor.account_id
    # Without this lock, two concurrent requests would both pass the limit of open bundles.
    take_turn(Turn.BUNDLE, actor.account_id)
    if earlier := find_open(Bundle, is_own, Bundle.subject_id == next(iter(subject_id.values()))):
        return earlier
    if count_open(Bundle, is_own) >= MAX_OPEN:
        raise TooManyBundles(most=MAX_OPEN)
    values = {"requested_by": actor.account_id, "role": actor.role, **subject_id}
    bundle, is_new = ask_once(Bundle, values)
    if is_new:
        record("bundle.requested", bundle, actor, subject=subject)
    return bundle


def _is_any(which: ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(select(select(Report.id).where(which).exists())))


def find_newest(subject_id: UUID, *, person: Actor) -> Bundle | None:
    """The person's newest bundle of a report or project."""
    return db.session.scalars(
        select(Bundle)
        .where(Bundle.subject_id == subject_id, Bundle.requested_by == person.account_id)
        .order_by(Bundle.created_at.desc(), Bundle.id)
        .limit(1)
    ).one_or_none()


def get_bundle(bundle_id: UUID, *, person: Actor) -> Bundle:
    """The person's own bundle, because roles see different reports. Raises NotFound."""
    return one_or_404(
        select(Bundle).where(Bundle.id == bundle_id, Bundle.requested_by == person.account_id)
    )


def get_file(bundle_id: UUID, *, person: Actor) -> Bundle:
    """The person's own bundle if its file exists. Raises NotFound, NotBundled, MadeForOtherRole."""
    bundle = get_bundle(bundle_id, person=person)
    if bundle.storage_key is None:
        raise NotBundled
    if bundle.role is not person.role:
        raise MadeForOtherRole
    return bundle


def subject_of(bundle: Bundle) -> str:
    """The number of the report or the name of the project."""
    if bundle.report_id:
        names = select(Report.number).where(Report.id == bundle.report_id)
    else:
        names = select(Project.name).where(Project.id == bundle.project_id)
    return db.session.scalars(names).one()


def note_download(*, bundle_id: UUID, actor: Actor) -> None:
    """Record a download in the audit trail. Raises the same errors as `get_file`."""
    bundle = get_file(bundle_id, person=actor)
    record("bundle.downloaded", bundle, actor, subject=subject_of(bundle), sha256=bundle.sha256)
