"""Asks an object store, and waits for it while it does not answer."""

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from obstore.exceptions import GenericError

from indexer.errors import ServiceUnreachable, TemporaryTrouble
from indexer.patience import Patience
from pictures.object_store import first_line, pieces

if TYPE_CHECKING:
    from obstore import GetResult

# How the library words an answer of 400 to 499. But for two of them the store is there, and another try would change
# nothing.
_REFUSED = re.compile(r"non-2xx status code: 4(?!08|29)")

Answer = TypeVar("Answer")


class StoreAsking:
    """May be used from several threads, each of which waits for itself."""

    def __init__(self, shown: str, patience: Callable[[str], Patience]) -> None:
        """`shown` is what a person calls the store; `patience` makes that of one question, given whom it is with."""
        self._service = f"the object store of {shown}"
        self._patience = patience
        self._closed = threading.Event()

    def ask(self, call: Callable[[], Answer]) -> Answer:
        """Raises what the store says of the one thing that was asked for; ServiceUnreachable if it does not answer."""
        patience = self._patience(self._service)
        try:
            return self._until_answered(call, patience)
        finally:
            patience.reset()

    def ask_once(self, call: Callable[[], Answer]) -> Answer:
        """The same without another try. Raises TemporaryTrouble if the store does not answer."""
        try:
            return call()
        except FileNotFoundError:
            raise
        except (GenericError, OSError) as error:
            if _REFUSED.search(str(error)):
                raise
            raise _trouble(error) from error

    def content(self, answer: "GetResult") -> bytes:
        """All of an object's content. Raises what the store says of it; ServiceUnreachable if closed meanwhile."""
        read = []
        for piece in pieces(answer):
            if self._closed.is_set():
                raise self._ended()
            read.append(piece)
        return b"".join(read)

    def close(self) -> None:
        """Ends all waiting and reading; nothing can be asked any more."""
        self._closed.set()

    @property
    def is_closed(self) -> bool:
        """Whether the run ended."""
        return self._closed.is_set()

    def _until_answered(self, call: Callable[[], Answer], patience: Patience) -> Answer:
        while not self._closed.is_set():
            try:
                return self.ask_once(call)
            except TemporaryTrouble as trouble:
                self._closed.wait(patience.next_pause(trouble))
        raise self._ended()

    def _ended(self) -> ServiceUnreachable:
        return ServiceUnreachable(f"The run ended while {self._service} was asked.")


def _trouble(error: Exception) -> TemporaryTrouble:
    # What stands before the dash is another for each try: the object, and how long it took.
    return TemporaryTrouble(f"It does not answer ({first_line(error).rpartition(' - ')[2]}).")
