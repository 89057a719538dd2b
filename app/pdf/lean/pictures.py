"""A photo's print as WeasyPrint embeds it: its header is read for the layout, its bytes at the end.

WeasyPrint would read each file when it lays out the page, and encode a JPEG with EXIF again.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError
from weasyprint.images import LazyLocalImage, RasterImage

MODES = ("RGB", "L")


class StoredPicture(RasterImage):  # type: ignore[misc]
    """A JPEG whose pixels are upright; `name` is unique in the PDF."""

    def __init__(self, path: Path, name: str, size: tuple[int, int], mode: str) -> None:
        self.id = name
        self.width, self.height = size
        self.ratio = self.width / self.height
        self.mode, self.format = mode, "JPEG"
        self.image_data = LazyLocalImage(str(path))
        self.invert_colors = self.optimize = False
        self._cache: dict[str, bytes] = {}
        self._dpi = self._jpeg_quality = None


def find_picture(path: Path, name: str) -> StoredPicture | None:
    """The picture in a file, or None if it is no plain JPEG: WeasyPrint must open it then."""
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            size, mode = image.size, image.mode
    except UnidentifiedImageError:
        return None
    return StoredPicture(path, name, size, mode) if mode in MODES else None
