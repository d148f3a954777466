"""Keeps what was computed for texts that are asked again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace

from embedder_service import metrics
from embedder_service.batching.batcher import EmbeddedText
from embedder_service.errors import Overloaded, TooLate

_HIT = metrics.TEXT_CACHE.labels("hit")
_SHARED = metrics.TEXT_CACHE.labels("shared")
_MISS = metrics.TEXT_CACHE.labels("miss")

Compute = Callable[[str], Awaitable[EmbeddedText]]


class TextCache:
    """The vectors of the texts that were asked last. Equal texts that come at once are computed once."""

    def __init__(self, most: int) -> None:
        """`most`: how many texts are kept."""
        self._most = most
        self._known: OrderedDict[str, EmbeddedText] = OrderedDict()
        self._under_way: dict[str, asyncio.Future[EmbeddedText]] = {}

    def clear(self) -> None:
        """Forgets all; what is under way will not be kept."""
        self._known.clear()
        self._under_way.clear()

    async def get(self, text: str, compute: Compute) -> EmbeddedText:
        """What is kept, what another call is waiting for, or what `compute` gives or raises."""
        while True:
            if known := self._known.get(text):
                self._known.move_to_end(text)
                _HIT.inc()
                return known
            other = self._under_way.get(text)
            if other is None:
                break
            await asyncio.wait({other})
            # What befell the other call for its own deadline's or caller's sake says nothing of this one.
            if not other.cancelled() and not isinstance(other.exception(), Overloaded | TooLate):
                _SHARED.inc()
                return other.result()
        computing = compute(text)
        _MISS.inc()
        return await self._share(text, computing)

    async def _share(self, text: str, computing: Awaitable[EmbeddedText]) -> EmbeddedText:
        result: asyncio.Future[EmbeddedText] = asyncio.get_running_loop().create_future()
        self._under_way[text] = result
        try:
            embedded = await computing
        except Exception as error:
            result.set_exception(error)
            result.exception()  # nobody else need be waiting for it
            raise
        else:
            result.set_result(embedded)
            if self._under_way.get(text) is result:
                self._keep(text, embedded)
            return embedded
        finally:
            result.cancel()  # does nothing unless this call was cancelled
            if self._under_way.get(text) is result:
                del self._under_way[text]

    def _keep(self, text: str, embedded: EmbeddedText) -> None:
        # A row of a batch would keep the whole batch in memory.
        self._known[text] = replace(embedded, vector=embedded.vector.copy())
        if len(self._known) > self._most:
            self._known.popitem(last=False)
