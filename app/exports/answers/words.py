"""The labels of an export in the reader's language: headings, kinds, sources. No values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask_babel import gettext as _

from app.definition.fields import kind_of
from app.definition.schema import Language, Text
from app.distances import distance_words
from app.exports.answers.columns import AnswerColumn, Extra
from app.gazetteer.lookup import Nearest
from app.reports.listing.near import Circle
from app.web.books import Heading
from app.web.locale import reader_language
from app.words import EXCEPTIONS

NA_REQUIRED = "na_required"
TABLE_CELL, TEXT, NARROW, WIDE = 13, 24, 12, 44


def languages() -> tuple[Language, ...]:
    """The reader's language first, regardless of the checklist's first language."""
    first = reader_language()
    return (first, *(one for one in Language if one is not first))


def localized(text: Text) -> str:
    return text.first(languages())


def report_headings(zone: str) -> list[Heading]:
    """The first columns of every checklist's sheet."""
    return [
        Heading(_("Report"), 18),
        Heading(_("Title"), 32),
        Heading(_("Status"), NARROW),
        Heading(_("Result"), 20),
        Heading(_("Superseded by"), NARROW),
        Heading(_("Project"), TEXT),
        Heading(_("Client"), TEXT),
        Heading(_("Equipment tag"), 16),
        Heading(_("Equipment"), TEXT),
        Heading(_("Checklist version"), NARROW),
        Heading(_("Assignee"), 20),
        Heading(_("Started by"), 20),
        Heading(_("Started (%(zone)s)", zone=zone), 24),
        Heading(_("Submitted (%(zone)s)", zone=zone), 24),
        Heading(_("Completed (%(zone)s)", zone=zone), 24),
        Heading(_("Due date"), NARROW),
        Heading(_("Link"), WIDE),
    ]


def answer_headings(columns: Sequence[AnswerColumn], taken: Sequence[Heading]) -> list[Heading]:
    """Return a unique heading for each column, different from those in `taken`.

    A heading consists of label and unit; the versions, the section and the field id are added only
    where needed.
    """
    plain = [_column_words(column) for column in columns]
    for say_more in (_with_section, _with_id):
        times = Counter([*plain, *(heading.words for heading in taken)])
        plain = [
            say_more(column, words) if times[words] > 1 else words
            for column, words in zip(columns, plain, strict=True)
        ]
    return [Heading(words, _width(column)) for column, words in zip(columns, plain, strict=True)]


def _column_words(column: AnswerColumn) -> str:
    label = localized(column.field.label)
    if column.part:
        row, heading = column.part
        label = f"{label}: {localized(row)}, {localized(heading)}"
    if column.unit:
        label = f"{label} [{column.unit}]"
    if column.extra:
        label = f"{label} – {extra_words(column.extra)}"
    if column.is_split:
        label = f"{label} ({versions_words(column.versions)})"
    return label


def _with_section(column: AnswerColumn, words: str) -> str:
    return f"{section_words(column.section)}: {words}"


def _with_id(column: AnswerColumn, words: str) -> str:
    return f"{words} {{{column.field.id}{':' + column.cell if column.cell else ''}}}"


def _width(column: AnswerColumn) -> int:
    if column.extra:
        return 30
    if kind_of(column.field).is_long:
        return WIDE
    return TABLE_CELL if column.cell else TEXT


def versions_words(versions: Sequence[int]) -> str:
    """'version 2', 'versions 1, 2'."""
    if len(versions) == 1:
        return str(_("version %(number)s", number=versions[0]))
    return str(_("versions %(numbers)s", numbers=", ".join(map(str, versions))))


def section_words(title: Text | None) -> str:
    return localized(title) if title else str(_("Information"))


def extra_words(extra: Extra) -> str:
    words = {
        Extra.TYPED: _("as typed"),
        Extra.COMMENT: _("comment"),
        Extra.NA_REASON: _("reason for N.A."),
    }
    return str(words[extra])


def photo_headings(zone: str) -> list[Heading]:
    return [
        Heading(_("Report"), 18),
        Heading(_("Project"), TEXT),
        Heading(_("Question"), 36),
        Heading(_("Field id"), 18),
        Heading(_("Photo no."), 8),
        Heading(_("Caption"), 32),
        Heading(_("Time"), 20),
        Heading(_("Time zone"), NARROW),
        Heading(_("Time source"), 18),
        Heading(_("Received (%(zone)s)", zone=zone), 24),
        Heading(_("Latitude"), NARROW),
        Heading(_("Longitude"), NARROW),
        Heading(_("Accuracy [m]"), NARROW),
        Heading(_("Position source"), 18),
        Heading(_("Nearest place"), TEXT),
        Heading(_("Distance from the site [m]"), NARROW),
        Heading(_("Taken with"), 20),
        Heading(_("Status"), 16),
        Heading(_("Why it was kept"), 32),
        Heading(_("Why there is no position"), 32),
        Heading(_("Type"), NARROW),
        Heading(_("Bytes"), NARROW),
        Heading("SHA-256", 66),
        Heading(_("Link"), WIDE),
    ]


def exception_headings() -> list[Heading]:
    return [
        Heading(_("Report"), 18),
        Heading(_("Project"), TEXT),
        Heading(_("Equipment tag"), 16),
        Heading(_("Exception"), TEXT),
        Heading(_("Section"), TEXT),
        Heading(_("Question"), 36),
        Heading(_("Field id"), 18),
        Heading(_("Table cell"), TEXT),
        Heading(_("Value"), NARROW),
        Heading(_("Unit"), 8),
        Heading(_("Minimum"), NARROW),
        Heading(_("Maximum"), NARROW),
        Heading(_("As typed"), 16),
        Heading(_("Comment or reason"), WIDE),
        Heading(_("Link"), WIDE),
    ]


def column_headings() -> list[Heading]:
    return [
        Heading(_("Sheet"), 18),
        Heading(_("Column"), WIDE),
        Heading(_("Section"), TEXT),
        Heading(_("Question"), WIDE),
        Heading(_("Field id"), TEXT),
        Heading(_("Table cell"), TEXT),
        Heading(_("Type"), NARROW),
        Heading(_("Unit"), 8),
        Heading(_("Contents"), 16),
        Heading(_("Versions"), NARROW),
    ]


def exception_words(kind: str) -> str:
    """Return the label of a kind, or its code if it has no label."""
    if kind == NA_REQUIRED:
        return str(_("N.A. although required"))
    return EXCEPTIONS.word_or_code(kind)


def near_words(nearest: Nearest | None) -> str | None:
    """'3.2 km from Vinhedo, SP, BR (GeoNames)'; None if no place is near."""
    if nearest is None:
        return None
    distance = distance_words(nearest.distance_m, reader_language())
    return str(_("%(distance)s from %(place)s (GeoNames)", distance=distance, place=nearest.place))


def site_words(metres: float) -> str:
    """'9,545 km from the site'."""
    distance = distance_words(metres, reader_language())
    return str(_("%(distance)s from the site", distance=distance))


def circle_words(circle: Circle) -> str:
    """'within 500 m of −22.907100, −47.063200'."""
    radius = distance_words(circle.radius_m, reader_language())
    place = f"{circle.latitude:.6f}, {circle.longitude:.6f}".replace("-", "\u2212")
    return str(_("within %(radius)s of %(place)s", radius=radius, place=place))
