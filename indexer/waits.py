"""Who waits for a service at the moment, of many that may."""

import threading
from collections.abc import Callable


class Waits:
    """Shows why nothing gets on for as long as anyone waits. Safe to use from any thread."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """`show` is told why the one waits who has waited the longest, and "" when nobody does any more."""
        self._show = show
        self._lock = threading.Lock()
        self._reasons: dict[object, str] = {}

    def of_one(self) -> Callable[[str], None]:
        """What one of them tells why it waits, and "" when that is over."""
        one = object()

        def tell(why: str) -> None:
            with self._lock:
                if why:
                    self._reasons[one] = why
                else:
                    self._reasons.pop(one, None)
                self._show(next(iter(self._reasons.values()), ""))

        return tell
