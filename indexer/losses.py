"""Finds what a run would take out of the index by mistake, before it does: a disk, folder or file may only be away."""

from collections.abc import Iterable
from dataclasses import dataclass

from indexer.errors import PhotosMissing, RebuildNotFinished
from indexer.listing import read_fingerprints
from indexer.patience import Patience
from indexer.photo_root import PhotoRoot
from indexer.ports import Index, Search
from indexer.scope import Scope
from indexer.spool import Spool
from indexer.tally import Tally

_LOOKED_UP_AT_ONCE = 20_000
# So many may always go; more only if they are no more than half of the source.
_FEW = 10


@dataclass(frozen=True)
class Losses:
    """The checks of one run over `root`. Not needed where a person allows photos to be missing."""

    root: PhotoRoot
    scope: Scope
    search: Search
    patience: Patience

    def check_not_empty(self, index: Index, tally: Tally) -> None:
        """Raises PhotosMissing if the folder (or the shard) holds no photos, yet the index has some of it."""
        indexed = tally.indexed if self.scope.shard else index.counts.get(self.scope.source, 0)
        if indexed and not tally.photos_found:
            raise PhotosMissing(
                f"There are no photos in {self.root.shown}, but the index holds {indexed:,} of the "
                f"source {self.scope.source}. Nothing was removed. {self.root.advice}; if they are "
                "really gone, run again with --prune --allow-missing."
            )

    def share_of(self, index: Index) -> int:
        """How many photos the index holds of the source; of a shard about, as shards are alike in size."""
        held = index.counts.get(self.scope.source, 0)
        return held // self.scope.shard.count if self.scope.shard else held

    def check_few_are_gone(self, gone: int, indexed: int) -> None:
        """Raises PhotosMissing if most photos of the source (or shard), `gone` of the `indexed` ones, are missing."""
        few = _FEW // self.scope.shard.count if self.scope.shard else _FEW
        if gone > max(few, indexed / 2):
            part = "this shard of " if self.scope.shard else ""
            raise PhotosMissing(
                f"{gone:,} of the {indexed:,} photos that the index holds of {part}the source {self.scope.source} are "
                f"not in {self.root.shown}. Nothing was removed. If this is another folder than the one that "
                f"was indexed as {self.scope.source}, name it with --source. {self.root.advice}. If the "
                "photos are really gone or have moved, run again with --allow-missing."
            )

    async def check_folders(self, unreadable_folders: Iterable[str]) -> None:
        """Raises RebuildNotFinished if the present index holds photos of folders that can't be read now."""
        for folder in unreadable_folders:
            if await self.patience.until_answered(lambda: self._index_holds(folder)):  # noqa: B023
                raise RebuildNotFinished(
                    f"The folder {folder} can't be read, but the present index holds photos of it. It goes on "
                    "serving. Allow reading the folder and run again with --rebuild, or do without these photos: "
                    "--rebuild --allow-missing."
                )

    async def check_files(self, failed: Spool, rebuild_id: str) -> None:
        """Raises RebuildNotFinished if the present index holds a photo whose file failed, and the next one does not.

        `failed` are relative paths; only so many of them are held in memory at once, each time against one pass over
        what the index holds.
        """
        failed.complete()
        while paths := await _next_paths(failed):
            at_stake = await self._held(paths, "")
            lost = at_stake - await self._held(at_stake, rebuild_id) if at_stake else set()
            if lost:
                raise RebuildNotFinished(
                    f"Files could not be indexed that the present index holds, such as {min(lost)}. It goes on "
                    "serving. See what is wrong in the list of failures (--failures FILE.jsonl writes all of them), "
                    "mend or remove the files and run again with --rebuild, or do without these photos: "
                    "--rebuild --allow-missing."
                )

    async def _index_holds(self, folder: str) -> bool:
        async for batch in self.search.list_fingerprints(self.scope.source, folder, None, ""):
            if batch:
                return True
        return False

    async def _held(self, paths: set[str], rebuild_id: str) -> set[str]:
        held: set[str] = set()
        async for batch in read_fingerprints(self.search, self.scope, rebuild_id, self.patience):
            held.update(known.relative_path for known in batch if known.relative_path in paths)
        return held


async def _next_paths(failed: Spool) -> set[str]:
    paths: set[str] = set()
    while len(paths) < _LOOKED_UP_AT_ONCE and (record := await failed.take()) is not None:
        paths.update(record)
    return paths
