"""What the states, results, verdicts and roles are called: the one place that holds these words.

Pages, sheets, mails, the audit and the PDF all ask here. Sentences do not belong here, nor do the
headings that happen to use the same word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask_babel import gettext

from app.definition.schema import Language
from app.definition.sentences import N_, Sentence

FOLDER = Path(__file__).parent / "translations"
# The language of the code needs no catalogue.
CATALOGUES = {Language.PT: "pt_BR"}


@dataclass(frozen=True, slots=True)
class WordList:
    """The words of one enum: the value of each member and its English word."""

    english: Mapping[str, str]

    def word(self, member: str) -> str:
        """The word in the reader's language. Raises KeyError."""
        return str(gettext(self.english[member]))

    def word_or_code(self, member: str) -> str:
        """The same for a stored value; one that no member has stands for itself."""
        return self.word(member) if member in self.english else member

    def word_in(self, member: str, language: str) -> str:
        """The word in this language ('en', 'pt'), not the reader's. Raises KeyError."""
        english = self.english[member]
        catalogue = CATALOGUES.get(Language(language))
        return str(_catalogue(catalogue).gettext(english)) if catalogue else english

    def choices(self, members: Iterable[str] | None = None) -> list[tuple[str, str]]:
        """Pairs of value and word for a select: of these members, else of all."""
        chosen = self.english if members is None else members
        return [(str(member), self.word(member)) for member in chosen]


def sentence_in(sentence: Sentence, language: str) -> str:
    """A sentence without a count in this language ('en', 'pt'), not the reader's."""
    catalogue = CATALOGUES.get(Language(language))
    words = _catalogue(catalogue).gettext(sentence.msgid) if catalogue else sentence.msgid
    return words % sentence.params if sentence.params else words


@cache
def _catalogue(locale: str) -> NullTranslations:
    """The compiled catalogue. It must be there: evidence is never printed in another language."""
    found = Translations.load(FOLDER, [locale])
    if not isinstance(found, Translations):
        raise FileNotFoundError(f"{FOLDER} has no compiled catalogue for {locale}")
    return found


REPORT_STATUSES = WordList(
    {
        "draft": N_("Draft"),
        "in_progress": N_("In progress"),
        "submitted": N_("Submitted"),
        "returned": N_("Returned"),
        "completed": N_("Completed"),
        "archived": N_("Archived"),
    }
)
# What a list is filtered by: one status, or all that are open.
LISTED_STATUSES = WordList({"open": N_("Open"), **REPORT_STATUSES.english})
CHECKLIST_STATUSES = WordList(
    {"draft": N_("Draft"), "published": N_("Published"), "retired": N_("Retired")}
)
# Of documents and exports.
WORK_STATES = WordList(
    {
        "queued": N_("Queued"),
        "running": N_("Generating"),
        "done": N_("Ready"),
        "failed": N_("Not generated"),
    }
)
# How a PDF is laid out; `company` is a checklist without a layout of its own.
LAYOUTS = WordList(
    {
        "classic": N_("Classic"),
        "compact": N_("Compact"),
        "photographic": N_("Photographic"),
        "executive": N_("Executive"),
        "protocol": N_("Protocol"),
        "company": N_("As the company"),
    }
)
VERDICTS = WordList({"ok": N_("OK"), "not_ok": N_("Not OK"), "na": N_("N.A.")})
JUDGEMENTS = WordList({"in_limits": N_("Within limits"), "out_of_limits": N_("Out of limits")})
OUTCOMES = WordList(
    {
        "passed": N_("Passed"),
        "passed_with_remarks": N_("Passed with remarks"),
        "failed": N_("Failed"),
    }
)
EXCEPTIONS = WordList(
    {
        "not_ok": N_("Not OK"),
        "out_of_limits": N_("Out of limits"),
        "quarantined_photo": N_("Quarantined photo"),
        "damaged_photo": N_("Damaged photo"),
        "clocks_disagree": N_("Clocks disagree"),
        "places_disagree": N_("Positions disagree"),
        "far_from_site": N_("Far from the site"),
    }
)
# What came, or would come, of an entry of a file with unsent work.
IMPORT_VERDICTS = WordList(
    {
        "applied": N_("Imported"),
        "known": N_("Already there"),
        "conflict": N_("Conflict, both kept"),
        "refused": N_("Refused"),
        "early": N_("Waits for another entry"),
        "later": N_("Not reached"),
    }
)
IMPORT_FORECASTS = WordList(
    {
        "applied": N_("Will be imported"),
        "known": N_("Already there"),
        "conflict": N_("Probably a conflict"),
        "refused": N_("Will be refused"),
        "early": N_("Will wait for another entry"),
    }
)
ROLES = WordList(
    {
        "superadmin": N_("Laudo support"),
        "admin": N_("Admin"),
        "manager": N_("Manager"),
        "technician": N_("Technician"),
        "viewer": N_("Viewer"),
    }
)
TIME_SOURCES = WordList(
    {
        "camera": N_("camera clock"),
        "phone": N_("device clock"),
        "receipt": N_("time of receipt"),
    }
)
PLACE_SOURCES = WordList({"camera": N_("from the camera"), "browser": N_("from the browser")})
PLAN_NAMES = WordList(
    {
        "trial": N_("Trial"),
        "small": N_("Small"),
        "standard": N_("Standard"),
        "large": N_("Large"),
    }
)
STANDINGS = WordList(
    {
        "trial": N_("Trial"),
        "active": N_("Active"),
        "suspended": N_("Suspended"),
        "leaving": N_("To be deleted"),
    }
)
