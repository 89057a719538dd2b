"""The text of each kind of mail in the current locale. Every mail says why the person gets it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.dates import format_datetime as format_moment
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from app.audit.queries import AuditLine
from app.mail.addresses import (
    choices_address,
    document_address,
    entry_address,
    fill_address,
    invitation_address,
    login_address,
    people_address,
    report_address,
    reset_address,
    reviewing_address,
    witness_address,
)
from app.mail.letter import Letter
from app.models import Document, Invitation, PasswordReset, Report, Review, Role, Tenant, Witness
from app.web.filters import age, sentence_text
from app.web.locale import last_day, reading_order
from app.words import OUTCOMES


def invitation_letter(invitation: Invitation, tenant: Tenant) -> Letter:
    inviter, company = invitation.invited_by_name, tenant.name
    return Letter(
        subject=_("Your invitation to %(company)s", company=company),
        heading=_("Welcome to %(company)s", company=company),
        lines=(
            _(
                "%(inviter)s has invited you to Laudo, where %(company)s creates its "
                "field reports.",
                inviter=inviter,
                company=company,
            ),
            role_sentence(invitation.role),
        ),
        link_words=_("Accept the invitation"),
        link=invitation_address(invitation),
        notes=(
            _(
                "The link is for you only and is valid until %(moment)s.",
                moment=moment_words(invitation.expires_at, tenant),
            ),
        ),
        reason=_(
            "You received this e-mail because %(inviter)s entered your address. If "
            "you did not expect it, delete it: without the link, there is no account.",
            inviter=inviter,
        ),
    )


def witness_letter(witness: Witness, report: Report, sender: str, tenant: Tenant) -> Letter:
    """For a person without an account. The code word, if there is one, is not in it."""
    company = tenant.name
    signs = _("You can read it with its photos, accept or comment on each item, and sign it.")
    reads = _("You can read it with its photos, and accept or comment on each item.")
    has_code = _("You need the code word that %(sender)s gives you.", sender=sender)
    return Letter(
        subject=_("Report %(number)s of %(company)s", number=report.full_number, company=company),
        heading=_("A report for you to look at"),
        lines=(
            _("%(sender)s of %(company)s sends you a report.", sender=sender, company=company),
            signs if witness.role_id else reads,
            *((has_code,) if witness.code_hash else ()),
        ),
        facts=((_("Report"), f"{report.full_number} {report.title}"),),
        link_words=_("Open the report"),
        link=witness_address(witness),
        notes=(
            _(
                "The link is for you only and works until the end of %(day)s. You need no account.",
                day=last_day(witness.expires_at, tenant.time_zone),
            ),
        ),
        reason=_(
            "You received this e-mail because %(sender)s entered your address as that of a "
            "witness. If you did not expect it, delete it.",
            sender=sender,
        ),
    )


def address_taken_letter(invitation: Invitation, tenant: Tenant) -> Letter:
    """For a recipient with an account elsewhere. The inviting company is not told."""
    inviter, company = invitation.invited_by_name, tenant.name
    return Letter(
        subject=_("Your invitation to %(company)s needs another address", company=company),
        heading=_("You already have an account"),
        lines=(
            _(
                "%(inviter)s has invited you to Laudo, where %(company)s creates its "
                "field reports.",
                inviter=inviter,
                company=company,
            ),
            _(
                "Your address %(email)s already has a Laudo account outside this "
                "company, and each address can have only one account. To work with "
                "%(company)s as well, give %(inviter)s another address of yours for the "
                "invitation.",
                email=invitation.email,
                company=company,
                inviter=inviter,
            ),
        ),
        link_words=_("Log in to your account"),
        link=login_address(),
        notes=(_("No one else was told that you have an account."),),
        reason=_(
            "You received this e-mail because %(inviter)s entered your address. If "
            "you did not expect it, delete it: nothing has changed.",
            inviter=inviter,
        ),
    )


def platform_act_letter(entry: AuditLine, tenant: Tenant, *, is_waiting: bool) -> Letter:
    """For every admin: an action that gave the platform access to the company, or could have."""
    waiting = _(
        "The link is sent only after an admin of your company approves the "
        "invitation. Approve it only if your company asked for it; otherwise, "
        "reject it."
    )
    return Letter(
        subject=(
            _("An invitation to %(company)s is waiting for your approval", company=tenant.name)
            if is_waiting
            else _("The Laudo operator acted in %(company)s", company=tenant.name)
        ),
        heading=_("Something your company should know"),
        lines=(sentence_text(entry.sentence), *((waiting,) if is_waiting else ())),
        facts=((_("Time"), moment_words(entry.at, tenant)),),
        link_words=_("Approve or reject") if is_waiting else _("Open the audit entry"),
        link=people_address() if is_waiting else entry_address(entry.id),
        notes=(
            _("If no one at your company asked for this, ask the Laudo operator for the reason."),
        ),
        reason=_(
            "You received this e-mail because you are an admin of %(company)s. All "
            "admins are notified of every action of this kind.",
            company=tenant.name,
        ),
    )


def reset_letter(reset: PasswordReset, tenant: Tenant) -> Letter:
    return Letter(
        subject=_("Choose a new password"),
        heading=_("Choose a new password"),
        lines=(
            _(
                "Someone requested a new password for your account at %(company)s. If it "
                "was you, choose one here.",
                company=tenant.name,
            ),
        ),
        link_words=_("Choose a new password"),
        link=reset_address(reset),
        notes=(
            _(
                "The link works once and is valid until %(moment)s.",
                moment=moment_words(reset.expires_at, tenant),
            ),
        ),
        reason=_(
            "You received this e-mail because your address was entered on the login "
            "page. If that was not you, delete it: your password has not changed."
        ),
    )


def assigned_letter(report: Report) -> Letter:
    due = report.due_on and format_date(report.due_on, "d MMM y", locale=get_locale())
    return Letter(
        subject=_(
            "Report %(number)s was assigned to you: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report for you"),
        lines=(_("Report %(number)s was assigned to you.", number=report.full_number),),
        facts=(*_report_facts(report), *(((_("Due"), due),) if due else ())),
        link_words=_("Open the report"),
        link=report_address(report.id),
        reason=_("You received this e-mail because someone assigned a report to you."),
        choices=choices_address(),
    )


def submitted_letter(report: Report, submitter: str) -> Letter:
    outcome = OUTCOMES.word(report.outcome) if report.outcome else ""
    return Letter(
        subject=_(
            "Report %(number)s was submitted: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report was submitted"),
        lines=(
            _(
                "%(person)s submitted report %(number)s.",
                person=submitter,
                number=report.full_number,
            ),
        ),
        facts=(*_report_facts(report), *(((_("Result"), outcome),) if outcome else ())),
        link_words=_("Open the report"),
        link=report_address(report.id),
        reason=_(
            "You received this e-mail because managers and admins can be notified of "
            "each submitted report."
        ),
        choices=choices_address(),
    )


def waiting_letter(report: Report, review: Review, submitter: str, tenant: Tenant) -> Letter:
    """For each person who may take the step; the link opens the reviewer's page."""
    second = _("It is the second of two reviews.") if review.step > 1 else ""
    again = _("It was returned before; the page shows what changed since.")
    return Letter(
        subject=_(
            "Report %(number)s waits for your review: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report waits for your review"),
        lines=(
            _(
                "%(person)s submitted report %(number)s.",
                person=submitter,
                number=report.full_number,
            ),
            *((second,) if second else ()),
            *((again,) if review.round > 1 else ()),
        ),
        facts=(
            *_report_facts(report),
            (
                _("Waiting since"),
                f"{moment_words(review.waiting_since, tenant)} ({age(review.waiting_since)})",
            ),
        ),
        link_words=_("Review the report"),
        link=reviewing_address(report.id),
        reason=_("You received this e-mail because you may review this report."),
        choices=choices_address(),
    )


def returned_letter(report: Report, reviewer: str, comments: int) -> Letter:
    """For the technician; the link opens the form at the first comment."""
    return Letter(
        subject=_(
            "Report %(number)s was returned: %(title)s",
            number=report.full_number,
            title=report.title,
        ),
        heading=_("A report was returned"),
        lines=(
            ngettext(
                "%(person)s returned report %(number)s with %(num)s comment.",
                "%(person)s returned report %(number)s with %(num)s comments.",
                comments,
                person=reviewer,
                number=report.full_number,
            ),
            _("Change what the comments ask for, answer them, and submit the report again."),
        ),
        facts=_report_facts(report),
        link_words=_("Open the first comment"),
        link=fill_address(report.id),
        reason=_("You received this e-mail because you submitted the report or work on it."),
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
                "The PDF of report %(number)s is ready to download.",
                number=report.full_number,
            ),
        ),
        facts=(
            *_report_facts(report),
            (_("Length"), ngettext("%(num)s page", "%(num)s pages", pages)),
        ),
        link_words=_("Download the PDF"),
        link=document_address(document.id),
        reason=_("You received this e-mail because you submitted the report or requested its PDF."),
        choices=choices_address(),
    )


def role_sentence(role: Role) -> str:
    """Describe the role to an invited person."""
    sentences = {
        Role.ADMIN: _("You will be an admin: people, settings and all reports."),
        Role.MANAGER: _("You will be a manager: projects, checklists and all reports."),
        Role.TECHNICIAN: _("You will be a technician: you fill in reports on site."),
        Role.VIEWER: _("You will be a viewer: you read completed reports and their PDFs."),
    }
    return str(sentences[role])


def moment_words(moment: datetime, tenant: Tenant) -> str:
    """Format a time in the company's time zone with its UTC offset, as mails are read anywhere."""
    local = moment.astimezone(ZoneInfo(tenant.time_zone))
    words = format_moment(local, "d MMM y, HH:mm", locale=get_locale())
    offset = f"{local:%z}"
    return f"{words} (UTC{offset[:3]}:{offset[3:]})"


def _report_facts(report: Report) -> tuple[tuple[str, str], ...]:
    equipment = report.equipment
    tag = f"{equipment.tag} {equipment.name}".strip() if equipment else ""
    definition = report.version.definition
    checklist = definition.header.title.first(reading_order(definition.languages))
    facts = (
        (_("Title"), report.title),
        (_("Project"), report.project.name),
        (_("Equipment"), tag),
        (_("Checklist"), checklist),
    )
    return tuple((label, value) for label, value in facts if value)
