"""Uploaded pictures: read within a limit, then reduced as the indexer reduces a file, so that a photo finds itself."""

from dataclasses import dataclass, replace

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from gateway.errors import ImageTooLarge, ImageUndecodable, InvalidField
from pictures.decode import read_picture
from pictures.errors import PictureError, TooLarge
from pictures.limits import DEFAULT_LIMITS
from pictures.reduce import reduced_picture

IMAGE_FIELD = "image"

_MAX_FIELD_BYTES = 16 * 1024
_MAX_FIELDS = 32
# What the boundaries, headers and fields of a form may add to its picture.
_FORM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """An encoded picture and the form's other fields."""

    image: bytes
    fields: MultiDict[str]


async def read_upload(request: web.Request, max_bytes: int) -> Upload:
    """Reads a multipart form. Raises ImageTooLarge as soon as that is certain, or InvalidField."""
    if request.content_length is not None and request.content_length > max_bytes + _FORM_BYTES:
        raise _too_large(max_bytes, actual=request.content_length)
    try:
        return await _read_form(request, max_bytes)
    except (ValueError, AssertionError, HttpProcessingError) as error:  # what aiohttp raises on a broken form
        raise InvalidField("body", f"this is no valid multipart form: {error or 'it is cut off'}.") from error


def reduced_upload(data: bytes, useful_edge: int) -> bytes:
    """The picture as the embedder gets it. Blocks. Raises ImageUndecodable or ImageTooLarge."""
    limits = replace(DEFAULT_LIMITS, max_bytes=max(DEFAULT_LIMITS.max_bytes, len(data)))
    try:
        return reduced_picture(read_picture(data, limits=limits, useful_edge=useful_edge).image, useful_edge)
    except TooLarge as error:
        raise ImageTooLarge(str(error), limit=str(error.limit), actual=str(error.actual), unit=error.unit) from error
    except PictureError as error:
        raise ImageUndecodable(str(error)) from error
    except MemoryError as error:
        raise ImageTooLarge("There is not enough memory to decode the picture. Choose a smaller one.") from error


async def _read_form(request: web.Request, max_bytes: int) -> Upload:
    image: bytes | None = None
    fields: MultiDict[str] = MultiDict()
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise InvalidField("body", "each part of the form needs a name.")
        if part.name != IMAGE_FIELD:
            fields.add(part.name, await _read_field(part))
        elif image is not None:
            raise InvalidField(IMAGE_FIELD, "send one picture at a time.")
        else:
            image = await _read_image(part, max_bytes)
        if len(fields) > _MAX_FIELDS:
            raise InvalidField("body", f"the form has more than {_MAX_FIELDS} fields.")
    if image is None:
        raise InvalidField(IMAGE_FIELD, "send the picture as a file in this field.")
    return Upload(image, fields)


async def _read_image(part: BodyPartReader, max_bytes: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        data += chunk
        if len(data) > max_bytes:
            raise _too_large(max_bytes)
    if not data:
        raise ImageUndecodable("The file is empty. Choose a picture.")
    return bytes(data)


async def _read_field(part: BodyPartReader) -> str:
    data = bytearray()
    while chunk := await part.read_chunk(_MAX_FIELD_BYTES):
        data += chunk
        if len(data) > _MAX_FIELD_BYTES:
            raise InvalidField(str(part.name), f"it is longer than {_MAX_FIELD_BYTES} bytes.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidField(str(part.name), "it is not UTF-8.") from None


def _too_large(max_bytes: int, actual: int | None = None) -> ImageTooLarge:
    limit = f"{max_bytes / 1024**2:.0f} MiB" if max_bytes >= 1024**2 else f"{max_bytes} bytes"
    error = ImageTooLarge(
        f"The picture is larger than {limit}. Choose a smaller one.", limit=str(max_bytes), unit="bytes"
    )
    if actual is not None:
        error.metadata["actual"] = str(actual)
    return error
