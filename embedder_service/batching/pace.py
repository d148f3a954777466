"""How fast the model and the decoders are, learnt from what they did."""

import math
from collections.abc import Callable

# How much the newest measurement counts, and how many times as slow as before it may say things have become: one batch
# that was held up must not make hours of what waits.
_WEIGHT = 0.2
_MOST_SLOWER = 4.0


class Pace:
    """Seconds an item takes: a moving average over batches. 0 until something was measured."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds an item."""
        return self._seconds or 0.0

    def learn(self, seconds: float, items: int = 1) -> None:
        """So many items took so long together."""
        measured = seconds / items
        if self._seconds:
            measured = min(measured, _MOST_SLOWER * self._seconds)
            self._seconds += _WEIGHT * (measured - self._seconds)
        else:
            self._seconds = measured

    def fitting(self, seconds: float, most: int) -> int:
        """How many items take no longer: 1 to `most`, and 1 until something was measured."""
        return self._within(seconds, most, math.floor)

    def nearest(self, seconds: float, most: int) -> int:
        """The number of items whose time is nearest to it: 1 to `most`, and 1 until something was measured."""
        return self._within(seconds, most, round)

    def _within(self, seconds: float, most: int, whole: Callable[[float], int]) -> int:
        if self._seconds is None:
            return 1
        return max(1, whole(min(seconds / self._seconds, most))) if self._seconds else most
