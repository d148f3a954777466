"""A bucket with the photos of a folder gives the same index as the folder, by real programs."""

import os
from pathlib import Path

from tests.integration.index_contents import Stub, check_index, list_images
from tests.integration.made_photos import make_photos
from tests.integration.processes import Services
from tests.object_store import object_store


async def test_a_bucket_gives_the_same_index_as_the_folder(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 20)
    with object_store() as server:
        url = server.make("photos", {os.fsdecode(path): data for path, data in made.items()})
        of_bucket = await services.index(url, "--source", "bucket")
        of_folder = await services.index(photos)

    assert (of_folder.code, of_bucket.code) == (0, 0), of_folder.output + of_bucket.output
    await check_index(search_stub, photos.name, made)
    await check_index(search_stub, "bucket", made)
    facts = []
    for source in (photos.name, "bucket"):
        images = await list_images(search_stub, source)
        facts.append({image.relative_path: (image.content_sha256, image.width, image.height) for image in images})
    assert facts[0] == facts[1]
