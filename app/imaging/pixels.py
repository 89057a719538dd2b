"""Small steps with pixels that photos and logos share; nothing here opens a file."""

from __future__ import annotations

from PIL import Image


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return `size` made to fit `box` with its proportions; never larger, never below 1."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrink(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Return the image shrunk to fit `box`, or itself when it does already."""
    size = fit(image.size, box)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def eight_bit(image: Image.Image) -> Image.Image:
    """Convert to a mode that can be resized in: L, RGB, RGBA or CMYK, keeping transparency."""
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips at 255
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")
