import pytest

from indexer.errors import ServiceUnreachable, TemporaryTrouble
from indexer.patience import Patience


def patience(limit: float = 60.0) -> Patience:
    return Patience(limit, "the peer", lambda _: None)


def test_a_service_is_not_asked_again_before_the_time_that_it_told() -> None:
    pauses = [patience().next_pause(TemporaryTrouble("It is busy.", retry_after=2.0)) for _ in range(100)]

    assert min(pauses) >= 2.0
    assert max(pauses) <= 2.5
    assert len(set(pauses)) > 1


def test_a_pause_ends_with_the_patience() -> None:
    assert patience(1.0).next_pause(TemporaryTrouble("It is busy.", retry_after=30.0)) <= 1.0
    with pytest.raises(ServiceUnreachable, match="It is busy"):
        patience(0.0).next_pause(TemporaryTrouble("It is busy.", retry_after=30.0))
