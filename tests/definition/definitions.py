"""Any definition that the schema accepts, for property tests."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st

from app.definition.logic.tree import Node, Op
from app.definition.schema import (
    MAX_PHOTOS_PER_FIELD,
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
    SignatureDue,
    SignatureRole,
    Text,
)
from tests.support.logic_cases import leaf, many

# Words that mean something to a reader of workbooks, and texts that a cell would change.
TRAPS = (
    "N/A", "A | B", "OK | Not OK", "a, b", "a; b", "rows 1, 2", "unit V", "min 3", "-", "no", "yes",
    "=1+1", "@SUM(1)", "+55 11", "'quoted", '"quoted"', '"', "1,000", "1.10", "007", "1E+5", "TRUE",
    "two\nlines", "tab\there", "two  spaces", "_x0041_", "\u00a0", "e\u0301", "\ufb01", "Ω μ µ ≤ °",
    "Section", "Question", "Type", "Field id", "note", "N.A.", "é / ç", "2026-03-31", "\u200b", "☃",
)  # fmt: skip
# How other programs name things: any text, kept letter by letter.
NAMES = st.none() | st.sampled_from((*TRAPS, " x", "q1", "Q1", "1", "${q1}"))
LETTERS = st.characters(codec="utf-8", exclude_characters="\x00")
IDS = st.from_regex(r"[a-z0-9][a-z0-9_]{0,14}", fullmatch=True)


def lines(longest: int) -> st.SearchStrategy[str]:
    """Texts as the schema keeps them: stripped, not empty."""
    any_text = st.one_of(
        st.sampled_from(TRAPS),
        st.text("abcDEF çã1|;,/-", min_size=1, max_size=20),
        st.text(LETTERS, min_size=1, max_size=longest),
    )
    return any_text.map(lambda text: text.strip()[:longest].strip()).filter(bool)


TEXTS = st.one_of(
    st.builds(Text, en=lines(40)),
    st.builds(Text, pt=lines(40)),
    st.builds(Text, en=lines(40), pt=lines(40)),
)
BOUNDS = st.one_of(
    st.none(),
    st.sampled_from([Decimal(one) for one in ("0", "-0.0", "1.10", "1E+5", "1000", "-3.5E-7")]),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
)


@st.composite
def limits(draw) -> Limits:
    low, high = draw(BOUNDS), draw(BOUNDS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Limits(unit=draw(st.none() | lines(20)), min=low, max=high)


@st.composite
def photos(draw) -> PhotoPolicy:
    mode = draw(st.sampled_from(PhotoMode))
    fewest = draw(st.integers(1, MAX_PHOTOS_PER_FIELD)) if mode.asks else 0
    most = draw(st.integers(fewest, MAX_PHOTOS_PER_FIELD) | st.just(max(20, fewest)))
    return PhotoPolicy(mode=mode, min=fewest, max=most, gps_required=draw(st.booleans()))


def options(fewest: int) -> st.SearchStrategy[tuple[Option, ...]]:
    """Entries with ids of any kind, or with those that the reader would give them."""
    own = st.lists(
        st.builds(Option, id=IDS, label=TEXTS, source_name=NAMES),
        min_size=fewest,
        max_size=4,
        unique_by=lambda one: one.id,
    )
    usual = st.lists(st.sampled_from("abcdef"), min_size=fewest, max_size=4, unique=True).map(
        lambda ids: [Option(id=one, label=Text(en=one.upper(), pt=f"{one} pt")) for one in ids]
    )
    return st.one_of(own, usual).map(tuple)


@st.composite
def fields(draw, field_id: str) -> Field:
    kind = draw(st.sampled_from(FieldType))
    takes = kind.takes
    prefills = [one for one in Prefill if one.fits(kind)]
    return Field(
        id=field_id,
        type=kind,
        label=draw(TEXTS),
        hint=draw(st.none() | TEXTS),
        required=takes.answer and draw(st.booleans()),
        photos=draw(photos()),
        comment=draw(st.sampled_from(CommentPolicy)),
        options=draw(options(2)) if takes.options else (),
        limits=draw(st.none() | limits()) if takes.limits else None,
        rows=draw(options(1)) if takes.cells else (),
        columns=draw(options(1)) if takes.cells else (),
        prefill=draw(st.none() | st.sampled_from(prefills)) if prefills else None,
        source_name=draw(NAMES),
    )


def roles() -> st.SearchStrategy[list[SignatureRole]]:
    role = st.builds(
        SignatureRole,
        id=IDS,
        label=TEXTS,
        required=st.booleans(),
        prefill=st.sampled_from([None, *RolePrefill]),
        due=st.sampled_from(SignatureDue),
    )
    return st.lists(role, max_size=3, unique_by=lambda one: one.id)


def headers() -> st.SearchStrategy[Header]:
    return st.builds(
        Header,
        code=st.from_regex(r"[A-Z0-9][A-Z0-9._-]{0,31}", fullmatch=True),
        title=TEXTS,
        category=st.none() | lines(30),
        reference_standards=st.lists(lines(30), max_size=3).map(tuple),
        planning_requirements=st.lists(lines(30), max_size=2).map(tuple),
        source_name=NAMES,
    )


def _asks(fields: Sequence[Field], *, of_itself: bool = False) -> st.SearchStrategy[Node]:
    """Conditions on the answers of fields, with texts that a cell would change."""
    ids = [one.id for one in fields if one.is_question]
    texts = [one.id for one in fields if one.type in (FieldType.TEXT, FieldType.LONG_TEXT)]
    numbers = [one.id for one in fields if one.type is FieldType.NUMBER]
    ops = st.sampled_from([Op.ANSWERED, Op.IS_NA] if of_itself else [Op.ANSWERED, Op.NOT_OK])
    simple = [st.builds(lambda op, id: many(op, leaf(Op.FIELD, id)), ops, st.sampled_from(ids))]
    if texts:
        words = lines(20).map(lambda text: leaf(Op.TEXT, text))
        named = st.sampled_from(texts).map(lambda id: leaf(Op.FIELD, id))
        simple.append(st.builds(many, st.just(Op.UNEQUAL), named, words))
    if numbers:
        bounds = st.sampled_from(["0", "0.1", "1000000"]).map(lambda one: leaf(Op.NUMBER, one))
        named = st.sampled_from(numbers).map(lambda id: leaf(Op.FIELD, id))
        simple.append(st.builds(many, st.just(Op.AT_LEAST), named, bounds))
    return st.one_of(
        *simple,
        st.builds(many, st.sampled_from([Op.AND, Op.OR]), st.one_of(*simple), st.one_of(*simple)),
        st.one_of(*simple).map(lambda one: many(Op.NOT, one)),
    )


@st.composite
def _with_logic(draw, one: Field, before: Sequence[Field]) -> Field:
    """The field with expressions on those before it, so that none depends on itself."""
    found: dict[str, Node] = {}
    if any(other.is_question for other in before):
        names = ["shown_when", "required_when"] if one.is_question else ["shown_when"]
        for name in names:
            if draw(st.booleans()):
                found[name] = draw(_asks(before))
        if one.type is FieldType.NUMBER and draw(st.booleans()):
            found.pop("required_when", None)
            found["calculation"] = many(Op.COUNT, leaf(Op.NUMBER, "1.50"), leaf(Op.NUMBER, "2"))
            one = one.model_copy(update={"prefill": None})
    if one.is_question and draw(st.booleans()):
        found["fails_when"] = draw(_asks([one], of_itself=True))
    return one.model_copy(update=found)


@st.composite
def definitions(draw) -> Definition:
    """Any definition, with all settings of all parts; sections may be empty or alike."""
    ids = draw(st.lists(IDS, min_size=1, max_size=7, unique=True))
    every: list[Field] = []
    for one in ids:
        every.append(draw(_with_logic(draw(fields(one)), every)))
    in_info = draw(st.integers(0, len(every) - 1))
    before, sections = every[:in_info], []
    for section_id in draw(st.lists(IDS, min_size=1, max_size=3, unique=True)):
        count = draw(st.integers(0, len(every) - in_info))
        share, every[in_info:] = every[in_info : in_info + count], every[in_info + count :]
        shown = None
        if any(one.is_question for one in before) and draw(st.booleans()):
            shown = draw(_asks(before))
        sections.append((section_id, draw(TEXTS), share, shown))
        before = [*before, *share]
    sections[-1][2].extend(every[in_info:])
    return Definition(
        languages=draw(st.lists(st.sampled_from(Language), min_size=1, max_size=2, unique=True)),
        header=draw(headers()),
        info_fields=tuple(every[:in_info]),
        sections=[
            Section(
                id=one,
                title=title,
                fields=tuple(share),
                shown_when=shown,
                source_name=draw(NAMES),
            )
            for one, title, share, shown in sections
        ],
        signature_roles=draw(roles()),
    )
