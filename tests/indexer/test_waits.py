"""Why nothing gets on is shown as long as anyone waits."""

from indexer.errors import TemporaryTrouble
from indexer.patience import Patience
from indexer.waits import Waits


def test_one_that_is_answered_does_not_hide_that_others_wait() -> None:
    shown: list[str] = []
    waits = Waits(shown.append)
    first, second = (Patience(60.0, name, waits.of_one()) for name in ("the store", "the embedder"))

    first.next_pause(TemporaryTrouble("It is away."))
    second.next_pause(TemporaryTrouble("It is busy."))
    first.reset()
    second.next_pause(TemporaryTrouble("It is busy still."))
    second.reset()

    assert shown == [
        "Waiting for the store: It is away.",
        "Waiting for the store: It is away.",
        "Waiting for the embedder: It is busy.",
        "Waiting for the embedder: It is busy still.",
        "",
    ]
