"""Reads an encoded picture, once, within limits."""

from dataclasses import dataclass, replace

from PIL import Image, ImageFile

from pictures.colour import flatten, foreign_profile, to_srgb
from pictures.containers import check_container, check_end
from pictures.decoders import open_file
from pictures.errors import PictureError, Undecodable
from pictures.exif import Exif, read_exif
from pictures.formats import SNIFF_BYTES, PictureFormat, describe_unknown, readable_formats, sniff
from pictures.limits import DEFAULT_LIMITS, Limits
from pictures.metadata import Metadata, read_metadata
from pictures.raw import read_preview, told_from_tiff
from pictures.sizes import embedding_size
from pictures.texts import Texts, embedded_texts, tiff_texts

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
    """Pixels of the whole file as it is shown, even if `image` is smaller. Of a raw file: of the JPEG in it."""
    height: int
    """The same."""
    metadata: Metadata


@dataclass(frozen=True)
class _Around:
    """What the file tells around the picture that is decoded; it goes before what that one tells itself."""

    exif: Exif
    texts: Texts


def read_picture(data: bytes, *, limits: Limits = DEFAULT_LIMITS, useful_edge: int | None = None) -> Picture:
    """Decodes the first or primary picture of a file; of a camera's raw file the largest JPEG that it holds.

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
        format_ = told_from_tiff(data) if format_ is PictureFormat.TIFF else format_
        if format_.is_raw:
            preview = read_preview(format_, data)
            around = _Around(preview.exif, tiff_texts(data))
            return replace(_read(PictureFormat.JPEG, preview.jpeg, limits, useful_edge, around), format=format_)
        return _read(format_, data, limits, useful_edge)
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever a broken file leads them to
        reason = " ".join(str(error).split()).rstrip(".") or "it can't be decoded"
        raise Undecodable(f"The {format_.label} picture is broken, cut off or of a rare kind: {reason}.") from error


def _read(
    format_: PictureFormat,
    data: bytes,
    limits: Limits,
    useful_edge: int | None,
    around: _Around | None = None,
) -> Picture:
    check_container(format_, data, limits)
    check_end(format_, data)
    with open_file(format_, data) as file:
        limits.check_pixels(file.size)
        # A GIF's are counted before; a TIFF's are pages, none of which but the first is read.
        if format_ not in (PictureFormat.GIF, PictureFormat.TIFF):
            limits.check_frames(getattr(file, "n_frames", 1))
        return _decode(
            file,
            format_,
            useful_edge,
            _Around(read_exif(data), tiff_texts(data)) if format_ is PictureFormat.TIFF else around,
        )


def _decode(
    file: ImageFile.ImageFile, format_: PictureFormat, useful_edge: int | None, around: _Around | None
) -> Picture:
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
    texts = embedded_texts(file.info)
    if around is not None:
        exif, texts = around.exif.filled_from(exif), around.texts.filled_from(texts)
    # libheif has turned the picture already, and the container's word counts there, not EXIF's.
    orientation = 1 if format_ is PictureFormat.HEIC else exif.orientation
    image = image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
    image = image.copy() if image is file else image
    image.info.clear()
    width, height = size if orientation < 5 else size[::-1]
    return Picture(image, format_, width, height, read_metadata(exif, texts))


def _not_a_picture(data: bytes) -> str:
    if not data:
        return "The file is empty."
    description = describe_unknown(data[:SNIFF_BYTES])
    readable = readable_formats()
    if description is None:
        return f"The file is no picture that can be read. These can: {readable}."
    return f"The file is {description}, which can't be read as a picture. These can: {readable}."
