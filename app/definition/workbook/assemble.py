"""Builds one Definition from the drafts of all sheets: ids, title, code, and the final check.

Reads no cells, and builds nothing if there is any problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from app.definition.schema import (
    Definition,
    Field,
    Header,
    Language,
    Option,
    Section,
    SignatureRole,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook.extras import RoleDraft
from app.definition.workbook.fields import FieldDraft
from app.definition.workbook.header import HeaderDraft
from app.definition.workbook.ids import IdRequest, assign, index_by_words, slug
from app.definition.workbook.logic import with_logic
from app.definition.workbook.problems import Log
from app.definition.workbook.questions import SectionDraft

ID_TWICE = N_('The id "%(id)s" is already used in %(sheet)s, cell %(cell)s. Choose another one.')
NOT_VALID = N_("The checklist is inconsistent: %(detail)s.")

# Replaces the section title in the ids of info fields.
_INFO = Text(en="info", pt="info")


@dataclass(frozen=True, slots=True)
class Drafts:
    """Everything read from one workbook."""

    languages: tuple[Language, ...]
    sections: Sequence[SectionDraft]
    info_fields: Sequence[FieldDraft]
    roles: Sequence[RoleDraft]
    header: HeaderDraft

    def placed_fields(self) -> list[tuple[Text, FieldDraft]]:
        """Every field with the title of its section, info fields first."""
        inside = [(section.title, draft) for section in self.sections for draft in section.fields]
        return [(_INFO, draft) for draft in self.info_fields] + inside


def reject_repeated_ids(drafts: Drafts, log: Log) -> None:
    """Log every id that the workbook uses twice, at its second occurrence."""
    fields = [(one.given_id, one.sheet, one.id_ref) for _, one in drafts.placed_fields()]
    roles = [(one.given_id, one.sheet, one.id_ref) for one in drafts.roles]
    for given in (fields, roles):
        places: dict[str, tuple[str, str]] = {}
        for given_id, sheet, cell in given:
            if given_id is None:
                continue
            if given_id in places:
                first_sheet, first_cell = places[given_id]
                sentence = say(ID_TWICE, id=given_id, sheet=first_sheet, cell=first_cell)
                log.problem(sheet, cell, sentence)
            places.setdefault(given_id, (sheet, cell))


def build(
    drafts: Drafts, code: str, title: Text, known: Definition | None, log: Log
) -> Definition | None:
    """The definition, or None after logging what the schema rejects."""
    try:
        built = _build(drafts, code, title, known)
        drawn = zip(built.all_fields(), drafts.placed_fields(), strict=True)
        of_fields = {one.id: draft.logic for one, (_title, draft) in drawn}
        pairs = zip(built.sections, drafts.sections, strict=True)
        of_sections = {one.id: draft.shown for one, draft in pairs if draft.shown}
        return with_logic(built, of_fields, of_sections, log)
    except ValidationError as error:
        for detail in error.errors():
            words = str(detail["msg"]).removeprefix("Value error, ")
            log.problem("", "", say(NOT_VALID, detail=words))
        return None


def _build(drafts: Drafts, code: str, title: Text, known: Definition | None) -> Definition:
    fields = _build_fields(drafts, known)
    info_count = len(drafts.info_fields)
    rest = iter(fields[info_count:])
    sections = tuple(
        Section(
            id=one,
            title=section.title,
            fields=tuple(next(rest) for _ in section.fields),
            source_name=section.source,
        )
        for one, section in zip(_section_ids(drafts, known), drafts.sections, strict=True)
    )
    roles = tuple(
        SignatureRole(
            id=one,
            label=role.label,
            required=role.required,
            prefill=role.prefill,
            due=role.due,
        )
        for one, role in zip(_role_ids(drafts, known), drafts.roles, strict=True)
    )
    header = Header(
        code=code,
        title=title,
        category=drafts.header.category,
        reference_standards=drafts.header.standards,
        planning_requirements=drafts.header.planning,
        source_name=drafts.header.source,
    )
    return Definition(
        languages=drafts.languages,
        header=header,
        info_fields=tuple(fields[:info_count]),
        sections=sections,
        signature_roles=roles,
    )


def _build_fields(drafts: Drafts, known: Definition | None) -> list[Field]:
    placed = drafts.placed_fields()
    requests = [
        IdRequest(_field_keys(title, draft.label, drafts.languages), draft.given_id)
        for title, draft in placed
    ]
    pairs = [
        (key, field.id)
        for title, field in _known_fields(known)
        for key in _field_keys(title, field.label, known.languages if known else ())
    ]
    ids = assign(requests, index_by_words(pairs))
    return [
        _build_field(one, draft, drafts.languages, known)
        for one, (_, draft) in zip(ids, placed, strict=True)
    ]


def _build_field(
    field_id: str, draft: FieldDraft, languages: tuple[Language, ...], known: Definition | None
) -> Field:
    earlier = known.field(field_id) if known else None
    return Field(
        id=field_id,
        type=draft.type,
        label=draft.label,
        hint=draft.hint,
        required=draft.required,
        photos=draft.photos,
        comment=draft.comment,
        options=_options(draft, "options", languages, earlier),
        limits=draft.limits,
        rows=_options(draft, "rows", languages, earlier),
        columns=_options(draft, "columns", languages, earlier),
        prefill=draft.prefill,
        source_name=draft.source,
    )


def _options(
    draft: FieldDraft, part: str, languages: tuple[Language, ...], earlier: Field | None
) -> tuple[Option, ...]:
    """The entries of a part of a field: "options", "rows" or "columns"."""
    labels: Sequence[Text] = getattr(draft, part)
    known: Sequence[Option] = getattr(earlier, part) if earlier else ()
    given = draft.entry_ids.get(part) or [None] * len(labels)
    requests = [
        IdRequest(_keys(label, languages, "o"), one)
        for label, one in zip(labels, given, strict=True)
    ]
    pairs = [(key, one.id) for one in known for key in _keys(one.label, languages, "o")]
    ids = assign(requests, index_by_words(pairs))
    sources = draft.entry_sources.get(part) or [None] * len(labels)
    return tuple(
        Option(id=one, label=label, source_name=source)
        for one, label, source in zip(ids, labels, sources, strict=True)
    )


def option_ids(labels: Sequence[Text], languages: tuple[Language, ...]) -> list[str]:
    """The ids that entries with these labels get where nothing else is known of them."""
    return assign([IdRequest(_keys(label, languages, "o")) for label in labels], {})


def _section_ids(drafts: Drafts, known: Definition | None) -> list[str]:
    requests = [
        IdRequest(_keys(section.title, drafts.languages, "s"), section.given_id)
        for section in drafts.sections
    ]
    pairs = [
        (key, section.id)
        for section in (known.sections if known else ())
        for key in _keys(section.title, drafts.languages, "s")
    ]
    return assign(requests, index_by_words(pairs))


def _role_ids(drafts: Drafts, known: Definition | None) -> list[str]:
    requests = [
        IdRequest(_keys(role.label, drafts.languages, "r"), role.given_id) for role in drafts.roles
    ]
    pairs = [
        (key, role.id)
        for role in (known.signature_roles if known else ())
        for key in _keys(role.label, drafts.languages, "r")
    ]
    return assign(requests, index_by_words(pairs))


def _known_fields(known: Definition | None) -> list[tuple[Text, Field]]:
    if known is None:
        return []
    inside = [(section.title, field) for section in known.sections for field in section.fields]
    return [(_INFO, field) for field in known.info_fields] + inside


def _keys(text: Text, languages: tuple[Language, ...], prefix: str) -> tuple[str, ...]:
    """The slugs of a text, that of the first language first.

    An id is therefore found again after a translation is added or the first language changes.
    """
    words = [text.first(languages), *(one for one in (text.en, text.pt) if one)]
    return tuple(dict.fromkeys(slug(one, prefix=prefix) for one in words))


def _field_keys(title: Text, label: Text, languages: tuple[Language, ...]) -> tuple[str, ...]:
    pairs = [(title.first(languages), label.first(languages))]
    for language in Language:
        words = getattr(label, language)
        if words:
            pairs.append((title.first((language,)), words))
    return tuple(dict.fromkeys(slug(f"{one} {two}", prefix="f") for one, two in pairs))
