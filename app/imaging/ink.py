"""Checks whether the image of a signature shows ink, as the PDF prints it: on white paper.

Ink is what differs from the paper around it, so the shading of a photographed sheet does not
count, and JPEG noise is averaged away. A dot has ink but no extent.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

_GRAIN_RADIUS = 1
_PAPER_RADIUS = 24
_CONTRAST = 32
# The minimum extent of ink, as a share of the longer side; strokes.py requires the same of a pen.
_LEAST_EXTENT = 0.04


def has_ink(image: Image.Image) -> bool:
    """Whether an RGB or RGBA picture shows a line that is longer than a dot."""
    sheet = Image.new("RGBA", image.size, "white")
    sheet.alpha_composite(image.convert("RGBA"))
    grey = sheet.convert("L").filter(ImageFilter.BoxBlur(_GRAIN_RADIUS))
    paper = grey.filter(ImageFilter.GaussianBlur(_PAPER_RADIUS))
    ink = ImageChops.difference(grey, paper).point(lambda value: 255 * (value >= _CONTRAST))
    bounds = ink.getbbox()
    if bounds is None:
        return False
    extent = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    # Two dots have the extent of a line between them, but less ink.
    return extent >= _LEAST_EXTENT * max(grey.size) and ink.histogram()[255] >= extent / 2
