"""From the folder to the index: survey, read, embed, write, each stage as wide as it pays and none far ahead.

survey -> readers (threads) -> embedder's stream -> search service's stream
                      └─ content that the index has: no embedding ─┘

A vector that the index has may be replaced before it is taken over, as when two files swapped their names. Files that
come too late for it go through all of this once more, after the others, and are embedded.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from indexer.delivery import Delivery
from indexer.errors import FileTrouble, IndexerError, ModelMismatch, TemporaryTrouble
from indexer.extract import Extracted, Extractor
from indexer.failure import Failure
from indexer.fingerprint import Compared
from indexer.photo import FoundFile, Photo
from indexer.photo_root import NotAPhoto, PhotoRoot
from indexer.ports import EmbeddedPicture, Embedding, Model, Picture, Write, Written
from indexer.quarantine import Quarantine
from indexer.scope import Scope
from indexer.services import Services, compare_with_index
from indexer.survey import GonePhoto, Plan, Survey, ToDo
from indexer.tally import Tally
from indexer.thumbnails import ThumbnailWriter
from indexer.walk import walk_scope
from pictures.paths import encode_path

# The search service reads at most 2,000 ahead.
_UNANSWERED_WRITES = 1000
_UNANSWERED_PICTURES = 128
_EXTRACTED_AHEAD = 64


@dataclass(frozen=True)
class Job:
    """One root to index."""

    root: PhotoRoot
    scope: Scope
    plan: Plan
    model: Model
    rebuild_id: str = ""
    with_location: bool = True
    readers: int = 4
    thumbnails: ThumbnailWriter | None = None


@dataclass(frozen=True)
class _PictureOf(Picture):
    """A picture on its way to the embedder, and the photo and file that it is of."""

    photo: Photo
    to_do: ToDo


@dataclass(frozen=True, kw_only=True)
class _Write(Write):
    """A photo on its way to the index, and the file that it is of."""

    to_do: ToDo


class Pipeline:
    """Indexes one folder, once."""

    def __init__(self, job: Job, services: Services, tally: Tally, quarantine: Quarantine) -> None:
        self.survey = Survey(job.plan, tally, quarantine)
        self._job = job
        self._search = services.search
        self._tally = tally
        self._quarantine = quarantine
        self._unwritten_before = job.thumbnails.unwritten if job.thumbnails else 0
        self._extractor = Extractor(job.root, job.scope.source, job.with_location, job.thumbnails)
        self._services = services
        self._lookup = services.patience("the search service")
        self._threads = ThreadPoolExecutor(job.readers, thread_name_prefix="reader")
        self._extracted: asyncio.Queue[tuple[ToDo, Extracted] | None] = asyncio.Queue(_EXTRACTED_AHEAD)
        self._embedding: Delivery[_PictureOf, EmbeddedPicture] = Delivery(
            services.embedder.embed_pictures,
            self._on_embedded,
            window=min(job.model.max_unanswered or _UNANSWERED_PICTURES, _UNANSWERED_PICTURES),
            patience=services.patience("the embedder"),
        )
        self._writing: Delivery[_Write, Written] = Delivery(
            services.search.write_photos,
            self._on_written,
            window=_UNANSWERED_WRITES,
            patience=services.patience("the search service"),
        )

    async def run(self) -> None:
        """Returns when all that the folder holds is in the index or among the failures.

        Raises IndexerError if a service can't go on; what was written stays.
        """
        try:
            async with asyncio.TaskGroup() as stages:
                stages.create_task(self.survey.run(self._compared()))
                reporting = stages.create_task(self._quarantine.run())
                writing = stages.create_task(self._writing.run())
                embedding = stages.create_task(self._embedding.run())
                await self._send_all(self.survey.next_to_do, stages)
                await self._writing.settled()
                await self._send_all(self.survey.next_to_embed, stages)
                self._embedding.end()
                await asyncio.wait({embedding})
                self._writing.end()
                await asyncio.wait({writing})
                self._quarantine.end()
                await asyncio.wait({reporting})
        except BaseExceptionGroup as group:
            raise _reason(group) from group
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _compared(self) -> AsyncIterator[Sequence[Compared]]:
        job = self._job
        walked = walk_scope(job.root, job.scope, job.plan.selection)
        return compare_with_index(walked, job.scope, job.rebuild_id, self._services)

    async def _send_all(self, next_to_do: Callable[[], Awaitable[ToDo | None]], stages: asyncio.TaskGroup) -> None:
        routing = stages.create_task(self._route())
        await asyncio.wait([stages.create_task(self._read(next_to_do)) for _ in range(self._job.readers)])
        await self._extracted.put(None)
        await asyncio.wait({routing})

    async def _read(self, next_to_do: Callable[[], Awaitable[ToDo | None]]) -> None:
        while (to_do := await next_to_do()) is not None:
            extracted = await self._extract_or_report(to_do)
            if self._job.thumbnails:
                self._tally.thumbnails_unwritten = self._job.thumbnails.unwritten - self._unwritten_before
            if extracted is None:
                self._tally.done += 1
            else:
                await self._extracted.put((to_do, extracted))

    async def _extract_or_report(self, to_do: ToDo) -> Extracted | None:
        relative_path = to_do.file.relative_path
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._extractor.extract, to_do.file, to_do.indexed_sha256, self._job.model.useful_edge
            )
        except FileNotFoundError:
            self._tally.vanished += 1
            self._resolve(to_do)
            if to_do.indexed_id:
                self.survey.add_gone(GonePhoto(to_do.indexed_id, relative_path, must_be_absent=True))
        except NotAPhoto:
            self._tally.not_photos += 1
            self._resolve(to_do)
            if to_do.indexed_id:
                self.survey.add_gone(GonePhoto(to_do.indexed_id, relative_path, must_be_absent=False))
        except FileTrouble as trouble:
            self._fail(to_do.file, trouble.reason, str(trouble))
        except IndexerError:
            raise
        except Exception as error:  # a file that brings out a fault of ours must not stop the others
            self._fail(to_do.file, "INTERNAL", f"{type(error).__name__}: {error}")
        return None

    def _fail(self, file: FoundFile, reason: str, message: str) -> None:
        self._quarantine.add(Failure(file.relative_path, reason, message, file.size, file.modified_ns))

    def _resolve(self, to_do: ToDo) -> None:
        if to_do.failed_before:
            self._quarantine.resolve(to_do.file.relative_path)

    async def _route(self) -> None:
        """Sends on what was extracted; contents are looked up together for as many photos as there are."""
        ended = False
        while not ended:
            waiting = [await self._extracted.get()]
            while not self._extracted.empty():
                waiting.append(self._extracted.get_nowait())
            batch = [item for item in waiting if item is not None]
            ended = len(batch) < len(waiting)
            twins = await self._find_twins([extracted for to_do, extracted in batch if not to_do.must_embed])
            for to_do, extracted in batch:
                await self._send(to_do, extracted, twins)

    async def _find_twins(self, batch: list[Extracted]) -> Mapping[str, str]:
        """By content, the id of a photo in the index that has it."""
        hashes = [extracted.photo.content_sha256 for extracted in batch if extracted.picture is not None]
        if not hashes:
            return {}
        return await self._lookup.until_answered(lambda: self._search.find_contents(hashes, self._job.rebuild_id))

    async def _send(self, to_do: ToDo, extracted: Extracted, twins: Mapping[str, str]) -> None:
        photo = extracted.photo
        twin = to_do.indexed_id if extracted.picture is None else twins.get(photo.content_sha256)
        if twin:
            await self._writing.send(_Write(photo, twin, self._job.rebuild_id, to_do=to_do))
        elif extracted.picture is not None:
            await self._embedding.send(_PictureOf(photo.image_id, extracted.picture, photo, to_do))

    async def _on_embedded(self, request: _PictureOf, answer: EmbeddedPicture) -> TemporaryTrouble | None:
        if isinstance(answer.result, FileTrouble):
            # The file could be read, and the indexer itself encoded what was sent.
            refused = f"The embedder refused the picture ({answer.result.reason}): {answer.result}"
            return self._report(request.photo, FileTrouble("EMBEDDER_REFUSED", refused))
        if not isinstance(answer.result, Embedding):
            return self._report(request.photo, answer.result)
        if answer.result.model != self._job.model.id:
            raise ModelMismatch(
                f"The embedder's model changed from {self._job.model.id} to {answer.result.model} during the run. "
                "What was written stays. Run the indexer again."
            )
        await self._writing.send(_Write(request.photo, answer.result, self._job.rebuild_id, to_do=request.to_do))
        return None

    async def _on_written(self, request: _Write, answer: Written) -> TemporaryTrouble | None:
        if isinstance(request.vector, str) and _has_no_source(answer):
            self.survey.add_to_embed(request.to_do)
            return None
        if answer.error is not None:
            return self._report(request.photo, answer.error)
        self._tally.done += 1
        self._tally.written += 1
        self._resolve(request.to_do)
        self._tally.copied += isinstance(request.vector, str)
        return None

    def _report(self, photo: Photo, error: FileTrouble | TemporaryTrouble | IndexerError) -> TemporaryTrouble | None:
        """What is worth another try comes back, what costs a file is recorded, what ends the run is raised."""
        if isinstance(error, TemporaryTrouble):
            return error
        if isinstance(error, IndexerError):
            raise error
        self._tally.done += 1
        failure = Failure(encode_path(photo.path), error.reason, str(error), photo.size, photo.modified_ns)
        self._quarantine.add(failure)
        return None


def _has_no_source(answer: Written) -> bool:
    """Whether the vector that was to be taken over is not in the index any more, or is of another content by now."""
    return isinstance(answer.error, FileTrouble) and answer.error.reason == "IMAGE_NOT_FOUND"


def _reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the run, of all that came of it in the stages."""
    expected, others = group.split(IndexerError)
    if others is not None or expected is None:
        return group
    error: BaseException = expected
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
