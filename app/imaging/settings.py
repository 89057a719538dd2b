"""What a company may choose about the strip of its photos. No pixels here: pages import this.

The time and the hash always stay in the strip: without them a print proves nothing. Everything
else is kept as evidence beside the photo, whether the strip shows it or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from app.stored import Stored

LEAST_OPACITY = 40
"""Per cent. Below it the words drown in a busy picture, halo or not."""


class StripTheme(StrEnum):
    """Dark text on white, or the reverse."""

    LIGHT = "light"
    DARK = "dark"


class StripPosition(StrEnum):
    """Below the picture, or on its lower edge, where it covers what lies there."""

    BELOW = "below"
    ON = "on"


@dataclass(frozen=True, slots=True)
class StripStyle:
    """How a strip looks, whatever it says. `opacity` (per cent) is of a strip on the picture."""

    theme: StripTheme = StripTheme.LIGHT
    position: StripPosition = StripPosition.BELOW
    opacity: int = 100

    def recipe_parts(self) -> dict[str, str | int]:
        """What of it changes the pixels; a strip below names only its theme, as it always did."""
        if self.position is StripPosition.BELOW:
            return {"theme": self.theme}
        return {"theme": self.theme, "position": self.position, "opacity": self.opacity}


class WatermarkSettings(Stored):
    """Which lines the strip has beside time and hash, and how it looks.

    `coordinates` brings the nearest place and the distance to the site along, `place` is the site:
    the project's name and address.
    """

    logo: bool = True
    coordinates: bool = True
    place: bool = True
    report: bool = True
    theme: StripTheme = StripTheme.LIGHT
    position: StripPosition = StripPosition.BELOW
    opacity: int = Field(default=100, ge=LEAST_OPACITY, le=100)

    @property
    def style(self) -> StripStyle:
        return StripStyle(self.theme, self.position, self.opacity)


DEFAULTS = WatermarkSettings()
