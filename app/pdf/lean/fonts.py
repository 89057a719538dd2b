"""The single font configuration shared by all renders of a process, without the machine's fonts."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# Importing WeasyPrint makes Pillow accept truncated images in the whole process. The code that
# decides on quarantine must never inherit that, so it is switched back at once.
from PIL import ImageFile
from weasyprint.text.ffi import ffi, fontconfig, pangoft2
from weasyprint.text.fonts import FontConfiguration

from app.fonts import FALLBACKS, FontsMissing, find_face

ImageFile.LOAD_TRUNCATED_IMAGES = False

NO_FONTS = Path(__file__).with_name("no_fonts.conf")
"""A configuration of Fontconfig that names no folder."""


class SharedFonts(FontConfiguration):  # type: ignore[misc]
    """A font configuration without the machine's fonts that survives its forked children.

    WeasyPrint deletes its copies of the font files when the object is deleted; a forked work horse
    that ends would otherwise delete its parent's files.
    """

    def __init__(self) -> None:
        with _no_machine_fonts():
            super().__init__()
        self._owner = os.getpid()
        self._added: set[str] = set()
        atexit.register(self._remove)

    def add(self, families: Iterable[str]) -> None:
        """Register fallback fonts with this process, from their original files.

        Not by @font-face: WeasyPrint would copy megabytes, and a forked child would treat another
        child's copy as a font that it already has. Raises FontsMissing.
        """
        for fallback in FALLBACKS:
            if fallback.family in families and fallback.family not in self._added:
                for face in fallback.faces:
                    self._add_file(find_face(face))
                self._added.add(fallback.family)

    def _add_file(self, path: Path) -> None:
        if not fontconfig.FcConfigAppFontAddFile(self._config, os.fsencode(path)):
            raise FontsMissing(f"The font {path} cannot be read. Run `make setup` again.")
        pangoft2.pango_fc_font_map_config_changed(ffi.cast("PangoFcFontMap *", self.font_map))

    def _remove(self) -> None:
        if os.getpid() == self._owner:
            super().__del__()

    def __del__(self) -> None:
        """Keep the files: the process that created them deletes them when it ends."""


@contextmanager
def _no_machine_fonts() -> Iterator[None]:
    """Hide the machine's fonts: fontconfig reads the variable for every new configuration."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(NO_FONTS)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@cache
def shared_fonts() -> SharedFonts:
    """The font configuration of this process; five fonts are read only once."""
    return SharedFonts()
