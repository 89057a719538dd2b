"""The packaged families and the one font configuration that all renders of a process share.

The machine's fonts are never used: every machine gives the same pages, and the letters that no
packaged family has (app/scripts.py) are spelled before they come here.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# Importing WeasyPrint tells Pillow to accept truncated images in the whole process; what decides
# about quarantine must never inherit that, so it is switched back in the same breath.
from PIL import ImageFile
from weasyprint.text.ffi import ffi, fontconfig, pangoft2
from weasyprint.text.fonts import FontConfiguration

from app.fonts import FACES, FALLBACKS, MAIN, FontsMissing, find_face

ImageFile.LOAD_TRUNCATED_IMAGES = False

NO_FONTS = Path(__file__).with_name("no_fonts.conf")
"""A configuration of Fontconfig that names no folder."""


def font_files() -> dict[str, Path]:
    """The faces' files by name. Raises FontsMissing, which says what to run."""
    return {face: find_face(face) for face in FACES}


def font_face_css() -> str:
    """One @font-face rule per file, reached through the asset scheme of the fetcher."""
    return "\n".join(
        f'@font-face {{ font-family: "Inter"; font-weight: {weight}; font-style: {style};'
        f' src: url("asset:{face}") format("truetype"); }}'
        for face, (weight, style) in FACES.items()
    )


def family_css(families: Iterable[str]) -> str:
    """Whom to ask for the letters that the main family lacks, in this order."""
    names = ", ".join(f'"{family}"' for family in (MAIN, *families))
    return f"html {{ font-family: {names}, sans-serif; }}"


class SharedFonts(FontConfiguration):  # type: ignore[misc]
    """A font configuration that knows no font of the machine and survives its forked children.

    WeasyPrint removes its copies of the font files when the object goes; a forked work horse that
    ends would otherwise take them away from its parent.
    """

    def __init__(self) -> None:
        with _no_machine_fonts():
            super().__init__()
        self._owner = os.getpid()
        self._added: set[str] = set()
        atexit.register(self._remove)

    def add(self, families: Iterable[str]) -> None:
        """Make fallback families known to this process, from where they lie.

        Not by @font-face: WeasyPrint would copy megabytes, and a forked child would take the copy
        that another one left for a font that it knows. Raises FontsMissing.
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
        """Leaves the files alone: they go at the end of the process that made them."""


@contextmanager
def _no_machine_fonts() -> Iterator[None]:
    """Fontconfig reads the variable anew each time that a configuration is made."""
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
    """The process's font configuration; reading five faces once is enough."""
    return SharedFonts()
