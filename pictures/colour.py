"""Any picture as opaque RGB in the colours of sRGB."""

import io

from PIL import Image, ImageCms

_SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}


def to_opaque_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A new picture in mode RGB. What is transparent shows white; 16 bits are scaled to 8.

    With an ICC profile other than sRGB's (phones write Display P3, printers CMYK) colours are converted to sRGB, for
    thumbnails and for the model alike. Models were trained on pictures from the web, whose values are nearly all sRGB:
    so the same scene gives the same values whatever took it. The usual code around such models ignores profiles, and a
    vector of a wide-gamut photo differs a little from what that code makes. A profile that can't be used is ignored.
    """
    flat = _flatten(image)
    converted = _apply_profile(flat, profile) if profile else None
    if converted is None:
        converted = flat.convert("RGB") if flat.mode != "RGB" else flat
    return converted.copy() if converted is image else converted


def _flatten(image: Image.Image) -> Image.Image:
    """The picture in mode RGB, L or CMYK."""
    if image.mode in _SIXTEEN_BIT_MODES:
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("LA", "La"):
        image = image.convert("LA")
        return _on_white(image.getchannel("L"), image.getchannel("A"))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return _on_white(image.convert("RGB"), image.getchannel("A"))
    return image if image.mode in _SPACES else image.convert("RGB")


def _on_white(image: Image.Image, alpha: Image.Image) -> Image.Image:
    white = Image.new(image.mode, image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB; None if it is sRGB already or the profile can't be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[image.mode]:
            return None
        if (source.profile.profile_description or "").startswith("sRGB"):
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
