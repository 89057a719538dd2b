"""Fonts of photo strip and PDF: converted once, deterministic, with a clear error if missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import ImageFont

from app import fonts as font_build
from app.fonts import (
    COVERAGE,
    FACES,
    FALLBACK_SCOPE,
    FALLBACKS,
    FONT_FOLDER,
    REGULAR,
    STRONG,
    Fallback,
    FontsMissing,
    ensure_ttf,
    letters_of,
)
from app.fonts import Fonts as FontFaces

PACKAGES = Path(__file__).parents[2] / "app/assets/node_modules"
SOURCE = PACKAGES / "inter-ui/web/Inter-Regular.woff2"


@pytest.fixture
def fonts() -> FontFaces:
    return FontFaces.from_folder(FONT_FOLDER)


@pytest.mark.parametrize("face", FACES)
def test_the_set_up_made_each_face(face: str) -> None:
    font = ImageFont.truetype(FONT_FOLDER / f"{face}.ttf", 40)
    assert font.getname()[0].startswith("Inter")


def test_pillow_reads_them_with_every_sign_that_a_strip_needs(fonts: FontFaces) -> None:
    missing = ImageFont.truetype(fonts.regular, 40).getmask("\U000f0000").getbbox()
    for face in (fonts.regular, fonts.strong):
        font = ImageFont.truetype(face, 40)
        assert font.getname()[0].startswith("Inter")
        for sign in "Ωµ≤≥°±·—ãçéÓα₂³-−":
            assert font.getmask(sign).getbbox() not in (None, missing), sign


def test_the_same_source_gives_the_same_bytes(fonts: FontFaces, tmp_path: Path) -> None:
    ensure_ttf(SOURCE, tmp_path / "again.ttf")
    assert (tmp_path / "again.ttf").read_bytes() == fonts.regular.read_bytes()


def test_a_newer_file_is_left_and_an_older_one_made_again(tmp_path: Path) -> None:
    target = tmp_path / "a.ttf"
    target.write_bytes(b"kept")
    ensure_ttf(SOURCE, target)
    assert target.read_bytes() == b"kept"
    os.utime(target, (1, 1))
    ensure_ttf(SOURCE, target)
    assert target.read_bytes().startswith(b"\0\1\0\0")
    assert list(tmp_path.iterdir()) == [target]


def test_missing_fonts_give_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match=r"Inter-Regular\.ttf.*make setup"):
        FontFaces.from_folder(tmp_path)


def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(font_build, "FACES", (REGULAR, STRONG))  # one second each
    monkeypatch.setattr(font_build, "FALLBACKS", FALLBACKS[1:3])
    assert font_build.main([str(PACKAGES), str(tmp_path)]) == 0
    assert FontFaces.from_folder(tmp_path).strong.is_file()
    coverage = json.loads((tmp_path / COVERAGE).read_text())
    assert [*coverage] == ["Inter", "Noto Sans Hebrew", "Noto Sans Arabic"]
    assert font_build.main([str(tmp_path / "none"), str(tmp_path / "x")]) == 1
    assert "npm ci" in capsys.readouterr().err
    assert font_build.main([]) == 2


@pytest.mark.parametrize("fallback", FALLBACKS, ids=lambda one: one.family)
def test_the_set_up_copied_each_fallback_completely(fallback: Fallback) -> None:
    for face, at in fallback.faces.items():
        copy = FONT_FOLDER / f"{face}.ttf"
        assert copy.read_bytes() == (PACKAGES / FALLBACK_SCOPE / fallback.package / at).read_bytes()
        assert ImageFont.truetype(copy, 40).getname()[0].startswith(fallback.family)


def test_private_use_letters_do_not_count() -> None:
    """Inter has its own glyphs there, but a workbook's author meant others."""
    regular = FONT_FOLDER / f"{REGULAR}.ttf"
    assert ImageFont.truetype(regular, 40).getmask("\ue000").getbbox() is not None
    assert [one for one in letters_of([regular]) if 0xE000 <= one[0] <= 0xF8FF] == []
