"""What the search service lists is read over as many streams as it takes."""

from indexer.errors import TemporaryTrouble
from indexer.listing import read_fingerprints
from indexer.patience import Patience
from indexer.scope import Scope
from tests.indexer.conftest import World


async def test_a_wait_is_not_shown_any_more_once_all_is_listed(world: World) -> None:
    shown: list[str] = []
    patience = Patience(60.0, "the search service", shown.append)
    patience.next_pause(TemporaryTrouble("The connection broke."))

    assert [batch async for batch in read_fingerprints(world.search, Scope("photos"), "", patience)] == []
    assert shown == ["Waiting for the search service: The connection broke.", ""]
