"""Draws the strip of a photo: logo, time, position, report number and hash; below them the site.

A strip below the picture covers no pixel; a company may choose to put it over the lower edge.
Callers supply the final text in the reader's language; this module only draws it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from PIL import Image, ImageDraw

from app.fonts import Fonts
from app.imaging.lettering import Ink, Lettering, is_one_cluster, one_line
from app.imaging.settings import StripPosition, StripStyle, StripTheme

HASH_DIGITS = 12
"""How many hex digits of the original's SHA-256 the strip shows."""

# Longer lines are cut; this is several times the length of any real line.
_MAX_LINE = 400

# Text size: 27 px for a longer edge of 960, which is 5 pt in the PDF, where such a picture is
# 58 mm high. A portrait picture is printed higher but narrower, so its text is slightly larger.
# Below 15 px the letters become illegible.
_TEXT_SHARE = 27 / 960
_UPRIGHT_TEXT_SHARE = 30 / 960
_MIN_TEXT = 15

# The distance between lines, in text sizes. The logo is two lines high.
_PITCH = 1.34
_LOGO_ROWS = 2

# A strip that would cover a larger share of the picture is drawn below it, whatever the setting.
_MOST_COVERED = 0.4


@dataclass(frozen=True)
class StripText:
    """The lines of a strip, ready to print; an empty line takes no space.

    `time` has zone and source ('2026-11-22 14:05:09 -03:00 · EXIF'), `position` coordinates,
    accuracy and source, `place` the nearest named place and `from_site` the site, each with its
    distance. `report` is the report's number, `sha256` the original's full digest in hex.
    `site` is the location of the project, which does not say where the photo was taken.
    """

    time: str
    position: str
    place: str
    report: str
    sha256: str
    from_site: str = ""
    site: str = ""


@dataclass(frozen=True)
class _Colours:
    ground: str
    ink: str
    soft: str
    rule: str
    margin: str


_COLOURS = {
    StripTheme.LIGHT: _Colours("#ffffff", "#111827", "#4b5563", "#c5cad3", "#eceef1"),
    StripTheme.DARK: _Colours("#111827", "#f9fafb", "#c3c9d4", "#4b5563", "#1f2937"),
}


@dataclass(frozen=True)
class _Line:
    text: str
    is_strong: bool


@dataclass(frozen=True)
class _Faces:
    lettering: Lettering

    def width(self, line: _Line) -> int:
        return round(self.lettering.width(line.text, is_strong=line.is_strong) + 0.5)

    def wrap(self, lines: list[_Line], width: int) -> list[_Line]:
        """Break lines at blanks, and words that are too long anywhere, to fit `width`."""
        return [piece for line in lines for piece in self._wrap_one(line, width)]

    def _wrap_one(self, line: _Line, width: int) -> list[_Line]:
        if self.width(line) <= width:
            return [line]
        pieces: list[str] = []
        rest = line.text
        while rest:
            end = len(rest)
            while end > 1 and self.width(_Line(rest[:end].rstrip(), line.is_strong)) > width:
                # Back to the previous blank, else letter by letter.
                blank = rest.rfind(" ", 0, end - 1)
                end = blank + 1 if blank > 0 else _cluster_before(rest, end)
            pieces.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        return [_Line(piece, line.is_strong) for piece in pieces]


def _cluster_before(text: str, end: int) -> int:
    """The start of the last letter of `text` before `end`, including its combining marks."""
    end -= 1
    while end > 1 and is_one_cluster(text[end - 1], text[end]):
        end -= 1
    return end


@dataclass(frozen=True)
class _Row:
    """A left-aligned line and a right-aligned line; either may be absent."""

    left: _Line | None = None
    right: _Line | None = None


@dataclass(frozen=True)
class _Layout:
    """Rows from the top; the logo is right-aligned in two of them, from `logo_row` on.

    `rule` is the distance of the vertical line between two columns from the right edge, in pixels.
    The lines of the `site` come last, below a horizontal line.
    """

    rows: list[_Row]
    logo_row: int = 0
    rule: int | None = None
    site: tuple[_Line, ...] = ()


def text_size(width: int, height: int) -> int:
    """Return the strip's text size for a picture of this size in pixels."""
    share = _UPRIGHT_TEXT_SHARE if height > width else _TEXT_SHARE
    return max(_MIN_TEXT, round(max(width, height) * share))


def draw_strip(
    width: int,
    size: int,
    text: StripText,
    logo: Image.Image | None,
    fonts: Fonts,
    theme: StripTheme = StripTheme.LIGHT,
    beneath: Image.Image | None = None,
    opacity: int = 100,
) -> Image.Image:
    """Return the strip as an RGB image of `width` pixels, as high as its text (in `size`) needs.

    `logo` is RGBA or RGB, of any size; `width` should be at least 20 times `size`. If `opacity`
    (per cent) is below 100, the lower edge of the picture `beneath` (as wide as the strip) shows
    through the background.
    """
    colours = _COLOURS[theme]
    faces = _Faces(Lettering(fonts, size, "".join(vars(text).values())))
    padding = round(size * 0.75)
    mark = _fit_logo(logo, width, size, theme)
    layout = _lay_out(text, faces, width - 2 * padding, size, mark)

    pitch = round(size * _PITCH)
    bottom = len(layout.rows) * pitch + padding
    gap = round(size * 0.4) if layout.site else 0
    height = bottom + gap + len(layout.site) * pitch + padding
    right = width - padding
    strip = _ground(beneath, (width, height), colours.ground, opacity)
    # On a translucent background, text needs a halo of the background colour to stay readable.
    halo = 0 if beneath is None or opacity == 100 else max(1, round(size / 9))
    pen = ImageDraw.Draw(strip)
    pen.rectangle((0, 0, width - 1, max(0, round(size / 12) - 1)), fill=colours.ink)
    if layout.rule is not None:
        x = right - layout.rule
        pen.line((x, padding, x, bottom - 1), fill=colours.rule)
    if layout.site:
        pen.line((padding, bottom + gap // 2, right, bottom + gap // 2), fill=colours.rule)
    if mark:
        slack = _LOGO_ROWS * pitch - mark.height
        strip.paste(
            mark, (right - mark.width, padding + layout.logo_row * pitch + slack // 2), mark
        )
    baseline = padding + round(pitch * 0.74)
    for row in layout.rows:
        if row.left:
            _write(pen, (padding, baseline), "ls", row.left, faces, colours, halo)
        if row.right:
            _write(pen, (right, baseline), "rs", row.right, faces, colours, halo)
        baseline += pitch
    for line in layout.site:
        _write(pen, (padding, baseline + gap), "ls", line, faces, colours, halo)
        baseline += pitch
    return strip


def _write(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    anchor: str,
    line: _Line,
    faces: _Faces,
    colours: _Colours,
    halo: int,
) -> None:
    colour = colours.ink if line.is_strong or halo else colours.soft
    ink = Ink(colour, colours.ground, halo)
    faces.lettering.write(pen, at, anchor, line.text, ink, is_strong=line.is_strong)


def _ground(
    beneath: Image.Image | None, size: tuple[int, int], colour: str, opacity: int
) -> Image.Image:
    plain = Image.new("RGB", size, colour)
    if beneath is None or opacity == 100:
        return plain
    edge = beneath.crop((0, beneath.height - size[1], size[0], beneath.height))
    return Image.blend(edge, plain, opacity / 100)


def add_strip(
    picture: Image.Image,
    width: int,
    text: StripText,
    logo: Image.Image | None,
    fonts: Fonts,
    style: StripStyle,
) -> Image.Image:
    """Return the picture with its strip, `width` pixels wide, which is at least its own width."""
    size = text_size(width, picture.height)
    strip = draw_strip(width, size, text, logo, fonts, style.theme)
    on_it = style.position is StripPosition.ON
    if not on_it or strip.height > picture.height * _MOST_COVERED:
        return join(picture, strip, style.theme)
    canvas = _centred(picture, (width, picture.height), style.theme)
    strip = draw_strip(width, size, text, logo, fonts, style.theme, canvas, style.opacity)
    canvas.paste(strip, (0, canvas.height - strip.height))
    return canvas


def join(picture: Image.Image, strip: Image.Image, theme: StripTheme) -> Image.Image:
    """Return the unchanged picture, centred, above its strip; the strip is at least as wide."""
    canvas = _centred(picture, (strip.width, picture.height + strip.height), theme)
    canvas.paste(strip, (0, picture.height))
    return canvas


def _centred(picture: Image.Image, size: tuple[int, int], theme: StripTheme) -> Image.Image:
    """The picture at the top of a canvas that may be larger."""
    canvas = Image.new("RGB", size, _COLOURS[theme].margin)
    canvas.paste(picture, ((size[0] - picture.width) // 2, 0))
    return canvas


def _lines(parts: list[tuple[str, bool]]) -> list[_Line]:
    cleaned = [(one_line(words, _MAX_LINE), is_strong) for words, is_strong in parts]
    return [_Line(words, is_strong) for words, is_strong in cleaned if words]


def _lay_out(
    text: StripText, faces: _Faces, width: int, size: int, mark: Image.Image | None
) -> _Layout:
    """Arrange the facts (time, position), the source (logo, report, hash), and the site.

    In two columns or stacked, whichever is lower: a strip takes space from the picture.
    """
    digest = text.sha256[:HASH_DIGITS]
    seen = _lines(
        [(text.time, True), (text.position, False), (text.place, False), (text.from_site, False)]
    )
    source = _lines([(text.report, True), (f"SHA-256 {digest}" if digest else "", False)])
    stacked = _stacked(seen, source, faces, width, size, mark)
    columns = _columns(seen, source, faces, width, size, mark)
    site = tuple(faces.wrap(_lines([(text.site, False)]), width))
    if columns is None or len(stacked.rows) < len(columns.rows):
        return replace(stacked, site=site)
    return replace(columns, site=site)


def _columns(
    seen: list[_Line],
    source: list[_Line],
    faces: _Faces,
    width: int,
    size: int,
    mark: Image.Image | None,
) -> _Layout | None:
    """The facts on the left; the logo on the right, with the source below it."""
    gap = round(size * 0.75)
    aside = max([mark.width if mark else 0, *(faces.width(line) for line in source)])
    beside = width - aside - 2 * gap
    if not aside or beside < aside:
        return None
    right = [None] * (_LOGO_ROWS if mark else 0) + source
    rows = [_Row(*pair) for pair in zip_longest(faces.wrap(seen, beside), right)]
    return _Layout(rows, rule=aside + gap)


def _stacked(
    seen: list[_Line],
    source: list[_Line],
    faces: _Faces,
    width: int,
    size: int,
    mark: Image.Image | None,
) -> _Layout:
    """The facts over the full width; below them the source, with the logo beside it."""
    rows = [_Row(line) for line in faces.wrap(seen, width)]
    if mark is None:
        if len(source) == 2 and sum(faces.width(line) for line in source) + size <= width:
            return _Layout([*rows, _Row(*source)])
        return _Layout(rows + [_Row(line) for line in faces.wrap(source, width)])
    below = [_Row(line) for line in faces.wrap(source, width - mark.width - size)]
    rows += below + [_Row()] * (_LOGO_ROWS - len(below))
    return _Layout(rows, logo_row=len(rows) - _LOGO_ROWS)


def _fit_logo(
    logo: Image.Image | None, width: int, size: int, theme: StripTheme
) -> Image.Image | None:
    """Return the logo as RGBA, to fit within its rows."""
    if logo is None:
        return None
    plate = (size, size // 2) if theme is StripTheme.DARK else (0, 0)
    room = (min(round(width * 0.25), size * 9) - plate[0], round(size * 2.4) - plate[1])
    scale = min(room[0] / logo.width, room[1] / logo.height)
    fitted = logo.convert("RGBA").resize(
        (max(1, round(logo.width * scale)), max(1, round(logo.height * scale))),
        Image.Resampling.LANCZOS,
        reducing_gap=2.0,
    )
    if theme is StripTheme.LIGHT:
        return fitted
    # Logos are designed for paper: on a dark background they keep a white plate.
    ground = Image.new("RGBA", (fitted.width + plate[0], fitted.height + plate[1]), "white")
    ground.alpha_composite(fitted, (plate[0] // 2, plate[1] // 2))
    return ground


def load_logo(path: Path) -> Image.Image:
    """Open a logo made by `logo.clean_logo`; raises OSError if it is not a PNG."""
    with Image.open(path, formats=("PNG",)) as image:
        return image.convert("RGBA")
