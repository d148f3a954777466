"""From the folder to the index: survey, read, embed, write, each stage as wide as it pays and none far ahead.

survey -> readers (threads) -> embedder's stream -> search service's stream
                      └─ content that the index has: no embedding ─┘
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from indexer.delivery import Delivery
from indexer.errors import FileTrouble, IndexerError, ModelMismatch, TemporaryTrouble
from indexer.extract import Extractor, NotAPhoto
from indexer.fingerprint import ContentLookup, read_fingerprints
from indexer.patience import Patience
from indexer.photo import Photo
from indexer.ports import EmbeddedPicture, Embedder, Embedding, Model, Picture, Search, Write, Written
from indexer.survey import GonePhoto, Survey, ToDo
from indexer.tally import Failures, Tally
from pictures.paths import encode_path

# The search service reads at most 2,000 ahead.
_UNANSWERED_WRITES = 1000
_UNANSWERED_PICTURES = 64


@dataclass(frozen=True)
class Job:
    """One folder to index."""

    root: bytes
    """A real path."""
    source: str
    model: Model
    rebuild_id: str = ""
    with_location: bool = True
    readers: int = 4


@dataclass(frozen=True)
class Services:
    """The two services, and what makes the patience with one of them, given its name."""

    embedder: Embedder
    search: Search
    patience: Callable[[str], Patience]


@dataclass(frozen=True)
class _PictureOf(Picture):
    """A picture on its way to the embedder, and the photo it is of."""

    photo: Photo


class Pipeline:
    """Indexes one folder, once."""

    def __init__(self, job: Job, services: Services, tally: Tally, failures: Failures) -> None:
        self.survey = Survey(tally, failures)
        self._job = job
        self._search = services.search
        self._tally = tally
        self._failures = failures
        self._extractor = Extractor(job.root, job.source, job.with_location)
        self._listing = services.patience("the search service")
        self._lookup = ContentLookup(services.search, job.rebuild_id, services.patience("the search service"))
        self._threads = ThreadPoolExecutor(job.readers, thread_name_prefix="reader")
        self._embedding: Delivery[_PictureOf, EmbeddedPicture] = Delivery(
            services.embedder.embed_pictures,
            self._on_embedded,
            window=min(job.model.max_unanswered or _UNANSWERED_PICTURES, _UNANSWERED_PICTURES),
            patience=services.patience("the embedder"),
        )
        self._writing: Delivery[Write, Written] = Delivery(
            services.search.write_photos,
            self._on_written,
            window=_UNANSWERED_WRITES,
            patience=services.patience("the search service"),
        )

    async def run(self) -> None:
        """Returns when all that the folder holds is in the index or among the failures.

        Raises IndexerError if a service can't go on; what was written stays.
        """
        fingerprints = read_fingerprints(self._search, self._job.source, self._job.rebuild_id, self._listing)
        try:
            async with asyncio.TaskGroup() as stages:
                stages.create_task(self.survey.run(self._job.root, fingerprints))
                stages.create_task(self._writing.run())
                embedding = stages.create_task(self._embedding.run())
                readers = [stages.create_task(self._read()) for _ in range(self._job.readers)]
                await asyncio.wait(readers)
                self._embedding.end()
                await asyncio.wait({embedding})
                self._writing.end()
        except BaseExceptionGroup as group:
            raise _reason(group) from group
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _read(self) -> None:
        while (to_do := await self.survey.next_to_do()) is not None:
            prepared = await self._prepare_or_report(to_do)
            if prepared is None:
                self._tally.done += 1
            elif isinstance(prepared, Write):
                await self._writing.send(prepared)
            else:
                await self._embedding.send(prepared)

    async def _prepare_or_report(self, to_do: ToDo) -> Write | _PictureOf | None:
        relative_path = to_do.file.relative_path
        try:
            return await self._prepare(to_do)
        except FileNotFoundError:
            self._tally.vanished += 1
        except NotAPhoto:
            self._tally.not_photos += 1
            if to_do.indexed_id:
                self.survey.add_gone(GonePhoto(to_do.indexed_id, relative_path, must_be_absent=False))
        except FileTrouble as trouble:
            self._failures.add(relative_path, trouble.reason, str(trouble))
        except IndexerError:
            raise
        except Exception as error:  # a file that brings out a fault of ours must not stop the others
            self._failures.add(relative_path, "INTERNAL", f"{type(error).__name__}: {error}")
        return None

    async def _prepare(self, to_do: ToDo) -> Write | _PictureOf:
        loop = asyncio.get_running_loop()
        content = await loop.run_in_executor(self._threads, self._extractor.read, to_do.file)
        if to_do.indexed_sha256 == content.sha256:
            twin: str | None = to_do.indexed_id
        else:
            twin = await self._lookup.find(content.sha256)
        if twin:
            photo = await loop.run_in_executor(self._threads, self._extractor.facts, to_do.file, content)
            return Write(photo, twin, self._job.rebuild_id)
        photo, data = await loop.run_in_executor(
            self._threads, self._extractor.facts_and_picture, to_do.file, content, self._job.model.useful_edge
        )
        return _PictureOf(photo.image_id, data, photo)

    async def _on_embedded(self, request: _PictureOf, answer: EmbeddedPicture) -> TemporaryTrouble | None:
        if not isinstance(answer.result, Embedding):
            return self._report(request.photo, answer.result)
        if answer.result.model != self._job.model.id:
            raise ModelMismatch(
                f"The embedder's model changed from {self._job.model.id} to {answer.result.model} during the run. "
                "What was written stays. Run the indexer again."
            )
        await self._writing.send(Write(request.photo, answer.result, self._job.rebuild_id))
        return None

    async def _on_written(self, request: Write, answer: Written) -> TemporaryTrouble | None:
        if answer.error is not None:
            return self._report(request.photo, answer.error)
        self._tally.done += 1
        self._tally.written += 1
        self._tally.copied += isinstance(request.vector, str)
        return None

    def _report(self, photo: Photo, error: FileTrouble | TemporaryTrouble | IndexerError) -> TemporaryTrouble | None:
        """What is worth another try comes back, what costs a file is recorded, what ends the run is raised."""
        if isinstance(error, TemporaryTrouble):
            return error
        if isinstance(error, IndexerError):
            raise error
        self._tally.done += 1
        self._failures.add(encode_path(photo.path), error.reason, str(error))
        return None


def _reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the run, of all that came of it in the stages."""
    expected, others = group.split(IndexerError)
    if others is not None or expected is None:
        return group
    error: BaseException = expected
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
