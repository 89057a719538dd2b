"""Which damage inside a JPEG is detected, and what does not count as damage."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from PIL import Image

from app.imaging.child import run_limited
from app.imaging.damage import is_damaged, whole_pixels
from app.imaging.decode import Reason, UndecodableImage, open_picture
from tests.imaging import pictures

KINDS = {
    "baseline": ("RGB", {}),
    "progressive": ("RGB", {"progressive": True}),
    "grey": ("L", {}),
    "cmyk": ("CMYK", {}),
    "rgb": ("RGB", {"keep_rgb": True}),
    "restarts": ("RGB", {"restart_marker_rows": 1}),
    "4:4:4": ("RGB", {"subsampling": "4:4:4"}),
}
SIZE = (800, 600)
# The last tenths of a progressive file refine single bits, where zeros are valid data.
PLACES = [(kind, share) for kind in KINDS for share in (0.2, 0.5, 0.8)]
PLACES.remove(("progressive", 0.8))


def detail() -> Image.Image:
    """A picture with detail everywhere, the same in every run."""
    noise = Random(7).randbytes(SIZE[0] * SIZE[1] * 3 // 16)
    return Image.frombytes("RGB", (SIZE[0] // 4, SIZE[1] // 4), noise).resize(SIZE)


def made(path: Path, kind: str) -> bytes:
    mode, options = KINDS[kind]
    picture = detail().convert(mode)
    return pictures.write_jpeg(path, picture, pictures.phone_exif(), **options).read_bytes()


def scan_of(data: bytes) -> int:
    return data.index(b"\xff\xda")


@pytest.mark.parametrize("kind", KINDS)
def test_an_intact_picture_gives_no_warning(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    made(path, kind)
    assert not is_damaged(path)


@pytest.mark.parametrize(("kind", "share"), PLACES)
def test_a_block_of_zeros_is_detected_although_the_picture_decodes(
    kind: str, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    data = made(path, kind)
    start = scan_of(data)
    at = start + int((len(data) - start) * share)
    path.write_bytes(data[:at] + bytes(4096) + data[at + 4096 :])
    assert open_picture(path, long_edge=96).width == SIZE[0]
    assert is_damaged(path)


def test_a_lost_block_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    data = made(path, "restarts")
    half = len(data) // 2
    path.write_bytes(data[:half] + data[half + 4096 :])
    assert is_damaged(path)


@pytest.mark.parametrize("stray", [b"\0\0\0", b"junk", b"\xff\xff"])
def test_stray_bytes_before_the_pixels_are_not_damage(stray: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    data = made(path, "baseline")
    table = data.index(b"\xff\xdb")
    path.write_bytes(data[:table] + stray + data[table:])
    assert not is_damaged(path)


@pytest.mark.parametrize("tail", [b"", b"SEFT", bytes(50), b"\xff" * 50])
def test_data_after_the_pixels_is_not_damage(tail: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(made(path, "baseline") + tail)
    assert not is_damaged(path)


def test_damage_is_detected_in_the_first_of_several_pictures(tmp_path: Path) -> None:
    path = pictures.write_mpo(tmp_path / "p", detail(), Image.new("RGB", (64, 64)))
    assert not is_damaged(path)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"text" * 50])
def test_a_file_that_is_no_picture_is_not_called_damaged(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert not is_damaged(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("long_edge", [None, 96, 300])
def test_the_strict_decoder_gives_the_pixels_of_pillow(
    kind: str, long_edge: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo"
    made(path, kind)
    strict = open_picture(path, long_edge=long_edge)
    with monkeypatch.context() as patch:
        patch.setattr("app.imaging.decode.whole_pixels", lambda path, size: None)
        lenient = open_picture(path, long_edge=long_edge)
    assert strict.image.tobytes() == lenient.image.tobytes()
    assert not strict.is_damaged and not lenient.is_damaged


def test_a_picture_is_decoded_once_unless_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "photo", []
    monkeypatch.setattr("app.imaging.decode.is_damaged", lambda path: asked.append(path))
    data = made(path, "baseline")
    open_picture(path, long_edge=96)
    assert asked == []
    path.write_bytes(data[: scan_of(data) + 3000] + bytes(4096) + data[scan_of(data) + 7096 :])
    open_picture(path, long_edge=96)
    assert asked == [path]


def test_a_missing_end_is_refused_as_before(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(made(path, "baseline").removesuffix(b"\xff\xd9"))
    assert whole_pixels(path, SIZE) is None
    with pytest.raises(UndecodableImage) as refused:
        open_picture(path)
    assert refused.value.reason is Reason.TRUNCATED


def test_detection_stays_within_the_limits_of_a_child(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    made(path, "progressive")
    assert run_limited(is_damaged, path) is False
