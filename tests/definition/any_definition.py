"""Strategies for definitions with every setting, for tests that write one and read it back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

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
    RolePrefill,
    Section,
    SignatureDue,
    SignatureRole,
    Text,
)
from app.definition.schema import Prefill as ReportPrefill

# Letters that spreadsheets, expressions or XML treat in a special way, beside usual ones.
_LETTERS = st.one_of(
    st.characters(codec="utf-8"),
    st.sampled_from(" \n\t=+-@'\"<>&${}_xX0041;|/:#\u200b\xa0\xadéçãΩ≤°\u0301\U0001f600"),
)


def lines(longest: int) -> st.SearchStrategy[str]:
    usual = st.text(_LETTERS, min_size=1, max_size=12)
    special = st.sampled_from(
        ["${q1}", "_x0041_", "=1+1", "a  b", " x", "1.10", "TRUE", "no", "\u200b", "x" * longest]
    )
    return st.one_of(usual, special).map(str.strip).filter(bool)


def texts() -> st.SearchStrategy[Text]:
    words = st.none() | lines(2_000)
    return st.builds(Text, en=lines(2_000), pt=words) | st.builds(Text, en=words, pt=lines(2_000))


NAMES = st.none() | st.text(_LETTERS, min_size=1, max_size=20) | st.sampled_from(["q1", "Q1", "1"])
IDS = st.from_regex(r"[a-z0-9][a-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None).map(
    lambda one: Decimal(one)
)


def options(least: int, most: int = 4) -> st.SearchStrategy[tuple[Option, ...]]:
    one = st.builds(Option, id=IDS, label=texts(), source_name=NAMES)
    return st.lists(one, min_size=least, max_size=most, unique_by=lambda o: o.id).map(tuple)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    low, high = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    unit = draw(st.none() | st.sampled_from(["MΩ", "%", "(any)", "\\", "m/s²"]) | lines(20))
    return Limits(unit=(unit and unit[:20].strip()) or None, min=low, max=high)


@st.composite
def photos(draw: st.DrawFn) -> PhotoPolicy:
    mode = draw(st.sampled_from(PhotoMode))
    least = draw(st.integers(1, 50)) if mode is PhotoMode.REQUIRED else 0
    most = draw(st.integers(least, 50))
    return PhotoPolicy(mode=mode, min=least, max=most, gps_required=draw(st.booleans()))


@st.composite
def fields(draw: st.DrawFn, field_id: str) -> Field:
    kind = draw(st.sampled_from(FieldType))
    takes = kind.takes
    parts: dict[str, Any] = {}
    if takes.options:
        parts["options"] = draw(options(2))
    if takes.cells:
        parts |= {"rows": draw(options(1, 3)), "columns": draw(options(1, 3))}
    if takes.limits:
        parts["limits"] = draw(st.none() | limits())
    prefills = [one for one in ReportPrefill if one.fits(kind)]
    if prefills:
        parts["prefill"] = draw(st.none() | st.sampled_from(prefills))
    return Field(
        id=field_id,
        type=kind,
        label=draw(texts()),
        hint=draw(st.none() | texts()),
        required=takes.answer and draw(st.booleans()),
        photos=draw(photos()),
        comment=draw(st.sampled_from(CommentPolicy)),
        source_name=draw(NAMES),
        **parts,
    )


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    made = [draw(fields(one)) for one in ids]
    info_count = draw(st.integers(0, len(made) - 1))
    rest = made[info_count:]
    section_ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    cuts = sorted(draw(st.integers(0, len(rest))) for _ in section_ids[1:])
    bounds = [0, *cuts, len(rest)]
    sections = tuple(
        Section(id=one, title=draw(texts()), fields=tuple(rest[low:high]), source_name=draw(NAMES))
        for one, low, high in zip(section_ids, bounds, bounds[1:], strict=False)
    )
    return Definition(
        languages=draw(languages()),
        header=draw(headers()),
        info_fields=tuple(made[:info_count]),
        sections=sections,
        signature_roles=draw(roles()),
    )


def languages() -> st.SearchStrategy[tuple[Language, ...]]:
    return st.permutations(list(Language)).flatmap(
        lambda both: st.sampled_from([tuple(both), (both[0],)])
    )


def roles() -> st.SearchStrategy[Sequence[SignatureRole]]:
    one = st.builds(
        SignatureRole,
        id=IDS,
        label=texts(),
        required=st.booleans(),
        prefill=st.none() | st.sampled_from(RolePrefill),
        due=st.sampled_from(SignatureDue),
    )
    return st.lists(one, max_size=2, unique_by=lambda role: role.id).map(tuple)


def headers() -> st.SearchStrategy[Header]:
    several = st.lists(lines(500), max_size=3).map(tuple)
    return st.builds(
        Header,
        code=st.from_regex(r"[A-Z0-9][A-Z0-9_]{0,8}[A-Z0-9]", fullmatch=True),
        title=texts(),
        category=st.none() | lines(500),
        reference_standards=several,
        planning_requirements=several,
        source_name=NAMES,
    )
