"""The fonts of photo strip and PDF: TrueType files converted or copied from npm packages.

Pillow cannot read WOFF2, and WeasyPrint would unpack it again in every process, at half a second
per face. So the set-up runs `python -m app.fonts NODE_MODULES OUT` once. It also writes the list of
letters per family, so that app/scripts.py need not open fonts. Pages use the web fonts, and the
device's own fonts for letters that Inter lacks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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

MAIN = "Inter"
"""The family of every text; it has the Latin, Greek and Cyrillic letters."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A family for letters that Inter lacks: `package` under FALLBACK_SCOPE, and its weights.

    Without a semi-bold face, strong text uses the regular one.
    """

    family: str
    package: str
    has_strong: bool = True

    @property
    def faces(self) -> dict[str, str]:
        """The names of the built files without suffix, each with its path in the package."""
        stem = self.family.replace(" ", "")
        weights = {"Regular": "400Regular", "SemiBold": "600SemiBold"}
        if not self.has_strong:
            del weights["SemiBold"]
        return {f"{stem}-{name}": f"{at}/{stem}_{at}.ttf" for name, at in weights.items()}


FALLBACK_SCOPE = "@expo-google-fonts"
# In look-up order; app/scripts.py reorders the last four, which share the Chinese characters.
FALLBACKS = (
    # Devanagari, and the rarer Latin, Greek and Cyrillic letters that Inter lacks.
    Fallback("Noto Sans", "noto-sans"),
    Fallback("Noto Sans Hebrew", "noto-sans-hebrew"),
    Fallback("Noto Sans Arabic", "noto-sans-arabic"),
    Fallback("Noto Sans Thai", "noto-sans-thai"),
    Fallback("Noto Sans Symbols", "noto-sans-symbols"),
    Fallback("Noto Sans Symbols 2", "noto-sans-symbols-2", has_strong=False),
    Fallback("Noto Sans SC", "noto-sans-sc"),
    Fallback("Noto Sans TC", "noto-sans-tc"),
    Fallback("Noto Sans JP", "noto-sans-jp"),
    Fallback("Noto Sans KR", "noto-sans-kr"),
)
PRIVATE_USE = frozenset((*range(0xE000, 0xF900), *range(0xF0000, 0x110000)))
COVERAGE = "coverage.json"
"""Beside the faces: by family, the first and last code point of each range that it has."""


# Made by `make setup`. Not inside dist, because the asset build replaces dist as a whole.
FONT_FOLDER = Path(__file__).resolve().parent / "static" / "fonts"


class FontsMissing(RuntimeError):
    """The fonts have not been built; the message names the expected place."""


@dataclass(frozen=True)
class Fonts:
    """The fonts of the photo strip: `regular` for most lines, `strong` for the first ones."""

    regular: Path
    strong: Path

    @classmethod
    def from_folder(cls, folder: Path) -> Fonts:
        """The faces that the set-up built in `folder`. Raises FontsMissing if there are none."""
        return cls(find_face(REGULAR, folder), find_face(STRONG, folder))

    def of(self, family: str, *, is_strong: bool) -> Path:
        """The face of a family in the same folder. Raises FontsMissing."""
        if family == MAIN:
            return self.strong if is_strong else self.regular
        faces = next(one.faces for one in FALLBACKS if one.family == family)
        return find_face([*faces][-1 if is_strong else 0], self.regular.parent)


def find_face(face: str, folder: Path = FONT_FOLDER) -> Path:
    """The TrueType file of a face. Raises FontsMissing."""
    path = folder / f"{face}.ttf"
    if not path.is_file():
        raise FontsMissing(f"The font {path} is missing. Run `make setup` first.")
    return path


def ensure_ttf(woff2_path: Path, ttf_path: Path) -> None:
    """Convert a WOFF2 font to TrueType unless an up-to-date file exists.

    The output is deterministic. Raises FileNotFoundError if the source is missing.
    """
    if _is_made(woff2_path, ttf_path):
        return
    # Only the build needs this library; workers need not import it.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(woff2_path, recalcTimestamp=False)
    font.flavor = None
    _write(ttf_path, font.save)


def ensure_copy(source: Path, target: Path) -> None:
    """Copy a TrueType file unless an up-to-date copy exists. Raises FileNotFoundError."""
    if not _is_made(source, target):
        with source.open("rb") as original:
            _write(target, lambda file: shutil.copyfileobj(original, file))


def _is_made(source: Path, target: Path) -> bool:
    made = target.stat().st_mtime if target.is_file() else None
    return made is not None and made >= source.stat().st_mtime


def _write(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write to a temporary file and move it into place atomically."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def letters_of(faces: Iterable[Path]) -> list[tuple[int, int]]:
    """The code points that all these fonts have, as inclusive ranges (first, last).

    Private-use code points are left out: fonts put arbitrary glyphs there.
    """
    from fontTools.ttLib import TTFont

    codes = set.intersection(*(set(TTFont(face, lazy=True).getBestCmap()) for face in faces))
    ranges: list[tuple[int, int]] = []
    for code in sorted(codes - PRIVATE_USE):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return ranges


def build(packages: Path, target: Path) -> None:
    """Build all faces from the packages in `packages` into `target`, then their coverage.

    The coverage is written last: if it exists, so do the faces. Raises FileNotFoundError.
    """
    for face in FACES:
        ensure_ttf(packages / "inter-ui" / "web" / f"{face}.woff2", target / f"{face}.ttf")
    coverage = {MAIN: letters_of(target / f"{face}.ttf" for face in FACES)}
    for fallback in FALLBACKS:
        package = packages / FALLBACK_SCOPE / fallback.package
        for face, at in fallback.faces.items():
            ensure_copy(package / at, target / f"{face}.ttf")
        coverage[fallback.family] = letters_of(target / f"{face}.ttf" for face in fallback.faces)
    text = json.dumps(coverage, separators=(",", ":"))
    _write(target / COVERAGE, lambda file: file.write(text.encode()))


def main(arguments: list[str]) -> int:
    """Command line entry point, with source and target folder; returns the exit status."""
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
