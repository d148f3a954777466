import math
import random
from collections import Counter, defaultdict
from statistics import fmean
from typing import Any

import pytest

from search_service.errors import IndexMissing
from search_service.facets import (
    CameraCount,
    FacetOptions,
    Facets,
    FolderCount,
    MediaTypeCount,
    MonthCount,
    TileCount,
)
from search_service.images import Filter, Folder, Images
from search_service.photo_facts import Camera, Location
from search_service.places import BoundingBox, Nearby
from tests.search_service.photos import civil, photo, write

OPTIONS = FacetOptions()
EMPTY = Facets(0, [], [], [], [], [], 0, 0)
# Elasticsearch rounds places to about a centimetre.
DEGREES = 1e-6


async def fill(images: Images, *paths: str, source: str = "photos") -> None:
    photos = [photo(f"{source} {path}"[-200:], source=source, relative_path=path) for path in paths]
    assert not any(await images.write([write(image) for image in photos]))


def folders(facets: Facets) -> list[tuple[str, str, int]]:
    return [(one.source, one.path, one.image_count) for one in facets.folders]


async def test_without_an_index_facets_say_so_and_an_empty_one_has_none(images: Images) -> None:
    with pytest.raises(IndexMissing):
        await images.facets(Filter(), OPTIONS)

    await images.write([write("a")])
    await images.delete(["a"])

    assert await images.facets(Filter(), OPTIONS) == EMPTY


async def test_each_facet_is_counted_without_its_own_part_of_the_filter(images: Images) -> None:
    canon, fuji = Camera("Canon", "R5"), Camera("FUJIFILM", "X-T5")
    here, there = Location(52.5, 13.4), Location(-33.9, 151.2)
    old, new = civil("2019-12-31T23:59:59.999999"), civil("2020-01-01")
    common: dict[str, Any] = {"taken_at": new, "location": here, "camera": canon, "media_type": "image/jpeg"}
    await images.write(
        [
            write(photo("all", relative_path="in/1.jpg", **common)),
            write(photo("folder", relative_path="out/2.jpg", **common)),
            write(photo("time", relative_path="in/3.jpg", **{**common, "taken_at": old})),
            write(photo("place", relative_path="in/4.jpg", **{**common, "location": there})),
            write(photo("camera", relative_path="in/5.jpg", **{**common, "camera": fuji})),
            write(photo("kind", relative_path="in/6.jpg", **{**common, "media_type": "image/png"})),
            write(photo("none of it", relative_path="7.jpg")),
        ]
    )
    keep = Filter(
        folders=(Folder("photos", "in"),),
        taken_from=new,
        cameras=(canon,),
        media_types=("image/jpeg",),
        bounding_box=BoundingBox(52, 13, 53, 14),
        nearby=Nearby(here, 1_000.0),
    )

    facets = await images.facets(keep, OPTIONS)

    assert facets.image_count == 1
    assert folders(facets) == [("photos", "", 2), ("photos", "in", 1), ("photos", "out", 1)]
    assert facets.months == [MonthCount(2020, 1, 1), MonthCount(2019, 12, 1)]
    assert facets.cameras == [CameraCount(canon, 1), CameraCount(fuji, 1)]
    assert facets.media_types == [MediaTypeCount("image/jpeg", 1), MediaTypeCount("image/png", 1)]
    assert [(tile.x, tile.y, tile.image_count) for tile in facets.tiles] == [(4, 2, 1), (7, 4, 1)]
    assert (facets.without_time_count, facets.without_place_count) == (0, 0)
    unfiltered = await images.facets(Filter(), OPTIONS)
    assert (unfiltered.image_count, unfiltered.without_time_count, unfiltered.without_place_count) == (7, 1, 1)
    assert unfiltered.cameras == [CameraCount(canon, 5), CameraCount(fuji, 1)]
    assert unfiltered.media_types == [MediaTypeCount("image/jpeg", 5), MediaTypeCount("image/png", 1)]


async def test_folders_are_counted_at_any_depth_and_listed_right_under_what_is_open(images: Images) -> None:
    await fill(images, "top.jpg", "a/1.jpg", "a/b/2.jpg", "a/b/c/3.jpg", "a/d/4.jpg", "ab/5.jpg", "e/f/g/6.jpg")
    await fill(images, "a/7.jpg", "a/b/8.jpg", source="other")
    outer = [("photos", "", 7), ("photos", "a", 4), ("other", "", 2), ("other", "a", 2)]
    outer += [("photos", "ab", 1), ("photos", "e", 1)]

    async def listed(*opened: Folder) -> list[tuple[str, str, int]]:
        return folders(await images.facets(Filter(folders=opened), OPTIONS))

    assert await listed() == outer
    assert await listed(Folder("photos")) == outer
    assert set(await listed(Folder("photos", "a"))) == {*outer, ("photos", "a/b", 2), ("photos", "a/d", 1)}
    assert set(await listed(Folder("photos", "a/b"), Folder("photos", "e"))) == {
        *outer,
        ("photos", "a/b/c", 1),
        ("photos", "e/f", 1),
    }
    assert set(await listed(Folder("other", "a"), Folder("photos", "none"))) == {*outer, ("other", "a/b", 1)}


async def test_names_of_folders_and_cameras_have_no_meaning_of_their_own(images: Images) -> None:
    names = ['"', "a.*", "it's", "(x|y)", "\\d", "#@&<1-2>", "é\n2", "[ab]~", "1/2:"]
    await fill(images, *(f"{name}/in/{number}.jpg" for number, name in enumerate(names)))
    cameras = [Camera(name, other) for name in names for other in ("", "1:x")]
    await images.write([write(photo(str(camera), camera=camera)) for camera in cameras])

    facets = await images.facets(Filter(folders=tuple(Folder("photos", name) for name in names)), OPTIONS)

    found = {path for _, path, count in folders(facets) if count == 1}
    expected = {part for name in names for part in (name.split("/")[0], f"{name}/in")}
    assert found == expected | {"1/2:/in"}
    assert {one.camera for one in (await images.facets(Filter(), OPTIONS)).cameras} == set(cameras)


async def test_a_deep_folder_of_a_long_name_is_opened(images: Images) -> None:
    source, parent = "s" * 500, "/".join(["é" * 49] * 5)
    await fill(images, f"{parent}/below/1.jpg", source=source)

    facets = await images.facets(Filter(folders=(Folder(source, parent),)), OPTIONS)

    assert (source, f"{parent}/below", 1) in folders(facets)


async def test_each_facet_has_its_largest_values_and_the_newest_months(images: Images) -> None:
    photos = [
        photo(
            f"{number} {copy}",
            relative_path=f"open/f{number}/{copy}.jpg",
            taken_at=civil(f"{2020 - number}-05-01"),
            camera=Camera("make", f"m{number}"),
            media_type=f"image/{number}",
            location=Location(0.5, 0.5 + number * 20),
        )
        for number in range(6)
        for copy in range(number + 1)
    ]
    await images.write([write(image) for image in photos])

    facets = await images.facets(Filter(folders=(Folder("photos", "open"),)), FacetOptions(tile_zoom=5, max_values=3))

    assert folders(facets) == [("photos", f"open/f{number}", number + 1) for number in (5, 4, 3)]
    assert facets.months == [MonthCount(2020 - number, 5, number + 1) for number in (0, 1, 2)]
    assert facets.cameras == [CameraCount(Camera("make", f"m{number}"), number + 1) for number in (5, 4, 3)]
    assert facets.media_types == [MediaTypeCount(f"image/{number}", number + 1) for number in (5, 4, 3)]
    assert [tile.image_count for tile in facets.tiles] == [6, 5, 4]
    assert facets.image_count == len(photos)
    unopened = await images.facets(Filter(), FacetOptions(max_values=1))
    assert unopened.folders == [FolderCount("photos", "", len(photos))]


async def test_months_reach_over_all_years_that_a_camera_may_write(images: Images) -> None:
    times = ["0001-01-01", "1899-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999", "1970-01-01", "9999-12-31"]
    await images.write([write(photo(time, taken_at=civil(time))) for time in times])

    facets = await images.facets(Filter(), OPTIONS)

    assert [(one.year, one.month) for one in facets.months] == [(9999, 12), (1970, 1), (1969, 12), (1899, 12), (1, 1)]


async def test_tiles_at_the_maps_edges(images: Images) -> None:
    places = [(90.0, 0.0), (-90.0, -180.0), (86.0, 180.0), (0.0, 180.0), (0.0, -180.0), (-89.0, 179.0), (0.0, 0.0)]
    await images.write([write(photo(str(place), location=Location(*place))) for place in places])

    whole = (await images.facets(Filter(), FacetOptions(tile_zoom=0))).tiles
    quarters = (await images.facets(Filter(), FacetOptions(tile_zoom=1))).tiles

    assert [(tile.x, tile.y, tile.image_count) for tile in whole] == [(0, 0, 7)]
    assert whole[0].center.latitude == pytest.approx(fmean(latitude for latitude, _ in places), abs=DEGREES)
    assert whole[0].center.longitude == pytest.approx(fmean(longitude for _, longitude in places), abs=DEGREES)
    assert [(tile.x, tile.y, tile.image_count) for tile in quarters] == [(1, 1, 3), (1, 0, 2), (0, 1, 2)]


@pytest.mark.parametrize("zoom", [0, 2, 7, 20])
async def test_tiles_are_those_of_the_web_mercator_map(images: Images, zoom: int) -> None:
    chance = random.Random(zoom)
    towns = [(chance.uniform(-80, 80), chance.uniform(-180, 180)) for _ in range(40)]
    places = [
        Location(latitude + chance.gauss(0, 0.1), max(-180.0, min(180.0, longitude + chance.gauss(0, 0.1))))
        for latitude, longitude in towns * 5
    ]
    await images.write([write(photo(f"p{n}", location=place)) for n, place in enumerate(places)])

    tiles = (await images.facets(Filter(), FacetOptions(zoom, 1_000))).tiles

    expected = defaultdict(list)
    for place in places:
        expected[_tile(place, zoom)].append(place)
    assert {(tile.x, tile.y): tile.image_count for tile in tiles} == Counter({k: len(v) for k, v in expected.items()})
    assert [_order(tile) for tile in tiles] == sorted(map(_order, tiles))
    for tile in tiles:
        inside = expected[tile.x, tile.y]
        assert tile.center.latitude == pytest.approx(fmean(one.latitude for one in inside), abs=DEGREES)
        assert tile.center.longitude == pytest.approx(fmean(one.longitude for one in inside), abs=DEGREES)


async def test_facets_see_what_was_written_and_deleted(images: Images) -> None:
    await images.write([write(photo("a", media_type="image/png")), write(photo("b", media_type="image/png"))])
    await images.write([write(photo("b", media_type="image/gif", relative_path="moved/b"))])
    await images.delete(["a"])

    facets = await images.facets(Filter(), OPTIONS)

    assert facets.image_count == 1
    assert facets.media_types == [MediaTypeCount("image/gif", 1)]
    assert folders(facets) == [("photos", "", 1), ("photos", "moved", 1)]


def _order(tile: TileCount) -> tuple[int, int, int]:
    return (-tile.image_count, tile.y, tile.x)


def _tile(place: Location, zoom: int) -> tuple[int, int]:
    """By the formula of the OpenStreetMap wiki, "Slippy map tilenames"."""
    count, latitude = 2**zoom, math.radians(place.latitude)
    x = int((place.longitude + 180) / 360 * count)
    y = int((1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * count)
    return min(x, count - 1), min(y, count - 1)
