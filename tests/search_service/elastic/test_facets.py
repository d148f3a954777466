from search_service.facets import CameraCount, FacetOptions, FolderCount, MonthCount
from search_service.images import Filter, Folder
from search_service.photo_facts import Camera, Location
from tests.search_service.elastic.conftest import Connect
from tests.search_service.photos import civil, photo, write


async def test_few_values_of_many_are_counted_exactly_over_several_shards(connect: Connect) -> None:
    """Value number n has n photos, spread over the shards: no shard alone could tell which values have the most."""
    images = connect(shards=5)
    await images.write(
        [
            write(
                photo(
                    f"{number} {copy}",
                    relative_path=f"open/f{number:02}/{copy}.jpg",
                    camera=Camera("make", f"{number:02}"),
                    taken_at=civil(f"20{number:02}-01-01"),
                    location=Location(0.5, number * 5.0),
                )
            )
            for number in range(1, 31)
            for copy in range(number)
        ]
    )
    await images.finish_writing()

    facets = await images.facets(Filter(folders=(Folder("photos", "open"),)), FacetOptions(tile_zoom=10, max_values=3))

    largest = (30, 29, 28)
    assert facets.folders == [FolderCount("photos", f"open/f{number}", number) for number in largest]
    assert facets.cameras == [CameraCount(Camera("make", str(number)), number) for number in largest]
    assert facets.months == [MonthCount(2000 + number, 1, number) for number in largest]
    assert [tile.image_count for tile in facets.tiles] == [30, 29, 28]
    assert facets.image_count == sum(range(31))
