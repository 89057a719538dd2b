"""Every action of the audit chain as a sentence, and the kinds that the audit page groups them in.

A new action is one line in TELLINGS (a policy test asks for it); its noun belongs to a kind below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.definition.sentences import N_, NN_, Sentence
from app.evidence.telling import Act, Telling, filled, narrowed, plain, value_words
from app.evidence.ways_in import OF_PLATFORM

OTHER = N_("%(name)s did something that this version has no sentence for: %(action)s.")
# The name that an entry carries where nobody has the e-mail.
UNKNOWN = "unknown"


def _log_in_refused(act: Act) -> Sentence:
    if act.name == UNKNOWN:
        return filled(N_("A log-in with an e-mail that nobody has was refused."), act)
    return filled(N_("A log-in as %(name)s was refused."), act)


def _answer_saved(act: Act) -> Sentence:
    if not act.question:
        return filled(N_("%(name)s saved an answer."), act)
    if act.old:
        return filled(N_('%(name)s changed "%(question)s": %(old)s → %(new)s'), act)
    return filled(N_('%(name)s answered "%(question)s": %(new)s'), act)


def _photo_edited(act: Act) -> Sentence:
    if "new_caption" in act.facts:
        said = N_(
            '%(name)s changed the caption of a photo of "%(question)s":'
            " %(old_caption)s → %(new_caption)s"
        )
    elif "new_reason" in act.facts:
        said = N_(
            '%(name)s said why a photo of "%(question)s" must do as it is:'
            " %(old_reason)s → %(new_reason)s"
        )
    elif "new_position_reason" in act.facts:
        said = N_(
            '%(name)s said why a photo of "%(question)s" has no position:'
            " %(old_position_reason)s → %(new_position_reason)s"
        )
    else:
        said = N_('%(name)s moved a photo of "%(question)s" to place %(position)s.')
    return filled(said, act)


def _role_changed(act: Act) -> Sentence:
    old, new = (value_words("role", act.facts.get(name)) for name in ("old", "new"))
    said = N_("%(name)s changed the role of %(subject)s: %(old)s → %(new)s.")
    return filled(said, replace(act, old=old, new=new))


def _preferences_changed(act: Act) -> Sentence:
    if "changes" in act.facts:
        return filled(N_("%(name)s changed their own account. %(changes)s"), act)
    # Entries from before say what was chosen, changed or not.
    return filled(N_("%(name)s chose language %(locale)s and time zone %(time_zone)s."), act)


def _document_requested(act: Act) -> Sentence:
    if act.facts.get("is_preview"):
        return filled(N_("%(name)s asked for a preview of the PDF."), act)
    return filled(N_("%(name)s asked for the PDF."), act)


def _report_started(act: Act) -> Sentence:
    assignee = act.facts.get("assignee")
    if assignee and assignee != act.name:
        return filled(N_("%(name)s started the report for %(assignee)s."), act)
    return filled(N_("%(name)s started the report."), act)


def _deletion_requested(act: Act) -> Sentence:
    if act.facts.get("waiver"):
        said = N_(
            "%(name)s asked for the company to be deleted from %(due)s on: %(reason)s"
            " There was no export, because: %(waiver)s"
        )
    else:
        said = N_("%(name)s asked for the company to be deleted from %(due)s on: %(reason)s")
    return filled(said, act)


def _invitation_accepted(act: Act) -> Sentence:
    if act.facts.get(OF_PLATFORM):
        said = N_("%(name)s became an admin: whoever runs Laudo had invited %(email)s.")
    else:
        said = N_("%(name)s accepted the invitation to %(email)s.")
    return filled(said, act)


def _support_ended(act: Act) -> Sentence:
    if act.facts.get("ran_out"):
        return filled(N_("The time of the support access of %(whose)s was over."), act)
    if act.facts.get("whose") == act.name:
        return filled(N_("%(name)s ended their own support access."), act)
    return filled(N_("%(name)s ended the support access of %(whose)s."), act)


TELLINGS: dict[str, Telling] = {
    # Logging in
    "session.opened": plain(N_("%(name)s logged in.")),
    "session.half_open": plain(
        N_("%(name)s gave the right password and was asked for the second factor.")
    ),
    "session.refused": _log_in_refused,
    "session.closed": plain(N_("%(name)s logged out.")),
    "session.others_closed": plain(
        NN_(
            "%(name)s logged out on %(sessions)s other device.",
            "%(name)s logged out on all %(sessions)s other devices.",
            by="sessions",
        )
    ),
    # People
    "account.created": plain(N_("%(name)s made an account for %(what)s (%(email)s): %(role)s.")),
    "account.deactivated": plain(N_("%(name)s closed the account of %(subject)s (%(email)s).")),
    "account.password_changed": plain(N_("%(name)s changed their password.")),
    "account.preferences_changed": _preferences_changed,
    "account.mails_chosen": plain(N_("%(name)s chose which e-mails to get. %(changes)s")),
    "account.password_reset": plain(
        N_("%(name)s set a new password through a link sent by e-mail.")
    ),
    "account.password_set": plain(N_("%(name)s set a new password for %(subject)s.")),
    "account.projects_changed": plain(
        N_(
            "%(name)s changed which projects %(subject)s may read."
            " Granted: %(granted)s. Taken back: %(taken_back)s."
        )
    ),
    "account.reactivated": plain(N_("%(name)s opened the account of %(subject)s again.")),
    "account.recovery_codes_made": plain(N_("%(name)s made new recovery codes: %(codes)s.")),
    "account.reset_asked": plain(N_("A link for a new password was sent to %(name)s.")),
    "account.reset_refused": plain(
        N_("A link for a new password of %(name)s was asked for and not sent.")
    ),
    "account.role_changed": _role_changed,
    "account.two_factor_removed": plain(N_("%(name)s removed a second factor: %(factor)s.")),
    "account.two_factor_reset": plain(
        N_("%(name)s took every second factor away from %(subject)s.")
    ),
    "account.two_factor_set": plain(N_("%(name)s added a second factor: %(factor)s.")),
    "invitation.accepted": _invitation_accepted,
    "invitation.approval_withdrawn": plain(
        N_(
            "The approval of the invitation to %(email)s is withdrawn: %(name)s took the role from"
            " whoever had given it."
        )
    ),
    "invitation.approved": plain(
        N_("%(name)s approved the invitation that whoever runs Laudo sent to %(email)s.")
    ),
    "invitation.refused": plain(
        N_("%(name)s refused the invitation that whoever runs Laudo sent to %(email)s.")
    ),
    "invitation.resent": plain(N_("%(name)s sent the invitation to %(email)s again.")),
    "invitation.revoked": plain(N_("%(name)s revoked the invitation to %(email)s.")),
    "invitation.sent": plain(N_("%(name)s invited %(email)s: %(role)s.")),
    # Projects and equipment
    "project.created": plain(N_('%(name)s created the project "%(what)s".')),
    "project.updated": plain(N_('%(name)s changed the project "%(subject)s". %(changes)s')),
    "project.archived": plain(N_('%(name)s archived the project "%(what)s".')),
    "project.reopened": plain(N_('%(name)s opened the project "%(what)s" again.')),
    "project.member_added": plain(N_('%(name)s put %(what)s on the project "%(subject)s".')),
    "project.member_removed": plain(N_('%(name)s took %(what)s off the project "%(subject)s".')),
    "project.checklist_added": plain(
        N_('%(name)s gave the project "%(subject)s" the checklist %(code)s.')
    ),
    "project.checklists_ordered": plain(
        N_('%(name)s put the checklists of the project "%(subject)s" in another order.')
    ),
    "project.checklist_removed": plain(
        N_('%(name)s took the checklist %(code)s from the project "%(subject)s".')
    ),
    "equipment.created": plain(N_("%(name)s added the equipment %(tag)s.")),
    "equipment.updated": plain(N_("%(name)s changed the equipment %(subject)s. %(changes)s")),
    "equipment.removed": plain(N_("%(name)s removed the equipment %(tag)s.")),
    # Checklists
    "checklist.drafted": plain(
        N_("%(name)s made a draft of checklist %(code)s, version %(version)s, from %(file)s.")
    ),
    "checklist.copied": plain(
        N_("%(name)s made the sample %(code)s the company's own checklist, version %(version)s.")
    ),
    "checklist.published": plain(
        N_("%(name)s published version %(version)s of checklist %(code)s.")
    ),
    "checklist.draft_discarded": plain(
        N_("%(name)s discarded the draft of version %(version)s of checklist %(code)s.")
    ),
    # Reports
    "report.started": _report_started,
    "report.submitted": plain(N_("%(name)s submitted the report.")),
    "report.completed": plain(N_("The report was completed and frozen.")),
    "report.discarded": plain(N_("%(name)s discarded the report.")),
    "report.archived": plain(N_("%(name)s archived the report.")),
    "report.assigned": plain(N_("%(name)s handed the report over: %(old)s → %(new)s.")),
    "report.due_changed": plain(N_("%(name)s changed the day it is due: %(old)s → %(new)s.")),
    "reports.exported": narrowed(
        NN_(
            "%(name)s exported a list of %(rows)s report (%(kind)s). %(filters)s",
            "%(name)s exported a list of %(rows)s reports (%(kind)s). %(filters)s",
            by="rows",
        ),
        NN_(
            "%(name)s exported a list of %(rows)s report (%(kind)s).",
            "%(name)s exported a list of %(rows)s reports (%(kind)s).",
            by="rows",
        ),
    ),
    "reports.answers_requested": narrowed(
        NN_(
            "%(name)s requested %(reports)s report with its answers (%(format)s). %(filters)s",
            "%(name)s requested %(reports)s reports with their answers (%(format)s). %(filters)s",
            by="reports",
        ),
        NN_(
            "%(name)s requested %(reports)s report with its answers (%(format)s).",
            "%(name)s requested %(reports)s reports with their answers (%(format)s).",
            by="reports",
        ),
    ),
    "reports.answers_made": plain(
        N_(
            "The export of reports with their answers (%(format)s) was made: reports %(reports)s,"
            " photos %(photos)s, exceptions %(exceptions)s, SHA-256 %(sha256)s."
        )
    ),
    "reports.answers_downloaded": plain(
        NN_(
            "%(name)s downloaded %(reports)s report with its answers (%(format)s).",
            "%(name)s downloaded %(reports)s reports with their answers (%(format)s).",
            by="reports",
        )
    ),
    "answer.saved": _answer_saved,
    "answer.filled": plain(
        N_('"%(question)s" was filled in from the report itself (%(source)s): %(new)s')
    ),
    "answer.set_aside": plain(
        N_('%(name)s left "%(question)s" as it stood and set aside: %(new)s')
    ),
    "leftover.kept": plain(
        N_(
            "%(name)s kept for the closed report %(report)s what never reached"
            ' "%(label)s": %(words)s'
        )
    ),
    "photo.received": plain(N_('%(name)s added a photo to "%(question)s".')),
    "photo.placed": plain(N_('%(name)s added a photo that was there already to "%(question)s".')),
    "photo.edited": _photo_edited,
    "photo.removed": plain(N_('%(name)s removed a photo of "%(question)s".')),
    "photo.read_again": plain(N_('%(name)s had a photo of "%(question)s" read again.')),
    "signature.taken": plain(N_('%(name)s took the signature of %(signer)s as "%(question)s".')),
    "signature.withdrawn": plain(
        N_('%(name)s withdrew the signature of %(signer)s as "%(question)s".')
    ),
    "document.requested": _document_requested,
    "document.made": plain(
        N_("The PDF was made. Pages: %(pages)s. Photos: %(photos)s. SHA-256: %(sha256)s.")
    ),
    # The company
    "tenant.created": plain(N_('%(name)s created the company "%(what)s" (%(slug)s).')),
    "tenant.branded": plain(N_("%(name)s changed the company's brand. %(changes)s")),
    "tenant.settings_changed": plain(N_("%(name)s changed the company's settings. %(changes)s")),
    "tenant.watermark_changed": plain(N_("%(name)s changed the strip under photos. %(changes)s")),
    "tenant.pdf_changed": plain(N_("%(name)s changed how PDFs look. %(changes)s")),
    "export.requested": plain(N_("%(name)s asked for an archive of all that the company has.")),
    "export.made": plain(
        NN_(
            "The archive of the company was made: %(files)s file, SHA-256 %(sha256)s.",
            "The archive of the company was made: %(files)s files, SHA-256 %(sha256)s.",
            by="files",
        )
    ),
    "export.downloaded": plain(N_("%(name)s downloaded the archive of the company.")),
    "tenant.updated": plain(N_("%(name)s changed the company's facts. %(changes)s")),
    "tenant.plan_changed": plain(N_("%(name)s changed the plan or its limits. %(changes)s")),
    "tenant.suspended": plain(N_("%(name)s suspended the company: %(reason)s")),
    "tenant.reactivated": plain(N_("%(name)s made the company work again.")),
    "tenant.deletion_requested": _deletion_requested,
    "tenant.deletion_cancelled": plain(N_("%(name)s cancelled the deletion of the company.")),
    "support.opened": plain(
        NN_(
            "%(name)s opened support access to the company for %(minutes)s minute: %(reason)s",
            "%(name)s opened support access to the company for %(minutes)s minutes: %(reason)s",
            by="minutes",
        )
    ),
    "support.ended": _support_ended,
    "onboarding.skipped": plain(N_("%(name)s put off a first step: %(step)s.")),
    "onboarding.resumed": plain(N_("%(name)s took up a first step again: %(step)s.")),
    "audit.exported": narrowed(
        N_("%(name)s exported the audit. %(filters)s"), N_("%(name)s exported the audit.")
    ),
    # The platform
    "tenant.admin_invited": plain(N_("%(name)s invited an admin into the company.")),
    "tenant.erased": plain(
        N_('The company "%(what)s" (%(slug)s) was erased by %(name)s. A tombstone stays.')
    ),
    "tenant.files_erased": plain(
        N_('The files of the company "%(what)s" were erased. Files: %(files)s.')
    ),
    "storage.held": plain(
        NN_(
            "%(name)s restored a backup. %(objects)s stored object (%(bytes)s bytes) belongs to"
            " none of its rows, so the sweep is held.",
            "%(name)s restored a backup. %(objects)s stored objects (%(bytes)s bytes) belong to"
            " none of its rows, so the sweep is held.",
            by="objects",
        )
    ),
    "storage.released": plain(
        NN_(
            "%(name)s released the sweep, held for %(objects)s object (%(bytes)s bytes).",
            "%(name)s released the sweep, held for %(objects)s objects (%(bytes)s bytes).",
            by="objects",
        )
    ),
    "superadmin.created": plain(N_("%(name)s made the superadmin %(email)s.")),
    "superadmin.deactivated": plain(N_("%(name)s closed the superadmin account %(email)s.")),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of actions as people think of them: by the nouns before the dot."""

    key: str
    label: str
    nouns: tuple[str, ...]


KINDS = (
    Kind("logins", N_("Logging in and out"), ("session",)),
    Kind("people", N_("People and accounts"), ("account", "invitation", "superadmin")),
    Kind("projects", N_("Projects and equipment"), ("project", "equipment")),
    Kind("checklists", N_("Checklists"), ("checklist",)),
    Kind("reports", N_("Reports"), ("report", "reports", "leftover")),
    Kind("answers", N_("Answers"), ("answer",)),
    Kind("photos", N_("Photos"), ("photo",)),
    Kind("signatures", N_("Signatures"), ("signature",)),
    Kind("documents", N_("PDFs"), ("document",)),
    Kind(
        "company",
        N_("Brand, settings and the company's space"),
        ("tenant", "onboarding", "export", "storage"),
    ),
    Kind("support", N_("Looks by Laudo's support"), ("support",)),
    Kind("audit", N_("Audit"), ("audit",)),
)
KIND_OF_NOUN: Mapping[str, Kind] = {noun: kind for kind in KINDS for noun in kind.nouns}


def tell(act: Act) -> Sentence:
    """The entry's sentence. What an entry was written as is never an error: it is told plainly."""
    telling = TELLINGS.get(act.action)
    try:
        return telling(act) if telling else filled(OTHER, act)
    except (AttributeError, KeyError, TypeError, ValueError):
        return filled(OTHER, act)


def kind_of(action: str) -> Kind | None:
    return KIND_OF_NOUN.get(action.partition(".")[0])


def actions_of(key: str) -> list[str]:
    """The actions of a kind; none for a key that there is not."""
    return [action for action in TELLINGS if (kind := kind_of(action)) and kind.key == key]
