"""The settings of a form and the header of a checklist: its title, code, language and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.definition.schema import Header, Language, Text
from app.definition.workbook.exact import CODE
from app.definition.workbook.header import make_code
from app.definition.workbook.problems import Log
from app.definition.workbook.sheet import VisibleSheet
from app.definition.xlsform.drafts import source_name
from app.definition.xlsform.exact import exact_text
from app.definition.xlsform.languages import FormLanguage
from app.definition.xlsform.leftout import Construct, Listing
from app.definition.xlsform.texts import MAX_TEXT

_TITLE = ("form_title", "title", "set_form_title")
_FORM_ID = ("form_id", "id_string", "set_form_id")
_DEFAULT = "default_language"
_EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Settings:
    title: str = ""
    form_id: str = ""
    default_language: str = ""


@dataclass(slots=True)
class OwnSheet:
    """Our sheet of an exported form: settings by key, and texts that cells cannot tell exactly."""

    values: dict[str, list[str]] = field(default_factory=dict)
    exact: dict[tuple[str, str], str] = field(default_factory=dict)

    def first(self, key: str) -> str:
        return next(iter(self.values.get(key, ())), "")

    def languages(self) -> list[Language]:
        known = set(Language)
        return [Language(one) for one in self.values.get("languages", ()) if one in known]


def read_settings(sheet: VisibleSheet | None, listing: Listing, log: Log) -> Settings:
    """The first row below the names counts; settings without a counterpart are listed."""
    if sheet is None:
        return Settings()
    filled = [row for row in range(1, len(sheet.rows) + 1) if any(sheet.rows[row - 1])]
    if len(filled) < 2:
        return Settings()
    head, values, *rest = filled
    found: dict[str, str] = {}
    for column, title in sheet.row_cells(head):
        cell = sheet.cell(values, column)
        if cell.flaw:
            log.problem(sheet.name, cell.ref, cell.flaw)
        elif cell.text:
            name = "_".join(title.text.split()).lower()
            found[name] = cell.text
            if name not in (*_TITLE, *_FORM_ID, _DEFAULT):
                listing.add(Construct.SETTING, sheet.name, cell.ref, title.text, cell.text)
    for row in rest:
        for _, cell in sheet.row_cells(row):
            listing.add(Construct.SETTING, sheet.name, cell.ref, "", cell.text)
    return Settings(
        title=_first(found, _TITLE),
        form_id=_first(found, _FORM_ID),
        default_language=found.get(_DEFAULT, ""),
    )


def read_own_sheet(sheet: VisibleSheet | None) -> OwnSheet:
    """Rows of a key and values; rows of the key `exact` hold a sheet, a cell and Base64."""
    found = OwnSheet()
    if sheet is None:
        return found
    codes: dict[tuple[str, str], str] = {}
    for row in sheet.rows:
        if row and row[0] == _EXACT:
            title, cell, code = (*row[1:4], "", "", "")[:3]
            codes[title, cell] = codes.get((title, cell), "") + code
    for place, code in codes.items():
        if text := exact_text(code):
            found.exact[place] = text
    for number, row in enumerate(sheet.rows, 1):
        if row and row[0] and row[0] != _EXACT:
            cells = [sheet.cell(number, column) for column in range(2, len(row) + 1)]
            texts = [found.exact.get((sheet.name, cell.ref), cell.text) for cell in cells]
            found.values.setdefault(row[0], []).extend(filter(None, texts))
    return found


def make_header(
    settings: Settings, own_sheet: OwnSheet, title: Text, code: str, *, is_own: bool
) -> Header:
    """The header. Raises ValidationError."""
    values = own_sheet.values
    source = own_sheet.first("source_name") or None if is_own else source_name(settings.form_id)
    return Header(
        code=code,
        title=title,
        category=own_sheet.first("category") or None,
        reference_standards=tuple(values.get("standard", ())),
        planning_requirements=tuple(values.get("planning", ())),
        source_name=source,
    )


def code_of(settings: Settings, own_sheet: OwnSheet, filename_stem: str) -> str:
    own = own_sheet.first("code")
    if CODE.fullmatch(own):
        return own
    candidates = (own, settings.form_id, settings.title, filename_stem)
    return next(filter(None, map(make_code, candidates)), "CHECKLIST")


def title_of(
    settings: Settings, own_sheet: OwnSheet, chosen: Sequence[FormLanguage], stem: str
) -> Text:
    """The title in the checklist's first language, from our own sheet in each language it has."""
    titles = {one.value: own_sheet.first(f"title_{one.value}") for one in Language}
    if any(titles.values()):
        return Text(**{key: words for key, words in titles.items() if words})
    words = settings.title or settings.form_id or " ".join(stem.replace("_", " ").split())
    return Text(**{chosen[0].place.value: words[:MAX_TEXT] or "Checklist"})


def _first(found: Mapping[str, str], names: Sequence[str]) -> str:
    return next((found[name] for name in names if found.get(name)), "")
