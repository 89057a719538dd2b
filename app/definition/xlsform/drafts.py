"""What is read from a form before ids are given, and the definition made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
from app.definition.workbook.ids import IdRequest, assign, index_by_words, slug
from app.definition.xlsform.leftout import Listing
from app.definition.xlsform.logic import Named, Rule, with_rules

MAX_SOURCE_NAME = 200


@dataclass(frozen=True, slots=True)
class PartDraft:
    """A choice, a row or a column of a question."""

    name: str
    label: Text
    given: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """A question. `settings` are those of Field except ids and the parts below.

    `given` is its id in our own export, `name` what an id is made of otherwise. `rules` are its
    conditions and calculations.
    """

    name: str
    settings: Mapping[str, Any]
    options: Sequence[PartDraft] = ()
    rows: Sequence[PartDraft] = ()
    columns: Sequence[PartDraft] = ()
    given: str = ""
    source: str | None = None
    rules: Sequence[Rule] = ()


@dataclass(slots=True)
class SectionDraft:
    name: str
    title: Text
    fields: list[FieldDraft] = field(default_factory=list)
    given: str = ""
    source: str | None = None
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class RoleDraft:
    name: str
    settings: Mapping[str, Any]
    given: str = ""


@dataclass(slots=True)
class FormDraft:
    """Everything read from one form."""

    languages: tuple[Language, ...]
    sections: list[SectionDraft] = field(default_factory=list)
    info: list[FieldDraft] = field(default_factory=list)
    roles: list[RoleDraft] = field(default_factory=list)

    def fields(self) -> list[FieldDraft]:
        """Info fields first, as in Definition.all_fields."""
        return [*self.info, *(one for section in self.sections for one in section.fields)]


def source_name(name: str) -> str | None:
    """A name of the form as it is kept; None if there is none to keep."""
    return name if 0 < len(name) <= MAX_SOURCE_NAME else None


def build(
    draft: FormDraft, header: Header, known: Definition | None, listing: Listing
) -> Definition:
    """The definition. Rules that a checklist cannot have are listed. Raises ValidationError."""
    fields = _fields(draft, known)
    info_count = len(draft.info)
    rest = iter(fields[info_count:])
    section_ids = _ids(draft.sections, "s", known.sections if known else ())
    role_ids = _ids(draft.roles, "r", known.signature_roles if known else ())
    definition = Definition(
        languages=draft.languages,
        header=header,
        info_fields=tuple(fields[:info_count]),
        sections=tuple(
            Section(
                id=one,
                title=section.title,
                fields=tuple(next(rest) for _ in section.fields),
                source_name=section.source,
            )
            for one, section in zip(section_ids, draft.sections, strict=True)
        ),
        signature_roles=tuple(
            SignatureRole(id=one, **role.settings)
            for one, role in zip(role_ids, draft.roles, strict=True)
        ),
    )
    drafts = list(zip(draft.fields(), fields, strict=True))
    return with_rules(
        definition,
        {made.id: one.rules for one, made in drafts if one.rules},
        {
            one: section.rules
            for one, section in zip(section_ids, draft.sections, strict=True)
            if section.rules
        },
        _named(drafts),
        listing,
    )


def _named(drafts: Iterable[tuple[FieldDraft, Field]]) -> Named:
    """The first of several fields or choices with the same name counts."""
    named = Named({}, {})
    for one, made in drafts:
        named.fields.setdefault(one.name, made.id)
        choices = named.choices.setdefault(made.id, {})
        for part, option in zip(one.options, made.options, strict=True):
            choices.setdefault(part.name, option.id)
    return named


def _fields(draft: FormDraft, known: Definition | None) -> list[Field]:
    drafts = draft.fields()
    ids = _ids(drafts, "f", list(known.all_fields()) if known else ())
    earlier = {one.id: one for one in known.all_fields()} if known else {}
    shared: dict[int, tuple[Option, ...]] = {}
    return [
        _field(one, field, earlier.get(one), shared) for one, field in zip(ids, drafts, strict=True)
    ]


def _field(
    field_id: str, draft: FieldDraft, earlier: Field | None, shared: dict[int, tuple[Option, ...]]
) -> Field:
    """`shared` holds the options of lists that several questions use, by the list's identity."""
    if earlier:
        options = _parts(draft.options, earlier.options)
    elif id(draft.options) in shared:
        options = shared[id(draft.options)]
    else:
        options = shared[id(draft.options)] = _parts(draft.options, ())
    return Field(
        id=field_id,
        options=options,
        rows=_parts(draft.rows, earlier.rows if earlier else ()),
        columns=_parts(draft.columns, earlier.columns if earlier else ()),
        source_name=draft.source,
        **draft.settings,
    )


def _parts(drafts: Sequence[PartDraft], earlier: Sequence[Option]) -> tuple[Option, ...]:
    ids = _ids(drafts, "o", earlier)
    return tuple(
        Option(id=one, label=draft.label, source_name=draft.source)
        for one, draft in zip(ids, drafts, strict=True)
    )


def _ids(
    drafts: Sequence[PartDraft | FieldDraft | SectionDraft | RoleDraft],
    prefix: str,
    earlier: Iterable[Option | Field | Section | SignatureRole],
) -> list[str]:
    """The id of each draft: its given one, else that of the same name before, else its slug."""
    requests = [IdRequest((slug(one.name, prefix=prefix),), one.given or None) for one in drafts]
    pairs = []
    for one in earlier:
        source = getattr(one, "source_name", None)
        pairs += [(slug(source, prefix=prefix), one.id)] if source else []
        pairs.append((one.id, one.id))
    return assign(requests, index_by_words(pairs))
