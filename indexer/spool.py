"""A queue that goes to disk when it gets long, so that the walk can run far ahead in constant memory."""

import asyncio
import json
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any

_IN_MEMORY_BYTES = 4 * 1024 * 1024


class Spool:
    """First in, first out; every record is a list that JSON can hold. Close it to free its disk space."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, prefix="indexer-")  # noqa: SIM115 closed by close()
        self._read_to = 0
        self._write_to = 0
        self._changed = asyncio.Event()
        self._complete = False
        self.count = 0

    def append(self, record: list[Any]) -> None:
        """Adds a record at the end."""
        self._file.seek(self._write_to)
        self._file.write(json.dumps(record).encode("ascii") + b"\n")
        self._write_to = self._file.tell()
        self.count += 1
        self._changed.set()

    def complete(self) -> None:
        """No more records will be added."""
        self._complete = True
        self._changed.set()

    async def take(self) -> list[Any] | None:
        """The next record, waited for if need be; None after the last one of a complete spool."""
        while self._read_to == self._write_to:
            if self._complete:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._read()

    async def take_up_to(self, count: int) -> list[list[Any]]:
        """The next records, the first waited for if need be, the others as far as they are there; empty at the end."""
        first = await self.take()
        if first is None:
            return []
        records = [first]
        while len(records) < count and self._read_to < self._write_to:
            records.append(self._read())
        return records

    def _read(self) -> list[Any]:
        self._file.seek(self._read_to)
        line = self._file.readline()
        self._read_to = self._file.tell()
        record: list[Any] = json.loads(line)
        return record

    def close(self) -> None:
        """Forgets everything."""
        with suppress(OSError):  # a full disk refuses what is not written yet, and nobody wants it any more
            self._file.close()
