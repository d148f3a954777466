"""One run: which index to write to, the pipeline, and what comes after it: pruning, or the end of a rebuild."""

import asyncio
from collections.abc import Callable, Iterable

from indexer.errors import (
    EXIT_FILES_FAILED,
    ModelMismatch,
    RebuildNotFinished,
    ServiceRefused,
    TemporaryTrouble,
)
from indexer.losses import Losses
from indexer.options import Options
from indexer.photo_root import PhotoRoot
from indexer.pipeline import Job, Pipeline
from indexer.ports import Index, Model, ModelState
from indexer.prune import prune
from indexer.quarantine import Quarantine
from indexer.roots import open_photos
from indexer.services import Services
from indexer.survey import Survey
from indexer.tally import Failures, Tally
from indexer.thumbnails import ThumbnailWriter


class Run:
    """One run over one folder."""

    def __init__(
        self,
        options: Options,
        services: Services,
        tally: Tally,
        failures: Failures,
        *,
        say: Callable[[str], None],
        thumbnails: ThumbnailWriter | None = None,
    ) -> None:
        """`say` is told what a person should know, a sentence at a time. `thumbnails` is opened if it is not."""
        self._say = say
        self._thumbnails = thumbnails
        self._options = options
        self._search = services.search
        self._embedder = services.embedder
        self._services = services
        self._tally = tally
        self._failures = failures
        self._with_search = services.patience("the search service")

    async def run(self) -> int:
        """Returns the exit code. Raises IndexerError if the run could not be brought to its end."""
        self._options.check()
        options = self._options
        root = await open_photos(options.folder, options.thumbnails, self._services.patience)
        try:
            await asyncio.to_thread(root.check_still_there)
            if self._thumbnails:  # before a rebuild drops anything
                await asyncio.to_thread(self._thumbnails.open)
            return await self._index(root)
        finally:
            root.close()

    async def _index(self, root: PhotoRoot) -> int:
        model = await self._ready_model()
        index = await self._with_search.until_answered(self._search.get_index)
        rebuild_id = await self._begin_rebuild(model, index) if self._options.rebuild else ""
        if not rebuild_id:
            check_model(model, index)
        self._announce(root, model, index, rebuild_id)
        options = self._options
        job = Job(
            root,
            options.scope,
            options.plan,
            model,
            rebuild_id,
            options.with_location,
            options.readers,
            self._thumbnails,
        )
        quarantine = Quarantine(
            options.source, self._search, self._services.patience("the search service"), self._failures
        )
        pipeline = Pipeline(job, self._services, self._tally, quarantine)
        try:
            await pipeline.run()
            await asyncio.to_thread(root.check_still_there)
            pipeline.survey.check_root_was_read(root.shown)
            if rebuild_id and options.shard:
                self._say(
                    "This shard is in the next index. When all shards are, run once with --rebuild and no --shard: "
                    "it checks the whole and puts it in the present index's place."
                )
            else:
                await self._end(root, pipeline.survey, model, index, rebuild_id)
            await quarantine.resolve_gone()
        finally:
            try:
                await quarantine.close()
            finally:
                pipeline.survey.close()
        return EXIT_FILES_FAILED if self._failures.count else 0

    async def _end(self, root: PhotoRoot, survey: Survey, model: Model, index: Index, rebuild_id: str) -> None:
        if not self._options.allow_missing:
            await self._check_losses(root, index, rebuild_id, survey.unreadable_folders)
        if rebuild_id:
            await self._commit(rebuild_id, model)
        if self._options.prune or rebuild_id:
            await prune(root, survey, self._search, self._with_search, self._tally)

    async def _ready_model(self) -> Model:
        """The embedder's model, waited for while it loads."""

        async def ask() -> Model:
            model = await self._embedder.get_model()
            if model.state is ModelState.LOADING:
                share = f" ({model.progress:.0%})" if model.progress else ""
                raise TemporaryTrouble(f"{model.detail or 'Its model loads.'}{share}", 0.5, counts=False)
            return model

        model = await self._services.patience("the embedder").until_answered(ask)
        if model.state is ModelState.FAILED:
            raise ServiceRefused(f"The embedder's model {model.name} can't be used: {model.detail}")
        if not model.embeds_images:
            raise ServiceRefused(
                f"The embedder's model {model.name} embeds texts only. Start the embedder with one for pictures."
            )
        return model

    async def _begin_rebuild(self, model: Model, index: Index) -> str:
        if self._options.restart_rebuild and index.rebuild:
            old = index.rebuild
            await self._with_search.until_answered(lambda: self._search.cancel_rebuild(old.id))
        elif index.rebuild and index.rebuild.model != model.id:
            raise RebuildNotFinished(
                f"A rebuild with the model {index.rebuild.model} is under way, but the embedder's model is {model.id}. "
                "Finish it with an embedder of that model, or drop it and begin anew with --restart-rebuild."
            )
        rebuild = await self._with_search.until_answered(lambda: self._search.begin_rebuild(model))
        if rebuild.image_count:
            self._say(f"The rebuild goes on; the next index holds {rebuild.image_count:,} photos already.")
        return rebuild.id

    def _announce(self, root: PhotoRoot, model: Model, index: Index, rebuild_id: str) -> None:
        where = "the next index" if rebuild_id else "the index"
        shard = f", shard {self._options.shard.index} of {self._options.shard.count}," if self._options.shard else ""
        self._say(
            f"Indexing {root.shown} as source {self._options.source}{shard} into {where}, with the model {model.id}."
        )
        if model.notice:
            self._say(model.notice)
        if index.rebuild and not rebuild_id:
            self._say(
                f"A rebuild with the model {index.rebuild.model} is under way: what is written now is not in the next "
                "index until this folder is indexed with --rebuild."
            )

    async def _check_losses(
        self, root: PhotoRoot, index: Index, rebuild_id: str, unreadable_folders: Iterable[str]
    ) -> None:
        losses = Losses(root, self._options.scope, self._search, self._with_search)
        if self._options.scope.is_restricted:
            if self._options.prune:
                losses.check_few_are_gone(self._tally.gone, losses.share_of(index))
            return
        losses.check_not_empty(index, self._tally)
        if rebuild_id:
            await losses.check_folders(unreadable_folders)
            await losses.check_files(self._failures.paths, rebuild_id)
            indexed = index.counts.get(self._options.source, 0)
            losses.check_few_are_gone(indexed - self._tally.photos_found, indexed)
        if self._options.prune or rebuild_id:
            losses.check_few_are_gone(self._tally.gone, self._tally.indexed)

    async def _commit(self, rebuild_id: str, model: Model) -> None:
        asked_before = False

        async def commit() -> None:
            nonlocal asked_before
            if asked_before and await self._is_committed(rebuild_id, model):
                return
            asked_before = True
            await self._search.commit_rebuild(rebuild_id, drop_missing_sources=self._options.drop_missing_sources)

        await self._with_search.until_answered(commit)

    async def _is_committed(self, rebuild_id: str, model: Model) -> bool:
        """Whether a commit whose answer was lost took place."""
        index = await self._search.get_index()
        return index.model == model.id and (index.rebuild is None or index.rebuild.id != rebuild_id)


def check_model(model: Model, index: Index) -> None:
    """Raises ModelMismatch if vectors of this model don't fit into the index."""
    if index.model and index.model != model.id:
        name = index.model.rpartition("@")[0] or index.model
        raise ModelMismatch(
            f"The index is of the model {index.model}, but the embedder's model is {model.id}. Start the embedder with "
            f"the index's model (EMBEDDER_MODEL={name}), or build the index anew with this one: --rebuild. The "
            "present index serves until that is done."
        )
