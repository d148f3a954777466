"""The queue that goes to disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.spool import Spool


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """While the block runs, no file of this process can be made larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_it_is_closed_although_the_disk_is_full() -> None:
    spool = Spool()
    for _ in range(5):
        spool.append(["x" * 1_000_000])

    with full_disk(1_000_000):
        spool.append(["y"])
        spool.close()
