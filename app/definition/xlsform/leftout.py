"""What an XLSForm has and a checklist has not: each construct with the sentence that tells it.

A reading lists every place with such a construct, so that nothing is dropped unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.definition.sentences import N_, say
from app.definition.workbook.problems import Problem, short

# Cells named in one notice; the page of the upload lists all of them.
_NAMED_CELLS = 8


class Construct(StrEnum):
    """The constructs in the order of the list: questions left out, then settings, then changes."""

    UNKNOWN_TYPE = "unknown_type"
    NO_TYPE = "no_type"
    CALCULATED = "calculated"
    PLACE = "place"
    MEDIA = "media"
    RANKING = "ranking"
    OUTSIDE_CHOICES = "outside_choices"
    FEW_CHOICES = "few_choices"
    MANY_CHOICES = "many_choices"
    OUTSIDE_DATA = "outside_data"
    RECORDED = "recorded"
    DISABLED = "disabled"
    RELEVANT = "relevant"
    REQUIRED_WHEN = "required_when"
    CONSTRAINT = "constraint"
    MESSAGE = "message"
    REPEAT = "repeat"
    REPEAT_COUNT = "repeat_count"
    CALCULATION = "calculation"
    DEFAULT = "default"
    READ_ONLY = "read_only"
    CHOICE_FILTER = "choice_filter"
    PARAMETERS = "parameters"
    APPEARANCE = "appearance"
    PICTURE = "picture"
    REFERENCE = "reference"
    UNKNOWN_COLUMN = "unknown_column"
    SETTING = "setting"
    SHEET = "sheet"
    LANGUAGE = "language"
    LIMITS = "limits"
    RULE = "rule"
    WHOLE_NUMBER = "whole_number"
    DATE_AND_TIME = "date_and_time"
    BARCODE = "barcode"
    ACKNOWLEDGE = "acknowledge"
    OTHER_CHOICE = "other_choice"
    PHOTO = "photo"
    GUIDANCE = "guidance"
    NESTED_GROUP = "nested_group"
    LOOSE_CHOICE = "loose_choice"
    UNUSED_LIST = "unused_list"
    SAME_CHOICE = "same_choice"
    SAME_NAME = "same_name"
    NO_LABEL = "no_label"
    CUT = "cut"
    TRANSLATION = "translation"
    HIDDEN_SHEET = "hidden_sheet"
    MARKED_AS = "marked_as"


SENTENCES: Mapping[Construct, str] = {
    Construct.UNKNOWN_TYPE: N_("Rows of an unknown type were left out."),
    Construct.NO_TYPE: N_("Rows without a type were left out."),
    Construct.CALCULATED: N_(
        "Calculated values (calculate) that a checklist cannot express, and hidden ones, were left "
        "out."
    ),
    Construct.PLACE: N_(
        "Questions about a place (geopoint, geotrace, geoshape) were left out. Photos carry the "
        "place where they were taken."
    ),
    Construct.MEDIA: N_("Questions for recordings and files (audio, video, file) were left out."),
    Construct.RANKING: N_("Questions that put choices in order (rank) were left out."),
    Construct.OUTSIDE_CHOICES: N_(
        "Questions whose choices are in another file or come from a repeat were left out."
    ),
    Construct.FEW_CHOICES: N_("Select questions with fewer than two choices were left out."),
    Construct.MANY_CHOICES: N_(
        "Select questions with more choices than a checklist holds were left out."
    ),
    Construct.OUTSIDE_DATA: N_("Data from other files and maps was left out."),
    Construct.RECORDED: N_(
        "Facts that the other program records (start, end, user, device) were left out. A report "
        "records its own."
    ),
    Construct.DISABLED: N_("Rows that are switched off (disabled) were left out."),
    Construct.RELEVANT: N_(
        "Conditions for showing a question or group (relevant) that a checklist cannot express "
        "were left out: it is always shown."
    ),
    Construct.REQUIRED_WHEN: N_(
        "Conditions in the column required that a checklist cannot express were left out: the "
        "question is not required."
    ),
    Construct.CONSTRAINT: N_(
        "Rules for answers (constraint) that a checklist cannot express were left out."
    ),
    Construct.MESSAGE: N_("Messages for missing and refused answers were left out."),
    Construct.REPEAT: N_("The questions of a repeat are asked once."),
    Construct.REPEAT_COUNT: N_("Numbers of repetitions (repeat_count) were left out."),
    Construct.CALCULATION: N_(
        "Calculations that a checklist cannot express were left out: the question is answered by "
        "hand."
    ),
    Construct.DEFAULT: N_("Default answers were left out."),
    Construct.READ_ONLY: N_("Questions that are read-only in the form can be answered here."),
    Construct.CHOICE_FILTER: N_(
        "Filters of choices (choice_filter) were left out: all choices of the list are offered."
    ),
    Construct.PARAMETERS: N_("Parameters were left out."),
    Construct.APPEARANCE: N_(
        "Appearances were left out: they say how another program shows a question."
    ),
    Construct.PICTURE: N_(
        "Pictures, sound and video of questions and choices were left out: the workbook has only "
        "their file names."
    ),
    Construct.REFERENCE: N_(
        "Answers quoted in a text, such as ${name}, are shown as the question's text in brackets."
    ),
    Construct.UNKNOWN_COLUMN: N_("Columns that have no meaning in a checklist were left out."),
    Construct.SETTING: N_("Settings of the form that a checklist does not have were left out."),
    Construct.SHEET: N_("Sheets that have no meaning in a checklist were left out."),
    Construct.LANGUAGE: N_("Languages that were not chosen were left out."),
    Construct.LIMITS: N_(
        "Rules for numbers were read as limits: a reading outside is accepted and marked."
    ),
    Construct.RULE: N_(
        "Rules for answers became rules of the checklist: an answer against one is accepted and is "
        "Not OK."
    ),
    Construct.WHOLE_NUMBER: N_("Questions for whole numbers accept any number."),
    Construct.DATE_AND_TIME: N_(
        "Questions for date and time (dateTime) became two questions, a date and a time."
    ),
    Construct.BARCODE: N_("Questions for barcodes became text questions."),
    Construct.ACKNOWLEDGE: N_("Questions to acknowledge became OK / Not OK questions."),
    Construct.OTHER_CHOICE: N_(
        "The choice for other answers (or_other) became a choice and a text question."
    ),
    Construct.PHOTO: N_(
        "Questions for pictures became text questions with photos, and those for signatures "
        "became signatures."
    ),
    Construct.GUIDANCE: N_("Guidance (guidance_hint) was added to the hint."),
    Construct.NESTED_GROUP: N_("Groups inside groups became sections of their own."),
    Construct.LOOSE_CHOICE: N_("Choices that name no list were left out."),
    Construct.UNUSED_LIST: N_("Lists of choices that no question uses were left out."),
    Construct.SAME_CHOICE: N_("Choices with the same name in one list were kept as two choices."),
    Construct.SAME_NAME: N_("Questions with the same name were kept as two questions."),
    Construct.NO_LABEL: N_("Questions, groups and choices without a text are shown by their name."),
    Construct.CUT: N_("Texts that are too long were cut."),
    Construct.TRANSLATION: N_(
        "Texts that are missing in a chosen language are shown in another one."
    ),
    Construct.HIDDEN_SHEET: N_("Hidden sheets were read, because other programs read them, too."),
    Construct.MARKED_AS: N_(
        "A checklist is marked as English or Portuguese. Texts in another language are kept as "
        "they are and marked as English."
    ),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One place: its cell ("G5"), the name of the question, and the text that was there."""

    construct: Construct
    sheet: str
    cell: str
    name: str
    text: str

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "construct": self.construct.value,
            "sheet": self.sheet,
            "cell": self.cell,
            "name": self.name,
            "text": self.text,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> LeftOut:
        """From plain JSON. Raises KeyError, ValueError."""
        construct = Construct(plain["construct"])
        return cls(construct, plain["sheet"], plain["cell"], plain["name"], plain["text"])


@dataclass(slots=True)
class Listing:
    """Collects what is left out, in reading order."""

    items: list[LeftOut]

    def add(
        self, construct: Construct, sheet: str = "", cell: str = "", name: str = "", text: str = ""
    ) -> None:
        self.items.append(LeftOut(construct, sheet, cell, short(name), short(text)))


def by_construct(items: Sequence[LeftOut]) -> Mapping[Construct, Sequence[LeftOut]]:
    """The places of each construct, in the order of Construct."""
    found: dict[Construct, list[LeftOut]] = {}
    for one in items:
        found.setdefault(one.construct, []).append(one)
    return {construct: found[construct] for construct in Construct if construct in found}


def as_notices(items: Sequence[LeftOut]) -> list[Problem]:
    """One notice for each construct, with its first cells, for the draft's preview."""
    notices = []
    for construct, places in by_construct(items).items():
        cells = [place.cell for place in places if place.cell]
        more = " …" if len(cells) > _NAMED_CELLS else ""
        named = " ".join(cells[:_NAMED_CELLS]) + more
        notices.append(Problem(places[0].sheet, named, say(SENTENCES[construct])))
    return notices
