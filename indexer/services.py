"""The services that an indexer needs, with the patience that it has with them, and what the index knows already."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from indexer.fingerprint import Compared, compare
from indexer.listing import read_failures, read_fingerprints
from indexer.patience import Patience
from indexer.ports import Embedder, Search
from indexer.scope import Scope
from indexer.walk import Entry


@dataclass(frozen=True)
class Services:
    """The two services, and what makes the patience with one of them, given its name."""

    embedder: Embedder
    search: Search
    patience: Callable[[str], Patience]


def compare_with_index(
    walked: Iterator[Entry], scope: Scope, rebuild_id: str, services: Services
) -> AsyncIterator[Sequence[Compared]]:
    """What was found in the folder beside what the index (or the rebuild) and the quarantine hold of it, by path."""
    return compare(
        walked,
        read_fingerprints(services.search, scope, rebuild_id, services.patience("the search service")),
        read_failures(services.search, scope, services.patience("the search service")),
    )
