"""The vectors of texts, remembered."""

import asyncio

import pytest

from gateway.embedder_client import TextEmbedding
from gateway.query import Embedding
from gateway.text_vectors import TextVectors


class Embedder:
    """Each call waits to be answered by the test."""

    def __init__(self) -> None:
        self.calls: list[asyncio.Future[TextEmbedding]] = []

    async def embed(self, text: str) -> TextEmbedding:
        self.calls.append(asyncio.get_running_loop().create_future())
        return await self.calls[-1]


def _embedding(value: float) -> TextEmbedding:
    return TextEmbedding(Embedding("model", (value,)), truncated=False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_searches_at_once_for_one_text_go_on_with_the_same_vector(order: tuple[int, int]) -> None:
    embedder = Embedder()
    texts = TextVectors(embedder.embed, 10)
    searches = [asyncio.create_task(texts.embed("a dog")) for _ in range(2)]
    await asyncio.sleep(0)

    for number in order:
        embedder.calls[number].set_result(_embedding(number))
        await searches[number]

    first = searches[order[0]].result()
    assert searches[order[1]].result() == first
    assert await texts.embed("a dog") == first


async def test_a_search_that_is_given_up_leaves_the_other_its_vector() -> None:
    embedder = Embedder()
    texts = TextVectors(embedder.embed, 10)
    searches = [asyncio.create_task(texts.embed("a dog")) for _ in range(2)]
    await asyncio.sleep(0)

    searches[0].cancel()
    embedder.calls[1].set_result(_embedding(1))

    assert await searches[1] == _embedding(1)
