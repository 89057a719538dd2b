"""Whether a picture of a signature shows any ink, judged as the PDF prints it: on white paper.

Ink is what differs from the paper around it, so shading of a photographed sheet is none, and the
grain of a JPEG is averaged away. A dot has ink but no extent.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

_GRAIN_RADIUS = 1
_PAPER_RADIUS = 24
_CONTRAST = 32
# How far ink must reach, as a share of the longer side; what strokes.py asks of a pad's pen.
_LEAST_EXTENT = 0.04


def has_ink(image: Image.Image) -> bool:
    """Whether a line is visible in an RGB or RGBA picture that reaches farther than a dot."""
    sheet = Image.new("RGBA", image.size, "white")
    sheet.alpha_composite(image.convert("RGBA"))
    grey = sheet.convert("L").filter(ImageFilter.BoxBlur(_GRAIN_RADIUS))
    paper = grey.filter(ImageFilter.GaussianBlur(_PAPER_RADIUS))
    ink = ImageChops.difference(grey, paper).point(lambda value: 255 * (value >= _CONTRAST))
    bounds = ink.getbbox()
    if bounds is None:
        return False
    extent = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    # Two dots reach as far as a line between them, but lack its ink.
    return extent >= _LEAST_EXTENT * max(grey.size) and ink.histogram()[255] >= extent / 2
