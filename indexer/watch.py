"""Indexes a folder, and then what changes in it, until it is told to stop."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path, PurePath

from watchfiles import awatch

from indexer.errors import FolderAway, ServiceUnreachable, SetupTrouble
from indexer.report import Report
from indexer.scope import merged_prefixes
from indexer.selection import IGNORE_FILE, Selection
from pictures.paths import encode_path

EVERYTHING: tuple[str, ...] = ("",)
# After a service or the folder was away everything is looked at again: soon, and later if that fails too, as a large
# folder takes long.
RETRY_SECONDS = 5.0
_LONGEST_RETRY = 60
# More places than this are looked through in one go from the root.
_MOST_PLACES = 50
# A copy of many files is one round: it begins when nothing has changed for a moment, or after a while at the latest.
_QUIET_MS = 500
_LATEST_MS = 10_000


async def watch(
    folder: Path,
    selection: Selection,
    index: Callable[[tuple[str, ...]], Awaitable[int]],
    report: Report,
    retry_seconds: float = RETRY_SECONDS,
) -> int:
    """Calls `index` for everything, and then for the encoded paths below which something changed; never returns alone.

    After a service or the folder was away, all of it begins anew so many seconds later, and twice as many each time
    that this fails, up to 60 times. Other SetupTrouble is for a person: it is told, and everything is looked at again
    after the next change. Raises FolderAway if the folder can't be watched at first, what the first look at everything
    raises, and later only what is of another kind.
    """
    root = await asyncio.to_thread(folder.resolve)
    following = _Following(root, selection, index, report)
    pause = retry_seconds
    while True:
        looked = following.looked
        try:
            await following.go()
        except (ServiceUnreachable, FolderAway) as error:
            if not following.looked:
                raise
            pause = retry_seconds if following.looked > looked else min(2 * pause, _LONGEST_RETRY * retry_seconds)
            report.warn(f"{error} Everything is looked at again in {pause:g} s.")
            await asyncio.sleep(pause)


class _Following:
    def __init__(
        self, root: Path, selection: Selection, index: Callable[[tuple[str, ...]], Awaitable[int]], report: Report
    ) -> None:
        self._root = root
        self._selection = selection
        self._index = index
        self._report = report
        self._told: set[type[SetupTrouble]] = set()
        """What a person was told of since everything could be looked at; empty if there is no trouble."""
        self.looked = 0
        """How many times everything was looked at."""

    async def go(self) -> None:
        """Looks at everything and then at what changes, until something is raised."""
        async with aclosing(_changes(self._root, self._selection)) as changes:
            next_changes = asyncio.ensure_future(anext(changes))
            try:
                await asyncio.sleep(0)  # the watch begins before the first look, so that no change lies between them
                if next_changes.done():
                    next_changes.result()
                await self._look(EVERYTHING)
                if not next_changes.done():
                    self._report.say("Watching for changes; Ctrl-C ends it.")
                while True:
                    places = merged_prefixes(await next_changes)
                    next_changes = asyncio.ensure_future(anext(changes))
                    was_in_trouble = bool(self._told)
                    await self._look(places)
                    if was_in_trouble and places != EVERYTHING:
                        await self._look(EVERYTHING)
            finally:
                next_changes.cancel()
                await asyncio.gather(next_changes, return_exceptions=True)

    async def _look(self, places: tuple[str, ...]) -> None:
        try:
            await self._index(places)
        except SetupTrouble as trouble:
            if isinstance(trouble, FolderAway) or not self.looked:
                raise
            self._tell(trouble)
        else:
            if places == EVERYTHING:
                self._told.clear()
        self.looked += places == EVERYTHING

    def _tell(self, trouble: SetupTrouble) -> None:
        """Warns of it unless that was done for its kind: its figures may change all the time."""
        if type(trouble) not in self._told:
            self._told.add(type(trouble))
            self._report.warn(f"{trouble} Watching goes on; everything is looked at again after the next change.")


async def _changes(root: Path, selection: Selection) -> AsyncGenerator[set[str]]:
    """The encoded paths below which something changed; `root` is a real path."""
    while True:
        try:
            async for changes in awatch(root, watch_filter=None, step=_QUIET_MS, debounce=_LATEST_MS):
                places = {_place(PurePath(path).relative_to(root), selection) for _, path in changes} - {None}
                if places:
                    yield {"" if len(places) > _MOST_PLACES else place for place in places if place is not None}
        except OSError as error:
            raise FolderAway(
                f"{root} can't be watched: {error}. On Linux a folder tree needs as many inotify watches as it has "
                "folders: raise fs.inotify.max_user_watches, or set WATCHFILES_FORCE_POLLING=true, or run the indexer "
                "now and then without --watch."
            ) from error
        except ExceptionGroup as group:
            # The watcher stops at a name that is not UTF-8 and does not tell where it is.
            if group.split(RuntimeError)[1] is not None:
                raise
            yield set(EVERYTHING)


def _place(changed: PurePath, selection: Selection) -> str | None:
    """The encoded path below which to look for what changed at this path under the root; None if it does not count."""
    if changed.name == IGNORE_FILE.decode():
        changed = changed.parent
    path = os.fsencode("/".join(changed.parts))
    if path and selection.hides_path(path):
        return None
    return encode_path(path)
