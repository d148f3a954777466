"""The search service as the gateway calls it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType

from grpc import StatusCode

from gateway.errors import CallFailed, SearchUnreachable
from gateway.facets_json import facets_json
from gateway.failed_calls import failures_of
from gateway.filter_message import filter_message
from gateway.health import Health, check_health
from gateway.image_json import Json, failure_json, image_json, index_json
from gateway.query import FacetQuery, FailureQuery, ImageTerm, ListQuery, PageRequest, SearchQuery, VectorTerm
from grpc_runtime.channels import open_channel
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2

_SEARCH_ORDERS: Mapping[str, search_pb2.SearchOrder.ValueType] = MappingProxyType(
    {"score": search_pb2.SEARCH_ORDER_SCORE, "newest": search_pb2.SEARCH_ORDER_NEWEST_FIRST}
)
_LIST_ORDERS: Mapping[str, search_pb2.ListOrder.ValueType] = MappingProxyType(
    {"newest": search_pb2.LIST_ORDER_NEWEST_FIRST, "sample": search_pb2.LIST_ORDER_SAMPLE}
)
_RETRIED = {
    "imagesearch.search.v1.SearchService": ["SearchImages", "ListImages", "GetImage", "GetFacets", "ListFailures"]
}
_QUICK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits as JSON shows them, and the token of the next page (empty after the last)."""

    results: list[Json]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ImageFile:
    """Where a photo's file is and what it is: see imagesearch.type.v1.Image."""

    source: str
    relative_path: str
    name: str
    media_type: str
    content_sha256: str


class SearchClient:
    """Calls the search service at HOST:PORT. Errors are CallFailed, SearchUnreachable and Timeout."""

    def __init__(self, target: str, timeout: float) -> None:
        """Opens the channel; needs a running event loop. timeout is in seconds."""
        self._target = target
        self._timeout = timeout
        self._channel = open_channel(target, idempotent=_RETRIED, default_timeout=timeout, waits=True)
        self._stub: search_pb2_grpc.SearchServiceAsyncStub = search_pb2_grpc.SearchServiceStub(self._channel)

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()

    async def search(self, terms: Sequence[ImageTerm | VectorTerm], query: SearchQuery) -> Results:
        """The photos nearest to the terms, which stand for those of the query."""
        request = search_pb2.SearchImagesRequest(
            terms=[_term(term) for term in terms],
            filter=filter_message(query.filter),
            page_size=query.page.size,
            page_token=query.page.token,
            order=_SEARCH_ORDERS[query.order],
            hide_similar=query.hide_similar,
        )
        with self._failures():
            answer = await self._stub.SearchImages(request, timeout=self._timeout)
        hits = [
            {
                "image": image_json(hit.image),
                "score": hit.score,
                "similar_count": hit.similar_count,
                "similar_ids": list(hit.similar_ids),
            }
            for hit in answer.hits
        ]
        return Results(hits, answer.next_page_token)

    async def list_images(self, query: ListQuery) -> Results:
        """Photos without a search."""
        request = search_pb2.ListImagesRequest(
            filter=filter_message(query.filter),
            page_size=query.page.size,
            page_token=query.page.token,
            order=_LIST_ORDERS[query.order],
        )
        with self._failures():
            answer = await self._stub.ListImages(request, timeout=self._timeout)
        return Results([image_json(image) for image in answer.images], answer.next_page_token)

    async def facets(self, query: FacetQuery) -> Json:
        """Counts of photos as JSON shows them."""
        request = search_pb2.GetFacetsRequest(
            filter=filter_message(query.filter),
            tile_zoom=query.tile_zoom,
            max_values=query.max_values or 0,
        )
        with self._failures():
            answer = await self._stub.GetFacets(request, timeout=self._timeout)
        return facets_json(answer)

    async def failures(self, query: FailureQuery) -> Results:
        """Files that could not be indexed. A service from before they were recorded has none."""
        folder = query.folder
        request = search_pb2.ListFailuresRequest(
            source=folder.source if folder else "",
            path_prefix=f"{folder.path}/" if folder and folder.path else "",
            page_size=query.page.size,
            page_token=query.page.token,
        )
        try:
            with self._failures():
                answer = await self._stub.ListFailures(request, timeout=self._timeout)
        except CallFailed as error:
            if error.remote.code is not StatusCode.UNIMPLEMENTED:
                raise
            return Results([], "")
        return Results([failure_json(failure) for failure in answer.failures], answer.next_page_token)

    async def all_failures(self, query: FailureQuery) -> AsyncGenerator[list[Json]]:
        """Likewise, page by page; a page may be empty."""
        token = query.page.token
        while True:
            page = await self.failures(replace(query, page=PageRequest(query.page.size, token)))
            yield page.results
            token = page.next_page_token
            if not token:
                return

    async def image(self, image_id: str) -> Json:
        """One photo as JSON shows it."""
        with self._failures():
            answer = await self._stub.GetImage(search_pb2.GetImageRequest(id=image_id), timeout=self._timeout)
        return image_json(answer.image)

    async def image_file(self, image_id: str) -> ImageFile:
        """Where one photo's file is."""
        with self._failures():
            answer = await self._stub.GetImage(search_pb2.GetImageRequest(id=image_id), timeout=self._timeout)
        image = answer.image
        return ImageFile(image.source, image.relative_path, image.name, image.media_type, image.content_sha256)

    async def image_at(self, relative_path: str) -> str | None:
        """The id of the photo at this path, in the first source by name that has one there."""
        for part in (await self.index())["sources"]:
            request = search_pb2.ListFingerprintsRequest(source=part["source"], path_prefix=relative_path)
            call = self._stub.ListFingerprints(request, timeout=self._timeout)
            try:
                with self._failures():
                    async for batch in call:
                        first = batch.fingerprints[0]  # of all that begin so, the path itself comes first
                        if first.relative_path == relative_path:
                            return first.id
                        break
            finally:
                call.cancel()
        return None

    async def index(self) -> Json:
        """The index as JSON shows it; answers soon or fails."""
        with self._failures():
            answer = await self._stub.GetIndex(search_pb2.GetIndexRequest(), timeout=self._quick)
        return index_json(answer.index)

    async def health(self) -> Health:
        """What the search service's health service says."""
        return await check_health(self._channel, self._quick)

    @property
    def _quick(self) -> float:
        return min(_QUICK_SECONDS, self._timeout)

    def _failures(self) -> AbstractContextManager[None]:
        return failures_of("search", "GATEWAY_SEARCH", self._target, SearchUnreachable, self._channel)


def _term(term: ImageTerm | VectorTerm) -> search_pb2.SearchTerm:
    if isinstance(term, ImageTerm):
        return search_pb2.SearchTerm(image_id=term.image_id, weight=term.weight)
    embedding = embedding_pb2.Embedding(model=term.embedding.model, values=term.embedding.values)
    return search_pb2.SearchTerm(embedding=embedding, weight=term.weight)
