"""Distinguishes a signature from a blank sheet, a dot or noise."""

from __future__ import annotations

import io
from random import Random

import pytest
from PIL import Image, ImageDraw

from app.imaging.ink import has_ink
from app.imaging.logo_sandbox import (
    SIGNATURES as READER,
)
from app.imaging.logo_sandbox import (
    BlankSignature,
    UnsupportedLogo,
    clean_signature_in_sandbox,
)
from app.sandbox import Busy, ExceededLimit, TooHeavy

SIZE = (716, 400)
SCRAWL = [(80, 250), (160, 120), (210, 280), (300, 150), (380, 260), (560, 180)]


def sheet(ground: object = "white") -> Image.Image:
    return Image.new("RGBA", SIZE, ground)  # type: ignore[arg-type]


def with_ellipses(*places: tuple[int, int], radius: int = 3) -> Image.Image:
    image = sheet()
    for x, y in places:
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), "navy")
    return image


def noisy(image: Image.Image, strength: int) -> Image.Image:
    """Sensor noise, then a JPEG of poor quality."""
    random = Random(3)
    tones = range(128 - strength, 129 + strength)
    grain = bytes(random.choices(tones, k=SIZE[0] * SIZE[1]))
    lighter = Image.frombytes("L", SIZE, grain)
    mixed = Image.merge(
        "RGB", [Image.blend(part, lighter, 0.3) for part in image.convert("RGB").split()]
    )
    target = io.BytesIO()
    mixed.save(target, "JPEG", quality=30)
    return Image.open(io.BytesIO(target.getvalue())).convert("RGB")


def shaded() -> Image.Image:
    """A sheet photographed under a lamp."""
    return (
        Image.linear_gradient("L").resize(SIZE).point(lambda value: 120 + value // 2).convert("RGB")
    )


def signed(image: Image.Image, colour: str = "navy", width: int = 4) -> Image.Image:
    ImageDraw.Draw(image).line(SCRAWL, colour, width)
    return image


BLANKS = {
    "white": sheet(),
    "black": sheet("black"),
    "transparent": sheet((0, 0, 0, 0)),
    "white ink on nothing": signed(sheet((255, 255, 255, 0)), "white"),
    "one dot": with_ellipses((300, 200)),
    "one large dot": with_ellipses((300, 200), radius=8),
    "two dots": with_ellipses((100, 200), (600, 200)),
    "four corners": with_ellipses((9, 9), (700, 9), (9, 390), (700, 390)),
    "noise of a JPEG": noisy(sheet(), 20),
    "strong noise": noisy(sheet(), 120),
    "shading": shaded(),
    "noise on shading": noisy(shaded(), 60),
    "hardly grey": signed(sheet(), "#f4f4f4"),
}
SIGNATURES = {
    "drawn": signed(sheet()),
    "thin": signed(sheet(), width=1),
    "on nothing": signed(sheet((0, 0, 0, 0))),
    "on a shaded sheet": signed(shaded(), "#203060"),
    "noisy": noisy(signed(sheet()), 60),
    "small": signed(sheet()).resize((179, 100)),
    "light on dark": signed(sheet("black"), "white"),
}


@pytest.mark.parametrize("name", BLANKS)
def test_an_image_without_a_line_has_no_ink(name: str) -> None:
    assert not has_ink(BLANKS[name])


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_line_is_ink(name: str) -> None:
    assert has_ink(SIGNATURES[name])


def png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def test_the_child_refuses_a_blank_and_cleans_a_signature() -> None:
    with pytest.raises(BlankSignature):
        clean_signature_in_sandbox(png(BLANKS["one dot"]))
    cleaned = Image.open(io.BytesIO(clean_signature_in_sandbox(png(SIGNATURES["drawn"]))))
    assert (cleaned.format, cleaned.size) == ("PNG", SIZE)


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [(ExceededLimit.TIME, Busy), (ExceededLimit.PROCESSOR, UnsupportedLogo)],
)
def test_a_reader_without_time_is_no_fault_of_the_picture(monkeypatch, limit, outcome):
    def run(data):
        raise TooHeavy(limit)

    monkeypatch.setattr(READER, "run", run)
    with pytest.raises(outcome):
        clean_signature_in_sandbox(b"picture")
