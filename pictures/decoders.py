"""The decoder of each format. No other of Pillow's many is ever tried, and nothing is registered with Pillow."""

import contextlib
import ctypes
import io
import logging
import re
import warnings

from PIL import ImageFile, _imaging
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pictures.formats import PictureFormat

# Pillow looks into EXIF data when it opens a JPEG or AVIF, and would print a line for each broken field.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

# Pillow would log, and libtiff print, a line for each fault of a TIFF. What matters comes as an exception.
logging.getLogger("PIL.TiffImagePlugin").setLevel(logging.CRITICAL)
with contextlib.suppress(OSError, AttributeError):  # a Pillow that is built in another way prints them
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)

# The entry of an item of type Exif in an ISO base media file's table of items (ISO/IEC 14496-12, 8.11.6).
_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{5}|\x03.{7})..)Exif", re.DOTALL)


def open_file(format_: PictureFormat, data: bytes) -> ImageFile.ImageFile:
    """Opens a picture without decoding its pixels. Raises whatever a broken header leads the decoder to."""
    if format_ is PictureFormat.HEIC:
        from pi_heif import HeifImageFile  # noqa: PLC0415 - loads libheif, which few folders need

        file: ImageFile.ImageFile = HeifImageFile(io.BytesIO(data))
        return file
    if format_ is PictureFormat.AVIF:
        return _open_avif(data)
    return _DECODERS[format_](io.BytesIO(data))


class _TiffPage(TiffImageFile):
    """The first page of a TIFF as it is stored. Pillow's would turn it, and read whatever its EXIF data claims."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size

    def load_end(self) -> None:
        """Leaves the page as it is."""


_DECODERS: dict[PictureFormat, type[ImageFile.ImageFile]] = {
    PictureFormat.JPEG: JpegImageFile,
    PictureFormat.PNG: PngImageFile,
    PictureFormat.WEBP: WebPImageFile,
    PictureFormat.GIF: GifImageFile,
    PictureFormat.BMP: BmpImageFile,
    PictureFormat.TIFF: _TiffPage,
    PictureFormat.JPEG2000: Jpeg2KImageFile,
}


def _open_avif(data: bytes) -> ImageFile.ImageFile:
    try:
        return AvifImageFile(io.BytesIO(data))
    except Exception:
        # libavif refuses a picture whose EXIF data is broken. Without it the picture may be sound.
        without_exif = _EXIF_ITEM.sub(rb"\1free", data)
        if without_exif == data:
            raise
        return AvifImageFile(io.BytesIO(without_exif))
