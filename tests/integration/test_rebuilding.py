"""The indexer's --rebuild against a real search service."""

import asyncio
from pathlib import Path

from tests.integration.index_contents import Stub, check_index, read_index
from tests.integration.made_photos import make_photos
from tests.integration.processes import Services


async def test_another_model_needs_a_rebuild_which_survives_being_killed(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 40)
    await services.index(photos)
    services.embedder.kill()
    services.embedder.arguments = (*services.embedder.arguments, "other@000000000002")
    await services.embedder.start()

    refused = await services.index(photos)
    assert refused.code == 5
    assert "EMBEDDER_MODEL=plain" in refused.output
    assert "--rebuild" in refused.output

    indexer = await services.start_indexer(photos, "--rebuild")
    async with asyncio.timeout(30):
        while (await read_index(search_stub)).rebuild.image_count < 5:
            await asyncio.sleep(0.02)
    indexer.kill()
    await indexer.ended()
    services.search.kill()
    await services.search.start()
    await check_index(search_stub, photos.name, made)  # the present index serves

    ended = await services.index(photos, "--rebuild")

    assert ended.code == 0, ended.output
    assert "The rebuild goes on" in ended.output
    index = await read_index(search_stub)
    assert (index.model, index.HasField("rebuild")) == ("other@000000000002", False)
    await check_index(search_stub, photos.name, made)
