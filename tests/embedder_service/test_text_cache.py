import asyncio

import numpy as np

from embedder_service.batching.batcher import EmbeddedText
from embedder_service.errors import Overloaded
from embedder_service.text_cache import TextCache


class Model:
    """Computes when it is let, and remembers what."""

    def __init__(self) -> None:
        self.computed: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.errors: list[Exception] = []

    async def __call__(self, text: str) -> EmbeddedText:
        self.computed.append(text)
        await self.go_on.wait()
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop()
        return EmbeddedText(np.full(3, len(self.computed), np.float32), False)


async def started(*calls: object) -> list[asyncio.Task[EmbeddedText]]:
    tasks = [asyncio.ensure_future(call) for call in calls]  # type: ignore[call-overload]
    await asyncio.sleep(0)
    return tasks


async def test_a_text_that_is_asked_again_is_not_computed_again() -> None:
    cache, model = TextCache(2), Model()
    first = await cache.get("a dog", model)

    assert np.array_equal((await cache.get("a dog", model)).vector, first.vector)
    assert model.computed == ["a dog"]


async def test_the_text_that_was_asked_longest_ago_is_forgotten_first() -> None:
    cache, model = TextCache(2), Model()
    for text in ("a", "b", "a", "c", "a", "b"):
        await cache.get(text, model)

    assert model.computed == ["a", "b", "c", "b"]


async def test_without_entries_nothing_is_kept() -> None:
    cache, model = TextCache(0), Model()
    await cache.get("a", model)
    await cache.get("a", model)

    assert model.computed == ["a", "a"]


async def test_equal_texts_at_once_are_computed_once() -> None:
    cache, model = TextCache(2), Model()
    model.go_on.clear()
    calls = await started(*(cache.get("a dog", model) for _ in range(5)))
    model.go_on.set()
    await asyncio.gather(*calls)

    assert model.computed == ["a dog"]


async def test_a_caller_that_goes_does_not_take_the_others_with_it() -> None:
    cache, model = TextCache(2), Model()
    model.go_on.clear()
    first, second, third = await started(*(cache.get("a dog", model) for _ in range(3)))
    first.cancel()
    await asyncio.sleep(0)
    model.go_on.set()
    results = await asyncio.gather(first, second, third, return_exceptions=True)

    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, EmbeddedText) for result in results[1:])
    assert model.computed == ["a dog", "a dog"]


async def test_a_refusal_is_for_one_caller_and_a_fault_for_all() -> None:
    cache, model = TextCache(2), Model()
    model.go_on.clear()
    model.errors = [ValueError("poisoned"), Overloaded("of a test", 1)]
    calls = await started(*(cache.get("a dog", model) for _ in range(3)))
    model.go_on.set()
    refused, *others = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(refused, Overloaded)
    assert [type(other) for other in others] == [ValueError, ValueError]
    assert len(model.computed) == 2
    assert (await cache.get("a dog", model)).vector.size


async def test_what_is_under_way_when_the_cache_is_cleared_is_not_kept() -> None:
    cache, model = TextCache(2), Model()
    model.go_on.clear()
    (call,) = await started(cache.get("a dog", model))
    cache.clear()
    model.go_on.set()
    old = await call

    assert not np.array_equal((await cache.get("a dog", model)).vector, old.vector)


async def test_a_kept_vector_does_not_keep_its_batch() -> None:
    cache = TextCache(2)
    batch = np.eye(3, dtype=np.float32)

    async def compute(text: str) -> EmbeddedText:
        return EmbeddedText(batch[0], False)

    await cache.get("a", compute)
    kept = await cache.get("a", compute)

    assert np.array_equal(kept.vector, batch[0])
    assert kept.vector.base is None
