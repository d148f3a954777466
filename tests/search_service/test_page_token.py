import base64
import random
from datetime import datetime

import pytest

from search_service.errors import StalePageToken
from search_service.images import CopyOf, Embedding, Filter, Folder, ListOrder, ListPlace, SearchOrder, Window
from search_service.page_token import (
    SearchPlace,
    list_digest,
    read_list_token,
    read_search_token,
    search_digest,
    write_list_token,
    write_search_token,
)
from search_service.photo_facts import Camera, Location
from search_service.places import BoundingBox, Nearby
from search_service.query_vector import Term
from tests.search_service.photos import MODEL, civil, unit

PLACE = SearchPlace(Window(1_000, 10_000), 150)
TERMS = [Term(Embedding(MODEL, unit(1, 2)), 0.5), Term(CopyOf("cat"), -1)]
DIGEST = search_digest(TERMS, Filter(), SearchOrder.SCORE)


def test_a_search_token_names_its_place() -> None:
    token = write_search_token(DIGEST, PLACE)

    assert read_search_token(token, DIGEST) == PLACE
    assert len(token) < 40
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "digest",
    [
        search_digest(TERMS[:1], Filter(), SearchOrder.SCORE),
        search_digest(TERMS[::-1], Filter(), SearchOrder.SCORE),
        search_digest([TERMS[0], Term(CopyOf("cat"), -2)], Filter(), SearchOrder.SCORE),
        search_digest([TERMS[0], Term(CopyOf("dog"), -1)], Filter(), SearchOrder.SCORE),
        search_digest([Term(Embedding("other", unit(1, 2)), 0.5), TERMS[1]], Filter(), SearchOrder.SCORE),
        search_digest([Term(Embedding(MODEL, unit(1, 2.001)), 0.5), TERMS[1]], Filter(), SearchOrder.SCORE),
        search_digest(TERMS, Filter(taken_from=civil("2020-01-01")), SearchOrder.SCORE),
        search_digest(TERMS, Filter(taken_before=civil("2020-01-01")), SearchOrder.SCORE),
        search_digest(TERMS, Filter(folders=(Folder("a", "b"),)), SearchOrder.SCORE),
        search_digest(TERMS, Filter(bounding_box=BoundingBox(1, 2, 3, 4)), SearchOrder.SCORE),
        search_digest(TERMS, Filter(nearby=Nearby(Location(1, 2), 3)), SearchOrder.SCORE),
        search_digest(TERMS, Filter(cameras=(Camera("a", "b"),)), SearchOrder.SCORE),
        search_digest(TERMS, Filter(media_types=("image/jpeg",)), SearchOrder.SCORE),
        search_digest(TERMS, Filter(), SearchOrder.NEWEST_FIRST),
        search_digest(TERMS, Filter(), SearchOrder.SCORE, hide_similar=True),
        list_digest(ListOrder.SAMPLE, Filter()),
    ],
)
def test_a_token_of_another_query_is_stale(digest: bytes) -> None:
    with pytest.raises(StalePageToken):
        read_search_token(write_search_token(digest, PLACE), DIGEST)


def test_the_borders_of_a_filters_parts_matter() -> None:
    filters = [
        Filter(folders=(Folder("ab", "c"),)),
        Filter(folders=(Folder("a", "bc"),)),
        Filter(cameras=(Camera("ab", "c"),)),
        Filter(media_types=("ab", "c")),
        Filter(folders=(Folder("ab", "c"),), cameras=(Camera("d", "e"),)),
        Filter(folders=(Folder("ab", "c"), Folder("d", "e"))),
        Filter(bounding_box=BoundingBox(1, 2, 3, 4)),
        Filter(bounding_box=BoundingBox(1, 2, 3, 5)),
        Filter(nearby=Nearby(Location(1, 2), 3)),
        Filter(nearby=Nearby(Location(1, 2), 4)),
    ]

    assert len({search_digest(TERMS, keep, SearchOrder.SCORE) for keep in filters}) == len(filters)


def test_damaged_tokens_are_stale_and_nothing_else() -> None:
    token = write_search_token(DIGEST, PLACE)
    chance = random.Random(1)
    alphabet = "ABCxyz019-_=+/ é\n\x00"
    garbage = ["", " ", token[:-1], token + "A", token + "=", token[::-1], "%", "é" * 10, "A" * 10_000]
    garbage += ["".join(chance.choices(alphabet, k=chance.randrange(60))) for _ in range(500)]
    for text in garbage:
        with pytest.raises(StalePageToken):
            read_search_token(text, DIGEST)
        with pytest.raises(StalePageToken):
            read_list_token(text, DIGEST)


@pytest.mark.parametrize(("window", "offset"), [(10_001, 1), (65_535, 10), (100, 100), (100, 0), (0, 0)], ids=str)
def test_a_forged_place_outside_of_any_window_is_stale(window: int, offset: int) -> None:
    with pytest.raises(StalePageToken):
        read_search_token(write_search_token(DIGEST, SearchPlace(Window(window, 10), offset)), DIGEST)


def test_a_token_of_another_version_is_stale() -> None:
    token = write_search_token(DIGEST, PLACE)
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    newer = base64.urlsafe_b64encode(bytes([data[0] + 1]) + data[1:]).decode().rstrip("=")

    with pytest.raises(StalePageToken):
        read_search_token(newer, DIGEST)


@pytest.mark.parametrize(
    "taken_at", [None, civil("0001-01-01"), civil("2024-02-29T23:59:59.999999"), civil("9999-12-31T23:59:59.999999")]
)
@pytest.mark.parametrize("image_id", ["a", "é\n'", "x" * 512])
def test_a_list_token_names_its_place(taken_at: datetime | None, image_id: str) -> None:
    digest = list_digest(ListOrder.NEWEST_FIRST, Filter())
    place = ListPlace(image_id, taken_at)

    assert read_list_token(write_list_token(digest, place), digest) == place


def test_a_list_token_of_another_order_is_stale() -> None:
    token = write_list_token(list_digest(ListOrder.SAMPLE, Filter()), ListPlace("a"))

    with pytest.raises(StalePageToken):
        read_list_token(token, list_digest(ListOrder.NEWEST_FIRST, Filter()))
