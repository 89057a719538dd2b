"""Makes definitions from what the sheets ask for, with the cells that each answer returns to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from app.definition.fields import can_be_not_ok
from app.definition.mapping.context import Context
from app.definition.mapping.drafts import QuestionDraft, RoleDraft, SheetDraft
from app.definition.mapping.guessed import Device, FieldPlace, MappedChecklist, Places, RolePlace
from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Header,
    Label,
    Language,
    Limits,
    Option,
    PhotoMode,
    PhotoPolicy,
    RolePrefill,
    Section,
    SignatureRole,
    Text,
)
from app.definition.sentences import N_, say
from app.definition.workbook.ids import IdRequest, assign, index_by_words, slug

NOT_VALID = N_("The checklist is inconsistent: %(detail)s.")
TOO_MANY = N_("More than %(limit)s questions: the rest was left out. Map fewer sheets.")

_MAX_FIELDS = 900
_MAX_LABEL = 2_000


@dataclass(frozen=True, slots=True)
class Heading:
    """Code, title and standards of one checklist."""

    code: str
    title: str
    standards: tuple[Label, ...] = ()


def build_checklist(
    heading: Heading,
    sheets: Sequence[SheetDraft],
    devices: Sequence[Device],
    context: Context,
    known: Definition | None,
) -> MappedChecklist | None:
    """The checklist of these sheets; None, after telling why, if they ask nothing usable."""
    info = [one for sheet in sheets for one in sheet.info]
    asked = [one for sheet in sheets for one in sheet.questions]
    if len(info) + len(asked) > _MAX_FIELDS:
        sheets[0].tell("", say(TOO_MANY, limit=_MAX_FIELDS))
        info, asked = info[:_MAX_FIELDS], asked[: _MAX_FIELDS - len(info[:_MAX_FIELDS])]
    roles = _distinct_roles([one for sheet in sheets for one in sheet.roles])
    ids = _ids([*info, *asked], known)
    role_ids = assign([IdRequest((slug(one.label),)) for one in roles], _known_roles(known))
    try:
        fields = [
            _field(draft, one, context) for draft, one in zip([*info, *asked], ids, strict=True)
        ]
        definition = Definition(
            languages=_languages([*info, *asked], context),
            header=Header(
                code=heading.code,
                title=_text(heading.title, "", context),
                reference_standards=heading.standards,
            ),
            info_fields=tuple(field for field, _ in fields[: len(info)]),
            sections=tuple(_sections(asked, [field for field, _ in fields[len(info) :]], context)),
            signature_roles=tuple(
                SignatureRole(
                    id=one, label=_text(draft.label, "", context), prefill=_own(draft.label)
                )
                for draft, one in zip(roles, role_ids, strict=True)
            ),
        )
    except ValidationError as error:
        for detail in error.errors():
            words = str(detail["msg"]).removeprefix("Value error, ")
            sheets[0].tell("", say(NOT_VALID, detail=words))
        return None
    return MappedChecklist(
        sheets=tuple(sheet.name for sheet in sheets),
        definition=definition,
        places=Places(
            fields={field.id: place for field, place in fields},
            roles={one: draft.place for draft, one in zip(roles, role_ids, strict=True)},
            devices=tuple(devices),
        ),
    )


def _own(label: str) -> RolePrefill | None:
    is_own = slug(label).startswith(("executante", "executado_por", "tested_by", "technician"))
    return RolePrefill.ME if is_own else None


def _distinct_roles(roles: Sequence[RoleDraft]) -> list[RoleDraft]:
    found: dict[str, RoleDraft] = {}
    for one in roles:
        found.setdefault(slug(one.label), one)
    return list(found.values())


def _languages(drafts: Sequence[QuestionDraft], context: Context) -> tuple[Language, ...]:
    first = context.language
    other = Language.EN if first is Language.PT else Language.PT
    return (first, other) if any(draft.translation for draft in drafts) else (first,)


def _text(words: str, translation: str, context: Context) -> Text:
    words = words.strip()[:_MAX_LABEL] or "–"
    translation = translation.strip()[:_MAX_LABEL]
    first = context.language.value
    other = "en" if first == "pt" else "pt"
    return Text.model_validate({first: words, **({other: translation} if translation else {})})


def _ids(drafts: Sequence[QuestionDraft], known: Definition | None) -> list[str]:
    requests = [
        IdRequest(
            (slug(f"{draft.section} {draft.label}", prefix="q"), slug(draft.label, prefix="q"))
        )
        for draft in drafts
    ]
    return assign(requests, _known_fields(known))


def _known_fields(known: Definition | None) -> Mapping[str, Sequence[str]]:
    return index_by_words(_pairs(known)) if known else {}


def _pairs(known: Definition) -> Iterator[tuple[str, str]]:
    for section in known.sections:
        for field in section.fields:
            for title in filter(None, (section.title.en, section.title.pt)):
                for label in filter(None, (field.label.en, field.label.pt)):
                    yield slug(f"{title} {label}", prefix="q"), field.id
    for field in known.all_fields():
        for label in filter(None, (field.label.en, field.label.pt)):
            yield slug(label, prefix="q"), field.id


def _known_roles(known: Definition | None) -> Mapping[str, Sequence[str]]:
    roles = known.signature_roles if known else ()
    return index_by_words(
        (slug(label), role.id)
        for role in roles
        for label in filter(None, (role.label.en, role.label.pt))
    )


def _sections(
    drafts: Sequence[QuestionDraft], fields: Sequence[Field], context: Context
) -> Iterator[Section]:
    """Sections in the order of their first question; questions without one form a section."""
    by_title: dict[str, list[Field]] = {}
    for draft, field in zip(drafts, fields, strict=True):
        title = draft.section
        if not title:
            is_remark = draft.type is FieldType.LONG_TEXT and not draft.has_comment
            title = context.words("Conclusion", "Conclusão") if is_remark else ""
            title = title if is_remark and len(drafts) > 1 and by_title else ""
        title = title or context.words("Checks", "Verificações")
        by_title.setdefault(title, []).append(field)
    ids = assign([IdRequest((slug(title, prefix="s"),)) for title in by_title], {})
    for (title, inside), one in zip(by_title.items(), ids, strict=True):
        yield Section(id=one, title=_text(title, "", context), fields=tuple(inside))


def _field(draft: QuestionDraft, field_id: str, context: Context) -> tuple[Field, FieldPlace]:
    rules, kind = context.rules, draft.type
    is_asked = kind is not FieldType.NOTE
    is_item = is_asked and draft.has_comment
    columns = _options(draft.columns, "c")
    rows = _options((draft.row_label,), "r") if columns else ()
    hint = draft.hint
    field = Field(
        id=field_id,
        type=kind,
        label=_text(draft.label, draft.translation, context),
        hint=_text(hint, "", context) if hint else None,
        required=draft.required and is_asked,
        photos=_photos(draft, context),
        comment=CommentPolicy.REQUIRED_WHEN_NOT_OK
        if rules.comment_when_not_ok and is_item and can_be_not_ok(kind)
        else CommentPolicy.OPTIONAL,
        options=tuple(replace_label(one, context) for one in _options(draft.options, "o")),
        limits=_limits(draft) if kind.takes.limits else None,
        rows=tuple(replace_label(one, context) for one in rows),
        columns=tuple(replace_label(one, context) for one in columns),
        prefill=draft.prefill,
    )
    place = draft.place
    if columns and rows:
        keys = [f"{rows[0].id}:{column.id}" for column in columns]
        values = dict(zip(keys, draft.cells, strict=True))
        place = FieldPlace(
            sheet=place.sheet, values=values, marks=place.marks, comment=place.comment
        )
    return field, place


def _photos(draft: QuestionDraft, context: Context) -> PhotoPolicy:
    is_item = draft.has_comment and draft.type not in (FieldType.NOTE, FieldType.LONG_TEXT)
    if is_item and (draft.needs_photo or context.rules.photo_always):
        return PhotoPolicy(mode=PhotoMode.REQUIRED, min=1)
    if is_item and context.rules.photo_when_not_ok and can_be_not_ok(draft.type):
        return PhotoPolicy(mode=PhotoMode.REQUIRED_WHEN_NOT_OK, min=1)
    return PhotoPolicy()


def _limits(draft: QuestionDraft) -> Limits | None:
    unit = draft.unit[:20] if draft.unit else None
    if unit is None and draft.min is None and draft.max is None:
        return None
    return Limits(unit=unit, min=draft.min, max=draft.max)


def _options(labels: Sequence[str], prefix: str) -> tuple[Option, ...]:
    ids = assign([IdRequest((slug(label, prefix=prefix),)) for label in labels], {})
    return tuple(
        Option(id=one, label=Text(en=label[:_MAX_LABEL]))
        for one, label in zip(ids, labels, strict=True)
    )


def replace_label(option: Option, context: Context) -> Option:
    """The option with its label in the language of the workbook."""
    return Option(id=option.id, label=_text(option.label.en or "", "", context))


def without_sheet(draft: QuestionDraft) -> QuestionDraft:
    """A question of which every sheet of a shape has one: the report's device says which sheet."""
    return replace(draft, place=draft.place.model_copy(update={"sheet": ""}))


def role_without_sheet(draft: RoleDraft) -> RoleDraft:
    place = draft.place.model_copy(update={"sheet": ""})
    return RoleDraft(draft.label, RolePlace.model_validate(place), draft.ref)
