"""GET /api/v1/images, one photo's facts, and its pictures in three sizes."""

import asyncio
import os
from io import BufferedReader

from aiohttp import web

from gateway.app_keys import ORIGINALS, SEARCH, THUMBNAILS
from gateway.file_response import content_disposition, may_need_no_content, not_modified, send_facts, send_file
from gateway.image_json import content_version
from gateway.query_parameters import read_image_id, read_list
from gateway.search_client import ImageFile
from gateway.thumbnails import etag_of
from pictures.derived import Size
from pictures.formats import SNIFF_BYTES, PictureFormat, sniff
from pictures.thumbnail import THUMBNAIL_MEDIA_TYPE

_MEDIA_TYPES = frozenset(kind.media_type for kind in PictureFormat)
# The others are downloaded: few browsers show them; the preview does.
_SHOWN = frozenset(kind.media_type for kind in PictureFormat if kind.shown_by_browsers)
_FOR_GOOD = "private, max-age=31536000, immutable"
_ASK_EACH_TIME = "private, no-cache"


async def list_images(request: web.Request) -> web.Response:
    """Photos without a search."""
    page = await request.app[SEARCH].list_images(read_list(request.query))
    return web.json_response({"images": page.results, "next_page_token": page.next_page_token})


async def get_image(request: web.Request) -> web.Response:
    """One photo's facts."""
    return web.json_response(await request.app[SEARCH].image(_id(request)))


async def get_thumbnail(request: web.Request) -> web.Response:
    """The photo, small, for a grid."""
    return await _derived(request, Size.THUMBNAIL)


async def get_preview(request: web.Request) -> web.Response:
    """The photo in a size and format that every browser shows."""
    return await _derived(request, Size.PREVIEW)


async def get_original(request: web.Request) -> web.StreamResponse:
    """The photo's file as it is."""
    image = await request.app[SEARCH].image_file(_id(request))
    originals = request.app[ORIGINALS]
    if image.media_type and may_need_no_content(request):
        facts = await originals.look(image)
        answer = await send_facts(request, facts, _headers(image, image.media_type))
        if answer is not None:
            return answer
    file = await originals.open(image)
    media_type = image.media_type or await asyncio.to_thread(_sniffed, file)
    return await send_file(request, file, _headers(image, media_type))


def _headers(image: ImageFile, media_type: str) -> dict[str, str]:
    if media_type not in _MEDIA_TYPES:
        media_type = "application/octet-stream"
    shown = media_type in _SHOWN
    return {
        "Content-Type": media_type,
        "Content-Disposition": content_disposition("inline" if shown else "attachment", image.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": _ASK_EACH_TIME,
    }


async def _derived(request: web.Request, size: Size) -> web.Response:
    image = await request.app[SEARCH].image_file(_id(request))
    tag = etag_of(image, size)
    if not_modified(request, tag):
        return web.Response(status=304, headers={"ETag": f'"{tag}"', "Cache-Control": _caching(request, image)})
    derived = await request.app[THUMBNAILS].get(image, size)
    headers = {"Cache-Control": "no-store"}
    if derived.as_indexed:
        headers = {"ETag": f'"{tag}"', "Cache-Control": _caching(request, image)}
    return web.Response(body=derived.data, content_type=THUMBNAIL_MEDIA_TYPE, headers=headers)


def _sniffed(file: BufferedReader) -> str:
    """The media type of a file that the index does not know it of."""
    kind = sniff(os.pread(file.fileno(), SNIFF_BYTES, 0))
    return kind.media_type if kind else ""


def _id(request: web.Request) -> str:
    return read_image_id("id", request.match_info["id"])


def _caching(request: web.Request, image: ImageFile) -> str:
    """An address that names the content never changes its picture."""
    named = request.query.get("v", "")
    return _FOR_GOOD if named and named == content_version(image.content_sha256) else _ASK_EACH_TIME
