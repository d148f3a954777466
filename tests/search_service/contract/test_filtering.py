"""Filters other than by time and folder. Poles and the 180th meridian are where places go wrong."""

import math
from typing import Any

from search_service.facets import CameraCount, FacetOptions
from search_service.images import Filter, Images, ListOrder, Window
from search_service.photo_facts import Camera, Location
from search_service.places import EARTH_RADIUS_METERS, BoundingBox, Nearby
from tests.search_service.photos import photo, random_unit, unit, write

PLACES = {
    "north pole": (90.0, 12.0),
    "near the north pole": (89.5, -170.0),
    "south pole": (-90.0, -180.0),
    "fiji": (-17.0, 178.0),
    "samoa": (-13.8, -172.0),
    "west end": (10.0, -180.0),
    "east end": (20.0, 180.0),
    "null island": (0.0, 0.0),
    "berlin": (52.52, 13.405),
    "potsdam": (52.39, 13.066),
}
# One degree of a great circle, in metres.
DEGREE = EARTH_RADIUS_METERS * math.pi / 180


async def fill(images: Images) -> None:
    photos = [photo(name, location=Location(*place)) for name, place in PLACES.items()]
    await images.write([write(image) for image in [*photos, photo("nowhere")]])


async def kept(images: Images, **parts: Any) -> set[str]:
    """The ids that a search and a list with this filter find; they must agree."""
    keep = Filter(**parts)
    page = await images.search(unit(1), keep=keep, excluded_ids=[], window=Window(1_000, 10_000), offset=0, limit=100)
    listed = await images.list_page(ListOrder.NEWEST_FIRST, keep=keep, after=None, limit=100)
    found = {hit.image.id for hit in page.hits}
    assert found == {image.id for image in listed}
    return found


async def test_a_box_keeps_what_was_taken_inside_and_on_its_edges(images: Images) -> None:
    await fill(images)
    for box, expected in [
        (BoundingBox(52, 13, 53, 14), {"berlin", "potsdam"}),
        (BoundingBox(52.39, 13.066, 52.52, 13.405), {"berlin", "potsdam"}),
        (BoundingBox(52.39, 13.066, 52.39, 13.066), {"potsdam"}),
        (BoundingBox(52.4, 13, 53, 14), {"berlin"}),
        (BoundingBox(-90, -180, 90, 180), set(PLACES)),
        (BoundingBox(80, -180, 90, 180), {"north pole", "near the north pole"}),
        (BoundingBox(-90, -180, -90, 180), {"south pole"}),
        (BoundingBox(-1, -1, 1, 1), {"null island"}),
        (BoundingBox(1, 1, 2, 2), set()),
    ]:
        assert await kept(images, bounding_box=box) == expected, box


async def test_a_box_may_cross_the_180th_meridian_or_end_there_from_either_side(images: Images) -> None:
    await fill(images)
    for box, expected in [
        (BoundingBox(-30, 170, 30, -170), {"fiji", "samoa", "west end", "east end"}),
        (BoundingBox(-30, 178, 0, -172), {"fiji", "samoa"}),
        (BoundingBox(-30, 179, 30, -173), {"west end", "east end"}),
        (BoundingBox(0, 180, 30, 180), {"west end", "east end"}),
        (BoundingBox(0, -180, 30, -180), {"west end", "east end"}),
        (BoundingBox(0, 180, 30, -180), {"west end", "east end"}),
        (BoundingBox(0, 170, 30, 180), {"west end", "east end"}),
        (BoundingBox(0, -180, 30, -170), {"west end", "east end"}),
        (BoundingBox(0, 14, 60, 13.1), {"west end", "east end", "null island", "potsdam"}),
    ]:
        assert await kept(images, bounding_box=box) == expected, box


async def test_nearby_keeps_what_lies_within_the_radius_on_the_sphere(images: Images) -> None:
    await fill(images)
    for (latitude, longitude), radius, expected in [
        ((52.52, 13.405), 1.0, {"berlin"}),
        ((52.52, 13.405), 27_000.0, {"berlin"}),
        ((52.52, 13.405), 28_000.0, {"berlin", "potsdam"}),
        ((90.0, -100.0), 0.49 * DEGREE, {"north pole"}),
        ((90.0, -100.0), 0.51 * DEGREE, {"north pole", "near the north pole"}),
        ((89.5, 10.0), 0.99 * DEGREE, {"north pole"}),
        ((89.5, 10.0), 1.01 * DEGREE, {"north pole", "near the north pole"}),
        ((-89.0, 77.0), 1.01 * DEGREE, {"south pole"}),
        ((10.0, 180.0), 1.0, {"west end"}),
        ((20.0, -179.999), 200.0, {"east end"}),
        ((-17.0, -179.0), 2.9 * DEGREE, {"fiji"}),
        ((0.0, 180.0), 179.9 * DEGREE, set(PLACES) - {"null island"}),
        ((0.0, 180.0), 180.1 * DEGREE, set(PLACES)),
        ((0.0, 0.0), 1e300, set(PLACES)),
        ((1.0, 1.0), 5e-324, set()),
    ]:
        nearby = Nearby(Location(latitude, longitude), radius)
        assert await kept(images, nearby=nearby) == expected, nearby


async def test_distances_agree_with_the_sphere_to_two_centimetres(images: Images) -> None:
    """Photos 2 cm inside and outside of circles of many sizes, straight north of their centers."""
    circles = [(-60.0, -179.99, 100.0), (0.0, 0.0, 5_000.0), (47.3, 8.5, 1_000_000.0), (-89.0, 5.0, 15_000_000.0)]
    for number, (latitude, longitude, radius) in enumerate(circles):
        edges = {"in": radius - 0.02, "out": radius + 0.02}
        await images.write(
            [
                write(photo(f"{side}{number}", location=Location(latitude + edge / DEGREE, longitude)))
                for side, edge in edges.items()
            ]
        )
    for number, (latitude, longitude, radius) in enumerate(circles):
        found = await kept(images, nearby=Nearby(Location(latitude, longitude), radius))
        assert (f"in{number}" in found, f"out{number}" in found) == (True, False), number


async def test_cameras_are_kept_by_make_and_model_together(images: Images) -> None:
    cameras = {
        "a": Camera("FUJIFILM", "X-T5"),
        "b": Camera("FUJIFILM", "X-T50"),
        "c": Camera("FUJI", "FILMX-T5"),
        "d": Camera("", "X-T5"),
        "e": Camera("it's", '" OR 1'),
    }
    await images.write([write(photo(name, camera=camera)) for name, camera in cameras.items()])
    await images.write([write("none")])

    for name, camera in cameras.items():
        assert await kept(images, cameras=(camera,)) == {name}
    assert await kept(images, cameras=(cameras["a"], cameras["e"], Camera("other", ""))) == {"a", "e"}
    assert await kept(images, cameras=(Camera("fujifilm", "x-t5"),)) == set()


async def test_the_lens_is_left_aside(images: Images) -> None:
    lenses = ["XF23mmF2 R WR", "XF90mm", ""]
    await images.write([write(photo(f"a{lens}", camera=Camera("FUJIFILM", "X-T5", lens))) for lens in lenses])

    assert await kept(images, cameras=(Camera("FUJIFILM", "X-T5"),)) == {f"a{lens}" for lens in lenses}
    facets = await images.facets(Filter(), FacetOptions())
    assert facets.cameras == [CameraCount(Camera("FUJIFILM", "X-T5"), 3)]


async def test_media_types_are_kept(images: Images) -> None:
    kinds = {"a": "image/jpeg", "b": "image/heic", "c": "image/png", "d": ""}
    await images.write([write(photo(name, media_type=kind)) for name, kind in kinds.items()])

    assert await kept(images, media_types=("image/jpeg",)) == {"a"}
    assert await kept(images, media_types=("image/heic", "image/png", "it's")) == {"b", "c"}


async def test_all_parts_must_be_met(images: Images) -> None:
    camera, place = Camera("Canon", "R5"), Location(1.0, 1.0)
    whole = {"camera": camera, "location": place, "media_type": "image/jpeg"}
    await images.write([write(photo("all", **whole), random_unit(1))])
    for missing in whole:
        rest = {name: value for name, value in whole.items() if name != missing}
        await images.write([write(photo(f"no {missing}", **rest))])

    parts = {
        "bounding_box": BoundingBox(0, 0, 2, 2),
        "nearby": Nearby(place, 10.0),
        "cameras": (camera,),
        "media_types": ("image/jpeg",),
    }
    assert await kept(images, **parts) == {"all"}
