"""Goes through the folder and sorts what is there: to do, unchanged, gone, passed over, not readable."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from indexer.fingerprint import Gone, Seen, compare
from indexer.photo import Fingerprint, FoundFile
from indexer.photo_root import PhotoRoot
from indexer.spool import Spool
from indexer.tally import Failures, Tally
from indexer.walk import PassedOver, UnreadableFile, UnreadableFolder, walk
from pictures.paths import decode_path


@dataclass(frozen=True, slots=True)
class ToDo:
    """A file that is or may be a photo, new or changed; where the index knows the path, id and content that it has."""

    file: FoundFile
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


class Survey:
    """What one pass over a folder found, in constant memory."""

    def __init__(self, tally: Tally, failures: Failures) -> None:
        self.unreadable_folders: list[str] = []
        """Their relative paths; nobody knows what is in them."""
        self._tally = tally
        self._failures = failures
        self._to_do = Spool()
        self._to_embed = Spool()
        self._gone = Spool()

    async def run(self, root: PhotoRoot, fingerprints: AsyncIterator[Sequence[Fingerprint]]) -> None:
        """Walks the root; `next_to_do` can be read meanwhile."""
        async for item in compare(walk(root), fingerprints):
            self._tally.indexed += item.known is not None
            if isinstance(item, Gone):
                self.add_gone(GonePhoto(item.known.image_id, item.known.relative_path, must_be_absent=True))
            else:
                self._sort_in(item)
        self._tally.walked = True
        self._to_do.complete()

    def _sort_in(self, seen: Seen) -> None:
        entry, known = seen.entry, seen.known
        match entry:
            case FoundFile():
                if known and known.matches(entry):
                    self._tally.unchanged += 1
                else:
                    self._add_to_do(entry, known)
            case PassedOver():
                self._tally.passed_over[entry.kind] += 1
                if known:
                    self.add_gone(GonePhoto(known.image_id, entry.relative_path, must_be_absent=False))
            case UnreadableFile():
                self._failures.add(entry.relative_path, "UNREADABLE", entry.message)
            case UnreadableFolder():
                self.unreadable_folders.append(entry.relative_path)
                self._failures.add(entry.relative_path, "FOLDER_UNREADABLE", entry.message)

    def _add_to_do(self, file: FoundFile, known: Fingerprint | None) -> None:
        self._tally.to_do += 1
        indexed = (known.image_id, known.content_sha256) if known else ("", "")
        self._to_do.append([file.relative_path, file.size, file.modified_ns, *indexed])

    def add_to_embed(self, to_do: ToDo) -> None:
        """Records a file whose vector could not be taken over; it is read again for `next_to_embed`."""
        file = to_do.file
        self._to_embed.append([file.relative_path, file.size, file.modified_ns, to_do.indexed_id])

    def add_gone(self, photo: GonePhoto) -> None:
        """Records a photo that is gone."""
        self._tally.gone += 1
        self._gone.append([photo.image_id, photo.relative_path, photo.must_be_absent])

    async def next_to_do(self) -> ToDo | None:
        """The next file, waited for if need be; None after the last."""
        record = await self._to_do.take()
        if record is None:
            return None
        *file, indexed_id, indexed_sha256 = record
        return ToDo(_file(*file), indexed_id, indexed_sha256)

    async def next_to_embed(self) -> ToDo | None:
        """The next file whose vector could not be taken over; None after the last. Only once all others are through."""
        self._to_embed.complete()
        record = await self._to_embed.take()
        if record is None:
            return None
        *file, indexed_id = record
        return ToDo(_file(*file), indexed_id, must_embed=True)

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
