import pytest

from embedder_service.batching.pace import Pace


@pytest.mark.parametrize(
    ("seconds_an_item", "fitting"), [(0.3, 1), (0.09, 1), (0.055, 2), (0.045, 2), (0.038, 3), (0.001, 64)]
)
def test_the_number_of_items_whose_time_is_nearest_is_taken(seconds_an_item: float, fitting: int) -> None:
    pace = Pace()
    pace.learn(seconds_an_item)

    assert pace.fitting(0.1, most=64) == fitting


def test_one_item_is_taken_until_something_was_measured() -> None:
    assert Pace().fitting(0.1, most=64) == 1
