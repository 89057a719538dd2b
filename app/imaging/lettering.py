"""Sets the lines of a strip in type: in Inter if it has every letter, else in several fonts.

Text in Inter alone uses the basic layout, so its bytes do not depend on a machine's libraries.
Other text is shaped by Raqm: letters join, marks stack, and words may run from right to left.
watermark.py decides what a line says and where it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import groupby

from PIL import ImageDraw, ImageFont, features

from app.fonts import MAIN, Fonts
from app.imaging.bidi import LayoutMissing, in_visual_order, levels_of
from app.imaging.exif_values import clean_text
from app.scripts import family_order, is_plain, runs_of, spelled

_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of a line; `halo` is the width in pixels of the outline in the background colour."""

    colour: str
    ground: str
    halo: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    face: ImageFont.FreeTypeFont
    direction: str

    @property
    def width(self) -> float:
        return self.face.getlength(self.text, direction=self.direction)


class Lettering:
    """The fonts in one size. `text` is all the text of a strip, which selects the Chinese forms."""

    def __init__(self, fonts: Fonts, size: int, text: str) -> None:
        self._fonts, self._size, self._text = fonts, size, text
        self._order: tuple[str, ...] | None = None
        self._faces: dict[tuple[str, bool, bool], ImageFont.FreeTypeFont] = {}
        self._widths: dict[tuple[str, bool], float] = {}

    def width(self, text: str, *, is_strong: bool) -> float:
        """The width of a line in pixels. Measuring takes as long as drawing, and each way of
        laying out a strip asks for the same lines."""
        known = self._widths.get((text, is_strong))
        if known is None:
            known = self._widths[text, is_strong] = self._measure(text, is_strong)
        return known

    def _measure(self, text: str, is_strong: bool) -> float:
        if is_plain(text):
            return self._face(MAIN, is_strong).getlength(text)
        return sum(run.width for run in self._runs(text, is_strong))

    def write(
        self,
        pen: ImageDraw.ImageDraw,
        at: tuple[int, int],
        anchor: str,
        text: str,
        ink: Ink,
        *,
        is_strong: bool,
    ) -> None:
        """Draw a line on its baseline; `at` is its left ("ls") or right end ("rs"), by `anchor`."""
        if is_plain(text):
            face = self._face(MAIN, is_strong)
            pen.text(
                at,
                text,
                ink.colour,
                face,
                anchor=anchor,
                stroke_width=ink.halo,
                stroke_fill=ink.ground,
            )
            return
        runs = self._runs(text, is_strong)
        left = at[0] - sum(run.width for run in runs) if anchor == "rs" else at[0]
        if ink.halo:
            # All halos first: a halo would cover the end of the previous run.
            _draw(pen, (left, at[1]), runs, ink.ground, ink.halo)
        _draw(pen, (left, at[1]), runs, ink.colour)

    def _runs(self, text: str, is_strong: bool) -> list[_Run]:
        """The runs of a line from left to right."""
        if self._order is None:
            self._order = family_order(self._text)
        parts: list[tuple[tuple[str, str], int]] = []
        levels = iter(levels_of(text))
        for family, words in runs_of(text, self._order):
            for level, pairs in groupby(((next(levels), one) for one in words), key=_level):
                parts.append(((family, "".join(letter for _, letter in pairs)), level))
        return [
            _Run(words, self._face(family, is_strong, shaped=True), "rtl" if level % 2 else "ltr")
            for (family, words), level in in_visual_order(parts)
        ]

    def _face(
        self, family: str, is_strong: bool, *, shaped: bool = False
    ) -> ImageFont.FreeTypeFont:
        key = (family, is_strong, shaped)
        if key not in self._faces:
            engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
            path = self._fonts.of(family, is_strong=is_strong)
            self._faces[key] = ImageFont.truetype(path, self._size, layout_engine=engine)
        return self._faces[key]


def check_layout() -> None:
    """Raise LayoutMissing, with instructions, if letters cannot be shaped or ordered."""
    levels_of("\u05d0")
    if not features.check("raqm"):
        raise LayoutMissing(
            "Pillow has no Raqm layout, so photos cannot be captioned in Arabic, Thai or "
            "Devanagari. Install the packages that requirements.txt names."
        )


def one_line(words: str, limit: int) -> str:
    """`words` in one line of at most `limit` letters; letters that no font has are spelled out."""
    if is_plain(words):
        return clean_text(words, limit)
    return " ".join(spelled("".join(map(_shown, words[: limit * 4]))).split())[:limit]


def is_one_cluster(letter: str, following: str) -> bool:
    """Whether a line must not break between the two letters, because they are drawn as one."""
    return following in _JOINERS or letter in _JOINERS or unicodedata.category(following)[0] == "M"


def _shown(letter: str) -> str:
    """A blank for line ends and control characters, nothing for direction marks."""
    if letter in _JOINERS:
        return letter
    return {"Cc": " ", "Zs": " ", "Zl": " ", "Zp": " ", "Cf": ""}.get(
        unicodedata.category(letter), letter
    )


def _level(pair: tuple[int, str]) -> int:
    return pair[0]


def _draw(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, int],
    runs: list[_Run],
    colour: str,
    stroke: int = 0,
) -> None:
    x, y = at
    for run in runs:
        pen.text(
            (x, y),
            run.text,
            colour,
            run.face,
            anchor="ls",
            direction=run.direction,
            stroke_width=stroke,
            stroke_fill=colour,
        )
        x += run.width
