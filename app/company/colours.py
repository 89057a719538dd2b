"""What a company's colours can carry: their contrast, and what Laudo prints where it is too low."""

from __future__ import annotations

from dataclasses import dataclass

from app.pdf.text import readable_colour
from app.web.brand import COLOUR, INK, LEAST, PAPER, contrast


@dataclass(frozen=True, slots=True)
class ColourCheck:
    """One colour as text: its contrast (1 to 21) on a light and on a dark ground.

    `printed` is what stands for it in a PDF, darkened where that is needed.
    """

    name: str
    colour: str
    on_paper: float
    on_ink: float
    printed: str

    @property
    def is_light(self) -> bool:
        return self.on_paper < LEAST

    @property
    def is_dark(self) -> bool:
        return self.on_ink < LEAST


def check_colours(colours: dict[str, str]) -> list[ColourCheck]:
    """Of each colour by its name; what is not a colour yet is left out."""
    return [
        ColourCheck(
            name, colour, contrast(colour, PAPER), contrast(colour, INK), readable_colour(colour)
        )
        for name, text in colours.items()
        if COLOUR.fullmatch(colour := text.strip().lower())
    ]
