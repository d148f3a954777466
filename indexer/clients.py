"""The two services over gRPC."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from grpc import StatusCode

from grpc_runtime.channels import open_channel
from grpc_runtime.errors import RemoteError, read_rpc_error, read_status
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from indexer import messages
from indexer.errors import (
    FileTrouble,
    IndexerError,
    ModelMismatch,
    RebuildNotFinished,
    ServiceRefused,
    TemporaryTrouble,
)
from indexer.failure import Failure
from indexer.photo import Fingerprint
from indexer.ports import EmbeddedPicture, Index, ItemError, Model, Picture, Rebuild, Write, Written
from indexer.scope import Shard

_LISTING_SECONDS = 3600.0
_COMMIT_SECONDS = 900.0
_REPORT_SECONDS = 60.0

_EMBEDDER = "imagesearch.embedder.v1.EmbedderService"
_SEARCH = "imagesearch.search.v1.SearchService"

_TEMPORARY_REASONS = frozenset({"OVERLOADED", "MODEL_LOADING", "STORAGE_UNAVAILABLE", "TIMEOUT"})
_TEMPORARY_CODES = frozenset(
    {
        StatusCode.UNAVAILABLE,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.ABORTED,
        StatusCode.CANCELLED,
        StatusCode.INTERNAL,
        StatusCode.UNKNOWN,
    }
)
_FATAL_REASONS: Mapping[str, type[IndexerError]] = {
    "MODEL_MISMATCH": ModelMismatch,
    "MODEL_FAILED": ServiceRefused,
    "MODALITY_UNSUPPORTED": ServiceRefused,
    "INDEX_FORMAT": ServiceRefused,
    "INDEX_READ_ONLY": ServiceRefused,
    "REBUILD_NOT_FOUND": RebuildNotFinished,
    "REBUILD_CONFLICT": RebuildNotFinished,
}


class EmbedderClient:
    """The port Embedder."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.channel = open_channel(target, idempotent={_EMBEDDER: ["GetModel"]})
        self._stub: Any = embedder_pb2_grpc.EmbedderServiceStub(self.channel)

    async def get_model(self) -> Model:
        """See the port."""
        with _errors_of(self.target):
            answer = await self._stub.GetModel(embedder_pb2.GetModelRequest())
        return messages.to_model(answer.model)

    async def embed_pictures(self, pictures: AsyncIterator[Picture]) -> AsyncGenerator[EmbeddedPicture, None]:
        """See the port."""
        call = self._stub.EmbedImages(
            embedder_pb2.EmbedImagesRequest(key=picture.key, image=picture.data) async for picture in pictures
        )
        async for answer in _answers(call, self.target):
            failed = answer.WhichOneof("result") != "embedding"
            result = _trouble(read_status(answer.error)) if failed else messages.to_embedding(answer.embedding)
            yield EmbeddedPicture(answer.key, result)


class SearchClient:
    """The port Search."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.channel = open_channel(
            target, idempotent={_SEARCH: ["GetIndex", "DeleteImages", "ListFailures", "ReportFailures"]}
        )
        self._stub: Any = search_pb2_grpc.SearchServiceStub(self.channel)

    async def get_index(self) -> Index:
        """See the port."""
        answer = await self._call(self._stub.GetIndex, search_pb2.GetIndexRequest())
        if answer.index.state == search_pb2.INDEX_STATE_UNAVAILABLE:
            raise TemporaryTrouble(answer.index.state_detail or "Its index is not available.")
        return messages.to_index(answer.index)

    async def list_fingerprints(
        self, source: str, path_prefix: str, shard: Shard | None, rebuild_id: str
    ) -> AsyncGenerator[Sequence[Fingerprint], None]:
        """See the port."""
        request = search_pb2.ListFingerprintsRequest(
            source=source, path_prefix=path_prefix, shard=messages.from_shard(shard), rebuild_id=rebuild_id
        )
        async for batch in _answers(self._stub.ListFingerprints(request, timeout=_LISTING_SECONDS), self.target):
            yield [messages.to_fingerprint(known) for known in batch.fingerprints]

    async def list_failures(
        self, source: str, path_prefix: str, shard: Shard | None
    ) -> AsyncGenerator[Sequence[Failure], None]:
        """See the port."""
        request = search_pb2.ListFailuresRequest(
            source=source, path_prefix=path_prefix, shard=messages.from_shard(shard), page_size=1000
        )
        while page := await self._call_if_offered(self._stub.ListFailures, request):
            yield [messages.to_failure(failure) for failure in page.failures]
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    async def report_failures(self, source: str, failures: Sequence[Failure], resolved: Sequence[str]) -> None:
        """See the port."""
        request = search_pb2.ReportFailuresRequest(
            failures=[messages.from_failure(source, failure) for failure in failures],
            resolved_ids=[messages.failure_id(source, path) for path in resolved],
        )
        await self._call_if_offered(self._stub.ReportFailures, request)

    async def find_contents(self, hashes: Sequence[str], rebuild_id: str) -> Mapping[str, str]:
        """See the port."""
        request = search_pb2.ListFingerprintsRequest(content_sha256=hashes, rebuild_id=rebuild_id)
        found: dict[str, str] = {}
        async for batch in _answers(self._stub.ListFingerprints(request, timeout=60.0), self.target):
            for known in batch.fingerprints:
                found.setdefault(known.content_sha256, known.id)
        return found

    async def write_photos(self, writes: AsyncIterator[Write]) -> AsyncGenerator[Written, None]:
        """See the port."""
        call = self._stub.IndexImages(messages.from_write(write) async for write in writes)
        async for answer in _answers(call, self.target):
            yield Written(answer.id, _trouble(read_status(answer.status)) if answer.status.code else None)

    async def delete_photos(self, image_ids: Sequence[str]) -> int:
        """See the port."""
        answer = await self._call(self._stub.DeleteImages, search_pb2.DeleteImagesRequest(ids=image_ids))
        return int(answer.deleted_count)

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """See the port."""
        request = search_pb2.BeginRebuildRequest(model=model.id, dimensions=model.dimensions)
        return messages.to_rebuild((await self._call(self._stub.BeginRebuild, request)).rebuild)

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> None:
        """See the port."""
        request = search_pb2.CommitRebuildRequest(rebuild_id=rebuild_id, drop_missing_sources=drop_missing_sources)
        await self._call(self._stub.CommitRebuild, request, timeout=_COMMIT_SECONDS)

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """See the port."""
        await self._call(self._stub.CancelRebuild, search_pb2.CancelRebuildRequest(rebuild_id=rebuild_id))

    async def _call_if_offered(self, method: Any, request: Any) -> Any:
        """The answer; None if the service is of a version that has no such method."""
        with _errors_of(self.target):
            try:
                return await method(request, timeout=_REPORT_SECONDS)
            except grpc.aio.AioRpcError as error:
                if error.code() is StatusCode.UNIMPLEMENTED:
                    return None
                raise

    async def _call(self, method: Any, request: Any, timeout: float | None = None) -> Any:
        with _errors_of(self.target):
            return await method(request, timeout=timeout)


async def _answers(call: Any, target: str) -> AsyncGenerator[Any, None]:
    """A stream's answers; the call ends when nobody wants more of them."""
    try:
        with _errors_of(target):
            async for answer in call:
                yield answer
    finally:
        call.cancel()


@contextmanager
def _errors_of(target: str) -> Iterator[None]:
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise _call_error(error, target) from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise
        # grpc raises this too when the server cancelled the call.
        raise TemporaryTrouble("It cancelled the call.") from None


def _call_error(error: grpc.RpcError, target: str) -> TemporaryTrouble | IndexerError:
    remote = read_rpc_error(error)
    if not remote.reason and remote.code is StatusCode.UNAVAILABLE:
        return TemporaryTrouble(f"Nothing answers at {target}; `make run` starts the services.")
    if remote.code is StatusCode.UNIMPLEMENTED:
        return ServiceRefused(f"{target} is not the service that was expected there. Check --embedder and --search.")
    trouble = _trouble(remote)
    if isinstance(trouble, FileTrouble):
        if remote.code in _TEMPORARY_CODES:
            return TemporaryTrouble(remote.message or f"The call ended with {remote.code.name}.")
        return ServiceRefused(f"{target} refused a call ({remote.reason or remote.code.name}): {remote.message}")
    return trouble


def _trouble(remote: RemoteError) -> ItemError:
    if remote.reason in _TEMPORARY_REASONS:
        return TemporaryTrouble(remote.message, remote.retry_after, counts=remote.reason != "MODEL_LOADING")
    if remote.reason == "REBUILD_INCOMPLETE":
        return RebuildNotFinished(
            f"This source is complete in the next index, but others are missing in it: "
            f"{remote.metadata.get('sources', 'see the log')}. Index each of them with --source NAME --rebuild; the "
            "last one puts the next index in the present one's place. To leave them out: --drop-missing-sources."
        )
    if kind := _FATAL_REASONS.get(remote.reason):
        return kind(remote.message)
    return FileTrouble(remote.reason or remote.code.name, remote.message)
