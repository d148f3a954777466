"""Whose turn it is when the model is free."""

from collections.abc import Collection

from embedder_service.batching.waiting import Kind

# The share of the model's time that pictures in bulk get at least, while they wait.
BULK_SHARE = 0.1
# The seconds of it that go with each second for people.
BULK_PER_PERSON = BULK_SHARE / (1 - BULK_SHARE)


class Turns:
    """Texts and pictures that people wait for take turns; those in bulk get what is left, and a small share at least.

    While that share is due, they go first.
    """

    def __init__(self) -> None:
        self._last_of_people = Kind.IMAGE
        self._owed_to_bulk = 0.0

    def next(self, waiting: Collection[Kind], bulk_batch_seconds: float) -> Kind | None:
        """The kind that is next, of those that wait.

        `bulk_batch_seconds`: how long a batch in bulk will likely take; 0 while that is not known.
        """
        people = [kind for kind in (Kind.TEXT, Kind.IMAGE) if kind in waiting]
        if Kind.BULK_IMAGE in waiting and (not people or 0 < self._owed_to_bulk >= bulk_batch_seconds):
            return Kind.BULK_IMAGE
        if len(people) > 1:
            people.remove(self._last_of_people)
        return people[0] if people else None

    def took(self, kind: Kind, seconds: float, *, bulk_waited: bool) -> None:
        """A batch of that kind was computed for so long."""
        if kind is Kind.BULK_IMAGE:
            self._owed_to_bulk = max(0.0, self._owed_to_bulk - seconds)
            return
        self._last_of_people = kind
        self._owed_to_bulk = self._owed_to_bulk + seconds * BULK_PER_PERSON if bulk_waited else 0.0
