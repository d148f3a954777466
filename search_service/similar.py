"""Photos that look alike, grouped inside a search's window, so that each group shows once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_service.images import Filter, Hit, HitPage, Images, Model, SearchOrder, Vector, Window, WindowHits

# Of the 64 bits of two perceptual hashes.
MAX_DIFFERENT_BITS = 6
MAX_SIMILAR_IDS = 100
# So many pairs are compared at once: what numpy makes of them stays in the processor's cache.
_PAIRS = 1 << 16


@dataclass(frozen=True, slots=True)
class Group:
    """A hit that is shown and those that it stands for, best first, as positions in the window."""

    leader: int
    others: list[int]


async def search_hiding_similar(
    images: Images,
    vector: Vector,
    *,
    keep: Filter,
    excluded_ids: Sequence[str],
    window: Window,
    offset: int,
    limit: int,
    order: SearchOrder = SearchOrder.SCORE,
    model: Model | None = None,
) -> HitPage:
    """As Images.search, but of the leaders of the groups. Only the page's photos are read whole."""
    found = await images.window(vector, keep=keep, excluded_ids=excluded_ids, window=window, model=model)
    groups = await asyncio.to_thread(group_similar, found)
    if order is SearchOrder.NEWEST_FIRST:
        groups.sort(key=lambda group: _newest_first(found, group.leader))
    page = groups[offset : offset + limit]
    photos = await images.get([found.ids[group.leader] for group in page])
    # A photo that was removed between the two reads is passed over.
    hits = [
        Hit(
            photos[found.ids[group.leader]],
            found.scores[group.leader],
            similar_count=len(group.others),
            similar_ids=tuple(found.ids[position] for position in group.others[:MAX_SIMILAR_IDS]),
        )
        for group in page
        if found.ids[group.leader] in photos
    ]
    return HitPage(hits, more=offset + limit < len(groups))


def group_similar(window: WindowHits) -> list[Group]:
    """The groups of a window, in the order of their leaders."""
    groups: dict[int, list[int]] = {}
    for position, leader in enumerate(find_leaders(window.contents, window.looks, window.has_look).tolist()):
        if leader == position:
            groups[leader] = []
        else:
            groups[leader].append(position)
    return [Group(leader, others) for leader, others in groups.items()]


def find_leaders(contents: Sequence[str], looks: NDArray[np.uint64], has_look: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each hit, best first, the position of its leader: its own, or that of the first leader that it is like.

    Two hits are alike if their content is the same and known, or if both have a look (a perceptual hash) and few bits
    of these differ. Hits that are like one that is no leader don't count: a chain of small changes does not join its
    ends. Takes time and no memory by the square of the number of hits at most, where all of them lead.
    """
    leaders = np.arange(len(contents))
    content, repeated = _numbered(contents)
    all_have_looks = bool(has_look.all())
    left = np.arange(len(contents))  # those that were not compared yet and are like no leader before
    while len(left):
        rows = left[: max(1, _PAIRS // len(left))]
        alike = np.bitwise_count(looks[rows, None] ^ looks[left]) <= MAX_DIFFERENT_BITS
        if not all_have_looks:
            alike &= has_look[rows, None] & has_look[left]
        if repeated[rows].any():
            alike |= content[rows, None] == content[left]
        np.fill_diagonal(alike, val=False)
        joined = np.zeros(len(left), dtype=np.bool_)
        for row in np.flatnonzero(alike.any(axis=1)).tolist():
            if not joined[row]:
                members = alike[row] & ~joined
                leaders[left[members]] = left[row]
                joined |= members
        left = left[len(rows) :][~joined[len(rows) :]]
    return leaders


def _numbered(contents: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """A number for each content, one of its own for each that is not known, and whether others have the same."""
    numbers: dict[Any, int] = {}
    keys = (content or position for position, content in enumerate(contents))
    numbered = np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), np.int32, len(contents))
    return numbered, np.bincount(numbered, minlength=1)[numbered] > 1


def _newest_first(window: WindowHits, position: int) -> tuple[bool, int, str]:
    taken_at = window.taken_at_us[position]
    return (taken_at is None, 0 if taken_at is None else -taken_at, window.ids[position])
