"""Makes one box of short paragraphs, or of a picture and its caption, that a page never divides.

WeasyPrint would build a tree of block, line and text boxes for them, lay it out at least once for
each page that is tried, and paint a figure as a stacking context. A card sets its lines once, when
its box is made, and is an image to the layout. An element that has anything but a picture and
paragraphs of one style is left to WeasyPrint, so every text can be printed.

A picture with a minimum height gives way to the foot of the page: see fitting.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element

import pydyf
from weasyprint.draw.text import draw_text
from weasyprint.formatting_structure import boxes
from weasyprint.html import HTML_HANDLERS
from weasyprint.text.line_break import split_first_line, strut

FIGURE, TEXT, TEXT_CLASS = "figure", "div", "words"
BLANKS, AROUND_LINE_ENDS = re.compile(r"[ \t]+"), re.compile(r" *\n *")

OpenImage = Callable[..., Any]


@dataclass(slots=True)
class Line:
    """A line of a caption, with the attributes of a text box that draw_text reads. In CSS pixels
    from the corner of the card; `baseline` is counted from `position_y`."""

    text: str
    style: Any
    pango_layout: Any
    position_x: float
    position_y: float
    baseline: float


BARELY_SMALLER = 0.999


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's box, and its only text with the style of the innermost element."""

    box: Any
    text: str
    style: Any


class Card:
    """What WeasyPrint takes for an image: paragraphs, below or beside a picture if there is one."""

    def __init__(
        self, width: float, picture: Any, paragraphs: Sequence[Paragraph], language: str | None
    ) -> None:
        self._picture, self._language = picture, language
        self._size, self._is_beside, self._least, foot = (0.0, 0.0), False, 1.0, 0.0
        if picture is not None:
            self._size = _picture_size(picture)
            self._is_beside = picture.style["float"] == "left"
            self._least = _least_scale(picture, self._size[1])
            foot = self._size[1] + pixels(picture, "margin_bottom")
        self.lines, bottom = _set_lines(paragraphs, width, 0.0 if self._is_beside else foot)
        self._box = width, max(bottom, foot)
        # The height that the picture's scale does not change.
        self._rest = bottom if self._is_beside else self._box[1] - self._size[1]
        self._scale = 1.0

    def scale_within(self, room: float) -> float:
        """The scale of the picture at which the card is at most `room` high; 1 if there is none."""
        height = room if self._is_beside else room - self._rest
        is_text_too_high = self._is_beside and self._rest > room
        if not self._size[1] or self._box[1] <= room or is_text_too_high:
            return 1.0
        # Below 1 even if only the margin does not fit: a smaller picture beside its words has none.
        scale = min(BARELY_SMALLER, height / self._size[1])
        return scale if scale >= self._least else 1.0

    def set_scale(self, scale: float) -> None:
        """The scale of the picture for the next layout of the card, which keeps its width."""
        self._scale = scale

    def get_intrinsic_size(self, _resolution: object, _size: object) -> tuple[float, float, float]:
        """Width, height and ratio in CSS pixels, as WeasyPrint asks an image for them."""
        width, height = self._box
        if self._scale < 1:
            picture = self._size[1] * self._scale
            height = max(picture, self._rest) if self._is_beside else picture + self._rest
        return width, height, width / height

    def draw(self, stream: Any, _width: float, height: float, _style: object) -> None:
        """Paint picture and words; WeasyPrint has moved the origin to the card's corner.

        The height tells at which scale the card was laid out on this page.
        """
        missing = 0.0 if self._is_beside else self._box[1] - height
        left = None
        if self._picture is not None:
            drawn = min(self._size[1], height) if self._is_beside else self._size[1] - missing
            width = self._size[0] * drawn / self._size[1]
            gap = pixels(self._picture, "margin_right")
            # Captions keep to a picture that has a right margin, else to their own column.
            left = width + gap if self._is_beside and gap else None
            with stream.stacked():
                self._picture.replacement.draw(stream, width, drawn, self._picture.style)
        for line in self.lines:
            x = line.position_x if left is None else left
            moved = replace(line, position_x=x, position_y=line.position_y - missing)
            with _spoken_in(stream, line.style["lang"], self._language):
                draw_text(stream, moved, x, "clip", "none")


@contextmanager
def _spoken_in(stream: Any, language: str | None, around: str | None) -> Iterator[None]:
    """Mark words in another language than those around them, for those who listen."""
    is_other = stream._tags is not None and language != around
    if is_other:
        stream.begin_marked_content("Span", pydyf.Dictionary({"Lang": pydyf.String(language)}))
    yield
    if is_other:
        stream.end_marked_content()


def make_cards() -> None:
    """Register the cards for every page that this process lays out: figures, and divisions with the
    class `words` that have a width."""
    HTML_HANDLERS[FIGURE] = _figure
    HTML_HANDLERS[TEXT] = _text


def _figure(element: Element, box: Any, _open: OpenImage, _base_url: str | None) -> list[Any]:
    parts = [part for part in box.children if not _is_blank(part)]
    if not parts or not isinstance(parts[0], boxes.BlockReplacedBox):
        return [box]
    picture, paragraphs = parts[0], _paragraphs(parts[1:])
    if paragraphs is None:
        return [box]
    card = Card(box.style["width"].value, picture, paragraphs, box.style["lang"])
    picture.element.set("alt", _spoken(picture.element.get("alt", ""), paragraphs))
    return [boxes.InlineReplacedBox("img", box.style, picture.element, card)]


def _text(element: Element, box: Any, _open: OpenImage, _base_url: str | None) -> list[Any]:
    """A card of words is a paragraph to its readers."""
    if TEXT_CLASS not in element.get("class", "").split() or box.style["width"] == "auto":
        return [box]
    paragraphs = _paragraphs([part for part in box.children if not _is_blank(part)])
    if not paragraphs:
        return [box]
    card = Card(box.style["width"].value, None, paragraphs, box.style["lang"])
    return [boxes.BlockReplacedBox("p", box.style, element, card)]


def _paragraphs(parts: Sequence[Any]) -> list[Paragraph] | None:
    """The parts as paragraphs, or None if one of them is something else."""
    found = [_paragraph(part) for part in parts]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _is_blank(box: Any) -> bool:
    return isinstance(box, boxes.TextBox) and not box.text.strip()


def _paragraph(box: Any) -> Paragraph | None:
    """None for anything but a block with one text, which may be in an element of its own."""
    inner = box
    while isinstance(inner, boxes.BlockBox | boxes.InlineBox) and len(inner.children) == 1:
        inner = inner.children[0]
    if not isinstance(box, boxes.BlockBox) or not isinstance(inner, boxes.TextBox):
        return None
    return Paragraph(box, _collapsed(inner.text, inner.style), inner.style)


def _collapsed(text: str, style: Any) -> str:
    """The text with white space as CSS says: kept line ends only for pre-line."""
    if style["white_space"] == "normal":
        text = text.replace("\n", " ")
    return AROUND_LINE_ENDS.sub("\n", BLANKS.sub(" ", text)).strip(" ")


def _spoken(facts: str, paragraphs: Sequence[Paragraph]) -> str:
    """The alternative text: the picture's own, and what its caption adds but the hash."""
    said = (" ".join(one.text.split()) for one in paragraphs if one.style["white_space"] != "pre")
    return ". ".join([facts, *(words for words in said if words not in facts)])


def _picture_size(picture: Any) -> tuple[float, float]:
    """The size within max-width and max-height; a picture is never enlarged."""
    width, height, _ratio = picture.replacement.get_intrinsic_size(1, 1)
    most = picture.style["max_width"].value, picture.style["max_height"].value
    scale = min(1, most[0] / width, most[1] / height)
    return width * scale, height * scale


def _least_scale(picture: Any, height: float) -> float:
    """The scale at which the picture has its minimum height; 1 if it may not get smaller."""
    least = pixels(picture, "min_height")
    return min(1.0, least / height) if least else 1.0


def _set_lines(
    paragraphs: Sequence[Paragraph], width: float, top: float
) -> tuple[list[Line], float]:
    """The lines of all paragraphs from `top` on, and the position below the last."""
    lines: list[Line] = []
    for one in paragraphs:
        left = pixels(one.box, "margin_left")
        top += pixels(one.box, "margin_top") + pixels(one.box, "padding_top")
        for text, layout, ascent, descent, baseline in _broken(one, width - left):
            y = top + ascent - baseline
            if text:
                lines.append(Line(text, one.style, layout, left, y, baseline))
            top += ascent + descent
        top += pixels(one.box, "padding_bottom")
    return lines, top


def _broken(one: Paragraph, width: float) -> Iterator[tuple[str, Any, float, float, float]]:
    """Each line with its Pango layout, the space above and below its baseline, and the distance
    from the top of its letters to the baseline."""
    height, ascent = strut(one.box.style)
    line_height, _ascent = strut(one.style)
    for piece in one.text.split("\n"):
        rest: str | None = piece
        if not piece:
            yield "", None, ascent, height - ascent, 0.0
        while rest:
            layout, _length, resume, _width, high, baseline = split_first_line(
                rest, one.style, None, width, 0
            )
            above = (line_height - high) / 2 + baseline
            below = line_height - above
            yield layout.text, layout, max(ascent, above), max(height - ascent, below), baseline
            rest = rest.encode()[resume:].decode().lstrip(" ") if resume else None


def pixels(box: Any, name: str) -> float:
    """A length of the box's style in CSS pixels, 0 if it is automatic."""
    value = box.style[name]
    return 0.0 if value == "auto" else float(value.value)
