"""Pixels: orientation, colours, and files that must be rejected."""

from __future__ import annotations

import resource
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from app.imaging.child import DEFAULT_MEMORY_BYTES, run_limited
from app.imaging.decode import Reason, UndecodableImage, open_picture
from app.imaging.limits import PixelLimits
from app.imaging.pixels import RawPixels, shrink, shrink_raw
from app.imaging.sniff import ImageKind
from tests.imaging import pictures
from tests.imaging.pictures import CORNERS, corners, orientation_exif
from tests.support.spent import spent

WRITERS = [pictures.write_jpeg, pictures.write_png, pictures.write_heic]


def refused(path: Path, **options: object) -> Reason:
    with pytest.raises(UndecodableImage) as caught:
        open_picture(path, **options)  # type: ignore[arg-type]
    return caught.value.reason


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("write", WRITERS)
def test_every_orientation_is_shown_upright_once(write, orientation: int, tmp_path: Path) -> None:
    path = write(tmp_path / "photo", pictures.stored(orientation), orientation_exif(orientation))
    decoded = open_picture(path)
    assert decoded.image.size == (decoded.width, decoded.height) == (320, 240)
    assert corners(decoded.image) == CORNERS


def test_a_reduced_decode_is_upright_too_and_knows_the_full_size(tmp_path: Path) -> None:
    path = pictures.write_jpeg(tmp_path / "p", pictures.stored(6, 1920, 1440), orientation_exif(6))
    decoded = open_picture(path, long_edge=960)
    assert decoded.image.size == (960, 720)
    assert (decoded.width, decoded.height) == (1920, 1440)
    assert corners(decoded.image) == CORNERS


def test_a_wrong_orientation_is_left_alone(tmp_path: Path) -> None:
    path = pictures.write_jpeg(tmp_path / "photo", pictures.upright(), orientation_exif(77))
    assert corners(open_picture(path).image) == CORNERS


def test_only_the_first_of_several_pictures_is_decoded(tmp_path: Path) -> None:
    path = pictures.write_mpo(tmp_path / "p", pictures.upright(), Image.new("RGB", (320, 240)))
    with Image.open(path) as image:
        assert image.format == "MPO"
    decoded = open_picture(path)
    assert decoded.kind is ImageKind.JPEG
    assert corners(decoded.image) == CORNERS


def test_only_the_first_frame_of_an_animation_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    others = [Image.new("RGB", (320, 240), (shade, 0, 0)) for shade in range(5)]
    pictures.upright().save(path, "PNG", save_all=True, append_images=others)
    assert corners(open_picture(path).image) == CORNERS


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    image = pictures.upright().convert("RGBA")
    image.paste((0, 0, 0, 0), (160, 120, 320, 240))
    for number, picture in enumerate((image, image.quantize(16), image.convert("LA"))):
        path = tmp_path / str(number)
        picture.save(path, "PNG")
        decoded = open_picture(path, long_edge=160)
        assert decoded.image.mode == "RGB"
        assert decoded.image.getpixel((120, 90)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16"])
def test_other_colour_modes_keep_their_brightness(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    grey = Image.new("L", (64, 48), 255)
    grey.paste(0, (0, 0, 32, 48))
    if mode == "I;16":
        deep = Image.new("I;16", (64, 48), 128 * 256)
        deep.paste(0, (0, 0, 32, 48))
        deep.save(path, "PNG")
    elif mode == "CMYK":
        grey.convert("RGB").convert("CMYK").save(path, "JPEG")
    else:
        grey.convert(mode).save(path, "PNG")
    image = open_picture(path).image
    assert image.mode == "RGB"
    dark, bright = image.getpixel((8, 24)), image.getpixel((56, 24))
    assert isinstance(dark, tuple)
    assert max(dark) < 12
    assert bright == pytest.approx((128 if mode == "I;16" else 255,) * 3, abs=3)


def test_an_icc_profile_is_applied_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    # sRGB with its red and green primaries exchanged: stored red must become green.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = bytearray(profile)
    red, green = (swapped.index(name, 128) for name in (b"rXYZ", b"gXYZ"))
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    Image.new("RGB", (64, 64), "red").save(path, "PNG", icc_profile=bytes(swapped))
    image = open_picture(path).image
    assert image.getpixel((9, 9)) == pytest.approx((0, 255, 0), abs=3)
    assert image.info == {}


def test_a_broken_or_unfit_icc_profile_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    for profile in (
        b"nonsense" * 40,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ):
        pictures.upright().save(path, "PNG", icc_profile=profile)
        assert corners(open_picture(path).image) == CORNERS


@pytest.mark.parametrize("percent", [1, 5, 25, 50, 75, 90, 97])
@pytest.mark.parametrize("write", WRITERS)
def test_a_truncated_file_is_rejected(write, percent: int, tmp_path: Path) -> None:
    whole = write(
        tmp_path / "photo", pictures.texture(320, 240), pictures.phone_exif()
    ).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: len(whole) * percent // 100])
    expected = {Reason.TRUNCATED}
    if len(whole) * percent // 100 < 32:
        expected |= {Reason.NOT_AN_IMAGE, Reason.UNSUPPORTED}
    assert refused(cut) in expected
    assert refused(cut, long_edge=96) in expected


@pytest.mark.parametrize("percent", [10, 40, 80, 99])
def test_a_truncated_file_of_tiles_is_rejected(percent: int, tmp_path: Path) -> None:
    """As phones write HEIC; libheif itself shows the remaining part without an error."""
    picture = pictures.texture(512, 384)
    whole = pictures.write_heic(tmp_path / "p", picture, tile_size=128).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: len(whole) * percent // 100])
    assert refused(cut) is Reason.TRUNCATED


@pytest.mark.parametrize("tail", [b"SEFT", b"\xff" * 50, bytes(50)])
@pytest.mark.parametrize("write", WRITERS)
def test_data_appended_by_a_phone_maker_is_accepted(write, tail: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "photo", pictures.upright(), pictures.phone_exif())
    path.write_bytes(path.read_bytes() + tail)
    assert corners(open_picture(path).image) == CORNERS


def test_odd_exif_alone_is_accepted(tmp_path: Path) -> None:
    block = b"MM\0*\0\0\0\x08\xff\xff" + b"\x88\x25\0\4\0\0\0\1\0\0\0\x08" * 500
    path = pictures.write_jpeg(tmp_path / "photo", pictures.upright(), block)
    assert corners(open_picture(path).image) == CORNERS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_AN_IMAGE),
        (b"hello, this is a text file", Reason.NOT_AN_IMAGE),
        (b"%PDF-1.7\n", Reason.NOT_AN_IMAGE),
        (b"GIF89a" + bytes(40), Reason.UNSUPPORTED),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1miafavif" + bytes(40), Reason.UNSUPPORTED),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", Reason.UNSUPPORTED),
        (b"\xff\xd8\xff" + bytes(100), Reason.TRUNCATED),
    ],
)
def test_other_files_are_rejected(data: bytes, reason: Reason, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert refused(path) is reason


def bomb_heic(tmp_path: Path, width: int, height: int) -> bytes:
    data = pictures.write_heic(tmp_path / "small", pictures.upright()).read_bytes()
    return data.replace(struct.pack(">II", 320, 240), struct.pack(">II", width, height))


def refuse_and_measure(path: Path) -> tuple[Reason, int]:
    """Return the reason and the growth of the process in bytes; runs in the child."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UndecodableImage) as caught:
        open_picture(path, long_edge=960)
    return caught.value.reason, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


@pytest.mark.parametrize("kind", ["png 144 MP", "png 400 MP", "jpeg 65500", "heic 16000"])
def test_bombs_are_rejected_quickly_with_little_memory(kind: str, tmp_path: Path) -> None:
    make = {
        "png 144 MP": lambda: pictures.bomb_png(12_000, 12_000),
        "png 400 MP": lambda: pictures.bomb_png(20_000, 20_000),
        "jpeg 65500": lambda: pictures.bomb_jpeg(65_500, 65_500),
        "heic 16000": lambda: bomb_heic(tmp_path, 16_000, 15_000),
    }
    path = tmp_path / "bomb"
    path.write_bytes(make[kind]())
    start = spent()
    reason, grown_kib = run_limited(refuse_and_measure, path)
    assert reason is Reason.BOMB
    assert grown_kib < 50_000
    assert spent() - start < 2


def test_the_caller_chooses_the_limits(tmp_path: Path) -> None:
    path = pictures.write_jpeg(tmp_path / "photo", pictures.upright(1600, 1200))
    small = PixelLimits(jpeg=2_000_000, png=500_000)
    assert open_picture(path, small, long_edge=400).width == 1600
    assert refused(path, max_pixels=small) is Reason.BOMB
    assert refused(path, max_pixels=PixelLimits(jpeg=1_000_000)) is Reason.BOMB


@pytest.mark.parametrize(
    ("write", "kind"), [(pictures.write_png, "png"), (pictures.write_heic, "heic")]
)
def test_each_kind_has_its_own_limit(write, kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "photo", pictures.upright(400, 300))
    assert refused(path, max_pixels=PixelLimits(**{kind: 119_999})) is Reason.BOMB
    assert open_picture(path, PixelLimits(**{kind: 120_000})).width == 400


def test_a_general_limit_lowers_those_above_it() -> None:
    limits = PixelLimits.up_to(100_000_000)
    assert (limits.jpeg, limits.heic, limits.png) == (100_000_000, 100_000_000, 80_000_000)
    assert PixelLimits.up_to(900_000_000) == PixelLimits()


def decode_for_print(path: Path) -> tuple[int, int, Image.Image]:
    decoded = open_picture(path, long_edge=960)
    return decoded.width, decoded.height, decoded.image


def test_a_heic_of_108_megapixels_is_decoded_within_the_memory_of_a_child(tmp_path: Path) -> None:
    path = pictures.heic_of_one_tile(tmp_path / "photo", 12, 9)
    # A second copy of the pixels would not fit; the rest is for alpha or ten bits per colour.
    width, height, image = run_limited(
        decode_for_print, path, memory_bytes=DEFAULT_MEMORY_BYTES * 3 // 4
    )
    assert (width, height, image.size) == (12_000, 9_000, (960, 720))
    for tile in ((0, 0, 80, 80), (880, 640, 960, 720)):
        assert corners(image.crop(tile)) == CORNERS


def test_a_heic_of_200_megapixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = pictures.heic_of_one_tile(tmp_path / "photo", 16, 13)
    assert run_limited(refuse_and_measure, path)[0] is Reason.BOMB


def test_a_heic_that_names_no_picture_is_refused_with_that_reason(tmp_path: Path) -> None:
    path = pictures.heic_of_one_tile(tmp_path / "photo", 2, 2, side=64, is_named=False)
    assert refused(path) is Reason.NO_PRIMARY


def test_a_preview_inside_a_heic_is_never_taken_for_the_photo(tmp_path: Path) -> None:
    """A preview would have the right shape and the wrong detail."""
    picture = pictures.texture(480, 360)
    plain = pictures.write_heic(tmp_path / "plain", picture)
    both = pictures.write_heic(tmp_path / "both", picture, thumbnails=[200, 400])
    assert both.stat().st_size > plain.stat().st_size * 1.2
    for long_edge in (None, 384, 160):
        images = [open_picture(path, long_edge=long_edge).image for path in (plain, both)]
        assert images[0].tobytes() == images[1].tobytes()


@pytest.mark.parametrize("size", [(3_001, 2_003), (1_500, 4_001), (640, 480)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_shrinking_in_bands_gives_what_shrinking_a_whole_picture_gives(
    size: tuple[int, int], mode: str
) -> None:
    image = pictures.texture(*size).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(size))
    depth = len(mode)
    raw = RawPixels(mode, size, size[0] * depth, memoryview(image.tobytes()))
    banded, whole = shrink_raw(raw, (480, 480)), shrink(image, (480, 480))
    assert (banded.mode, banded.size) == (whole.mode, whole.size)
    assert banded.tobytes() == whole.tobytes()


@pytest.mark.parametrize("write", WRITERS)
def test_our_pixel_limit_works_without_pillows_limit(write, tmp_path: Path, monkeypatch) -> None:
    """The files are complete, so damage cannot reject them; a JPEG's reduced decode is small."""
    monkeypatch.setattr(Image, "_decompression_bomb_check", lambda size: None)
    path = write(tmp_path / "photo", pictures.upright(1600, 1200))
    limits = PixelLimits.up_to(1_919_999)
    assert refused(path, max_pixels=limits) is Reason.BOMB
    assert refused(path, max_pixels=limits, long_edge=96) is Reason.BOMB
    assert open_picture(path, PixelLimits.up_to(1_920_000), 96).width == 1600


def test_pillow_compares_with_the_same_limit(tmp_path: Path, monkeypatch) -> None:
    seen = []

    def watched(*arguments: object, **options: object) -> Image.Image:
        seen.append(Image.MAX_IMAGE_PIXELS)
        return opened(*arguments, **options)  # type: ignore[arg-type]

    opened = Image.open
    monkeypatch.setattr(Image, "open", watched)
    path = pictures.write_jpeg(tmp_path / "photo", pictures.upright())
    open_picture(path, PixelLimits.up_to(3_000_000))
    assert seen == [3_000_000]


def test_pillows_own_guard_is_left_as_it_was(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    open_picture(pictures.write_jpeg(tmp_path / "photo", pictures.upright()))
    assert before == Image.MAX_IMAGE_PIXELS
