import pytest

from embedder_service.batching.pace import Pace


@pytest.mark.parametrize(
    ("seconds_an_item", "fitting", "nearest"),
    [(0.3, 1, 1), (0.09, 1, 1), (0.055, 1, 2), (0.045, 2, 2), (0.038, 2, 3), (0.001, 64, 64)],
)
def test_as_many_items_as_take_so_long_are_taken(seconds_an_item: float, fitting: int, nearest: int) -> None:
    pace = Pace()
    pace.learn(seconds_an_item)

    assert pace.fitting(0.1, most=64) == fitting
    assert pace.nearest(0.1, most=64) == nearest


def test_one_item_is_taken_until_something_was_measured() -> None:
    assert Pace().fitting(0.1, most=64) == Pace().nearest(0.1, most=64) == 1
