"""The photos of the bench: 12 MP JPEGs of about 4 MB with EXIF, and their prints with strips.

Many names are hard links to few distinct originals, so that 300 photos take 50 MB of disk; for a
program that embeds them, each name is a separate file. The prints are all different. The folder is
kept between runs; remove it to generate the photos again.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageChops

from app.fonts import FONT_FOLDER, Fonts
from app.imaging.derivatives import make_derivatives
from app.imaging.watermark import StripText
from bench.pdf.report import Shot

SIZE = (4000, 3000)
DISTINCT = 12
QUALITY = 88
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
UPRIGHT_SHARE = 0.3


def take(count: int, folder: Path, *, size: tuple[int, int] = SIZE) -> list[Shot]:
    """Return `count` photos in `folder`; makes those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    masters = [_master(folder, turn, size) for turn in range(min(count, DISTINCT))]
    return [_shot(folder, turn, masters[turn % len(masters)]) for turn in range(count)]


def a_scene(size: tuple[int, int], seed: int) -> Image.Image:
    """Soft shapes, edges and sensor noise, which compress like a picture of a switchboard."""
    chance = random.Random(seed)
    layers = [
        Image.frombytes("RGB", grain, chance.randbytes(grain[0] * grain[1] * 3)).resize(
            size, Image.Resampling.BICUBIC
        )
        for grain in ((12, 9), (90, 68), (size[0] // 8, size[1] // 8))
    ]
    scene = Image.blend(Image.blend(layers[0], layers[1], 0.3), layers[2], 0.12)
    noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    faint = noise.point(lambda value: value // 10)
    return ImageChops.add(scene, Image.merge("RGB", (faint,) * 3))


def jpeg_exif(seed: int) -> Image.Exif:
    """EXIF as a phone writes it: time, position, and Orientation 6 on three in ten."""
    exif = Image.Exif()
    is_upright = random.Random(seed).random() < UPRIGHT_SHARE
    exif[0x010F], exif[0x0110], exif[0x0112] = "Bench", "Twelve", 6 if is_upright else 1
    exif.get_ifd(EXIF_IFD)[0x9003] = f"2026:03:14 09:{seed % 60:02}:00"
    exif.get_ifd(GPS_IFD).update(
        {1: "S", 2: (23.0, 37.0, 35.7), 3: "W", 4: (46.0, 42.0, 4.4 + seed % 50)}
    )
    return exif


def _master(folder: Path, turn: int, size: tuple[int, int]) -> Path:
    path = folder / f"master-{size[0]}x{size[1]}-{turn:02}.jpg"
    if not path.exists():
        half_made = path.with_suffix(".part")
        a_scene(size, turn).save(half_made, "JPEG", quality=QUALITY, exif=jpeg_exif(turn))
        half_made.rename(path)
    return path


def printing_ms(shots: list[Shot], times: int = 7) -> float:
    """Median CPU time of making print and thumbnail of one photo, which is part of the upload."""
    with TemporaryDirectory() as name:
        spent = []
        for turn in range(times):
            shot = shots[turn % len(shots)]
            started = time.process_time()
            _print(shot.original, Path(name) / f"{turn}.jpg", shot.sha256, turn)
            spent.append((time.process_time() - started) * 1000)
    return statistics.median(spent)


def _shot(folder: Path, turn: int, master: Path) -> Shot:
    name = f"{master.stem}-as-{turn:03}"
    original, printed = folder / f"{name}.jpg", folder / f"{name}-print.jpg"
    if not original.exists():
        os.link(master, original)
    digest = sha256(name.encode()).hexdigest()
    if not printed.exists():
        _print(original, printed, digest, turn)
    with Image.open(printed) as image:
        width, height = image.size
    return Shot(original, printed, digest, width, height)


def _print(original: Path, printed: Path, digest: str, turn: int) -> None:
    """Make the derivatives as the worker does after an upload."""
    out = printed.with_suffix(".making")
    out.mkdir(exist_ok=True)
    strip = StripText(
        time=f"2026-03-14 09:{turn % 60:02}:{turn // 60:02} -03:00 · EXIF",
        position="−23.626600, −46.701234 ±12 m · EXIF",
        place="2.9 km from Barueri, SP, BR (GeoNames)",
        report="BENCH-0001-R0",
        sha256=digest,
        from_site="140 m from the site",
        site="Site: Data Center Tamboré SP4",
    )
    made = make_derivatives(original, out, strip, None, fonts=Fonts.from_folder(FONT_FOLDER))
    made.print.path.rename(printed)
    shutil.rmtree(out)
