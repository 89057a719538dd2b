"""Sentences of audit entries about a report's content that depend on the facts of the entry."""

from __future__ import annotations

from app.definition.sentences import N_, Sentence
from app.evidence.sentence_builders import Act, filled


def answer_saved(act: Act) -> Sentence:
    if not act.question:
        return filled(N_("%(name)s saved an answer."), act)
    if act.old:
        return filled(N_('%(name)s changed "%(question)s": %(old)s → %(new)s'), act)
    return filled(N_('%(name)s answered "%(question)s": %(new)s'), act)


def photo_edited(act: Act) -> Sentence:
    if "new_caption" in act.facts:
        said = N_(
            '%(name)s changed the caption of a photo of "%(question)s":'
            " %(old_caption)s → %(new_caption)s"
        )
    elif "new_reason" in act.facts:
        said = N_(
            "%(name)s gave the reason for keeping an unreadable photo in "
            '"%(question)s": %(old_reason)s → %(new_reason)s'
        )
    elif "new_position_reason" in act.facts:
        said = N_(
            '%(name)s gave the reason a photo in "%(question)s" has no position: '
            "%(old_position_reason)s → %(new_position_reason)s"
        )
    else:
        said = N_('%(name)s moved a photo in "%(question)s" to position %(position)s.')
    return filled(said, act)


def conflict_settled(act: Act) -> Sentence:
    said = {
        "mine": N_('%(name)s chose the answer that waited for "%(question)s": %(new)s'),
        "theirs": N_(
            '%(name)s kept the current answer to "%(question)s" and set aside the one that waited: '
            "%(new)s"
        ),
    }
    changed = N_(
        '%(name)s answered "%(question)s" anew and set aside the answer that waited: %(new)s'
    )
    return filled(said.get(str(act.facts.get("kept")), changed), act)


def caption_settled(act: Act) -> Sentence:
    if act.facts.get("kept") == "mine":
        said = N_('%(name)s chose the caption that waited for a photo of "%(question)s".')
    else:
        said = N_(
            '%(name)s kept the current caption of a photo of "%(question)s" and set aside the one '
            "that waited."
        )
    return filled(said, act)


def document_requested(act: Act) -> Sentence:
    if act.facts.get("is_preview"):
        return filled(N_("%(name)s requested a PDF preview."), act)
    return filled(N_("%(name)s requested the PDF."), act)


def report_started(act: Act) -> Sentence:
    assignee = act.facts.get("assignee")
    if assignee and assignee != act.name:
        return filled(N_("%(name)s started the report for %(assignee)s."), act)
    return filled(N_("%(name)s started the report."), act)
