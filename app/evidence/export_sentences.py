"""Sentences of audit entries about files for outside: lists, answers, bundles, all data."""

from __future__ import annotations

from app.definition.sentences import N_, NN_
from app.evidence.sentence_builders import Telling, narrowed, plain

EXPORT_TELLINGS: dict[str, Telling] = {
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
            "%(name)s requested an export of %(reports)s report with its answers "
            "(%(format)s). %(filters)s",
            "%(name)s requested an export of %(reports)s reports with their answers "
            "(%(format)s). %(filters)s",
            by="reports",
        ),
        NN_(
            "%(name)s requested an export of %(reports)s report with its answers (%(format)s).",
            "%(name)s requested an export of %(reports)s reports with their answers (%(format)s).",
            by="reports",
        ),
    ),
    "reports.answers_made": plain(
        N_(
            "The export of reports with their answers (%(format)s) was generated. "
            "Reports: %(reports)s. Photos: %(photos)s. Exceptions: %(exceptions)s. "
            "SHA-256: %(sha256)s."
        )
    ),
    "reports.answers_downloaded": plain(
        NN_(
            "%(name)s downloaded %(reports)s report with its answers (%(format)s).",
            "%(name)s downloaded %(reports)s reports with their answers (%(format)s).",
            by="reports",
        )
    ),
    "export.requested": plain(N_("%(name)s requested an export of all company data.")),
    "export.made": plain(
        NN_(
            "The export of all company data was generated: %(files)s file, SHA-256 %(sha256)s.",
            "The export of all company data was generated: %(files)s files, SHA-256 %(sha256)s.",
            by="files",
        )
    ),
    "export.downloaded": plain(N_("%(name)s downloaded the export of all company data.")),
    "bundle.requested": plain(N_("%(name)s requested the evidence bundle of %(subject)s.")),
    "bundle.made": plain(
        NN_(
            "The evidence bundle of %(subject)s was generated: %(files)s file, SHA-256 %(sha256)s.",
            "The evidence bundle of %(subject)s was generated: %(files)s files, SHA-256"
            " %(sha256)s.",
            by="files",
        )
    ),
    "bundle.downloaded": plain(
        N_("%(name)s downloaded the evidence bundle of %(subject)s, SHA-256 %(sha256)s.")
    ),
}
