import numpy as np
import pytest
from PIL import Image, ImageCms

from pictures.decode import read_picture
from tests.pictures.files import corners, display_p3_profile, encoded, four_colours

RAMP = np.linspace(0, 255, 256).astype(np.uint8).reshape(16, 16)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(read_picture(data).image).astype(int)


def test_cmyk_is_not_shown_as_a_negative() -> None:
    data = encoded(four_colours().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data  # what tells readers that the values are inverted
    assert corners(read_picture(data).image) == corners(four_colours())
    assert corners(read_picture(data, useful_edge=16).image) == corners(four_colours())


def test_ycck_as_photoshop_writes_it() -> None:
    cyan, magenta, yellow, black = four_colours().convert("CMYK").split()
    luma_and_chroma = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    ycck = Image.merge("CMYK", (*(channel.point(lambda value: 255 - value) for channel in luma_and_chroma), black))
    data = bytearray(encoded(ycck, "JPEG", quality=95))
    data[data.index(b"Adobe") + 11] = 2  # the transform of the Adobe segment: YCCK
    assert corners(read_picture(bytes(data)).image) == corners(four_colours())


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    grey = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert grey.mode == "I;16"
    assert np.array_equal(pixels(encoded(grey, "PNG"))[:, :, 0], RAMP)


@pytest.mark.parametrize("scale", [1, 255])
def test_grey_of_floating_point_is_not_shown_black(scale: int) -> None:
    grey = Image.fromarray(RAMP.astype(np.float32) / 255 * scale)
    assert np.abs(pixels(encoded(grey, "TIFF"))[:, :, 0] - RAMP).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_scans_keep_their_colours_however_they_are_compressed(mode: str, compression: str) -> None:
    image = four_colours() if mode != "I;16" else Image.fromarray(np.tile(RAMP, (4, 8)).astype(np.uint16) * 257)
    image = image.convert(mode)
    expected = np.asarray(four_colours().convert(mode if mode != "CMYK" else "RGB").convert("RGB")).astype(int)
    expected = np.dstack([np.tile(RAMP, (4, 8))] * 3) if mode == "I;16" else expected
    assert np.abs(pixels(encoded(image, "TIFF", compression=compression)) - expected).max() <= 1


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_a_fax_is_black_on_white(compression: str) -> None:
    page = Image.new("1", (64, 32), 1)
    page.paste(0, (0, 0, 32, 32))
    found = pixels(encoded(page, "TIFF", compression=compression))
    assert (found[:, :32] == 0).all()
    assert (found[:, 32:] == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "1"])
@pytest.mark.parametrize("format_", ["PNG", "BMP", "GIF"])
def test_opaque_modes_keep_their_colours(mode: str, format_: str) -> None:
    image = four_colours().convert(mode)
    expected = np.asarray(image.convert("RGB")).astype(int)
    palette_error = 30 if format_ == "GIF" and mode == "RGB" else 0
    assert np.abs(pixels(encoded(image, format_)) - expected).max() <= palette_error


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "AVIF"])
def test_what_is_transparent_shows_white(format_: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((200, 30, 30, 255), (0, 0, 32, 64))
    options = {"lossless": True} if format_ == "WEBP" else {}
    found = pixels(encoded(image, format_, **options))
    assert np.abs(found[:, 40:] - 255).max() <= 3
    assert np.abs(found[:, :24] - (200, 30, 30)).max() <= 6


def test_half_transparent_pixels_are_mixed_with_white() -> None:
    data = encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG")
    assert np.abs(pixels(data) - 127).max() <= 1


def test_grey_with_transparency() -> None:
    image = Image.new("LA", (8, 8), (0, 0))
    image.paste((90, 255), (0, 0, 4, 8))
    found = pixels(encoded(image, "PNG"))
    assert (found[:, :4] == 90).all()
    assert (found[:, 4:] == 255).all()


@pytest.mark.parametrize("format_", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_colour(format_: str) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 200, 30, 30])
    image.paste(1, (0, 0, 4, 8))
    found = pixels(encoded(image, format_, transparency=0))
    assert (found[:, :4] == (200, 30, 30)).all()
    assert (found[:, 4:] == 255).all()


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_colour_that_a_png_calls_transparent(mode: str) -> None:
    image = Image.new(mode, (8, 8), 0)
    image.paste("white", (0, 0, 4, 8))
    data = encoded(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert (pixels(data) == 255).all()


def test_a_wide_gamut_photo_is_converted_to_srgb() -> None:
    image = Image.new("RGB", (8, 8), (200, 60, 60))
    found = pixels(encoded(image, "PNG", icc_profile=display_p3_profile()))[0, 0]
    assert found[0] == pytest.approx(216, abs=3)  # the same red needs more of sRGB's paler one
    assert found[1] < 60
    grey = pixels(encoded(Image.new("RGB", (8, 8), (128, 128, 128)), "PNG", icc_profile=display_p3_profile()))[0, 0]
    assert np.ptp(grey) <= 1


def test_white_stays_white_whatever_the_profile() -> None:
    data = encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG", icc_profile=display_p3_profile())
    assert (pixels(data) == 255).all()


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(np.dstack([RAMP, RAMP.T, RAMP[::-1]]))
    assert np.array_equal(pixels(encoded(image, "PNG", icc_profile=profile)), np.asarray(image))


@pytest.mark.parametrize("profile", [b"no profile", bytes(200), display_p3_profile()[:150]])
def test_a_profile_that_is_broken_is_ignored(profile: bytes) -> None:
    image = Image.new("RGB", (8, 8), (200, 60, 60))
    assert (pixels(encoded(image, "PNG", icc_profile=profile)) == (200, 60, 60)).all()


def test_a_profile_for_another_kind_of_colours_is_ignored() -> None:
    image = Image.new("L", (8, 8), 90)
    assert (pixels(encoded(image, "PNG", icc_profile=display_p3_profile())) == 90).all()
