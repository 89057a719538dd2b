"""Every action of the audit chain as a sentence, and the kinds by which the audit page groups them.

A new action needs a line in TELLINGS (a policy test checks this) and a kind below for its noun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.definition.sentences import N_, NN_, Sentence
from app.evidence.export_sentences import EXPORT_TELLINGS
from app.evidence.report_sentences import (
    answer_saved,
    caption_settled,
    conflict_settled,
    document_requested,
    photo_edited,
    report_started,
)
from app.evidence.review_sentences import REVIEW_TELLINGS
from app.evidence.sentence_builders import Act, Telling, filled, narrowed, plain, value_words
from app.evidence.ways_in import OF_PLATFORM
from app.evidence.witness_sentences import WITNESS_TELLINGS

OTHER = N_("%(name)s did something that this version cannot describe: %(action)s.")
# The actor's name in an entry if no account has the e-mail address.
UNKNOWN = "unknown"


def _log_in_refused(act: Act) -> Sentence:
    if act.name == UNKNOWN:
        return filled(N_("A login attempt with an unknown e-mail was refused."), act)
    return filled(N_("A login attempt as %(name)s was refused."), act)


def _role_changed(act: Act) -> Sentence:
    old, new = (value_words("role", act.facts.get(name)) for name in ("old", "new"))
    said = N_("%(name)s changed the role of %(subject)s: %(old)s → %(new)s.")
    return filled(said, replace(act, old=old, new=new))


def _preferences_changed(act: Act) -> Sentence:
    if "changes" in act.facts:
        return filled(N_("%(name)s changed their own account. %(changes)s"), act)
    # Older entries have the chosen values, whether or not they changed.
    return filled(
        N_("%(name)s set the language to %(locale)s and the time zone to %(time_zone)s."), act
    )


def _checklist_published(act: Act) -> Sentence:
    if act.facts.get("note"):
        said = N_(
            "%(name)s published version %(version)s of checklist %(code)s with the note: %(note)s"
        )
        return filled(said, act)
    return filled(N_("%(name)s published version %(version)s of checklist %(code)s."), act)


def _deletion_requested(act: Act) -> Sentence:
    if act.facts.get("waiver"):
        said = N_(
            "%(name)s requested the deletion of the company on or after %(due)s: "
            "%(reason)s There was no export because: %(waiver)s"
        )
    else:
        said = N_("%(name)s requested the deletion of the company on or after %(due)s: %(reason)s")
    return filled(said, act)


def _invitation_accepted(act: Act) -> Sentence:
    if act.facts.get(OF_PLATFORM):
        said = N_(
            "%(name)s accepted the invitation that the Laudo operator sent to "
            "%(email)s and became an admin."
        )
    else:
        said = N_("%(name)s accepted the invitation sent to %(email)s.")
    return filled(said, act)


def _support_ended(act: Act) -> Sentence:
    if act.facts.get("ran_out"):
        return filled(N_("%(whose)s's support access expired."), act)
    if act.facts.get("whose") == act.name:
        return filled(N_("%(name)s ended their own support access."), act)
    return filled(N_("%(name)s ended the support access of %(whose)s."), act)


TELLINGS: dict[str, Telling] = {
    # Logging in
    "session.opened": plain(N_("%(name)s logged in.")),
    "session.half_open": plain(
        N_("%(name)s entered the correct password and was asked for the second factor.")
    ),
    "session.refused": _log_in_refused,
    "session.closed": plain(N_("%(name)s logged out.")),
    "session.others_closed": plain(
        NN_(
            "%(name)s logged out %(sessions)s other device.",
            "%(name)s logged out all %(sessions)s other devices.",
            by="sessions",
        )
    ),
    # People
    "account.created": plain(
        N_("%(name)s created an account for %(what)s (%(email)s, role: %(role)s).")
    ),
    "account.deactivated": plain(
        N_("%(name)s deactivated the account of %(subject)s (%(email)s).")
    ),
    "account.password_changed": plain(N_("%(name)s changed their password.")),
    "account.preferences_changed": _preferences_changed,
    "account.mails_chosen": plain(N_("%(name)s changed which e-mails they receive. %(changes)s")),
    "account.password_reset": plain(N_("%(name)s set a new password with a link sent by e-mail.")),
    "account.password_set": plain(N_("%(name)s set a new password for %(subject)s.")),
    "account.projects_changed": plain(
        N_(
            "%(name)s changed which projects %(subject)s can read. Granted: "
            "%(granted)s. Revoked: %(taken_back)s."
        )
    ),
    "account.reactivated": plain(N_("%(name)s reactivated the account of %(subject)s.")),
    "account.recovery_codes_made": plain(N_("%(name)s generated new recovery codes: %(codes)s.")),
    "account.reset_asked": plain(N_("A link to set a new password was sent to %(name)s.")),
    "account.reset_refused": plain(
        N_("A link to set a new password for %(name)s was requested but not sent.")
    ),
    "account.role_changed": _role_changed,
    "account.two_factor_removed": plain(N_("%(name)s removed a second factor: %(factor)s.")),
    "account.two_factor_reset": plain(N_("%(name)s removed all second factors of %(subject)s.")),
    "account.two_factor_set": plain(N_("%(name)s added a second factor: %(factor)s.")),
    "invitation.accepted": _invitation_accepted,
    "invitation.approval_withdrawn": plain(
        N_(
            "The approval of the invitation to %(email)s was withdrawn because "
            "%(name)s removed the role of the person who approved it."
        )
    ),
    "invitation.approved": plain(
        N_("%(name)s approved the invitation that the Laudo operator sent to %(email)s.")
    ),
    "invitation.refused": plain(
        N_("%(name)s rejected the invitation that the Laudo operator sent to %(email)s.")
    ),
    "invitation.resent": plain(N_("%(name)s resent the invitation to %(email)s.")),
    "invitation.revoked": plain(N_("%(name)s revoked the invitation sent to %(email)s.")),
    "invitation.sent": plain(N_("%(name)s invited %(email)s (role: %(role)s).")),
    # Projects and equipment
    "project.created": plain(N_('%(name)s created the project "%(what)s".')),
    "project.updated": plain(N_('%(name)s changed the project "%(subject)s". %(changes)s')),
    "project.archived": plain(N_('%(name)s archived the project "%(what)s".')),
    "project.reopened": plain(N_('%(name)s reopened the project "%(what)s".')),
    "project.member_added": plain(N_('%(name)s added %(what)s to the project "%(subject)s".')),
    "project.member_removed": plain(
        N_('%(name)s removed %(what)s from the project "%(subject)s".')
    ),
    "project.checklist_added": plain(
        N_('%(name)s added the checklist %(code)s to the project "%(subject)s".')
    ),
    "project.checklists_ordered": plain(
        N_('%(name)s reordered the checklists of the project "%(subject)s".')
    ),
    "project.checklist_removed": plain(
        N_('%(name)s removed the checklist %(code)s from the project "%(subject)s".')
    ),
    "equipment.created": plain(N_("%(name)s added the equipment %(tag)s.")),
    "equipment.updated": plain(N_("%(name)s changed the equipment %(subject)s. %(changes)s")),
    "equipment.removed": plain(N_("%(name)s removed the equipment %(tag)s.")),
    # Checklists
    "checklist.drafted": plain(
        N_("%(name)s created a draft of checklist %(code)s, version %(version)s, from %(file)s.")
    ),
    "checklist.started": plain(
        N_("%(name)s started checklist %(code)s, version %(version)s, from nothing.")
    ),
    "checklist.draft_begun": plain(
        N_(
            "%(name)s began draft %(version)s of checklist %(code)s as a copy of version "
            "%(old_version)s."
        )
    ),
    "checklist.edited": plain(
        N_("%(name)s edited draft %(version)s of checklist %(code)s: %(parts)s.")
    ),
    "checklist.copied": plain(
        N_(
            "%(name)s copied the sample %(code)s as the company's own checklist, "
            "version %(version)s."
        )
    ),
    "checklist.published": _checklist_published,
    "checklist.restored": plain(
        N_(
            "%(name)s created a draft of checklist %(code)s, version %(version)s, from its version "
            "%(old_version)s."
        )
    ),
    "checklist.duplicated": plain(
        N_(
            "%(name)s created the checklist %(code)s as a copy of %(source)s, version "
            "%(old_version)s."
        )
    ),
    "checklist.retired": plain(
        N_("%(name)s retired the checklist %(code)s: no new reports are started from it.")
    ),
    "checklist.brought_back": plain(N_("%(name)s brought the checklist %(code)s back.")),
    "checklist.draft_discarded": plain(
        N_("%(name)s discarded the draft of version %(version)s of checklist %(code)s.")
    ),
    "checklist.layout_changed": plain(
        N_("%(name)s changed the PDF layout of checklist %(code)s. %(changes)s")
    ),
    # Reports
    "report.started": report_started,
    "report.submitted": plain(N_("%(name)s submitted the report.")),
    "report.completed": plain(N_("The report was completed and frozen.")),
    "report.discarded": plain(N_("%(name)s discarded the report.")),
    "report.archived": plain(N_("%(name)s archived the report.")),
    "report.revised": plain(
        N_("%(name)s began a correction of the report, %(revised_as)s. Reason: %(reason)s")
    ),
    "report.carried": plain(
        N_(
            "%(name)s began this correction of %(corrects)s on version %(version)s of the "
            "checklist. Carried over: answers %(answers)s, photos %(photos)s. Not carried over: "
            "answers %(dropped_answers)s, photos %(dropped_photos)s. Reason: %(reason)s"
        )
    ),
    "report.assigned": plain(N_("%(name)s handed over the report: %(old)s → %(new)s.")),
    "report.due_changed": plain(N_("%(name)s changed the due date: %(old)s → %(new)s.")),
    **EXPORT_TELLINGS,
    **REVIEW_TELLINGS,
    **WITNESS_TELLINGS,
    "answer.saved": answer_saved,
    "answer.filled": plain(
        N_('"%(question)s" was filled in from the report itself (%(source)s): %(new)s')
    ),
    "answer.calculated": plain(N_('"%(question)s" was calculated from other answers: %(new)s')),
    "answer.set_aside": plain(
        N_('%(name)s kept the current answer to "%(question)s" and set aside: %(new)s')
    ),
    "answer.conflicted": plain(
        N_(
            '%(name)s sent another answer to "%(question)s" that was based on an older one. It '
            "waits for a choice: %(new)s"
        )
    ),
    "answer.settled": conflict_settled,
    "leftover.kept": plain(
        N_('%(name)s saved unsent work for "%(label)s" of the closed report %(report)s: %(words)s')
    ),
    "outbox.imported": plain(
        N_(
            "%(name)s imported the unsent work of %(subject)s from a file. Entries: "
            "%(operations)s. New: %(applied)s. Already there: %(known)s. Conflicts: "
            "%(conflict)s. Not accepted: %(refused)s. Waiting: %(early)s. SHA-256: %(sha256)s."
        )
    ),
    "photo.received": plain(N_('%(name)s added a photo to "%(question)s".')),
    "photo.placed": plain(N_('%(name)s added a photo already in the report to "%(question)s".')),
    "photo.edited": photo_edited,
    "photo.conflicted": plain(
        N_(
            '%(name)s sent another caption for a photo of "%(question)s" that was based on an '
            "older one. It waits for a choice: %(typed)s"
        )
    ),
    "photo.settled": caption_settled,
    "photo.removed": plain(N_('%(name)s removed a photo from "%(question)s".')),
    "photo.read_again": plain(N_('%(name)s had a photo in "%(question)s" read again.')),
    "signature.taken": plain(
        N_('%(name)s collected the signature of %(signer)s as "%(question)s".')
    ),
    "signature.withdrawn": plain(
        N_('%(name)s withdrew the signature of %(signer)s as "%(question)s".')
    ),
    "document.requested": document_requested,
    "document.made": plain(
        N_("The PDF was generated. Pages: %(pages)s. Photos: %(photos)s. SHA-256: %(sha256)s.")
    ),
    "document.stamped": plain(N_("%(authority)s stamped the time of the PDF: %(stamped_at)s.")),
    "seal_key.imported": plain(
        N_("%(name)s gave the company its own seal for PDFs: %(certificate)s.")
    ),
    "seal_key.retired": plain(N_("%(name)s ended the use of the company's own seal for PDFs.")),
    # The company
    "tenant.created": plain(N_('%(name)s created the company "%(what)s" (%(slug)s).')),
    "tenant.branded": plain(N_("%(name)s changed the company's brand. %(changes)s")),
    "tenant.anchors_set_aside": plain(
        N_(
            "%(name)s stated that a backup was restored and entries after entry %(entry)s were "
            "lost: the anchors that name them are set aside. Reason: %(reason)s"
        )
    ),
    "tenant.settings_changed": plain(N_("%(name)s changed the company's settings. %(changes)s")),
    "tenant.watermark_changed": plain(
        N_("%(name)s changed the photo watermark strip. %(changes)s")
    ),
    "tenant.pdf_changed": plain(N_("%(name)s changed the PDF settings. %(changes)s")),
    "tenant.updated": plain(N_("%(name)s changed the company's details. %(changes)s")),
    "tenant.plan_changed": plain(N_("%(name)s changed the plan or its limits. %(changes)s")),
    "tenant.suspended": plain(N_("%(name)s suspended the company: %(reason)s")),
    "tenant.reactivated": plain(N_("%(name)s reactivated the company.")),
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
    "onboarding.skipped": plain(N_("%(name)s skipped a setup step: %(step)s.")),
    "onboarding.resumed": plain(N_("%(name)s resumed a setup step: %(step)s.")),
    "audit.exported": narrowed(
        N_("%(name)s exported the audit log. %(filters)s"), N_("%(name)s exported the audit log.")
    ),
    # The platform
    "tenant.admin_invited": plain(N_("%(name)s invited an admin to the company.")),
    "tenant.erased": plain(
        N_('The company "%(what)s" (%(slug)s) was erased by %(name)s. A tombstone record remains.')
    ),
    "tenant.files_erased": plain(
        N_('The files of the company "%(what)s" were erased. Files: %(files)s.')
    ),
    "storage.held": plain(
        NN_(
            "%(name)s restored a backup. %(objects)s stored object (%(bytes)s bytes) "
            "does not belong to any of its rows, so the storage sweep is on hold.",
            "%(name)s restored a backup. %(objects)s stored objects (%(bytes)s "
            "bytes) do not belong to any of its rows, so the storage sweep is on "
            "hold.",
            by="objects",
        )
    ),
    "storage.released": plain(
        NN_(
            "%(name)s released the storage sweep, held for %(objects)s object (%(bytes)s bytes).",
            "%(name)s released the storage sweep, held for %(objects)s objects (%(bytes)s bytes).",
            by="objects",
        )
    ),
    "superadmin.created": plain(N_("%(name)s created the superadmin account %(email)s.")),
    "superadmin.deactivated": plain(N_("%(name)s deactivated the superadmin account %(email)s.")),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of actions, given by the nouns before the dot."""

    key: str
    label: str
    nouns: tuple[str, ...]


KINDS = (
    Kind("logins", N_("Logins and logouts"), ("session",)),
    Kind("people", N_("People and accounts"), ("account", "invitation", "superadmin")),
    Kind("projects", N_("Projects and equipment"), ("project", "equipment")),
    Kind("checklists", N_("Checklists"), ("checklist",)),
    Kind(
        "reports", N_("Reports"), ("report", "reports", "review", "witness", "leftover", "outbox")
    ),
    Kind("answers", N_("Answers"), ("answer",)),
    Kind("photos", N_("Photos"), ("photo",)),
    Kind("signatures", N_("Signatures"), ("signature",)),
    Kind("documents", N_("PDFs"), ("document",)),
    Kind(
        "company",
        N_("Brand, settings and company"),
        ("tenant", "onboarding", "export", "bundle", "storage", "seal_key"),
    ),
    Kind("support", N_("Laudo support access"), ("support",)),
    Kind("audit", N_("Audit"), ("audit",)),
)
KIND_OF_NOUN: Mapping[str, Kind] = {noun: kind for kind in KINDS for noun in kind.nouns}


def tell(act: Act) -> Sentence:
    """The entry's sentence; a generic one, not an error, if its facts are unexpected."""
    telling = TELLINGS.get(act.action)
    try:
        return telling(act) if telling else filled(OTHER, act)
    except (AttributeError, KeyError, TypeError, ValueError):
        return filled(OTHER, act)


def kind_of(action: str) -> Kind | None:
    return KIND_OF_NOUN.get(action.partition(".")[0])


def actions_of(key: str) -> list[str]:
    """The actions of a kind; none if the key is unknown."""
    return [action for action in TELLINGS if (kind := kind_of(action)) and kind.key == key]
