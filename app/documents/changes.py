"""The page of changes of a correction as the PDF prints it, in the checklist's first language.

app.reports.revising compares the two reports; this module puts the changes into printed words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from app.definition.fields import kind_of
from app.definition.fields.kind import Reader
from app.definition.judging import AnswerFacts
from app.definition.schema import Field, Language, Verdict
from app.documents.words import date_words, words_of
from app.imaging.watermark import HASH_DIGITS
from app.models import Derivative
from app.pdf import changes as printed
from app.pdf.labels import Labels
from app.reports.revising.changes import Changes
from app.storage import storage
from app.words import VERDICTS, sentence_in

# Longer texts are cut here; both reports print them in full.
MOST = 300
Numbers = Mapping[str, str]


def changes_of(
    found: Changes, numbers: Numbers, old_numbers: Numbers, languages: tuple[Language, ...]
) -> printed.Changes:
    """The changes in words. `numbers` are those of the questions in this report by field id,
    `old_numbers` those in the report that was corrected."""
    return Printer(numbers, old_numbers, languages).print(found)


class Printer:
    """Holds what all changes share: the numbers of the questions and the reader of answers."""

    def __init__(
        self, numbers: Numbers, old_numbers: Numbers, languages: tuple[Language, ...]
    ) -> None:
        self._numbers, self._old_numbers, self._languages = numbers, old_numbers, languages
        language = languages[0]
        self._labels = Labels(tuple(one.value for one in languages))
        self._reader = Reader(
            languages,
            language,
            lambda sentence: sentence_in(sentence, language.value),
            lambda verdict: VERDICTS.word_in(verdict, language.value),
            lambda day: date_words(date.fromisoformat(day), language),
        )

    def print(self, found: Changes) -> printed.Changes:
        return printed.Changes(
            by=found.by,
            old_version=found.old_version,
            new_version=found.new_version,
            answers=(*self._answers(found), *self._captions(found)),
            photos=tuple(self._photos(found)),
        )

    def _answers(self, found: Changes) -> Iterator[printed.Change]:
        for one in found.answers:
            field = one.field
            yield printed.Change(
                kind=printed.ChangeKind(one.kind.value),
                field_id=field.id if one.new_field else None,
                number=self._number(field),
                label=words_of(field.label, self._languages),
                old=self._words(one.old_field, one.old),
                new=self._words(one.new_field, one.new),
                by=one.by,
                at=one.at,
            )

    def _captions(self, found: Changes) -> Iterator[printed.Change]:
        for one in found.captions:
            yield printed.Change(
                kind=printed.ChangeKind.CAPTION,
                field_id=one.field.id,
                number=self._number(one.field),
                label=words_of(one.field.label, self._languages),
                old=_cut(one.old),
                new=_cut(one.new),
                by=one.by,
                at=one.at,
                photo=one.sha256[:HASH_DIGITS],
            )

    def _photos(self, found: Changes) -> Iterator[printed.ChangedPhoto]:
        for one in found.photos:
            yield printed.ChangedPhoto(
                is_added=one.is_added,
                key=_stored_key(one.thumbnail),
                number=self._number(one.field),
                label=words_of(one.field.label, self._languages),
                caption=one.placed.placement.caption,
                sha256=one.placed.photo.sha256,
                by=one.by,
                at=one.at,
            )

    def _number(self, field: Field) -> str:
        """The question's number in this report, else in the older one."""
        return self._numbers.get(field.id) or self._old_numbers[field.id]

    def _words(self, field: Field | None, answer: AnswerFacts) -> str:
        """The value, or the reason of N.A., then the comment; empty if there is none."""
        if field is None:
            return ""
        value = kind_of(field).read(field, answer.value, self._reader) if answer.value else ""
        if not value and answer.na_reason:
            value = f"{self._reader.verdict(Verdict.NA)}: {answer.na_reason}"
        return _cut(" · ".join(part for part in (value, answer.comment) if part))


def _stored_key(thumbnail: Derivative | None) -> str | None:
    """A thumbnail that is lost is left out: the page names the photo and its hash all the same."""
    if thumbnail is None or not storage().exists(thumbnail.storage_key):
        return None
    return thumbnail.storage_key


def _cut(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST]}…"
