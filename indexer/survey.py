"""Goes through the folder and sorts what is there: to do, unchanged, gone, passed over, not readable."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.errors import FolderAway
from indexer.failure import Failure
from indexer.fingerprint import Compared
from indexer.photo import Fingerprint, FoundFile
from indexer.selection import Selection
from indexer.spool import Spool
from indexer.tally import Tally
from indexer.walk import PassedOver, UnreadableFile, UnreadableFolder
from pictures.paths import decode_path


@dataclass(frozen=True, slots=True)
class ToDo:
    """A file that is or may be a photo, new or changed; where the index knows the path, id and content that it has."""

    file: FoundFile
    failed_before: bool = False
    indexed_id: str = ""
    indexed_sha256: str = ""
    must_embed: bool = False
    """It was to take over a vector of the index, which has it no more."""


@dataclass(frozen=True, slots=True)
class GonePhoto:
    """A photo in the index whose file is not in the folder, or is no photo any more."""

    image_id: str
    relative_path: str
    must_be_absent: bool
    """It is only gone if there is no such file; else it is gone although there is one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a survey takes and leaves."""

    selection: Selection
    retry_failed: bool = False
    """Files that failed are tried again although they are the same."""


class FailureNotes(Protocol):
    """Takes down which files fail; see Quarantine."""

    def add(self, failure: Failure) -> None:
        """A file or folder can't be read."""
        ...

    def keep(self, failure: Failure) -> None:
        """A file failed before and is not tried again."""
        ...

    def resolve(self, relative_path: str) -> None:
        """A file that failed before does no more."""
        ...

    def resolve_at_end(self, relative_path: str) -> None:
        """A file that failed before is gone, if it turns out that the folder is not."""
        ...


class Survey:
    """What one pass over a folder found, in constant memory."""

    def __init__(self, plan: Plan, tally: Tally, notes: FailureNotes) -> None:
        self.unreadable_folders: dict[str, str] = {}
        """By their relative paths, why; nobody knows what is in them."""
        self._plan = plan
        self._tally = tally
        self._notes = notes
        self._to_do = Spool()
        self._to_embed = Spool()
        self._gone = Spool()

    async def run(self, compared: AsyncIterator[Sequence[Compared]]) -> None:
        """Sorts what was found; `next_to_do` can be read meanwhile."""
        async for batch in compared:
            for item in batch:
                self._tally.indexed += item.known is not None
                self._sort_in(item)
            await asyncio.sleep(0)
        self._tally.walked = True
        self._to_do.complete()

    def check_root_was_read(self, shown_root: str) -> None:
        """Raises FolderAway if the root itself could not be read: nobody knows what is in it."""
        if why := self.unreadable_folders.get(""):
            raise FolderAway(f"{shown_root} can't be read: {why} Nothing was removed from the index.")

    def _sort_in(self, item: Compared) -> None:
        entry, known, failed = item.entry, item.known, item.failed
        match entry:
            case FoundFile():
                self._sort_in_file(entry, known, failed)
            case PassedOver():
                self._tally.passed_over[entry.kind] += entry.relative_path == item.path
                self._take_leave_of(known, failed, must_be_absent=False)
            case UnreadableFile():
                self._notes.add(Failure(entry.relative_path, "UNREADABLE", entry.message))
            case UnreadableFolder():
                self.unreadable_folders[entry.relative_path] = entry.message
                self._notes.add(Failure(entry.relative_path, "FOLDER_UNREADABLE", entry.message))
            case None:
                hidden = known is not None and self._plan.selection.hides_path(decode_path(item.path))
                self._take_leave_of(known, failed, must_be_absent=not hidden)

    def _sort_in_file(self, file: FoundFile, known: Fingerprint | None, failed: Failure | None) -> None:
        if known and known.matches(file):
            self._tally.unchanged += 1
            if failed:
                self._notes.resolve(file.relative_path)
        elif failed and not self._plan.retry_failed and failed.holds_for(file):
            self._tally.still_failed += 1
            self._notes.keep(failed)
        else:
            self._add_to_do(file, known, failed)

    def _take_leave_of(self, known: Fingerprint | None, failed: Failure | None, *, must_be_absent: bool) -> None:
        if known:
            self.add_gone(GonePhoto(known.image_id, known.relative_path, must_be_absent))
        if failed:
            self._notes.resolve_at_end(failed.relative_path)

    def _add_to_do(self, file: FoundFile, known: Fingerprint | None, failed: Failure | None) -> None:
        self._tally.to_do += 1
        indexed = (known.image_id, known.content_sha256) if known else ("", "")
        self._to_do.append([file.relative_path, file.size, file.modified_ns, failed is not None, *indexed])

    def add_to_embed(self, to_do: ToDo) -> None:
        """Records a file whose vector could not be taken over; it is read again for `next_to_embed`."""
        file = to_do.file
        self._to_embed.append([file.relative_path, file.size, file.modified_ns, to_do.failed_before, to_do.indexed_id])

    def add_gone(self, photo: GonePhoto) -> None:
        """Records a photo that is gone."""
        self._tally.gone += 1
        self._gone.append([photo.image_id, photo.relative_path, photo.must_be_absent])

    async def next_to_do(self) -> ToDo | None:
        """The next file, waited for if need be; None after the last."""
        record = await self._to_do.take()
        if record is None:
            return None
        *file, failed_before, indexed_id, indexed_sha256 = record
        return ToDo(_file(*file), failed_before, indexed_id, indexed_sha256)

    async def next_to_embed(self) -> ToDo | None:
        """The next file whose vector could not be taken over; None after the last. Only once all others are through."""
        self._to_embed.complete()
        record = await self._to_embed.take()
        if record is None:
            return None
        *file, failed_before, indexed_id = record
        return ToDo(_file(*file), failed_before, indexed_id, must_embed=True)

    async def next_gone(self) -> GonePhoto | None:
        """The next photo that is gone; None after the last. Only once all stages have ended."""
        self._gone.complete()
        record = await self._gone.take()
        return GonePhoto(*record) if record is not None else None

    def close(self) -> None:
        """Frees the disk space."""
        self._to_do.close()
        self._to_embed.close()
        self._gone.close()


def _file(relative_path: str, size: int, modified_ns: int) -> FoundFile:
    return FoundFile(decode_path(relative_path), relative_path, size, modified_ns)
