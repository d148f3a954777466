"""Reads an encoded picture, once, within limits."""

from dataclasses import dataclass

from PIL import Image, ImageFile

from pictures.colour import flatten, foreign_profile, to_srgb
from pictures.containers import check_container, check_end
from pictures.decoders import open_file
from pictures.errors import PictureError, Undecodable
from pictures.exif import read_exif
from pictures.formats import SNIFF_BYTES, PictureFormat, describe_unknown, sniff
from pictures.limits import DEFAULT_LIMITS, Limits
from pictures.metadata import Metadata, read_metadata
from pictures.sizes import embedding_size

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Picture:
    """A decoded picture."""

    image: Image.Image
    """RGB in sRGB's colours, upright, opaque, without metadata; perhaps smaller than the file's."""
    format: PictureFormat
    width: int
    """Pixels of the whole file as it is shown, even if `image` is smaller."""
    height: int
    """Pixels of the whole file as it is shown, even if `image` is smaller."""
    metadata: Metadata


def read_picture(data: bytes, *, limits: Limits = DEFAULT_LIMITS, useful_edge: int | None = None) -> Picture:
    """Decodes the first or primary picture of a file.

    `useful_edge` is the shortest edge in pixels that the caller needs. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its
    scale as long as its shortest edge keeps at least twice that. It, and a picture of any format whose colours must be
    converted (which takes longer than to read it), comes at its `embedding_size`. Resized from there to `useful_edge`,
    photos differ from the same resized from full scale by less than 1 of 255 levels on average and 5 at the 99th
    percentile.

    Raises Undecodable (also for a file that is cut off: what is there is not shown) and TooLarge; MemoryError passes.
    """
    if useful_edge is not None and useful_edge < 1:
        raise ValueError(f"useful_edge must be at least 1, not {useful_edge}")
    limits.check_bytes(len(data))
    format_ = sniff(data[:SNIFF_BYTES])
    if format_ is None:
        raise Undecodable(_not_a_picture(data))
    try:
        check_container(format_, data, limits)
        check_end(format_, data)
        with open_file(format_, data) as file:
            limits.check_pixels(file.size)
            limits.check_frames(getattr(file, "n_frames", 1) if format_ is not PictureFormat.GIF else 1)
            return _decode(file, format_, useful_edge)
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise Undecodable(f"The {format_.label} picture is broken or cut off: {error}") from error


def _decode(file: ImageFile.ImageFile, format_: PictureFormat, useful_edge: int | None) -> Picture:
    size = file.size
    draft = file.draft(None, (2 * useful_edge, 2 * useful_edge)) if useful_edge is not None else None
    file.load()
    image = flatten(file)
    if image is not file:
        file.close()  # its pixels would take as much memory again
    profile = foreign_profile(file.info.get("icc_profile"), image.mode)
    if useful_edge is not None and (image.size != size or profile is not None):
        # A draft's blocks at the right and lower edges need not be full: the box cuts them to where the picture ends.
        # Kept whole, they would shift the picture by up to a pixel, which costs more than the reduction itself.
        box = draft[1] if draft is not None else None
        image = image.resize(embedding_size(size, useful_edge), Image.Resampling.LANCZOS, box=box, reducing_gap=2)
    image = to_srgb(image, profile)
    exif = read_exif(file.info.get("exif") or b"")
    # libheif has turned the picture already, and the container's word counts there, not EXIF's.
    orientation = 1 if format_ is PictureFormat.HEIC else exif.orientation
    image = image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
    image = image.copy() if image is file else image
    image.info.clear()
    width, height = size if orientation < 5 else size[::-1]
    return Picture(image, format_, width, height, read_metadata(exif))


def _not_a_picture(data: bytes) -> str:
    if not data:
        return "The file is empty."
    description = describe_unknown(data[:SNIFF_BYTES])
    readable = ", ".join(known.label for known in PictureFormat)
    if description is None:
        return f"The file is no picture that can be read. These can: {readable}."
    return f"The file is {description}, which can't be read as a picture. These can: {readable}."
