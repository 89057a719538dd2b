"""The fixed text and the small formatting rules of the PDF."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.definition.schema import Prefill
from app.pdf.changes import ChangeKind
from app.pdf.context import (
    ExceptionKind,
    Limits,
    Mark,
    Outcome,
    PersonRole,
    PlaceSource,
    TimeSource,
)
from app.pdf.labels import LABELS, SHARED, Labels
from app.pdf.markup import TEMPLATES
from app.pdf.text import clean, format_limits, format_time, prose, readable_colour

STATUSES = ("draft", "in_progress", "submitted", "returned", "completed", "archived")
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def test_every_label_has_both_languages_with_the_same_placeholders() -> None:
    for key, (english, portuguese) in LABELS.items():
        assert english.strip() and portuguese.strip(), key
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(portuguese)), key


def test_templates_use_known_labels_and_no_label_is_unused() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    used = set(re.findall(r'(?:labels\.(?:first|both|counted)|fact)\("(\w+)"(?! ~)', source))
    used |= {f"one_{key}" for key in re.findall(r'labels\.counted\("(\w+)"', source)}
    kinds = (ExceptionKind, Mark, Outcome, PersonRole)
    chosen = {member.value for kind in kinds for member in kind}
    chosen |= {f"time_{source.value}" for source in TimeSource}
    chosen |= {f"place_{source.value}" for source in PlaceSource}
    chosen |= {f"status_{name}" for name in STATUSES}
    chosen |= {f"own_{fact.value}" for fact in Prefill}
    chosen |= {f"change_{kind.value}" for kind in ChangeKind}
    chosen |= {f"review_{state}" for state in ("approved", "returned", "withdrawn")}
    rules = (TEMPLATES.parents[1] / "documents" / "rules.py").read_text(encoding="utf-8")
    chosen |= set(re.findall(r'_printed\("(\w+)"', rules))
    listed = set(re.findall(r'\("(\w+)", report\.', source)) | {
        "open",
        "ok",
        "not_ok",
        "na",
        "photos",
        "more_photos",
        "one_more_photos",
        "range",
        "no_place",
        "no_time",
        "nearest",
        "from_site",
        "own_and_typed",
        "typed_and_own",
        "tax_number",
        "radius",
        "site",
    }
    known = LABELS.keys() | SHARED.keys()
    assert used | chosen <= known
    assert known <= used | chosen | listed
    assert not LABELS.keys() & SHARED.keys()


def test_the_second_language_is_left_out_where_it_only_repeats() -> None:
    labels = Labels(("en", "pt"))
    assert labels.both("ok").second is None
    assert labels.both("failed").second == "Reprovado"
    assert Labels(("pt",)).both("failed").second is None


@pytest.mark.parametrize(
    ("limits", "language", "words"),
    [
        (None, "en", ""),
        (Limits("V"), "en", ""),
        (Limits("Ω", None, "0.1"), "en", "≤\u00a00.1\u00a0Ω"),
        (Limits("Ω", None, "0.1"), "pt", "≤\u00a00,1\u00a0Ω"),
        (Limits(None, "-5", None), "en", "≥\u00a0−5"),
        (Limits("V", "361", "418"), "en", "361 to 418\u00a0V"),
        (Limits("V", "361.5", "418"), "pt", "361,5 a 418\u00a0V"),
    ],
)
def test_limits_read_like_an_engineer_writes_them(
    limits: Limits | None, language: str, words: str
) -> None:
    assert format_limits(limits, Labels((language,))) == words


def test_times_name_their_zone() -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert format_time(moment, "America/Sao_Paulo", "en") == "2 Jan 2026, 00:04 (UTC−03:00)"
    assert format_time(moment, "Asia/Kolkata", "pt") == "2 jan. 2026, 08:34 (UTC+05:30)"


def test_prose_keeps_words_and_removes_excess_blank_lines() -> None:
    assert prose("a\r\n\r\n\r\n\r\nb\n") == "a\n\nb"
    folded = prose("x\n" * 5_000)
    assert folded.count("\n") == 199
    assert folded.split() == ["x"] * 5_000
    assert clean("tab\tkept\nline kept") == "tab\tkept\nline kept"


@pytest.mark.parametrize("colour", ["#ffffff", "#ffee00", "#1f5fa8", "red; } body { color: x", ""])
def test_tenant_colours_can_always_be_read_on_white(colour: str) -> None:
    chosen = readable_colour(colour)
    assert re.fullmatch(r"#[0-9a-f]{6}", chosen)
    assert readable_colour(chosen) == chosen
