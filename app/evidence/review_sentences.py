"""Sentences of audit entries about reviews: who reviews, and each step of a review."""

from __future__ import annotations

from app.definition.sentences import N_, NN_, Sentence
from app.evidence.sentence_builders import Act, Telling, filled, plain


def _report_returned(act: Act) -> Sentence:
    if not act.facts.get("comments"):
        return filled(N_("%(name)s returned the report."), act)
    return filled(
        NN_(
            "%(name)s returned the report with %(comments)s open comment.",
            "%(name)s returned the report with %(comments)s open comments.",
            by="comments",
        ),
        act,
    )


def _review_begun(act: Act) -> Sentence:
    if act.facts.get("step") == "2":
        return filled(N_("%(name)s began the second review in round %(round)s."), act)
    return filled(N_("%(name)s began the review in round %(round)s."), act)


def _review_approved(act: Act) -> Sentence:
    if act.facts.get("step") == "2":
        return filled(N_("%(name)s approved the report as second reviewer."), act)
    return filled(N_("%(name)s approved the report in round %(round)s."), act)


REVIEW_TELLINGS: dict[str, Telling] = {
    "report.withdrawn": plain(N_("%(name)s withdrew the report before its review.")),
    "report.returned": _report_returned,
    "review.begun": _review_begun,
    "review.accepted": plain(N_('%(name)s accepted "%(question)s".')),
    "review.acceptance_withdrawn": plain(
        N_('%(name)s withdrew their acceptance of "%(question)s".')
    ),
    "review.commented": plain(N_('%(name)s commented on "%(question)s": %(comment)s')),
    "review.replied": plain(N_('%(name)s answered the comment on "%(question)s": %(reply)s')),
    "review.comment_done": plain(
        N_('%(name)s marked the comment on "%(question)s" as done: %(comment)s')
    ),
    "review.comment_reopened": plain(
        N_('%(name)s opened the comment on "%(question)s" again: %(comment)s')
    ),
    "review.approved": _review_approved,
    "project.review_changed": plain(
        N_('%(name)s changed who reviews the reports of the project "%(subject)s". %(changes)s')
    ),
    "checklist.review_changed": plain(
        N_("%(name)s changed who reviews the reports of checklist %(code)s. %(changes)s")
    ),
}
