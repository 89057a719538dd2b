"""The contrast of a company's colours, and the darker colours printed where it is too low."""

from __future__ import annotations

from dataclasses import dataclass

from app.pdf.text import readable_colour
from app.web.brand import COLOUR, INK, MIN_CONTRAST, PAPER, contrast


@dataclass(frozen=True, slots=True)
class ColourCheck:
    """The contrast (1 to 21) of one colour as text on a light and on a dark background.

    `printed` is the colour that PDFs use instead, darkened if needed.
    """

    name: str
    colour: str
    on_paper: float
    on_ink: float
    printed: str

    @property
    def is_light(self) -> bool:
        return self.on_paper < MIN_CONTRAST

    @property
    def is_dark(self) -> bool:
        return self.on_ink < MIN_CONTRAST


def check_colours(colours: dict[str, str]) -> list[ColourCheck]:
    """Check each colour, keyed by name; incomplete input is left out."""
    return [
        ColourCheck(
            name, colour, contrast(colour, PAPER), contrast(colour, INK), readable_colour(colour)
        )
        for name, text in colours.items()
        if COLOUR.fullmatch(colour := text.strip().lower())
    ]
