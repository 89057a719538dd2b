"""The packaged fonts as CSS.

The machine's fonts are never used, so that every machine gives the same pages. Letters that no
packaged font has (app/scripts.py) are already spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.fonts import FACES, MAIN, find_face


def font_files() -> dict[str, Path]:
    """The font files by name. Raises FontsMissing, which says what to run."""
    return {face: find_face(face) for face in FACES}


def font_face_css() -> str:
    """One @font-face rule per file, reached through the asset scheme of the fetcher."""
    return "\n".join(
        f'@font-face {{ font-family: "Inter"; font-weight: {weight}; font-style: {style};'
        f' src: url("asset:{face}") format("truetype"); }}'
        for face, (weight, style) in FACES.items()
    )


def family_css(families: Iterable[str]) -> str:
    """The fallback fonts for letters that the main font lacks, in this order."""
    names = ", ".join(f'"{family}"' for family in (MAIN, *families))
    return f"html {{ font-family: {names}, sans-serif; }}"
