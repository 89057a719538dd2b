"""Fonts built once from the installed npm package, and a strip to print with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.imaging import fonts as font_build
from app.imaging.fonts import Fonts
from app.imaging.watermark import StripText

FONT_SOURCE = Path(__file__).parents[2] / "app/assets/node_modules/inter-ui/web"


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Fonts:
    folder = tmp_path_factory.mktemp("fonts")
    font_build.build(FONT_SOURCE, folder)
    return Fonts.from_folder(folder)


@pytest.fixture
def strip() -> StripText:
    return StripText(
        time="2026-11-22 14:05:09 -03:00 · EXIF",
        position="-23.55052, -46.63331 ± 12 m · EXIF",
        place="Data center São Paulo II",
        report="IR-2026-0042 · R0",
        sha256="0123abcd4567" + "0" * 52,
    )
