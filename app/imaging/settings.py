"""A company's settings for the strip on its photos. No pixels here: pages import this.

The time and the hash are always in the strip: a print without them proves nothing. Everything
else is stored as evidence with the photo, whether the strip shows it or not.
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
    """Below the picture, or over its lower edge, covering that part of it."""

    BELOW = "below"
    ON = "on"


@dataclass(frozen=True, slots=True)
class StripStyle:
    """The appearance of a strip. `opacity` (per cent) applies to a strip over the picture."""

    theme: StripTheme = StripTheme.LIGHT
    position: StripPosition = StripPosition.BELOW
    opacity: int = 100

    def recipe_parts(self) -> dict[str, str | int]:
        """The settings that change the pixels; for a strip below only its theme, as before."""
        if self.position is StripPosition.BELOW:
            return {"theme": self.theme}
        return {"theme": self.theme, "position": self.position, "opacity": self.opacity}


class WatermarkSettings(Stored):
    """Which lines the strip shows in addition to time and hash, and its appearance.

    `coordinates` includes the nearest place and the distance to the site; `place` is the site:
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
