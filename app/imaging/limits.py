"""The maximum number of pixels by image type. Imports no image library: pages show the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from app.imaging.sniff import ImageKind

MILLION = 1_000_000


@dataclass(frozen=True)
class PixelLimits:
    """The maximum number of pixels that a file of each kind may declare.

    `jpeg`: phones make 200 MP. A reduced decode of one took 22 MB if baseline, but 585 MB if
    progressive, because libjpeg must keep the coefficients.
    Damage detection (`damage`) then takes as much again, afterwards and not in addition.
    `heic`: has no reduced decode. 108 MP took 515 MB, with one thread and shrunk in bands; 200 MP
    would take 886 MB, which is more than a child may have.
    `png`: has no reduced decode either, and two copies are in memory: 80 MP took 630 MB. The limit
    also applies to a JPEG that is not reduced.
    """

    jpeg: int = 250 * MILLION
    heic: int = 110 * MILLION
    png: int = 80 * MILLION

    @classmethod
    def up_to(cls, most: int) -> PixelLimits:
        """The usual limits, each capped at `most`."""
        usual = cls()
        return cls(min(usual.jpeg, most), min(usual.heic, most), min(usual.png, most))

    def of(self, kind: ImageKind) -> int:
        return {
            ImageKind.JPEG: self.jpeg,
            ImageKind.HEIC: self.heic,
            ImageKind.PNG: self.png,
        }[kind]

    @property
    def in_millions(self) -> dict[str, int]:
        """The values for messages: 'jpeg', 'heic' and 'png' in megapixels, rounded down."""
        return {name: getattr(self, name) // MILLION for name in ("jpeg", "heic", "png")}
