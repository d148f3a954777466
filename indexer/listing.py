"""What the search service lists of a source, in order and in batches, over as many streams as it takes."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeVar

from indexer.errors import TemporaryTrouble
from indexer.failure import Failure
from indexer.patience import Patience
from indexer.photo import Fingerprint
from indexer.ports import Search
from indexer.scope import Scope


class _Listed(Protocol):
    @property
    def relative_path(self) -> str: ...


Item = TypeVar("Item", bound=_Listed)


async def read_fingerprints(
    search: Search, scope: Scope, rebuild_id: str, patience: Patience
) -> AsyncIterator[Sequence[Fingerprint]]:
    """All fingerprints of the scope; a stream that breaks is continued where it broke."""
    for prefix in scope.prefixes:
        async for batch in _continued(
            lambda: search.list_fingerprints(scope.source, prefix, scope.shard, rebuild_id),  # noqa: B023
            lambda known: (known.relative_path, known.image_id),
            patience,
        ):
            yield batch


async def read_failures(search: Search, scope: Scope, patience: Patience) -> AsyncIterator[Sequence[Failure]]:
    """All recorded failures of the scope; none if the search service keeps no failures yet."""
    for prefix in scope.prefixes:
        async for batch in _continued(
            lambda: search.list_failures(scope.source, prefix, scope.shard),  # noqa: B023
            lambda failure: (failure.relative_path, ""),
            patience,
        ):
            yield batch


async def _continued(
    list_all: Callable[[], AsyncIterator[Sequence[Item]]], place: Callable[[Item], tuple[str, str]], patience: Patience
) -> AsyncIterator[Sequence[Item]]:
    last = ("", "")
    while True:
        done = last
        try:
            async for batch in list_all():
                fresh = batch if batch and place(batch[0]) > done else [one for one in batch if place(one) > done]
                if fresh:
                    last = place(fresh[-1])
                    patience.reset()
                    yield fresh
        except TemporaryTrouble as trouble:
            await patience.wait(trouble)
        else:
            patience.reset()
            return
