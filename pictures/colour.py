"""Any picture as opaque RGB in the colours of sRGB.

Colours are converted for thumbnails and for the model alike. Models were trained on pictures from the web, whose values
are nearly all sRGB: so the same scene gives the same values whatever took it. The usual code around such models ignores
profiles, and a vector of a wide-gamut photo differs a little from what that code makes.
"""

import io

from PIL import Image, ImageCms

_SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}


def flatten(image: Image.Image) -> Image.Image:
    """The picture in mode RGB, L or CMYK. What is transparent shows white; 16 bits and fractions are scaled to 8."""
    if image.mode in _SIXTEEN_BIT_MODES:
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode == "F" and _brightest(image) <= 1:
        return image.point(lambda value: value * 255).convert("L")
    if image.mode in ("LA", "La"):
        image = image if image.mode == "LA" else image.convert("LA")
        return _on_white(image.getchannel("L"), image.getchannel("A"))
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)  # takes the colours and the mask from one image, without a copy of either
        return white
    return image if image.mode in _SPACES else image.convert("RGB")


def foreign_profile(profile: bytes | None, mode: str) -> ImageCms.ImageCmsProfile | None:
    """An ICC profile that asks for a conversion to sRGB; None if it is sRGB's, broken or made for another mode."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if source.profile.xcolor_space.strip() != _SPACES[mode]:
        return None
    return None if (source.profile.profile_description or "").startswith("sRGB") else source


def to_srgb(image: Image.Image, source: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """What `flatten` made, in mode RGB. Phones write Display P3, printers CMYK; a profile that fails is ignored."""
    if source is not None:
        try:
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image, alpha: Image.Image) -> Image.Image:
    white = Image.new(image.mode, image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _brightest(image: Image.Image) -> float:
    highest = image.getextrema()[1]
    return highest if isinstance(highest, float) else 255
