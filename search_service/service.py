"""The rpcs of imagesearch.search.v1.SearchService."""

from __future__ import annotations  # the types of grpc have parameters only for the type checker

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from google.rpc import status_pb2

from grpc_runtime.errors import to_status
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from search_service.errors import ImageNotFound, Internal, InvalidField, ServiceError
from search_service.failures import Failures
from search_service.image_rules import check_count, check_id, check_model_name
from search_service.images import (
    MAX_DIMENSIONS,
    CopyOf,
    Images,
    ListOrder,
    ListPlace,
    Model,
    SearchOrder,
    Window,
)
from search_service.index_report import report_index
from search_service.ingest import Incoming, ingest
from search_service.page_token import (
    SearchPlace,
    failures_digest,
    list_digest,
    read_failures_token,
    read_list_token,
    read_search_token,
    search_digest,
    write_failures_token,
    write_list_token,
    write_search_token,
)
from search_service.query_vector import resolve_terms
from search_service.service_facets import read_facet_options, write_facets
from search_service.service_failures import (
    read_failure_filter,
    read_failure_page_size,
    read_failures,
    write_failure,
)
from search_service.service_filter import read_filter, read_fingerprint_filter
from search_service.service_messages import (
    read_terms,
    read_write,
    write_fingerprint,
    write_hit,
    write_image,
    write_index,
    write_rebuild,
)
from search_service.similar import search_hiding_similar

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

_Order = TypeVar("_Order", SearchOrder, ListOrder)

_log = structlog.stdlib.get_logger("search")

SERVICE_NAME = search_pb2.DESCRIPTOR.services_by_name["SearchService"].full_name
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500

_SEARCH_ORDERS = {
    search_pb2.SEARCH_ORDER_UNSPECIFIED: SearchOrder.SCORE,
    search_pb2.SEARCH_ORDER_SCORE: SearchOrder.SCORE,
    search_pb2.SEARCH_ORDER_NEWEST_FIRST: SearchOrder.NEWEST_FIRST,
}
_LIST_ORDERS = {
    search_pb2.LIST_ORDER_UNSPECIFIED: ListOrder.NEWEST_FIRST,
    search_pb2.LIST_ORDER_NEWEST_FIRST: ListOrder.NEWEST_FIRST,
    search_pb2.LIST_ORDER_SAMPLE: ListOrder.SAMPLE,
}


class SearchService(search_pb2_grpc.SearchServiceServicer):
    """Reads requests, asks the index, writes answers."""

    def __init__(self, images: Images, failures: Failures, window: Window) -> None:
        """`window` is what the first page of a search fixes for all its pages."""
        self._images = images
        self._failures = failures
        self._window = window

    async def SearchImages(
        self, request: search_pb2.SearchImagesRequest, context: Context
    ) -> search_pb2.SearchImagesResponse:
        """See search.proto, as for all rpcs."""
        terms, keep = read_terms(request), read_filter(request.filter)
        size, order = _page_size(request.page_size), _read_order(request.order, _SEARCH_ORDERS)
        digest = search_digest(terms, keep, order, hide_similar=request.hide_similar)
        place = read_search_token(request.page_token, digest) if request.page_token else SearchPlace(self._window, 0)
        query = await resolve_terms(terms, self._images)
        search = partial(search_hiding_similar, self._images) if request.hide_similar else self._images.search
        page = await search(
            query.values,
            model=Model(query.model, len(query.values)),
            keep=keep,
            excluded_ids=[term.target.image_id for term in terms if isinstance(term.target, CopyOf)],
            window=place.window,
            offset=place.offset,
            limit=size,
            order=order,
        )
        following = SearchPlace(place.window, place.offset + size)
        return search_pb2.SearchImagesResponse(
            hits=[write_hit(hit) for hit in page.hits],
            next_page_token=write_search_token(digest, following) if page.more else "",
        )

    async def IndexImages(
        self, request_iterator: AsyncIterator[search_pb2.IndexImagesRequest], context: Context
    ) -> AsyncIterator[search_pb2.IndexImagesResponse]:
        """One answer for each request."""
        async for outcome in ingest(_read_items(request_iterator), self._images):
            status = to_status(outcome.error) if outcome.error else status_pb2.Status()
            yield search_pb2.IndexImagesResponse(id=outcome.id, status=status)

    async def DeleteImages(
        self, request: search_pb2.DeleteImagesRequest, context: Context
    ) -> search_pb2.DeleteImagesResponse:
        """Removes photos from the index."""
        check_count("ids", len(request.ids))
        for position, image_id in enumerate(request.ids):
            check_id(f"ids[{position}]", image_id)
        return search_pb2.DeleteImagesResponse(deleted_count=await self._images.delete(list(set(request.ids))))

    async def GetImage(self, request: search_pb2.GetImageRequest, context: Context) -> search_pb2.GetImageResponse:
        """One photo."""
        check_id("id", request.id)
        found = await self._images.get([request.id])
        if request.id not in found:
            raise ImageNotFound(request.id)
        return search_pb2.GetImageResponse(image=write_image(found[request.id]))

    async def ListImages(
        self, request: search_pb2.ListImagesRequest, context: Context
    ) -> search_pb2.ListImagesResponse:
        """A page of photos."""
        keep, size = read_filter(request.filter), _page_size(request.page_size)
        order = _read_order(request.order, _LIST_ORDERS)
        digest = list_digest(order, keep)
        after = read_list_token(request.page_token, digest) if request.page_token else None
        found = await self._images.list_page(order, keep=keep, after=after, limit=size + 1)
        page, token = found[:size], ""
        if len(found) > size:
            token = write_list_token(digest, ListPlace(page[-1].id, page[-1].taken_at))
        return search_pb2.ListImagesResponse(images=[write_image(image) for image in page], next_page_token=token)

    async def ReportFailures(
        self, request: search_pb2.ReportFailuresRequest, context: Context
    ) -> search_pb2.ReportFailuresResponse:
        """Records what could not be indexed."""
        count = await self._failures.report(read_failures(request), list(set(request.resolved_ids)))
        return search_pb2.ReportFailuresResponse(resolved_count=count)

    async def ListFailures(
        self, request: search_pb2.ListFailuresRequest, context: Context
    ) -> search_pb2.ListFailuresResponse:
        """A page of what could not be indexed."""
        keep = read_failure_filter(request)
        digest = failures_digest(keep)
        after = read_failures_token(request.page_token, digest) if request.page_token else None
        page = await self._failures.page(keep, after=after, limit=read_failure_page_size(request))
        return search_pb2.ListFailuresResponse(
            failures=[write_failure(failure) for failure in page.failures],
            next_page_token=write_failures_token(digest, page.following) if page.following else "",
        )

    async def GetFacets(self, request: search_pb2.GetFacetsRequest, context: Context) -> search_pb2.GetFacetsResponse:
        """Counts by what photos have in common."""
        options = read_facet_options(request)
        facets = await self._images.facets(read_filter(request.filter), options)
        return write_facets(facets, options.tile_zoom)

    async def ListFingerprints(
        self, request: search_pb2.ListFingerprintsRequest, context: Context
    ) -> AsyncIterator[search_pb2.ListFingerprintsResponse]:
        """What tells whether files changed."""
        async for batch in self._images.fingerprints(read_fingerprint_filter(request)):
            yield search_pb2.ListFingerprintsResponse(fingerprints=[write_fingerprint(one) for one in batch])

    async def GetIndex(self, request: search_pb2.GetIndexRequest, context: Context) -> search_pb2.GetIndexResponse:
        """The index and its state."""
        return search_pb2.GetIndexResponse(index=write_index(await report_index(self._images, self._failures)))

    async def BeginRebuild(
        self, request: search_pb2.BeginRebuildRequest, context: Context
    ) -> search_pb2.BeginRebuildResponse:
        """Starts or continues a rebuild."""
        if not request.model:
            raise InvalidField("model", "It is required.")
        check_model_name("model", request.model)
        if not 1 <= request.dimensions <= MAX_DIMENSIONS:
            raise InvalidField("dimensions", f"1 to {MAX_DIMENSIONS} are allowed.")
        rebuild = await self._images.begin_rebuild(Model(request.model, request.dimensions))
        return search_pb2.BeginRebuildResponse(rebuild=write_rebuild(rebuild))

    async def CommitRebuild(
        self, request: search_pb2.CommitRebuildRequest, context: Context
    ) -> search_pb2.CommitRebuildResponse:
        """Swaps the indexes."""
        info = await self._images.commit_rebuild(request.rebuild_id, drop_missing_sources=request.drop_missing_sources)
        return search_pb2.CommitRebuildResponse(
            index=write_index(await report_index(self._images, self._failures, info))
        )

    async def CancelRebuild(
        self, request: search_pb2.CancelRebuildRequest, context: Context
    ) -> search_pb2.CancelRebuildResponse:
        """Drops the next index."""
        await self._images.cancel_rebuild(request.rebuild_id)
        return search_pb2.CancelRebuildResponse()


async def _read_items(requests: AsyncIterator[search_pb2.IndexImagesRequest]) -> AsyncIterator[Incoming]:
    async for request in requests:
        try:
            yield Incoming(request.image.id, request.rebuild_id, read_write(request))
        except ServiceError as error:
            yield Incoming(request.image.id, request.rebuild_id, error)
        except Exception as error:  # whatever a message held, it costs only its own item
            _log.exception("an item could not be read", exc_info=error)
            yield Incoming(
                request.image.id,
                request.rebuild_id,
                Internal("The search service failed on this photo. Its log says more."),
            )


def _page_size(requested: int) -> int:
    if requested < 0:
        raise InvalidField("page_size", "It can't be negative.")
    return min(requested or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def _read_order(requested: int, known: Mapping[Any, _Order]) -> _Order:
    if requested not in known:
        raise InvalidField("order", f"{requested} is not known.")
    return known[requested]
