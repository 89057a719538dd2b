"""What a report still lacks and how far it is: the one reading of both for the fill page, its
bars, the check page and the submit.

What is asked is app.definition.rules'; here the report's rows are put before those rules.
"""

from __future__ import annotations

from app.definition.progress import Progress, progress
from app.definition.rules import Missing, missing_items
from app.models import Report
from app.reports.content import content_hash
from app.reports.facts import ReportFacts


def missing_of(report: Report, facts: ReportFacts) -> list[Missing]:
    """All that stands between the report and its submit, in the order of the form."""
    # Only a signature needs the hash, and most saves come before the first one.
    content = content_hash(report, facts) if facts.signatures else ""
    signatures = facts.signature_facts(content)
    return missing_items(facts.definition, facts.answers, facts.photo_facts, signatures)


def progress_of(report: Report, facts: ReportFacts) -> Progress:
    return progress(facts.definition, missing_of(report, facts))
