"""A picture that the memory does not suffice for."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

_SEARCH_AND_SHOW = """
import asyncio, resource, sys
from pathlib import Path
from gateway.errors import ServiceError
from gateway.original_files import OriginalFiles
from gateway.originals import Originals
from gateway.picture_cache import PictureCache
from gateway.picture_workers import PictureWorkers
from gateway.search_client import ImageFile
from gateway.sources import Sources
from gateway.thumbnails import Thumbnails
from gateway.written_thumbnails import WrittenThumbnails
from pictures.derived import Size
from gateway.uploads import reduced_upload

folder = Path(sys.argv[1])

async def main():
    workers = PictureWorkers(1, 10)
    originals = OriginalFiles(Originals(Sources({"photos": str(folder)}, None)))
    thumbnails = Thumbnails(originals, PictureCache(folder / "cache", 0), workers, WrittenThumbnails(""))

    async def show(name):
        await thumbnails.get(ImageFile("photos", name, name, "image/png", ""), Size.THUMBNAIL)

    async def search(name):
        await workers.run(reduced_upload, (folder / name).read_bytes(), 224)

    async def what_happens(call):
        try:
            await call
        except ServiceError as error:
            print(error.reason)
        else:
            print("done")

    await show("small.png")
    await search("small.png")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, resource.RLIM_INFINITY))
    for name in ("large.png", "small.png"):
        await what_happens(search(name))
        await what_happens(show(name))
    workers.close()

asyncio.run(main())
"""


def test_a_picture_beyond_the_memory_is_refused_and_the_next_one_is_not(tmp_path: Path) -> None:
    for name, edge in (("small.png", 8), ("large.png", 6_000)):
        Image.new("RGB", (edge, edge)).save(tmp_path / name, compress_level=1)

    answer = subprocess.run(
        [sys.executable, "-c", _SEARCH_AND_SHOW, tmp_path], capture_output=True, text=True, check=False
    )

    assert answer.stdout.split() == ["IMAGE_TOO_LARGE", "OVERLOADED", "done", "done"], answer.stderr
