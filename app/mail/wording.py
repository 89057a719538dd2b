"""What each kind of mail says, in the language in force. Every mail says why it came."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.dates import format_datetime as format_moment
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.definition.outcome import Outcome
from app.evidence.finding import Entry
from app.mail.addresses import (
    choices_address,
    document_address,
    entry_address,
    invitation_address,
    login_address,
    people_address,
    report_address,
    reset_address,
)
from app.mail.letter import Letter
from app.models import Document, Invitation, PasswordReset, Report, Role, Tenant
from app.web.filters import sentence_text


def invitation_letter(invitation: Invitation, tenant: Tenant) -> Letter:
    inviter, company = invitation.invited_by_name, tenant.name
    return Letter(
        subject=_("Your invitation to %(company)s", company=company),
        heading=_("Welcome to %(company)s", company=company),
        lines=(
            _(
                "%(inviter)s invites you to Laudo, where %(company)s makes its field reports.",
                inviter=inviter,
                company=company,
            ),
            role_sentence(invitation.role),
        ),
        link_words=_("Accept the invitation"),
        link=invitation_address(invitation),
        notes=(
            _(
                "The link is for you alone and good until %(moment)s.",
                moment=moment_words(invitation.expires_at, tenant),
            ),
        ),
        reason=_(
            "You get this mail because %(inviter)s entered your address. If you did not expect it,"
            " delete it: without the link there is no account.",
            inviter=inviter,
        ),
    )


def taken_letter(invitation: Invitation, tenant: Tenant) -> Letter:
    """To whom has an account elsewhere; the company that invites gets to know nothing of it."""
    inviter, company = invitation.invited_by_name, tenant.name
    return Letter(
        subject=_("Your invitation to %(company)s needs another address", company=company),
        heading=_("You have an account already"),
        lines=(
            _(
                "%(inviter)s invites you to Laudo, where %(company)s makes its field reports.",
                inviter=inviter,
                company=company,
            ),
            _(
                "Your address %(email)s already has an account on Laudo, outside this company, and"
                " one address is one account. To work with %(company)s as well, give %(inviter)s"
                " another address of yours to invite.",
                email=invitation.email,
                company=company,
                inviter=inviter,
            ),
        ),
        link_words=_("Log in to your account"),
        link=login_address(),
        notes=(_("Nobody but you was told that you have an account."),),
        reason=_(
            "You get this mail because %(inviter)s entered your address. If you did not expect it,"
            " delete it: nothing has changed.",
            inviter=inviter,
        ),
    )


def act_letter(entry: Entry, tenant: Tenant, *, is_waiting: bool) -> Letter:
    """To every admin, of an act by which whoever runs Laudo got into the company, or could."""
    waiting = _(
        "The link is not sent before an administrator of your company approves it. Approve it only"
        " if your company asked for it; otherwise refuse it."
    )
    return Letter(
        subject=(
            _("An invitation to %(company)s waits for your approval", company=tenant.name)
            if is_waiting
            else _("Whoever runs Laudo acted in %(company)s", company=tenant.name)
        ),
        heading=_("Something that your company should know"),
        lines=(sentence_text(entry.sentence), *((waiting,) if is_waiting else ())),
        facts=((_("Time"), moment_words(entry.at, tenant)),),
        link_words=_("Approve or refuse") if is_waiting else _("Open the entry in the audit"),
        link=people_address() if is_waiting else entry_address(entry.id),
        notes=(_("If nobody of your company asked for this, ask whoever runs Laudo why."),),
        reason=_(
            "You get this mail because you are an administrator of %(company)s. Each act of this"
            " kind is told to all of them.",
            company=tenant.name,
        ),
    )


def reset_letter(reset: PasswordReset, tenant: Tenant) -> Letter:
    return Letter(
        subject=_("Choose a new password"),
        heading=_("Choose a new password"),
        lines=(
            _(
                "Somebody asked for a new password for your account at %(company)s. If it was"
                " you, choose one here.",
                company=tenant.name,
            ),
        ),
        link_words=_("Choose a new password"),
        link=reset_address(reset),
        notes=(
            _(
                "The link is good once, until %(moment)s.",
                moment=moment_words(reset.expires_at, tenant),
            ),
        ),
        reason=_(
            "You get this mail because your address was entered at the login. If that was not"
            " you, delete it: your password stays as it is."
        ),
    )


def assigned_letter(report: Report) -> Letter:
    due = report.due_on and format_date(report.due_on, "d MMM y", locale=get_locale())
    return Letter(
        subject=_(
            "Report %(number)s is now yours: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report for you"),
        lines=(_("The report %(number)s was assigned to you.", number=report.full_number),),
        facts=(*_subject_of(report), *(((_("Due"), due),) if due else ())),
        link_words=_("Open the report"),
        link=report_address(report.id),
        reason=_("You get this mail because somebody assigned a report to you."),
        choices=choices_address(),
    )


def submitted_letter(report: Report, submitter: str) -> Letter:
    outcome = outcome_words(report.outcome)
    return Letter(
        subject=_(
            "Report %(number)s was submitted: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report was submitted"),
        lines=(
            _(
                "%(person)s submitted the report %(number)s.",
                person=submitter,
                number=report.full_number,
            ),
        ),
        facts=(*_subject_of(report), *(((_("Result"), outcome),) if outcome else ())),
        link_words=_("Open the report"),
        link=report_address(report.id),
        reason=_(
            "You get this mail because managers and administrators can be told of each"
            " submitted report."
        ),
        choices=choices_address(),
    )


def pdf_letter(report: Report, document: Document) -> Letter:
    pages = document.pages or 0
    return Letter(
        subject=_(
            "The PDF of report %(number)s is ready: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("The PDF is ready"),
        lines=(
            _(
                "The PDF of the report %(number)s is made and can be downloaded.",
                number=report.full_number,
            ),
        ),
        facts=(
            *_subject_of(report),
            (_("Length"), ngettext("%(num)s page", "%(num)s pages", pages)),
        ),
        link_words=_("Get the PDF"),
        link=document_address(document.id),
        reason=_("You get this mail because you submitted the report or asked for its PDF."),
        choices=choices_address(),
    )


def role_sentence(role: Role) -> str:
    """What somebody of this role will do."""
    sentences = {
        Role.ADMIN: _("You will be an administrator: people, settings and all reports."),
        Role.MANAGER: _("You will be a manager: projects, checklists and all reports."),
        Role.TECHNICIAN: _("You will be a technician: you fill in reports on site."),
        Role.VIEWER: _("You will be a viewer: you read completed reports and their PDFs."),
    }
    return str(sentences[role])


def outcome_words(outcome: Outcome | None) -> str:
    """Empty while nothing is decided."""
    words = {
        Outcome.PASSED: _("Passed"),
        Outcome.PASSED_WITH_REMARKS: _("Passed with remarks"),
        Outcome.FAILED: _("Failed"),
    }
    return str(words[outcome]) if outcome else ""


def moment_words(moment: datetime, tenant: Tenant) -> str:
    """By the company's clock, with its distance from UTC: a mail is read anywhere."""
    local = moment.astimezone(ZoneInfo(tenant.time_zone))
    words = format_moment(local, "d MMM y, HH:mm", locale=get_locale())
    offset = f"{local:%z}"
    return f"{words} (UTC{offset[:3]}:{offset[3:]})"


def _subject_of(report: Report) -> tuple[tuple[str, str], ...]:
    equipment = report.equipment
    tag = f"{equipment.tag} {equipment.name}".strip() if equipment else ""
    facts = (
        (_("Title"), report.title),
        (_("Project"), report.project.name),
        (_("Equipment"), tag),
        (_("Checklist"), report.version.checklist.name),
    )
    return tuple((label, value) for label, value in facts if value)
