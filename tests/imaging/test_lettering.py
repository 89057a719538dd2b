"""Strips in every script: the right letters in the right order, and none printed as a box."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import unicodedata
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from app.fonts import Fonts
from app.imaging import bidi, lettering
from app.imaging.bidi import LayoutMissing, in_visual_order, levels_of
from app.imaging.child import run_limited
from app.imaging.derivatives import Sizes, make_derivatives, print_recipe
from app.imaging.lettering import Ink, Lettering, check_layout, one_line
from app.imaging.settings import StripPosition, StripStyle
from app.imaging.watermark import StripText, draw_strip
from app.scripts import families_of
from tests.imaging import pictures
from tests.support.sentences import ODD, SENTENCES, UNPRINTABLE

ROOT = Path(__file__).resolve().parents[2]
BLACK = Ink("#000000", "#ffffff")
SIZE = 32
# One word or phrase per font, left to right or right to left.
WORDS = {
    "hebrew": "הדלת סגורה",
    "arabic": "الباب مغلق",
    "persian": "می‌شود",
    "thai": "ประตูตู้ปิดอยู่",
    "hindi": "क्षेत्र में प्रतिरोध",
    "simplified": "配电柜门已关闭",
    "traditional": "配電櫃門已關閉",
    "japanese": "配電盤の扉は閉まる",
    "korean": "배전반 문이 닫혀",
}
STEP = """
import sys
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.watermark import StripText, draw_strip
from tests.support.sentences import SENTENCES
text = StripText("2026-11-22", "", " ".join(SENTENCES.values())[:380], "", "0" * 64)
strip = draw_strip(960, 27, text, None, Fonts.from_folder(FONT_FOLDER))
sys.stdout.buffer.write(strip.tobytes())
"""


def drawn(fonts: Fonts, text: str, *, is_strong: bool = False) -> Image.Image:
    image = Image.new("RGB", (1600, 64), "white")
    pen = ImageDraw.Draw(image)
    Lettering(fonts, SIZE, text).write(pen, (20, 44), "ls", text, BLACK, is_strong=is_strong)
    return image


def reference(fonts: Fonts, text: str, family: str, *, is_strong: bool = False) -> Image.Image:
    """The text set by Raqm alone in one font."""
    path = fonts.of(family, is_strong=is_strong)
    face = ImageFont.truetype(path, SIZE, layout_engine=ImageFont.Layout.RAQM)
    image = Image.new("RGB", (1600, 64), "white")
    ImageDraw.Draw(image).text((20, 44), text, "black", face, anchor="ls")
    return image


def differs(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("is_strong", [False, True])
def test_words_look_as_their_font_sets_them(fonts: Fonts, name: str, is_strong: bool) -> None:
    text = WORDS[name]
    (family,) = families_of(text)
    found = drawn(fonts, text, is_strong=is_strong)
    assert differs(found, reference(fonts, text, family, is_strong=is_strong)) == 0
    # The comparison would detect one missing letter.
    assert differs(found, reference(fonts, text[:-1], family, is_strong=is_strong)) > 0.1


@pytest.mark.parametrize("name", [*SENTENCES, *UNPRINTABLE, *ODD])
def test_no_letter_is_a_box(fonts: Fonts, name: str) -> None:
    """Every run uses a font that has each of its letters."""
    text = one_line({**SENTENCES, **UNPRINTABLE, **ODD}[name], 400)
    for run in Lettering(fonts, SIZE, text)._runs(text, is_strong=False):
        box = ImageFont.truetype(run.face.path, SIZE, layout_engine=ImageFont.Layout.BASIC)
        missing = bytes(box.getmask("\U0010ffff"))
        visible = [one for one in run.text if one.isprintable() and not one.isspace()]
        silent = "\u115f\u1160\u3164\uffa0"
        assert [
            one
            for one in visible
            if bytes(box.getmask(one)) == missing
            and one not in silent
            and not 0xFE00 <= ord(one) <= 0xFE0F
            and not 0xE0100 <= ord(one) <= 0xE01EF
        ] == []


def test_a_sentence_from_right_to_left_keeps_its_number_and_its_full_stop(fonts: Fonts) -> None:
    text = "התנגדות 12.5 Ω."
    runs = [run.text.strip() for run in Lettering(fonts, SIZE, text)._runs(text, is_strong=False)]
    assert runs[-1] == "התנגדות"
    assert runs.index("12.5") > runs.index("Ω")
    assert runs[0] == "."


def test_levels_and_order() -> None:
    assert levels_of("ab 12") == [0] * 5
    assert levels_of("אב 12") == [1, 1, 1, 2, 2]
    parts = [("a", 0), ("ב", 1), ("12", 2), ("ג", 1), ("d", 0)]
    assert [part for part, _ in in_visual_order(parts)] == ["a", "ג", "12", "ב", "d"]


@pytest.mark.parametrize("word", ["ที่นี่ตู้ปิดอยู่", "कीनीमीदीरी"])
def test_a_line_breaks_between_letters_and_never_before_a_mark(
    fonts: Fonts, strip: StripText, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """Otherwise a spacing mark would begin the next line, on a dotted circle."""
    written: list[str] = []
    monkeypatch.setattr(
        Lettering, "write", lambda self, pen, at, anchor, text, ink, **_: written.append(text)
    )
    place = word * 24
    for width in range(640, 700, 6):
        written.clear()
        draw_strip(width, 27, replace(strip, place=place), None, fonts)
        pieces = [one for one in written if one[:2] in place]
        assert len(pieces) > 2
        assert "".join(pieces) == place
        assert [one for one in pieces if unicodedata.category(one[0])[0] == "M"] == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Sala 😀", "Sala [U+1F600]"),
        ("a\u202eb\u200fc", "abc"),
        ("می‌شود", "می‌شود"),
        ("门\n已\t关", "门 已 关"),
        ("x\ue000", "x[U+E000]"),
        ("Sala  2 \x07", "Sala 2"),
    ],
)
def test_words_become_one_line_that_can_be_printed(words: str, line: str) -> None:
    assert one_line(words, 400) == line


def test_text_in_inter_needs_no_layout_library(
    fonts: Fonts, strip: StripText, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = draw_strip(960, 27, strip, None, fonts).tobytes()

    def unused(text: str) -> list[int]:
        raise AssertionError(text)

    monkeypatch.setattr(lettering, "levels_of", unused)
    assert draw_strip(960, 27, strip, None, fonts).tobytes() == before
    with pytest.raises(AssertionError):
        draw_strip(960, 27, replace(strip, place="门"), None, fonts)


def test_letters_that_inter_lacks_change_the_recipe(strip: StripText) -> None:
    """Pictures with boxes have a recipe that is never requested again."""
    for place in (*WORDS.values(), "Sala 😀"):
        changed = replace(strip, place=place)
        parts = print_recipe(changed, None)
        assert parts != _recipe_of_boxes(changed)
    for place in ("Sala São João", "Зал", "Αίθουσα"):
        assert print_recipe(replace(strip, place=place), None) == _recipe_of_boxes(
            replace(strip, place=place)
        )


def _recipe_of_boxes(strip: StripText) -> str:
    parts = {"strip": asdict(strip), "logo": None, "theme": "light", "sizes": asdict(Sizes())}
    return f"2-{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]}"


@pytest.mark.parametrize("position", StripPosition)
def test_the_child_draws_every_script_within_its_memory(
    fonts: Fonts, strip: StripText, tmp_path: Path, position: StripPosition
) -> None:
    pictures.write_jpeg(tmp_path / "a.jpg", pictures.texture(1200, 900))
    text = replace(strip, place=" ".join(WORDS.values()))

    def make() -> int:
        style = StripStyle(position=position, opacity=60)
        made = make_derivatives(tmp_path / "a.jpg", tmp_path, text, None, fonts=fonts, style=style)
        return made.print.byte_size

    assert run_limited(make) > 10_000


def test_the_machines_fonts_change_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "fonts.conf"
    empty.write_text("<fontconfig></fontconfig>")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    seen = {
        subprocess.run(
            [sys.executable, "-c", STEP], env=one, check=True, capture_output=True, timeout=60
        ).stdout
        for one in (env, {**env, "FONTCONFIG_FILE": str(empty)})
    }
    assert len(seen) == 1


def test_a_missing_library_is_named_with_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    check_layout()
    with monkeypatch.context() as patch:
        patch.setattr(bidi, "LIBRARY", "libfribidi-that-is-not-there.so")
        bidi._library.cache_clear()
        with pytest.raises(LayoutMissing, match=r"is missing.*system-packages\.sh run"):
            check_layout()
    bidi._library.cache_clear()
    monkeypatch.setattr(lettering.features, "check", lambda name: False)
    with pytest.raises(LayoutMissing, match="Raqm"):
        check_layout()
