"""The fonts built by the set-up, and a strip to print with them."""

from __future__ import annotations

import pytest

from app.fonts import FONT_FOLDER, Fonts
from app.imaging.watermark import StripText


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts.from_folder(FONT_FOLDER)


@pytest.fixture
def strip() -> StripText:
    return StripText(
        time="2026-11-22 14:05:09 -03:00 · EXIF",
        position="-23.55052, -46.63331 ± 12 m · EXIF",
        place="7.4 km from São Paulo, SP, BR (GeoNames)",
        report="IR-2026-0042 · R0",
        sha256="0123abcd4567" + "0" * 52,
        from_site="120 m from the site",
        site="Site: Data center São Paulo II · Rua Verbo Divino 1400",
    )
