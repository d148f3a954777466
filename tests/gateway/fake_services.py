"""A plain embedder and search service over made-up photos, for tests and to work on the page without a model:

python -m tests.gateway.fake_services --help
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc

from grpc_runtime.errors import InvalidField, ServiceError
from grpc_runtime.telemetry import current_request_id
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2, image_pb2
from tests.gateway.fake_facets import count_facets
from tests.gateway.fake_failures import list_failures
from tests.gateway.fake_filter import civil_time, matches
from tests.gateway.fake_similar import hide_similar
from tests.gateway.made_up_photos import DIMENSIONS, picture_vector, text_vector

EMBEDDER = "imagesearch.embedder.v1.EmbedderService"
SEARCH = "imagesearch.search.v1.SearchService"
MODEL = "made-up@0123456789ab"
MAX_TEXT_WORDS = 50


def refusal(reason: str, message: str, *, retry_after: float | None = None, **metadata: str) -> ServiceError:
    """A service's error with any reason."""
    kind: type[ServiceError] = type("Refusal", (ServiceError,), {"reason": reason})
    return kind(message, retry_after=retry_after, **metadata)


class Calls:
    """What a service saw, and how it is told to misbehave."""

    def __init__(self) -> None:
        self.request_ids: list[str] = []
        self.time_left: list[float | None] = []
        self.refuse_with: ServiceError | None = None
        self.refuse_at = 1  # from which call on
        self.hold: asyncio.Event | None = None
        self.hold_at = 1  # likewise
        self.held = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def begin(self, context: Any) -> None:
        """Notes the call, waits where it is held, and fails where it is told to."""
        self.request_ids.append(current_request_id())
        self.time_left.append(context.time_remaining())
        self.entered.set()
        number = len(self.request_ids)
        if self.hold is not None and number >= self.hold_at:
            self.held.set()
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if self.refuse_with is not None and number >= self.refuse_at:
            raise self.refuse_with


class FakeEmbedder(embedder_pb2_grpc.EmbedderServiceServicer):
    """Knows colours and shapes."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.texts: list[str] = []
        self.pictures: list[bytes] = []
        self.model = embedder_pb2.Model(
            id=MODEL,
            name="made-up",
            dimensions=DIMENSIONS,
            modalities=[embedder_pb2.MODALITY_TEXT, embedder_pb2.MODALITY_IMAGE],
            runtime="none",
            precision="fp64",
            state=embedder_pb2.MODEL_STATE_READY,
            limits=embedder_pb2.ModelLimits(max_text_bytes=8192, useful_image_edge=224),
            languages=["en"],
        )

    async def GetModel(self, request: Any, context: Any) -> embedder_pb2.GetModelResponse:
        return embedder_pb2.GetModelResponse(model=self.model)

    async def EmbedText(self, request: Any, context: Any) -> embedder_pb2.EmbedTextResponse:
        await self.calls.begin(context)
        self._check_ready()
        if len(request.text.encode()) > self.model.limits.max_text_bytes:
            raise refusal("TEXT_TOO_LONG", "The text has more than 8192 bytes.", limit_bytes="8192")
        self.texts.append(request.text)
        words = request.text.split()
        embedding = embedding_pb2.Embedding(model=self.model.id, values=text_vector(" ".join(words[:MAX_TEXT_WORDS])))
        return embedder_pb2.EmbedTextResponse(embedding=embedding, truncated=len(words) > MAX_TEXT_WORDS)

    async def EmbedImage(self, request: Any, context: Any) -> embedder_pb2.EmbedImageResponse:
        await self.calls.begin(context)
        self._check_ready()
        self.pictures.append(request.image)
        embedding = embedding_pb2.Embedding(model=self.model.id, values=picture_vector(request.image))
        return embedder_pb2.EmbedImageResponse(embedding=embedding)

    def _check_ready(self) -> None:
        if self.model.state == embedder_pb2.MODEL_STATE_LOADING:
            raise refusal("MODEL_LOADING", "The model is being loaded.")
        if self.model.state == embedder_pb2.MODEL_STATE_FAILED:
            raise refusal("MODEL_FAILED", "The model could not be loaded.")


class FakeSearch(search_pb2_grpc.SearchServiceServicer):
    """Compares with every photo. A photo lies where its name does."""

    def __init__(self, photos: Sequence[image_pb2.Image]) -> None:
        self.calls = Calls()
        self.photos = {photo.id: photo for photo in photos}
        self.failures: list[search_pb2.Failure] = []
        self.knows_failures = True
        self.searches: list[search_pb2.SearchImagesRequest] = []
        self.lists: list[search_pb2.ListImagesRequest] = []
        self.facets: list[search_pb2.GetFacetsRequest] = []
        self.failure_lists: list[search_pb2.ListFailuresRequest] = []
        self.model = MODEL
        self.index: search_pb2.Index | None = None  # instead of what the photos say

    async def SearchImages(self, request: Any, context: Any) -> search_pb2.SearchImagesResponse:
        await self.calls.begin(context)
        self._check_index()
        self.searches.append(request)
        target = [0.0] * DIMENSIONS
        for term in request.terms:
            weight = term.weight if term.HasField("weight") else 1.0
            target = [value + weight * part for value, part in zip(target, self._vector(term), strict=True)]
        left_out = {term.image_id for term in request.terms}
        hits = [
            search_pb2.SearchHit(image=photo, score=_dot(target, text_vector(photo.name)))
            for photo in self.photos.values()
            if photo.id not in left_out and matches(photo, request.filter)
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.image.id))
        if request.order == search_pb2.SEARCH_ORDER_NEWEST_FIRST:
            hits.sort(key=lambda hit: civil_time(hit.image), reverse=True)
        if request.hide_similar:
            hits = hide_similar(hits)
        page, token = _page(hits, request, [*request.terms, request.order, request.hide_similar])
        return search_pb2.SearchImagesResponse(hits=page, next_page_token=token)

    async def ListImages(self, request: Any, context: Any) -> search_pb2.ListImagesResponse:
        await self.calls.begin(context)
        self._check_index()
        self.lists.append(request)
        photos = [photo for photo in self.photos.values() if matches(photo, request.filter)]
        if request.order == search_pb2.LIST_ORDER_SAMPLE:
            photos.sort(key=lambda photo: hashlib.sha256(photo.id.encode()).digest())
        else:
            photos.sort(key=civil_time, reverse=True)
        page, token = _page(photos, request, [request.order])
        return search_pb2.ListImagesResponse(images=page, next_page_token=token)

    async def GetFacets(self, request: Any, context: Any) -> search_pb2.GetFacetsResponse:
        await self.calls.begin(context)
        self._check_index()
        self.facets.append(request)
        return count_facets(list(self.photos.values()), request)

    async def GetImage(self, request: Any, context: Any) -> search_pb2.GetImageResponse:
        await self.calls.begin(context)
        return search_pb2.GetImageResponse(image=self._photo(request.id))

    async def ListFingerprints(self, request: Any, context: Any) -> AsyncIterator[search_pb2.ListFingerprintsResponse]:
        await self.calls.begin(context)
        known = [
            search_pb2.Fingerprint(id=photo.id, source=photo.source, relative_path=photo.relative_path)
            for photo in self.photos.values()
            if photo.source == request.source and photo.relative_path.startswith(request.path_prefix)
        ]
        if known:
            known.sort(key=lambda one: one.relative_path)
            yield search_pb2.ListFingerprintsResponse(fingerprints=known)

    async def ListFailures(self, request: Any, context: Any) -> search_pb2.ListFailuresResponse:
        await self.calls.begin(context)
        if not self.knows_failures:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        self.failure_lists.append(request)
        return list_failures(self.failures, request)

    async def GetIndex(self, request: Any, context: Any) -> search_pb2.GetIndexResponse:
        if self.index is not None:
            return search_pb2.GetIndexResponse(index=self.index)
        failed = Counter(failure.source for failure in self.failures)
        index = search_pb2.Index(
            state=search_pb2.INDEX_STATE_MISSING, backend="memory", failure_count=len(self.failures)
        )
        if self.photos:
            index.state = search_pb2.INDEX_STATE_READY
            index.model, index.dimensions, index.image_count = self.model, DIMENSIONS, len(self.photos)
        indexed = Counter(photo.source for photo in self.photos.values())
        for source in sorted(indexed | failed):
            counts = search_pb2.SourceCount(source=source, image_count=indexed[source], failure_count=failed[source])
            index.sources.append(counts)
        return search_pb2.GetIndexResponse(index=index)

    def _vector(self, term: search_pb2.SearchTerm) -> Sequence[float]:
        if term.WhichOneof("target") == "image_id":
            return text_vector(self._photo(term.image_id).name)
        if term.embedding.model != self.model:
            message = "The vector is of another model than the index."
            raise refusal("MODEL_MISMATCH", message, expected=self.model, actual=term.embedding.model)
        if len(term.embedding.values) != DIMENSIONS:
            raise refusal("INVALID_EMBEDDING", "The vector has the wrong number of values.")
        return term.embedding.values

    def _photo(self, photo_id: str) -> image_pb2.Image:
        if photo_id not in self.photos:
            raise refusal("IMAGE_NOT_FOUND", f"The index has no photo {photo_id}.", image_id=photo_id)
        return self.photos[photo_id]

    def _check_index(self) -> None:
        if not self.photos:
            raise refusal("INDEX_MISSING", "Nothing has been indexed yet. Run the indexer first.")


def made_up_services(photos: Sequence[image_pb2.Image]) -> tuple[FakeEmbedder, FakeSearch]:
    """Both, with the photos in the index. The gateway calls no other methods than they have."""
    return FakeEmbedder(), FakeSearch(photos)  # type: ignore[abstract]


def _page(items: list[Any], request: Any, query: Sequence[Any]) -> tuple[list[Any], str]:
    digest = hashlib.sha256(f"{list(query)}{request.filter}".encode()).hexdigest()[:16]
    start = 0
    if request.page_token:
        offset, _, made_for = request.page_token.partition(".")
        if made_for != digest:
            raise refusal("STALE_PAGE_TOKEN", "The page token is of another query. Start from the first page.")
        start = int(offset)
    if request.page_size < 0:
        raise InvalidField("page_size", "it must not be negative.")
    end = start + (request.page_size or 50)
    return items[start:end], f"{end}.{digest}" if end < len(items) else ""


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


if __name__ == "__main__":
    from tests.gateway.dev_server import main

    main()
