"""A whole picture in every format and the usual kinds of each, with and without what programs write around it."""

import functools
import struct
from pathlib import Path

import skimage
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pictures.decode import read_picture
from pictures.perceptual_hash import perceptual_hash
from tests.pictures.files import encoded, exif_block, heic
from tests.pictures.raw_files import RAW_FORMATS, raw_file

EXIF = exif_block({0x010F: b"FUJIFILM\x00", 0x0112: 1}, {0x9003: b"2024:07:01 12:30:45\x00"})
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x05\x00\x05Title"


@functools.cache
def photo() -> Image.Image:
    """A photo of a cat, 180 x 120 pixels."""
    return read_picture((Path(skimage.__file__).parent / "data" / "chelsea.png").read_bytes()).image.resize((180, 120))


@functools.cache
def good_files() -> dict[str, bytes]:
    """The files by the name of their kind, which begins with the name of the format."""
    cat = photo()
    deep = cat.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    turned = cat.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return {
        "JPEG": encoded(cat, "JPEG", exif=EXIF),
        "JPEG progressive": encoded(cat, "JPEG", progressive=True),
        "JPEG CMYK": encoded(cat.convert("CMYK"), "JPEG"),
        "JPEG several": encoded(cat, "MPO", save_all=True, append_images=[turned]),
        "PNG": encoded(cat, "PNG", exif=EXIF),
        "PNG palette": encoded(cat.quantize(64), "PNG"),
        "PNG 16 bits": encoded(deep, "PNG"),
        "PNG animated": encoded(cat, "PNG", save_all=True, append_images=[turned]),
        "WEBP": encoded(cat, "WEBP", exif=EXIF),
        "WEBP lossless": encoded(cat, "WEBP", lossless=True),
        "GIF": encoded(cat, "GIF"),
        "GIF animated": encoded(cat, "GIF", save_all=True, append_images=[turned]),
        "BMP": encoded(cat, "BMP"),
        "HEIC": heic(exif=EXIF),
        "AVIF": encoded(cat, "AVIF", exif=EXIF, speed=9),
        "TIFF": encoded(cat, "TIFF"),
        "TIFF LZW": encoded(cat, "TIFF", compression="tiff_lzw"),
        "TIFF JPEG": encoded(cat, "TIFF", compression="jpeg"),
        "TIFF fax": encoded(cat.convert("1"), "TIFF", compression="group4"),
        "TIFF 16 bits": encoded(deep, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF CMYK": encoded(cat.convert("CMYK"), "TIFF"),
        "TIFF big": encoded(cat, "TIFF", big_tiff=True),
        "JPEG2000": encoded(cat, "JPEG2000"),
        "JPEG2000 codestream": encoded(cat, "JPEG2000", no_jp2=True),
        **{f"{format_.name} raw": raw_file(format_) for format_ in RAW_FORMATS},
    }


def with_metadata(format_: str, exif: bytes, xmp: bytes, iptc: bytes) -> bytes:
    """The photo in one of Pillow's formats with blocks that need not make sense; those that it can't carry are left."""
    match format_:
        case "TIFF":
            fields = ImageFileDirectory_v2()
            for tag, block in ((700, xmp), (33723, iptc), (34665, exif)):
                fields.tagtype[tag] = 7
                fields[tag] = block
            return encoded(photo(), format_, tiffinfo=fields)
        case "PNG":
            texts = PngInfo()
            texts.add_itxt("XML:com.adobe.xmp", xmp.decode("latin-1"))
            texts.add_text("Raw profile type iptc", f"\niptc\n{len(iptc):8}\n{iptc.hex()}\n", zip=True)
            return encoded(photo(), format_, exif=exif, pnginfo=texts)
        case "JPEG":
            resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">L", len(iptc)) + iptc + bytes(len(iptc) % 2)
            segment = b"Photoshop 3.0\x00" + resource
            data = encoded(photo(), format_, exif=exif, xmp=xmp[:60_000])
            return data[:2] + b"\xff\xed" + struct.pack(">H", 2 + len(segment)) + segment + data[2:]
        case _:
            return encoded(photo(), format_, exif=exif, xmp=xmp, **({"speed": 9} if format_ == "AVIF" else {}))


def different_bits(first: Image.Image, second: Image.Image) -> int:
    """In how many of 64 bits the perceptual hashes differ."""
    one, other = perceptual_hash(first), perceptual_hash(second)
    return 64 if one is None or other is None else (one ^ other).bit_count()
