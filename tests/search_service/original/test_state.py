"""What GetIndex tells, and what reads answer, where the index is not as it should be."""

from collections.abc import Awaitable
from typing import Any

import pytest

from search_service.elastic_errors import Unreachable
from search_service.errors import ServiceError
from search_service.facets import FacetOptions
from search_service.images import FingerprintFilter, IndexState, ListOrder, Model, Window
from search_service.original import OriginalImages
from search_service.original_index import OriginalIndexMissing, OriginalIndexUnfit
from tests.ports import free_port
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.original.conftest import EVERYTHING, PROPERTIES, VECTORS, Document, Make, Open, document
from tests.search_service.photos import DIMENSIONS, MODEL, unit


async def listed(images: OriginalImages) -> None:
    async for _ in images.fingerprints(FingerprintFilter(source="photos")):
        pass


def reads(images: OriginalImages) -> list[Awaitable[Any]]:
    window = Window(10, 10)
    return [
        images.model(),
        images.get(["a"]),
        images.vectors(["a"]),
        images.search(unit(1), keep=EVERYTHING, excluded_ids=[], window=window, offset=0, limit=5),
        images.list_page(ListOrder.SAMPLE, keep=EVERYTHING, after=None, limit=1),
        images.facets(EVERYTHING, FacetOptions()),
        listed(images),
    ]


async def check_refusal(images: OriginalImages, kind: type[ServiceError], said: str) -> None:
    """All reads fail in this way, and GetIndex tells it."""
    info = await images.describe()
    assert info.state is IndexState.UNAVAILABLE
    assert said in info.state_detail
    for read in reads(images):
        with pytest.raises(kind) as caught:
            await read
        assert said in caught.value.message


async def test_a_good_index_is_told_with_its_model_size_and_source(make: Make) -> None:
    made = await make([document("a.jpg"), document("b.jpg", image_embedding=None)])

    info = await made.images.describe()

    assert info.state is IndexState.READY
    assert "only read" in info.state_detail
    assert info.model == Model(MODEL, DIMENSIONS)
    assert (info.image_count, info.sources, info.rebuild) == (2, {"photos": 2}, None)
    assert info.backend.startswith("elasticsearch ")


async def test_the_source_is_the_index_unless_it_has_a_name(make: Make, open_index: Open) -> None:
    made = await make([document("a.jpg")])

    images = open_index(made.name, original_source="")

    assert (await images.describe()).sources == {made.name: 1}
    assert (await images.get(made.ids))[made.ids[0]].source == made.name


async def test_an_index_without_photos_is_told_so(make: Make) -> None:
    made = await make()

    info = await made.images.describe()

    assert (info.state, info.image_count, info.sources) == (IndexState.READY, 0, {})
    assert await made.images.list_page(ListOrder.NEWEST_FIRST, keep=EVERYTHING, after=None, limit=5) == []
    assert (await made.images.facets(EVERYTHING, FacetOptions())).folders == []


async def test_an_alias_of_one_index_will_do(make: Make, open_index: Open, server: ElasticServer) -> None:
    made = await make([document("a.jpg")])
    server.request("PUT", f"/{made.name}/_alias/{made.name}-alias")

    assert set(await open_index(f"{made.name}-alias").get(made.ids)) == set(made.ids)


async def test_an_alias_of_several_indexes_is_refused(make: Make, open_index: Open, server: ElasticServer) -> None:
    first, second = await make(), await make()
    for made in (first, second):
        server.request("PUT", f"/{made.name}/_alias/{first.name}-alias")

    await check_refusal(open_index(f"{first.name}-alias"), OriginalIndexUnfit, "2 indexes")


async def test_a_name_of_no_index_names_the_setting(open_index: Open) -> None:
    await check_refusal(open_index("none-of-this-name"), OriginalIndexMissing, "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX")


async def test_an_index_that_goes_and_comes_again_is_noticed(make: Make, server: ElasticServer) -> None:
    """As it does while the original tool indexes."""
    made = await make([document("a.jpg")])
    assert await made.images.model()
    server.request("DELETE", f"/{made.name}")

    info = await made.images.describe()
    assert info.state is IndexState.UNAVAILABLE
    with pytest.raises(OriginalIndexMissing):
        await made.images.get(made.ids)

    server.request("PUT", f"/{made.name}", {"mappings": {"properties": PROPERTIES}})
    assert await made.images.get(made.ids) == {}


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (None, "no field image_embedding"),
        ({"type": "float"}, "no field image_embedding of the type dense_vector"),
        ({"properties": {"a": {"type": "keyword"}}}, "no field image_embedding of the type dense_vector"),
        ({**VECTORS, "similarity": "l2_norm"}, "compared by l2_norm"),
        ({**VECTORS, "similarity": "max_inner_product"}, "compared by max_inner_product"),
        ({"type": "dense_vector", "dims": 8, "index": False}, "not indexed"),
        ({**VECTORS, "element_type": "byte"}, "consist of byte"),
        ({"type": "dense_vector"}, "no vector yet"),
    ],
)
async def test_an_index_of_another_kind_is_refused(make: Make, vectors: Document | None, said: str) -> None:
    others = {name: mapping for name, mapping in PROPERTIES.items() if name != "image_embedding"}
    made = await make(properties={**others, **({"image_embedding": vectors} if vectors else {})})

    await check_refusal(made.images, OriginalIndexUnfit, said)


async def test_a_copy_that_has_no_node_is_told(make: Make) -> None:
    made = await make([document("a.jpg")], number_of_replicas=1)

    info = await made.images.describe()

    assert info.state is IndexState.DEGRADED
    assert "yellow" in info.state_detail
    assert "number_of_replicas" in info.state_detail


async def test_a_cluster_that_is_not_there_is_told_with_the_setting(open_index: Open) -> None:
    images = open_index("my-image-embeddings", hosts=f"http://127.0.0.1:{free_port()}")

    info = await images.describe()

    assert info.state is IndexState.UNAVAILABLE
    assert "SEARCH_ELASTICSEARCH_HOSTS" in info.state_detail
    with pytest.raises(Unreachable):
        await images.model()
