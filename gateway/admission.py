"""A bound on how much may be unfinished at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import Overloaded


class Admission:
    """Lets `most` callers be under way at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._unfinished = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Raises Overloaded to those beyond."""
        if self._unfinished >= self._most:
            raise Overloaded("Too many pictures wait to be read already. Try again in a moment.", retry_after=1)
        self._unfinished += 1
        try:
            yield
        finally:
            self._unfinished -= 1
