"""Sentences of audit entries about witnesses: their links, and what they did with them."""

from __future__ import annotations

from app.definition.sentences import N_, Sentence
from app.evidence.sentence_builders import Act, Telling, filled, plain


def _witness_sent(act: Act) -> Sentence:
    if act.facts.get("email"):
        said = N_(
            "%(name)s sent a link to the report to the witness %(witness)s (%(email)s), valid "
            "until %(until)s."
        )
    else:
        said = N_(
            "%(name)s made a link to the report for the witness %(witness)s, valid until %(until)s."
        )
    return filled(said, act)


WITNESS_TELLINGS: dict[str, Telling] = {
    "witness.sent": _witness_sent,
    "witness.resent": plain(
        N_("%(name)s sent the link to the report to the witness %(witness)s (%(email)s) again.")
    ),
    "witness.revoked": plain(N_("%(name)s revoked the link of the witness %(witness)s.")),
    "witness.opened": plain(N_("The witness %(name)s opened the report with their link.")),
    "witness.accepted": plain(N_('The witness %(name)s accepted "%(question)s".')),
    "witness.acceptance_withdrawn": plain(
        N_('The witness %(name)s withdrew their acceptance of "%(question)s".')
    ),
    "witness.commented": plain(N_('The witness %(name)s commented on "%(question)s": %(comment)s')),
    "signature.witnessed": plain(
        N_('The witness %(name)s signed as "%(question)s", with the name %(signer)s.')
    ),
}
