"""Detecting the type of a file from its first bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff
from tests.imaging import pictures


def heif(major: bytes, *compatible: bytes) -> bytes:
    body = major + bytes(4) + b"".join(compatible)
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (pictures.write_jpeg, ImageKind.JPEG),
        (pictures.write_png, ImageKind.PNG),
        (pictures.write_heic, ImageKind.HEIC),
    ],
)
def test_each_kind_is_known_by_its_header(write, kind, tmp_path: Path) -> None:
    path = write(tmp_path / "picture", pictures.upright())
    assert sniff(path.read_bytes()[:HEADER_BYTES]) is kind


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (heif(b"heic", b"mif1"), ImageKind.HEIC),
        (heif(b"heix"), ImageKind.HEIC),
        (heif(b"mif1", b"mif1", b"miaf", b"heic"), ImageKind.HEIC),
        (heif(b"mif1", b"miaf", b"avif"), None),
        (heif(b"mif1", b"miaf") + b"heic", None),
        (heif(b"avif", b"mif1"), None),
        (heif(b"isom", b"mp41"), None),
        (b"GIF89a" + bytes(20), None),
        (b"%!PS-Adobe", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"\xff\xd8", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"", None),
    ],
)
def test_brands_and_foreign_files(header: bytes, kind: ImageKind | None) -> None:
    assert sniff(header) is kind


@given(st.binary(max_size=HEADER_BYTES))
def test_any_bytes_give_an_answer(header: bytes) -> None:
    assert sniff(header) in (None, *ImageKind)


def test_the_web_process_loads_no_decoder() -> None:
    code = (
        "import sys, app.imaging, app.imaging.sniff;"
        "sys.exit(any(m.split('.')[0] in ('PIL', 'pillow_heif', 'exifread') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
