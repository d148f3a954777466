import numpy as np
import pytest

from search_service.images import WindowHits
from search_service.similar import MAX_DIFFERENT_BITS, Group, find_leaders, group_similar


def window(*hits: tuple[str, int | None]) -> WindowHits:
    """Of contents and looks."""
    return WindowHits(
        ids=[f"n{number}" for number in range(len(hits))],
        scores=[1.0 - number / 100 for number in range(len(hits))],
        contents=[content for content, _ in hits],
        looks=np.array([look or 0 for _, look in hits], dtype=np.uint64),
        has_look=np.array([look is not None for _, look in hits], dtype=np.bool_),
        taken_at_us=[None] * len(hits),
    )


def groups(*hits: tuple[str, int | None]) -> dict[int, list[int]]:
    return {group.leader: group.others for group in group_similar(window(*hits))}


def bits(count: int, start: int = 0) -> int:
    """A look with so many bits set, from this one on."""
    return ((1 << count) - 1) << start


def test_without_hits_there_are_no_groups() -> None:
    assert group_similar(window()) == []


def test_a_hit_on_its_own_leads_nobody() -> None:
    assert group_similar(window(("a", 1))) == [Group(0, [])]


@pytest.mark.parametrize(("different", "joined"), [(0, True), (1, True), (6, True), (7, False), (64, False)])
def test_few_bits_may_differ(different: int, joined: bool) -> None:
    first = 0x0123_4567_89AB_CDEF

    found = groups(("a", first), ("b", first ^ bits(different)))

    assert found == ({0: [1]} if joined else {0: [], 1: []})


def test_the_highest_bit_is_one_like_others() -> None:
    assert groups(("a", 2**63), ("b", 0), ("c", 2**64 - 1)) == {0: [1], 2: []}


def test_equal_contents_are_alike_whatever_the_looks_are() -> None:
    assert groups(("a", 0), ("a", bits(64)), ("a", None), ("b", None)) == {0: [1, 2], 3: []}


def test_unknown_contents_and_looks_are_like_nothing() -> None:
    assert groups(("", None), ("", None), ("", 0), ("a", None)) == {0: [], 1: [], 2: [], 3: []}


def test_a_missing_look_is_not_one_of_zeros() -> None:
    assert groups(("a", None), ("b", 0), ("c", None), ("d", 1)) == {0: [], 1: [3], 2: []}


def test_a_chain_does_not_join_its_ends() -> None:
    chain = [("a", bits(0)), ("b", bits(6)), ("c", bits(12)), ("d", bits(18))]

    assert groups(*chain) == {0: [1], 2: [3]}


def test_a_hit_joins_the_first_of_several_leaders() -> None:
    assert groups(("a", bits(0)), ("b", bits(7)), ("c", bits(3)), ("b", bits(3))) == {0: [2, 3], 1: []}
    assert groups(("a", bits(0)), ("b", bits(7)), ("b", bits(64))) == {0: [], 1: [2]}


def test_a_content_is_like_its_leader_not_like_a_member() -> None:
    # The third has the content of the second, which shows no more.
    assert groups(("a", 0), ("b", 1), ("b", bits(64))) == {0: [1], 2: []}


@pytest.mark.parametrize("count", [1, 63, 700])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_greedy_grouping(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    centers = random.integers(0, 2**64, 1 + count // 4, dtype=np.uint64)
    flips = [bits(int(size), int(start)) for size, start in random.integers(0, 9, (count, 2))]
    looks = np.asarray(random.choice(centers, count) ^ np.array(flips, dtype=np.uint64), dtype=np.uint64)
    has_look = random.random(count) < (1 if seed % 2 else 0.8)
    contents = [f"{number}" if number % 3 else "" for number in random.integers(0, count, count)]

    leaders: list[int] = []
    expected = []
    for hit in range(count):
        own = (
            leader
            for leader in leaders
            if (contents[hit] and contents[hit] == contents[leader])
            or (
                has_look[hit]
                and has_look[leader]
                and (int(looks[hit]) ^ int(looks[leader])).bit_count() <= MAX_DIFFERENT_BITS
            )
        )
        expected.append(next(own, hit))
        if expected[-1] == hit:
            leaders.append(hit)

    assert find_leaders(contents, looks, has_look).tolist() == expected


@pytest.mark.parametrize("look", [None, 7])
def test_the_largest_window_of_copies_is_one_group(look: int | None) -> None:
    (group,) = group_similar(window(*[("a", look)] * 10_000))

    assert (group.leader, len(group.others)) == (0, 9_999)
