from datetime import timedelta

import pytest

from search_service.elastic_client import ElasticClient
from search_service.errors import RebuildNotFound, StalePageToken
from search_service.facets import FacetOptions, FolderCount, MonthCount
from search_service.images import (
    Filter,
    Fingerprint,
    FingerprintFilter,
    Folder,
    Image,
    ListOrder,
    ListPlace,
    Model,
    Shard,
    sample_key,
)
from search_service.original_facets import count_facets
from search_service.original_index import OriginalIndex
from search_service.photo_facts import Camera, Location, TakenAtSource
from search_service.places import BoundingBox, Nearby
from tests.search_service.original.conftest import PROPERTIES, Document, Made, Make, document, list_all
from tests.search_service.photos import DIMENSIONS, MODEL, civil

FIELDS = ("image_id", "image_name", "relative_path", "exif.date", "exif.location")
VIENNA = Location(48.2, 16.37)


async def only(made: Made) -> Image:
    return (await made.images.get(made.ids))[made.ids[0]]


async def kept(made: Made, keep: Filter) -> list[int]:
    return sorted(made.number(image.id) for image in await list_all(made.images, ListOrder.NEWEST_FIRST, keep))


async def test_a_photo_is_what_its_document_tells(make: Make) -> None:
    exif = {"date": "2019-07-08T09:10:11", "location": [16.37, 48.2]}
    made = await make([document("2019/summer/IMG_1.jpeg", exif=exif)])

    image = await only(made)

    assert image.location is not None
    assert (image.location.latitude, image.location.longitude) == pytest.approx((48.2, 16.37), abs=1e-6)
    assert image == Image(
        id=made.ids[0],
        source="photos",
        relative_path="2019/summer/IMG_1.jpeg",
        name="IMG_1.jpeg",
        taken_at=civil("2019-07-08T09:10:11"),
        taken_at_source=TakenAtSource.EXIF,
        location=image.location,
    )


ODD: list[tuple[Document, Document]] = [
    ({"exif": {}}, {}),
    ({"exif": None}, {}),
    ({"exif": {"date": None, "location": None}}, {}),
    ({"exif": {"location": {"lat": 1, "lon": 2}}}, {"location": Location(1, 2)}),
    ({"exif": {"location": "1,2"}}, {"location": Location(1, 2)}),
    ({"exif": {"date": "2019-07-08"}}, {"taken_at": civil("2019-07-08")}),
    ({"exif": {"date": "1931-07-08T01:02:03.456"}}, {"taken_at": civil("1931-07-08T01:02:03.456")}),
    ({"exif": {"date": "-0005-07-08"}}, {"taken_at": None}),
    ({"exif": {"date": 300_000_000_000_000}}, {"taken_at": None}),
    ({"image_name": None}, {"name": "a.jpg", "relative_path": "in/a.jpg"}),
    ({"relative_path": None}, {"name": "a.jpg", "relative_path": "a.jpg"}),
    ({"relative_path": None, "image_name": None}, {"name": "a", "relative_path": "a"}),
    ({"image_name": "Große Möwe \u2603 \U0001f426 'x'.jpg"}, {"name": "Große Möwe \u2603 \U0001f426 'x'.jpg"}),
    ({"image_name": "half \ud83d.jpg"}, {"name": "half ?.jpg"}),
    ({"relative_path": "100%/a\n.jpg"}, {"relative_path": "100%25/a%0A.jpg"}),
    ({"image_name": ["b.jpg", "a.jpg"]}, {"name": "a.jpg"}),
    ({"unknown": {"field": ["b", None]}}, {}),
]


async def test_odd_documents_cost_no_others(make: Make) -> None:
    made = await make([document("in/a.jpg", **fields) for fields, _ in ODD])

    listed = {made.number(image.id): image for image in await list_all(made.images, ListOrder.NEWEST_FIRST)}

    assert len(listed) == len(await made.images.vectors(made.ids)) == len(ODD)
    facets = await made.images.facets(Filter(), FacetOptions())
    dated = [image for image in listed.values() if image.taken_at]
    assert facets.image_count == len(ODD)
    assert (
        facets.without_time_count == len(ODD) - len(dated) == len(ODD) - sum(one.image_count for one in facets.months)
    )
    assert set(await kept(made, Filter(taken_from=civil("0001-01-01")))) == {made.number(one.id) for one in dated}
    for number, (fields, expected) in enumerate(ODD):
        for name, value in expected.items():
            found = getattr(listed[number], name)
            if isinstance(found, Location):
                assert (found.latitude, found.longitude) == pytest.approx((1, 2), abs=1e-6), fields
            else:
                assert found == value, fields


async def test_without_fields_a_photo_goes_by_its_id(make: Make) -> None:
    made = await make([{"image_embedding": [1.0] * 8}])

    image = await only(made)

    assert (image.name, image.relative_path) == (made.ids[0], "")


async def test_an_index_of_few_fields_can_be_read(make: Make) -> None:
    """As the tool's first version made it, where all photos lay in one folder."""
    few = {name: PROPERTIES[name] for name in ("image_embedding", "image_id", "image_name")}
    made = await make([document("a.jpg", relative_path=None), document("b.jpg", relative_path=None)], properties=few)

    for order in ListOrder:
        assert {image.relative_path for image in await list_all(made.images, order, limit=1)} == {"a.jpg", "b.jpg"}
    assert await kept(made, Filter(taken_from=civil("1900-01-01"))) == []
    assert await kept(made, Filter(nearby=Nearby(VIENNA, 1e9))) == []
    facets = await made.images.facets(Filter(), FacetOptions())
    assert (facets.image_count, facets.without_time_count, facets.without_place_count) == (2, 2, 2)


async def test_a_mapping_that_elasticsearch_made_itself_can_be_read(make: Make) -> None:
    text = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    properties = {**PROPERTIES, "image_name": text, "relative_path": text, "image_id": text, "exif": {"type": "object"}}
    made = await make(
        [document("in/a.jpg", exif={"location": [16.37, 48.2]}), document("b.jpg")], properties=properties
    )

    assert await kept(made, Filter(folders=(Folder("photos", "in"),))) == [0]
    image = await only(made)
    assert (image.name, image.relative_path, image.location) == ("a.jpg", "in/a.jpg", None)
    assert (await made.images.facets(Filter(), FacetOptions())).without_place_count == 2


async def test_unknown_ids_are_left_out(make: Make) -> None:
    made = await make([document("a.jpg")])

    assert set(await made.images.get([*made.ids, *made.ids, "unknown", ""])) == set(made.ids)
    assert await made.images.get([]) == {}
    assert await made.images.get([""]) == {}


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("order", ListOrder)
async def test_a_list_has_each_photo_once(make: Make, order: ListOrder, shards: int) -> None:
    """Documents with the same path among them, and such with as good as nothing."""
    day = civil("2020-01-01T12:00:00")
    documents = [
        document(
            f"{number % 7}/{number % 4}.jpg",
            seed=number,
            relative_path=None if number % 5 == 0 else f"{number % 7}/{number % 4}.jpg",
            exif={"date": (day + timedelta(days=number % 3)).isoformat()} if number % 4 else None,
        )
        for number in range(40)
    ]
    made = await make(documents, number_of_shards=shards)

    once = await list_all(made.images, order, limit=3)
    again = await list_all(made.images, order, limit=40)

    assert sorted(made.number(image.id) for image in once) == list(range(40))
    assert [image.id for image in once] == [image.id for image in again]
    if order is ListOrder.NEWEST_FIRST:
        times = [image.taken_at for image in once if image.taken_at]
        assert times == sorted(times, reverse=True)
        assert all(image.taken_at is None for image in once[len(times) :])


async def test_a_sample_is_mixed(make: Make) -> None:
    made = await make([document(f"{number:03}.jpg", seed=number) for number in range(60)])

    page = await made.images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=20)

    first = [made.number(image.id) for image in page]
    assert (min(first) < 20, max(first) > 40) == (True, True)
    assert first != sorted(first)


async def test_a_list_whose_last_photo_is_gone_begins_again(make: Make) -> None:
    made = await make([document("a.jpg")])

    with pytest.raises(StalePageToken):
        await made.images.list_page(ListOrder.NEWEST_FIRST, keep=Filter(), after=ListPlace("gone"), limit=5)


FILTERS: list[tuple[Filter, list[int]]] = [
    (Filter(taken_from=civil("2020-01-02")), [1, 2]),
    (Filter(taken_before=civil("2020-01-02")), [0]),
    (Filter(taken_from=civil("2020-01-02T12:00:00.000001")), [2]),
    (Filter(taken_from=civil("2020-01-01"), taken_before=civil("2020-01-02T12:00:00")), [0]),
    (Filter(taken_before=civil("2020-01-02T12:00:00.000001")), [0, 1]),
    (Filter(folders=(Folder("photos"),)), [0, 1, 2, 3]),
    (Filter(folders=(Folder("photos", "trip"),)), [0, 1]),
    (Filter(folders=(Folder("photos", "trip/day"), Folder("photos", "tri"))), [1]),
    (Filter(folders=(Folder("photos", "50%25"),)), [2]),
    (Filter(folders=(Folder("photos", "50%"),)), []),
    (Filter(folders=(Folder("photos", "%FF"),)), []),
    (Filter(folders=(Folder("others"),)), []),
    (Filter(nearby=Nearby(VIENNA, 10_000)), [0]),
    (Filter(nearby=Nearby(VIENNA, 1e9)), [0, 1]),
    (Filter(bounding_box=BoundingBox(48, 16, 49, 17)), [0]),
    (Filter(bounding_box=BoundingBox(-20, 170, -10, -170)), [1]),
    (Filter(cameras=(Camera("a", "b"),)), []),
    (Filter(media_types=("image/jpeg",)), []),
    (Filter(taken_from=civil("2020-01-01"), folders=(Folder("photos", "trip"),), nearby=Nearby(VIENNA, 1e4)), [0]),
]


async def test_a_filter_keeps_what_meets_it(make: Make) -> None:
    made = await make(
        [
            document("trip/a.jpg", exif={"date": "2020-01-01T12:00:00", "location": [16.37, 48.2]}),
            document("trip/day/b.jpg", exif={"date": "2020-01-02T12:00:00", "location": [179.9, -17]}),
            document("50%/c.jpg", exif={"date": "2020-01-03T12:00:00"}),
            document("tripod/d.jpg"),
        ]
    )

    for keep, expected in FILTERS:
        assert await kept(made, keep) == expected, keep


async def test_facets_count_what_there_is(make: Make) -> None:
    made = await make(
        [
            document("trip/a.jpg", exif={"date": "2020-01-01T12:00:00", "location": [16.37, 48.2]}),
            document("trip/day/b.jpg", exif={"date": "2020-01-31T23:59:59", "location": [16.37, 48.2]}),
            document("trip/day/c.jpg", exif={"date": "2020-02-01"}),
            document("50%/d.jpg"),
            document("e.jpg"),
        ]
    )

    everything = await made.images.facets(Filter(), FacetOptions(tile_zoom=4))
    opened = await made.images.facets(
        Filter(folders=(Folder("photos", "trip"),), taken_from=civil("2020-02-01")), FacetOptions()
    )

    assert everything.image_count == 5
    assert everything.folders == [
        FolderCount("photos", "", 5),
        FolderCount("photos", "trip", 3),
        FolderCount("photos", "50%25", 1),
    ]
    assert everything.months == [MonthCount(2020, 2, 1), MonthCount(2020, 1, 2)]
    assert [(tile.x, tile.y, tile.image_count) for tile in everything.tiles] == [(8, 5, 2)]
    assert (everything.cameras, everything.media_types) == ([], [])
    assert (everything.without_time_count, everything.without_place_count) == (2, 3)
    assert opened.image_count == 1
    assert opened.folders == [
        FolderCount("photos", "", 1),
        FolderCount("photos", "trip", 1),
        FolderCount("photos", "trip/day", 1),
    ]
    assert opened.months == [MonthCount(2020, 2, 1), MonthCount(2020, 1, 2)]


async def test_of_more_photos_than_are_counted_by_folder_the_source_is_told(make: Make, client: ElasticClient) -> None:
    made = await make([document(f"in/{number}.jpg") for number in range(4)])
    index = OriginalIndex(made.name, "photos", Model(MODEL, DIMENSIONS), "hnsw", {name: name for name in FIELDS})

    few = await count_facets(client, index, Filter(), FacetOptions(), counted_paths=4)
    many = await count_facets(client, index, Filter(), FacetOptions(), counted_paths=3)

    assert few.folders == [FolderCount("photos", "", 4), FolderCount("photos", "in", 4)]
    assert many.folders == [FolderCount("photos", "", 4)]


async def fingerprints(made: Made, **keep: object) -> list[Fingerprint]:
    batches = [batch async for batch in made.images.fingerprints(FingerprintFilter(**keep))]  # type: ignore[arg-type]
    assert all(1 <= len(batch) <= 1_000 for batch in batches)
    return [one for batch in batches for one in batch]


async def test_fingerprints_tell_where_photos_lie_and_nothing_to_compare(make: Make) -> None:
    made = await make([document("b.jpg"), document("ä/c.jpg"), document("a%/a.jpg"), document("a/a.jpg")])

    found = await fingerprints(made, source="photos")

    assert [one.relative_path for one in found] == ["a%25/a.jpg", "a/a.jpg", "b.jpg", "ä/c.jpg"]
    assert found[2] == Fingerprint(made.ids[0], "photos", "b.jpg", 0, None, "", 0)
    assert [one.relative_path for one in await fingerprints(made, source="photos", path_prefix="a%2")] == ["a%25/a.jpg"]
    assert [one.relative_path for one in await fingerprints(made, source="photos", path_prefix="b.jpg")] == ["b.jpg"]
    assert await fingerprints(made, source="others") == []
    assert await fingerprints(made, content_sha256=("0" * 64,)) == []
    with pytest.raises(RebuildNotFound):
        await fingerprints(made, source="photos", rebuild_id="unknown")


async def test_fingerprints_come_in_shards_and_batches(make: Make) -> None:
    made = await make([document(f"{number // 2:04}.jpg", image_embedding=None) for number in range(2_345)])

    everything = await fingerprints(made, source="photos")
    parts = [await fingerprints(made, source="photos", shard=Shard(index, 3)) for index in range(3)]

    assert sorted(one.id for one in everything) == sorted(made.ids)
    assert sorted(one.id for part in parts for one in part) == sorted(made.ids)
    assert all(sample_key(one.id) % 3 == index for index, part in enumerate(parts) for one in part)
