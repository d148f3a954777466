"""Which part of a source a run is about."""

import hashlib
from dataclasses import dataclass

from indexer.errors import SetupTrouble


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` parts without overlap, by the photos' ids, as the contract's message Shard divides them."""

    index: int
    count: int

    def holds(self, image_id: str) -> bool:
        """Whether the photo belongs to this part."""
        sample_key = int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:7])
        return sample_key % self.count == self.index


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of a source."""

    source: str
    shard: Shard | None = None
    prefixes: tuple[str, ...] = ("",)
    """Only encoded paths that begin with one of these; in order, and none begins with another."""

    @property
    def is_restricted(self) -> bool:
        """Whether it leaves out a part of the folder."""
        return self.prefixes != ("",)


def parse_shard(text: str) -> Shard:
    """The shard that "INDEX/COUNT" names. Raises SetupTrouble if it names none."""
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and int(index) < int(count):
        return Shard(int(index), int(count))
    raise SetupTrouble(
        f"--shard {text!a} names no shard. It is INDEX/COUNT, counted from 0: 0/4, 1/4, 2/4 and 3/4 are the four of 4."
    )


def merged_prefixes(prefixes: set[str]) -> tuple[str, ...]:
    """The same paths, in order and without those that another one covers."""
    merged: list[str] = []
    for prefix in sorted(prefixes):
        if not merged or not prefix.startswith(merged[-1]):
            merged.append(prefix)
    return tuple(merged)
