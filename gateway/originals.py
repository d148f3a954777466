"""The files of photos, opened only under the root of their source: a folder, or a URL in an object store."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from gateway.errors import OriginalMissing
from gateway.file_facts import FileFacts, facts_of
from gateway.search_client import ImageFile
from gateway.sources import Sources
from gateway.store_originals import ObjectMissing, StoreOriginals
from pictures.errors import PictureError
from pictures.paths import PathOutsideRoot, decode_path, resolve_under


class Originals:
    """Opens the files that the index knows."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._in_stores = StoreOriginals()

    def is_in_store(self, image: ImageFile) -> bool:
        """Whether the photo lies in an object store. Blocks. Raises SourceUnknown."""
        return isinstance(self._sources.root(image.source), str)

    def open(self, image: ImageFile, stops: Callable[[], bool] = lambda: False) -> BufferedReader:
        """The photo's file, to be closed by the caller. Blocks.

        Raises SourceUnknown, OriginalMissing, StoreUnreachable or TemporaryFolderFailed, and FetchStopped if it is
        being fetched from an object store when `stops` says so or this is closed.
        """
        root = self._sources.root(image.source)
        with _told(image):
            if isinstance(root, str):
                return self._in_stores.open(root, image.source, decode_path(image.relative_path), stops)
            return _open_regular(resolve_under(root, image.relative_path))

    def look(self, image: ImageFile) -> FileFacts:
        """The facts of the photo's file; of one in an object store no content is fetched.

        Blocks. Raises SourceUnknown, OriginalMissing or StoreUnreachable.
        """
        root = self._sources.root(image.source)
        with _told(image):
            if isinstance(root, str):
                return self._in_stores.look(root, image.source, decode_path(image.relative_path))
            with _open_regular(resolve_under(root, image.relative_path)) as file:
                return facts_of(file)

    def close(self) -> None:
        """Ends all fetching from object stores."""
        self._in_stores.close()


@contextmanager
def _told(image: ImageFile) -> Iterator[None]:
    try:
        yield
    except ObjectMissing as error:
        raise missing(image, str(error)) from None
    except PathOutsideRoot:
        raise missing(image, "it is not under the folder of its source") from None
    except FileNotFoundError:
        raise missing(image, "it was moved or removed") from None
    except PermissionError:
        raise missing(image, "it may not be read") from None
    except (OSError, ValueError) as error:
        raise missing(image, f"it can't be opened: {error}") from None


def missing(image: ImageFile, why: str) -> OriginalMissing:
    """The error for a photo whose file is not what the index says."""
    return OriginalMissing(
        f"The file {image.relative_path} of the source {image.source!r} is not there: {why}. "
        "Run the indexer with --prune to bring the index up to date."
    )


def unreadable(image: ImageFile, error: PictureError) -> OriginalMissing:
    """The error for a file that is no longer the picture that was indexed."""
    return missing(image, f"what is there now can't be shown ({error})")


def _open_regular(path: Path) -> BufferedReader:
    # Not blocking, or a pipe put in a file's place would hold the thread for good.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
