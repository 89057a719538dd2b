"""The typeface of strip and PDF: TrueType files made from the packaged web fonts.

Pillow reads no WOFF2, and WeasyPrint would unpack its faces anew in every process, for half a
second each. So the set-up runs `python -m app.fonts SRC OUT` once. Pages have the web fonts.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REGULAR = "Inter-Regular"
STRONG = "Inter-SemiBold"
FACES = {
    REGULAR: (400, "normal"),
    "Inter-Italic": (400, "italic"),
    "Inter-Medium": (500, "normal"),
    STRONG: (600, "normal"),
    "Inter-Bold": (700, "normal"),
}
"""File name without suffix, the same in package and built folder: weight and style in CSS."""


# Made by `make setup`, beside dist and not in it: the asset build replaces dist as a whole.
FONT_FOLDER = Path(__file__).resolve().parent / "static" / "fonts"


class FontsMissing(RuntimeError):
    """The fonts have not been built; the message says where they were expected."""


@dataclass(frozen=True)
class Fonts:
    """Of the strip: `regular` for most lines, `strong` for the leading ones."""

    regular: Path
    strong: Path

    @classmethod
    def from_folder(cls, folder: Path) -> Fonts:
        """The faces that the set-up left in `folder`. Raises FontsMissing if it did not."""
        return cls(find_face(REGULAR, folder), find_face(STRONG, folder))


def find_face(face: str, folder: Path = FONT_FOLDER) -> Path:
    """The TrueType file of a face. Raises FontsMissing."""
    path = folder / f"{face}.ttf"
    if not path.is_file():
        raise FontsMissing(f"The font {path} is missing. Run `make setup` first.")
    return path


def ensure_ttf(woff2_path: Path, ttf_path: Path) -> None:
    """Write the TrueType form of a WOFF2 font unless it is there and not older.

    The same input gives the same bytes. Raises FileNotFoundError when the source is missing.
    """
    made = ttf_path.stat().st_mtime if ttf_path.is_file() else None
    if made is not None and made >= woff2_path.stat().st_mtime:
        return
    # The build's library, kept out of the worker's imports.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(woff2_path, recalcTimestamp=False)
    font.flavor = None
    ttf_path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=ttf_path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            font.save(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(ttf_path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def build(source: Path, target: Path) -> None:
    """Convert every face from the folder `source` (WOFF2) into the folder `target`."""
    for face in FACES:
        ensure_ttf(source / f"{face}.woff2", target / f"{face}.ttf")


def main(arguments: list[str]) -> int:
    """Run from the command line with a source and a target folder; returns the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m app.fonts SOURCE_FOLDER TARGET_FOLDER\n")
        return 2
    try:
        build(Path(arguments[0]), Path(arguments[1]))
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename} is missing; run npm ci in app/assets first.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
