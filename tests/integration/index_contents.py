"""Looks into a real index, photo by photo."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import TypeAlias

from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import image_pb2
from pictures.paths import decode_path
from tests.integration.plain_embedder import embed

Stub: TypeAlias = "search_pb2_grpc.SearchServiceAsyncStub"  # the class is only in the type stubs


def only(source: str) -> search_pb2.Filter:
    """Keeps the photos of a source."""
    return search_pb2.Filter(folders=[search_pb2.Folder(source=source)])


async def read_index(stub: Stub) -> search_pb2.Index:
    """The index at this moment."""
    return (await stub.GetIndex(search_pb2.GetIndexRequest())).index


async def count_images(stub: Stub, source: str) -> int:
    """How many photos of the source the index says it holds."""
    return sum(share.image_count for share in (await read_index(stub)).sources if share.source == source)


async def wait_until_written(stub: Stub, source: str, least: int) -> None:
    """Returns once the index holds at least so many photos of the source."""
    async with asyncio.timeout(60):
        while await count_images(stub, source) < least:
            await asyncio.sleep(0.02)


async def list_images(stub: Stub, source: str) -> list[image_pb2.Image]:
    """All photos of the source, page by page."""
    images: list[image_pb2.Image] = []
    token = ""
    while True:
        request = search_pb2.ListImagesRequest(filter=only(source), page_size=7, page_token=token)
        page = await stub.ListImages(request)
        images.extend(page.images)
        token = page.next_page_token
        if not token:
            return images


async def list_known_paths(stub: Stub, source: str) -> list[bytes]:
    """The paths of all photos of the source, as the next run of the indexer will see them."""
    stream = stub.ListFingerprints(search_pb2.ListFingerprintsRequest(source=source))
    return [decode_path(known.relative_path) async for batch in stream for known in batch.fingerprints]


async def check_index(stub: Stub, source: str, expected: Mapping[bytes, bytes]) -> None:
    """Each file is in the index exactly once, with its own content and vector, and nothing else is."""
    images = await list_images(stub, source)
    assert sorted(decode_path(image.relative_path) for image in images) == sorted(expected)
    for image in images:
        data = expected[decode_path(image.relative_path)]
        assert image.content_sha256 == hashlib.sha256(data).hexdigest()
        await check_vector(stub, image, data)
    assert sorted(await list_known_paths(stub, source)) == sorted(expected)
    assert await count_images(stub, source) == len(expected)


async def check_vector(stub: Stub, image: image_pb2.Image, data: bytes) -> None:
    """What is nearest to a picture is the photo with that content."""
    terms = [search_pb2.SearchTerm(embedding=embed(data, (await read_index(stub)).model))]
    request = search_pb2.SearchImagesRequest(terms=terms, filter=only(image.source), page_size=1)
    [hit] = (await stub.SearchImages(request)).hits
    assert hit.image.id == image.id
    assert hit.score > 0.999
