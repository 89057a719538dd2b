"""The font family of each letter, letters without a font, and the reading direction."""

from __future__ import annotations

import json
import unicodedata

import pytest
from PIL import ImageFont

from app.fonts import COVERAGE, FALLBACKS, FONT_FOLDER, MAIN, Fonts
from app.scripts import (
    HAN,
    families_of,
    family_order,
    has_right_to_left,
    is_plain,
    is_printable,
    listed,
    reads_right_to_left,
    runs_of,
    spelled,
    unprintable,
)
from tests.support.sentences import ODD, SENTENCES, UNPRINTABLE

FAMILIES = {
    "cyrillic": (),
    "vietnamese": (),
    "hebrew": ("Noto Sans Hebrew",),
    "arabic": ("Noto Sans Arabic",),
    "persian": ("Noto Sans Arabic",),
    "thai": ("Noto Sans Thai",),
    "hindi": ("Noto Sans",),
    "simplified": ("Noto Sans SC",),
    "traditional": ("Noto Sans TC",),
    "japanese": ("Noto Sans JP",),
    "korean": ("Noto Sans KR",),
}


@pytest.mark.parametrize(("name", "families"), FAMILIES.items())
def test_a_text_needs_only_its_scripts_family(name: str, families: tuple[str, ...]) -> None:
    assert families_of(SENTENCES[name]) == families


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_is_printed_unchanged(name: str) -> None:
    assert unprintable(SENTENCES[name]) == ()
    assert spelled(SENTENCES[name]) == SENTENCES[name]


def test_the_coverage_matches_the_fonts() -> None:
    coverage = json.loads((FONT_FOLDER / COVERAGE).read_text())
    assert [*coverage] == [MAIN, *(one.family for one in FALLBACKS)]
    fonts = Fonts.from_folder(FONT_FOLDER)
    for family, ranges in coverage.items():
        for is_strong in (False, True):
            face = ImageFont.truetype(
                fonts.of(family, is_strong=is_strong), 40, layout_engine=ImageFont.Layout.BASIC
            )
            box = bytes(face.getmask("\U0010ffff"))
            letters = [chr(first) for first, _ in ranges[:: max(1, len(ranges) // 40)]]
            seen = [one for one in letters if unicodedata.category(one)[0] in "LNS"]
            assert len(seen) >= 5, family
            assert [one for one in seen if bytes(face.getmask(one)) == box] == [], family


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("检查接地 전기 점검", "Noto Sans SC"),
        ("檢查接地", "Noto Sans TC"),
        ("点検の記録 接地", "Noto Sans JP"),
        ("接地", "Noto Sans SC"),
        ("接地 す", "Noto Sans JP"),
        ("接地 함", "Noto Sans KR"),
        ("検査", "Noto Sans JP"),
    ],
)
def test_chinese_characters_take_their_readers_style(text: str, first: str) -> None:
    nations = [family for family in family_order(text) if family in HAN]
    assert nations[0] == first
    assert sorted(nations) == sorted(HAN)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Done 😀", "Done [U+1F600]"),
        ("👨‍👩‍👧!", "[U+1F468 U+1F469 U+1F467]!"),
        ("🤷🏽", "[U+1F937 U+1F3FD]"),
        ("a\ue000b", "a[U+E000]b"),
        ("\u0378", "[U+0378]"),
        ("க்", "[U+0B95 U+0BCD]"),
        ("می‌شود", "می‌شود"),
        ("क्‍ष", "क्‍ष"),
        ("e\u0301", "e\u0301"),
        ("a\u200eb\u00adc", "a\u200eb\u00adc"),
    ],
)
def test_letters_without_a_font_are_spelled_out(text: str, printed: str) -> None:
    assert spelled(text) == printed
    assert unprintable(printed) == ()


@pytest.mark.parametrize("name", [*UNPRINTABLE, *ODD])
def test_spelled_out_text_can_be_printed(name: str) -> None:
    text = {**UNPRINTABLE, **ODD}[name]
    assert all(map(is_printable, spelled(text)))
    assert bool(unprintable(text)) == (name in UNPRINTABLE)


def test_a_list_of_letters_stays_short() -> None:
    assert listed(("😀", "\ue000", "\u0bcd")) == "😀 U+1F600, U+E000, ◌\u0bcd U+0BCD"
    assert listed([chr(0x1F600 + n) for n in range(12)]).endswith("U+1F607 (+4)")


@pytest.mark.parametrize(
    ("text", "is_right_to_left"),
    [
        ("הדלת UPS-1", True),
        ("12.5 الباب", True),
        ("UPS-1 הדלת", False),
        ("Door", False),
        ("12.5", False),
        ("", False),
    ],
)
def test_a_text_has_the_direction_of_its_first_letter(text: str, is_right_to_left: bool) -> None:
    assert reads_right_to_left(text) is is_right_to_left


def test_only_some_letters_are_right_to_left() -> None:
    turned = {name for name, text in SENTENCES.items() if has_right_to_left(text)}
    assert turned == {"hebrew", "arabic", "persian"}


@pytest.mark.parametrize("name", SENTENCES)
def test_runs_put_every_letter_in_a_family_that_has_it(name: str) -> None:
    text = SENTENCES[name]
    runs = runs_of(text, family_order(text))
    assert "".join(words for _, words in runs) == text
    for family, words in runs:
        if family != MAIN:
            assert set(families_of(words)) <= {family}


def test_marks_and_joiners_stay_with_their_letter() -> None:
    order = family_order("")
    assert runs_of("ที่ 12", order) == [("Noto Sans Thai", "ที่ "), (MAIN, "12")]
    assert runs_of("می‌شود", order) == [("Noto Sans Arabic", "می‌شود")]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Ação 12 µΩ", True), ("Дверь", True), ("e\u0301", False), ("门", False), ("a😀", False)],
)
def test_what_the_main_family_prints_letter_by_letter(text: str, plain: bool) -> None:
    assert is_plain(text) is plain
