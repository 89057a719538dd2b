"""How many pixels a picture may have, by kind. Imports no image library: pages name the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from app.imaging.sniff import ImageKind

MILLION = 1_000_000


@dataclass(frozen=True)
class PixelLimits:
    """The most pixels that a file of each kind may announce.

    `jpeg`: phones make 200 MP. A reduced decode of one took 22 MB when baseline, but 585 MB when
    progressive, whose coefficients libjpeg must keep.
    Listening for damage (`damage`) takes as much again, one after the other.
    `heic`: has no reduced decode. 108 MP took 515 MB, with one thread and shrunk in bands; 200 MP
    would take 886 MB, which is more than a child may have.
    `png`: has no reduced decode either, and two copies stand side by side: 80 MP took 630 MB. A
    JPEG that is not reduced is held to it too.
    """

    jpeg: int = 250 * MILLION
    heic: int = 110 * MILLION
    png: int = 80 * MILLION

    @classmethod
    def up_to(cls, most: int) -> PixelLimits:
        """The usual limits, none of them above `most`."""
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
        """What sentences say: 'jpeg', 'heic' and 'png' in megapixels, rounded down."""
        return {name: getattr(self, name) // MILLION for name in ("jpeg", "heic", "png")}
