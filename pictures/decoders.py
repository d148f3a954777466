"""The decoder of each format. No other of Pillow's many is ever tried, and nothing is registered with Pillow."""

import io

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pictures.formats import PictureFormat


def open_file(format_: PictureFormat, data: bytes) -> ImageFile.ImageFile:
    """Opens a picture without decoding its pixels. Raises whatever a broken header leads the decoder to."""
    if format_ is PictureFormat.HEIC:
        from pi_heif import HeifImageFile  # noqa: PLC0415 - loads libheif, which few folders need

        file: ImageFile.ImageFile = HeifImageFile(io.BytesIO(data))
        return file
    return _DECODERS[format_](io.BytesIO(data))


_DECODERS: dict[PictureFormat, type[ImageFile.ImageFile]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.GIF: GifImageFile,
    PictureFormat.BMP: BmpImageFile,
    PictureFormat.AVIF: AvifImageFile,
}
