"""Tells what a run would do, and does nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from indexer.failure import Failure
from indexer.options import Options
from indexer.photo_root import PhotoRoot
from indexer.prune import absent_photos
from indexer.roots import open_photos
from indexer.services import Services, compare_with_index
from indexer.survey import Survey
from indexer.tally import Failures, Tally
from indexer.walk import walk_scope

WOULD_INDEX, WOULD_INDEX_AGAIN, WOULD_REMOVE = "new", "changed", "gone"


@dataclass(frozen=True)
class DryRun:
    """A look at one folder and at what the index holds of it."""

    options: Options
    services: Services
    tally: Tally
    failures: Failures
    tell: Callable[[str, str], None]
    """Told each file: what is with it ("new", "changed", "gone"), and its encoded path."""

    async def run(self) -> int:
        """Returns the exit code, 0. Raises IndexerError if the folder or the index can't be looked through."""
        self.options.check()
        root = await open_photos(self.options.folder, self.options.thumbnails, self.services.patience)
        survey = Survey(self.options.plan, self.tally, _Notes(self.failures))
        try:
            await asyncio.to_thread(root.check_still_there)
            await self._look_through(root, survey)
        finally:
            survey.close()
            root.close()
        return 0

    async def _look_through(self, root: PhotoRoot, survey: Survey) -> None:
        scope = self.options.scope
        walked = walk_scope(root, scope, self.options.selection)
        await survey.run(compare_with_index(walked, scope, "", self.services))
        survey.check_root_was_read(root.shown)
        while (to_do := await survey.next_to_do()) is not None:
            self.tell(WOULD_INDEX_AGAIN if to_do.indexed_id else WOULD_INDEX, to_do.file.relative_path)
        async for photos in absent_photos(root, survey):
            for photo in photos:
                self.tell(WOULD_REMOVE, photo.relative_path)


@dataclass(frozen=True)
class _Notes:
    """The port FailureNotes, without a word to the search service."""

    failures: Failures

    def add(self, failure: Failure) -> None:
        """See the port."""
        self.failures.add(failure)

    def keep(self, failure: Failure) -> None:
        """See the port."""
        self.failures.keep(failure)

    def resolve(self, relative_path: str) -> None:
        """See the port."""

    def resolve_at_end(self, relative_path: str) -> None:
        """See the port."""
