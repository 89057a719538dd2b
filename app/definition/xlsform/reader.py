"""Reads an XLSForm into a definition, with the list of all that a checklist has no counterpart for.

Works on an opened workbook; importing.py opens it in a child process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from app.definition.schema import Definition, Text
from app.definition.sentences import N_, say
from app.definition.workbook.problems import Log
from app.definition.workbook.reader import is_form_sheet
from app.definition.workbook.sheet import Book, Reach, VisibleSheet
from app.definition.xlsform.choices import read_lists
from app.definition.xlsform.columns import Part, find_head, language_key
from app.definition.xlsform.drafts import build
from app.definition.xlsform.languages import (
    FormLanguage,
    find_key,
    first_choice,
    form_language,
    refusal_of,
)
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.reading import FormFacts, FormReading
from app.definition.xlsform.rows import Rows, read_rows
from app.definition.xlsform.settings import (
    OwnSheet,
    Settings,
    code_of,
    make_header,
    read_own_sheet,
    read_settings,
    title_of,
)
from app.definition.xlsform.survey import Survey
from app.definition.xlsform.texts import Texts

# Other programs read hidden cells, and forms in nine languages need many columns.
REACH = Reach(rows=5_000, columns=200, with_hidden=True)

NO_QUESTIONS = N_("Nothing in this form can be a question of a checklist.")
COLUMN_MISSING = N_('The sheet "%(sheet)s" has no column "%(column)s".')
NO_ROWS = N_('The sheet "%(sheet)s" has no rows.')
NOT_VALID = N_("The checklist is inconsistent: %(detail)s.")

_SHEETS = ("survey", "choices", "settings", "laudo")
_QUESTIONS = Text(en="Questions", pt="Perguntas")


def looks_like_a_form(titles: Sequence[str]) -> bool:
    """Whether a workbook with these sheets may be an XLSForm: cheap, before it is opened."""
    return any(_plain(title) == "survey" for title in titles)


def is_form(book: Book) -> bool:
    """Whether the book has a survey sheet with the columns of one."""
    return any(map(is_form_sheet, book.sheets))


def read_form(
    book: Book,
    *,
    filename_stem: str,
    chosen: Sequence[str] | None = None,
    known: Definition | None = None,
) -> FormReading:
    """Read the book. `chosen` are the languages to import, by key, name or tag; None proposes some.

    `known` is the earlier version, whose ids are kept for questions of the same name.
    """
    return _Reader(book, filename_stem, known).read(chosen)


class _Reader:
    def __init__(self, book: Book, stem: str, known: Definition | None) -> None:
        self._book = book
        self._stem = stem
        self._known = known
        self._sheets = _sheets(book)
        self._log = Log()
        self._listing = Listing([])

    def read(self, chosen: Sequence[str] | None) -> FormReading:
        own_sheet = read_own_sheet(self._sheets.get("laudo"))
        settings = read_settings(self._sheets.get("settings"), self._listing, self._log)
        survey = self._rows("survey", settings, own_sheet, Part.TYPE, Part.NAME)
        choices = self._rows("choices", settings, own_sheet, Part.LIST, Part.NAME)
        if survey is None:
            return self._result(None, None, ())
        languages = _languages(survey)
        keys = self._choose(chosen, languages, settings, own_sheet)
        if keys is None:
            return self._result(None, None, languages)
        picked = [next(one for one in languages if one.key == key) for key in keys]
        self._list_sheets()
        self._list_languages(languages, picked, is_own=bool(own_sheet.values))
        for rows in filter(None, (survey, choices)):
            self._list_columns(rows)
        code = code_of(settings, own_sheet, self._stem)
        title = title_of(settings, own_sheet, picked, self._stem)
        return self._convert(survey, choices, languages, picked, settings, own_sheet, code, title)

    def _convert(
        self,
        survey: Rows,
        choices: Rows | None,
        languages: Sequence[FormLanguage],
        picked: Sequence[FormLanguage],
        settings: Settings,
        own_sheet: OwnSheet,
        code: str,
        title: Text,
    ) -> FormReading:
        others = [one for one in languages if one not in picked]
        texts = Texts(picked, others, _labels(survey), self._listing)
        lists = read_lists(choices, self._listing)
        general = Text(**{one.value: getattr(_QUESTIONS, one) for one in texts.languages})
        draft = Survey(survey, lists, texts, general, self._listing, self._log).read()
        lists.list_unused(self._listing)
        definition = None
        if not self._log.problems and not draft.fields():
            self._log.problem(survey.sheet, "", say(NO_QUESTIONS))
        if not self._log.problems:
            is_own = bool(own_sheet.values)
            try:
                header = make_header(settings, own_sheet, title, code, is_own=is_own)
                definition = build(draft, header, self._known, self._listing)
            except ValidationError as error:
                for detail in error.errors():
                    words = str(detail["msg"]).removeprefix("Value error, ")
                    self._log.problem("", "", say(NOT_VALID, detail=words))
            if definition and not any(definition.all_fields()):
                self._log.problem(survey.sheet, "", say(NO_QUESTIONS))
                definition = None
        return self._result(definition, code, languages, [one.key for one in picked])

    def _rows(
        self, title: str, settings: Settings, own_sheet: OwnSheet, *needed: Part
    ) -> Rows | None:
        sheet = self._sheets.get(title)
        if sheet is None:
            return None
        for cell, sentence in sheet.notices:
            self._log.notice(sheet.name, cell, sentence)
        head = find_head(sheet, *needed, is_choices=title == "choices")
        if head is None:
            if title == "survey":
                self._log.problem(sheet.name, "", say(NO_ROWS, sheet=sheet.name))
            return None
        if missing := [part for part in needed if not head.has(part)]:
            for part in missing:
                column = "list_name" if part is Part.LIST else part.value
                sentence = say(COLUMN_MISSING, sheet=sheet.name, column=column)
                self._log.problem(sheet.name, f"A{head.row}", sentence)
            return None
        return read_rows(sheet, head, settings.default_language, self._log, own_sheet.exact)

    def _choose(
        self,
        chosen: Sequence[str] | None,
        languages: Sequence[FormLanguage],
        settings: Settings,
        own_sheet: OwnSheet,
    ) -> Sequence[str] | None:
        """The keys of the languages to import; None after logging why those cannot be chosen."""
        if chosen is None:
            places = own_sheet.languages()
            own = [one.key for place in places for one in languages if one.place is place]
            return own or first_choice(languages, settings.default_language)
        keys = [find_key(one, languages) for one in chosen]
        if refusal := refusal_of(keys, languages):
            self._log.problem("", "", refusal)
            return None
        return keys

    def _list_sheets(self) -> None:
        for name in self._book.hidden:
            self._listing.add(Construct.HIDDEN_SHEET, name, "", "", name)
        for sheet in self._book.sheets:
            if _plain(sheet.name) not in _SHEETS and sheet.has_words():
                self._listing.add(Construct.SHEET, sheet.name, "A1", "", sheet.name)
        for name in self._book.without_cells:
            self._listing.add(Construct.SHEET, name, "", "", name)

    def _list_languages(
        self, languages: Sequence[FormLanguage], picked: Sequence[FormLanguage], *, is_own: bool
    ) -> None:
        for one in languages:
            if one in picked and one.is_another:
                self._listing.add(Construct.MARKED_AS, text=one.name)
            elif one not in picked and one.texts and not is_own:
                self._listing.add(Construct.LANGUAGE, text=one.name or one.tag)

    def _list_columns(self, rows: Rows) -> None:
        counts: Counter[int] = Counter()
        for row in rows:
            counts.update(column.index for column, _ in row.others)
        for column in rows.head.columns:
            if count := counts[column.index]:
                cell = self._sheets[_plain(rows.sheet)].cell(rows.head.row, column.index).ref
                self._listing.add(
                    Construct.UNKNOWN_COLUMN, rows.sheet, cell, column.title, f"{count}"
                )

    def _result(
        self,
        definition: Definition | None,
        code: str | None,
        languages: Sequence[FormLanguage],
        chosen: Sequence[str] = (),
    ) -> FormReading:
        facts = FormFacts(tuple(languages), tuple(chosen), tuple(self._listing.items))
        return FormReading(
            definition, tuple(self._log.problems), tuple(self._log.notices), code, form=facts
        )


def _sheets(book: Book) -> Mapping[str, VisibleSheet]:
    """The sheets of a form by their plain name, the first of each name."""
    found: dict[str, VisibleSheet] = {}
    for sheet in book.sheets:
        found.setdefault(_plain(sheet.name), sheet)
    return {name: found[name] for name in _SHEETS if name in found}


def _plain(title: str) -> str:
    return title.strip().lower()


def _languages(survey: Rows) -> tuple[FormLanguage, ...]:
    """The languages of the labels and hints, in the order of their columns."""
    names: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    for column in survey.head.columns:
        if column.part in (Part.LABEL, Part.HINT) and column.language:
            names.setdefault(language_key(column.language), column.language)
    for row in survey:
        for key, words in row.words(Part.LABEL).items():
            texts.setdefault(key, []).append(words)
    keys = dict.fromkeys((*texts, *names))
    found = [form_language(names.get(key, key), texts.get(key, [])) for key in keys]
    return tuple(found) or (form_language("", []),)


def _labels(survey: Rows) -> Mapping[str, Mapping[str, str]]:
    return {row.text(Part.NAME): row.words(Part.LABEL) for row in survey}
