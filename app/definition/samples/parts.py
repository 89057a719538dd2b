"""Helpers to write the samples: one call per question, English and Portuguese side by side."""

from __future__ import annotations

from decimal import Decimal

from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Header,
    Language,
    Limits,
    Option,
    PhotoMode,
    PhotoPolicy,
    Prefill,
    RolePrefill,
    Section,
    SignatureRole,
    Text,
)

# Sources of limits that no standard sets.
MANUFACTURER = ("the usual value of makers; the manual decides", "valor usual; o manual decide")
AGREED = ("the usual agreement; the contract decides", "valor usual; o contrato decide")
NO_PHOTOS = PhotoPolicy(mode=PhotoMode.NONE, max=0)
TextPair = tuple[str, str]
# What sets a limit: a standard with its clause or table, or words in both languages.
Source = str | TextPair
# An id with its English and Portuguese text.
IdTextPair = tuple[str, str, str]


def words(pair: TextPair) -> Text:
    return Text(en=pair[0], pt=pair[1])


def options(*named: IdTextPair) -> tuple[Option, ...]:
    return tuple(Option(id=id, label=Text(en=en, pt=pt)) for id, en, pt in named)


def photos(least: int, *, gps: bool = False) -> PhotoPolicy:
    """At least `least` photos; photos are optional if it is 0."""
    mode = PhotoMode.REQUIRED if least else PhotoMode.OPTIONAL
    return PhotoPolicy(mode=mode, min=least, max=10, gps_required=gps)


def verdict(
    id: str, *label: str, least: int = 0, gps: bool = False, hint: TextPair | None = None
) -> Field:
    """OK, Not OK or N.A.; a Not OK requires a comment."""
    return Field(
        id=id,
        type=FieldType.VERDICT,
        label=_label(label),
        photos=photos(least, gps=gps),
        comment=CommentPolicy.REQUIRED_WHEN_NOT_OK,
        hint=words(hint) if hint else None,
    )


def number(
    id: str,
    *label: str,
    unit: str | None,
    min: str | None = None,
    max: str | None = None,
    by: Source | None = None,
    least: int = 0,
    hint: TextPair | None = None,
) -> Field:
    """`by` is the source of the limits, which a number with limits must have. A ratio
    has no unit."""
    return Field(
        id=id,
        type=FieldType.NUMBER,
        label=_label(label),
        photos=photos(least),
        limits=_limits(unit, min, max),
        hint=_hint(hint, by, is_limited=bool(min or max)),
    )


def table(
    id: str,
    *label: str,
    rows: tuple[Option, ...],
    columns: tuple[Option, ...],
    unit: str,
    min: str | None = None,
    max: str | None = None,
    by: Source | None = None,
    least: int = 0,
    hint: TextPair | None = None,
) -> Field:
    """`by` is the source of the limits, which a table with limits must have."""
    return Field(
        id=id,
        type=FieldType.TABLE,
        label=_label(label),
        rows=rows,
        columns=columns,
        photos=photos(least),
        limits=_limits(unit, min, max),
        hint=_hint(hint, by, is_limited=bool(min or max)),
    )


def choice(
    id: str, *label: str, of: tuple[Option, ...], many: bool = False, required: bool = True
) -> Field:
    kind = FieldType.SELECT_MANY if many else FieldType.SELECT_ONE
    return Field(
        id=id, type=kind, label=_label(label), options=of, photos=NO_PHOTOS, required=required
    )


def plain(
    id: str,
    *label: str,
    type: FieldType = FieldType.TEXT,
    required: bool = True,
    prefill: Prefill | None = None,
) -> Field:
    """A text, date or time question without photos and comments."""
    return Field(
        id=id,
        type=type,
        label=_label(label),
        photos=NO_PHOTOS,
        comment=CommentPolicy.OFF,
        required=required,
        prefill=prefill,
    )


def day(id: str, *label: str, required: bool = True, prefill: Prefill | None = None) -> Field:
    return plain(id, *label, type=FieldType.DATE, required=required, prefill=prefill)


def long_words(id: str, *label: str) -> Field:
    return plain(id, *label, type=FieldType.LONG_TEXT, required=False)


def note(id: str, *label: str) -> Field:
    return plain(id, *label, type=FieldType.NOTE, required=False)


def remarks(id: str = "remarks") -> Field:
    return long_words(id, "Remarks", "Observações")


def section(id: str, title: TextPair, *fields: Field) -> Section:
    return Section(id=id, title=words(title), fields=fields)


def role(
    id: str, *label: str, required: bool = True, prefill: RolePrefill | None = None
) -> SignatureRole:
    return SignatureRole(id=id, label=_label(label), required=required, prefill=prefill)


def _label(pair: tuple[str, ...]) -> Text:
    en, pt = pair
    return Text(en=en, pt=pt)


def _hint(hint: TextPair | None, by: Source | None, *, is_limited: bool) -> Text | None:
    if is_limited != bool(by):
        raise ValueError("limits need their source, and only limits have one")
    if by is None:
        return words(hint) if hint else None
    en, pt = by if isinstance(by, tuple) else (by, by)
    before = (f"{hint[0]}. ", f"{hint[1]}. ") if hint else ("", "")
    return Text(en=f"{before[0]}Limit: {en}.", pt=f"{before[1]}Limite: {pt}.")


def _limits(unit: str | None, least: str | None, most: str | None) -> Limits:
    return Limits(
        unit=unit,
        min=Decimal(least) if least else None,
        max=Decimal(most) if most else None,
    )


MEASURED = options(("measured", "Measured", "Medido"))
PHASES = options(("l1", "L1", "L1"), ("l2", "L2", "L2"), ("l3", "L3", "L3"))
BETWEEN_PHASES = options(
    ("l1_l2", "L1-L2", "L1-L2"), ("l2_l3", "L2-L3", "L2-L3"), ("l3_l1", "L3-L1", "L3-L1")
)
SEQUENCES = options(
    ("clockwise", "Clockwise (L1-L2-L3)", "Horária (L1-L2-L3)"),
    ("anticlockwise", "Anticlockwise (L3-L2-L1)", "Anti-horária (L3-L2-L1)"),
)
PROTECTION = options(
    ("helmet", "Helmet", "Capacete"),
    ("gloves", "Insulating gloves", "Luvas isolantes"),
    ("face_shield", "Face shield", "Protetor facial"),
    ("arc_suit", "Arc-rated clothing", "Vestimenta contra arco elétrico"),
    ("boots", "Safety boots", "Calçado de segurança"),
)
# The info fields of the samples for one piece of equipment.
INFO = (
    plain("manufacturer", "Manufacturer", "Fabricante"),
    plain("model", "Model", "Modelo"),
    plain("serial_number", "Serial number", "Número de série"),
    day(
        "tested_on",
        "Date of the test",
        "Data do ensaio",
        prefill=Prefill.START_DATE,
    ),
    plain("drawing", "Drawing and revision", "Desenho e revisão", required=False),
)
INSTRUMENT = (
    plain(
        "instrument", "Instrument: model and serial number", "Instrumento: modelo e número de série"
    ),
    day("calibration", "Calibration valid until", "Calibração válida até"),
)
SIGNATURES = (
    role("technician", "Technician", "Técnico executor", prefill=RolePrefill.ME),
    role("engineer", "Responsible engineer", "Engenheiro responsável", required=False),
    role("client", "Client witness", "Testemunha do cliente", required=False),
)


def permit() -> Field:
    return verdict(
        "permit", "Permit to work is valid and on display", "Permissão de trabalho válida e exposta"
    )


def protective_equipment() -> Field:
    return choice(
        "protection",
        "Protective equipment worn",
        "Equipamentos de proteção em uso",
        of=PROTECTION,
        many=True,
    )


def checklist(
    code: str,
    title: TextPair,
    *sections: Section,
    standards: tuple[str, ...],
    plan: tuple[str, ...],
    category: str = "Commissioning",
    info: tuple[Field, ...] = INFO,
    signatures: tuple[SignatureRole, ...] = SIGNATURES,
) -> Definition:
    """A complete sample; `plan` lists what must be available before work begins."""
    return Definition(
        languages=(Language.EN, Language.PT),
        header=Header(
            code=code,
            title=words(title),
            category=category,
            reference_standards=standards,
            planning_requirements=plan,
        ),
        info_fields=info,
        sections=sections,
        signature_roles=signatures,
    )
