"""The small file that says which table of the index folder serves, and the lock that keeps others out."""

import fcntl
import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from search_service.errors import IndexFormat, StorageInUse, StorageUnavailable
from search_service.images import Model

FORMAT = 1
TABLE_PREFIX = "images-"
_STATE_FILE = "index.json"
_LOCK_FILE = "lock"
_MAX_SLUG_LENGTH = 60


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """One table and what it is of. `trained_rows`: how many rows its vector index was made from, 0 without one."""

    table: str
    model: str
    dimensions: int
    trained_rows: int = 0

    def to_model(self) -> Model:
        """What the table's vectors are of."""
        return Model(self.model, self.dimensions)


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the folder holds. A table that is not named here is a leftover."""

    serving: StoredIndex | None = None
    next: StoredIndex | None = None
    last_number: int = 0

    def numbered(self, model: Model) -> tuple[Self, StoredIndex]:
        """A new table for this model, with a number that was never used, and the state that remembers the number."""
        number = self.last_number + 1
        slug = re.sub(r"[^a-z0-9]+", "-", model.name.lower()).strip("-")[:_MAX_SLUG_LENGTH].strip("-") or "model"
        index = StoredIndex(f"{TABLE_PREFIX}{slug}-{number}", model.name, model.dimensions)
        return replace(self, last_number=number), index

    def with_index(self, index: StoredIndex) -> Self:
        """The same, with what is known of this index's table replaced."""

        def replaced(known: StoredIndex | None) -> StoredIndex | None:
            return index if known and known.table == index.table else known

        return replace(self, serving=replaced(self.serving), next=replaced(self.next))


class IndexFolder:
    """The folder, locked by this process until `close`."""

    def __init__(self, path: Path) -> None:
        """Makes the folder where it is missing. Raises StorageInUse, IndexFormat or StorageUnavailable."""
        self.path = path.expanduser().absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unavailable("be opened for writing", error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.state = self._read_or_create()
        except BlockingIOError as error:
            os.close(self._lock)
            raise StorageInUse(str(self.path)) from error
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Lets other processes open the folder."""
        os.close(self._lock)

    def store(self, state: StoredState) -> None:
        """Replaces the state, all or nothing; durable on return. Raises StorageUnavailable."""
        temporary = self.path / f"{_STATE_FILE}.new"
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, **asdict(state)}, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path / _STATE_FILE)
            sync_path(self.path)
        except OSError as error:
            raise self._unavailable("be written", error) from error
        self.state = state

    def table_path(self, table: str) -> Path:
        """The folder of one table."""
        return self.path / f"{table}.lance"

    def leftover_tables(self) -> list[str]:
        """Tables that a process left when it ended between making or dropping them and storing the state."""
        named = {index.table for index in (self.state.serving, self.state.next) if index}
        return [name for name in self._tables() if name not in named]

    def _tables(self) -> list[str]:
        return sorted(path.stem for path in self.path.glob(f"{TABLE_PREFIX}*.lance"))

    def _read_or_create(self) -> StoredState:
        try:
            text = (self.path / _STATE_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            if self._tables():  # someone lost the file; what the tables are of stands only there
                raise StorageUnavailable(
                    f"{self.path} holds an index, but its {_STATE_FILE} is missing. Put it back from a backup, or "
                    "set SEARCH_EMBEDDED_PATH to another folder and index again."
                ) from None
            self.store(StoredState())
            return self.state
        except OSError as error:
            raise self._unavailable("be read", error) from error
        return self._parse(text)

    def _parse(self, text: str) -> StoredState:
        try:
            document = json.loads(text)
            found = document.pop("format")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise IndexFormat(str(self.path), expected=FORMAT, actual="unknown") from error
        if found != FORMAT:
            raise IndexFormat(str(self.path), expected=FORMAT, actual=found)
        try:
            return StoredState(
                _stored_index(document["serving"]), _stored_index(document["next"]), document["last_number"]
            )
        except (KeyError, TypeError) as error:
            raise IndexFormat(str(self.path), expected=FORMAT, actual="unknown") from error

    def _unavailable(self, what: str, error: OSError) -> StorageUnavailable:
        return StorageUnavailable(
            f"The index folder {self.path} can't {what} ({error.strerror}). Allow it, make room, or set "
            "SEARCH_EMBEDDED_PATH to another folder."
        )


def sync_path(path: Path) -> None:
    """Waits until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stored_index(document: dict[str, Any] | None) -> StoredIndex | None:
    return StoredIndex(**document) if document else None
