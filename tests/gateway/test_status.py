"""GET /api/v1/index, /api/v1/status, /livez, /readyz and /metrics."""

import pytest

from imagesearch.embedder.v1 import embedder_pb2
from imagesearch.search.v1 import search_pb2
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.fake_failures import make_failure
from tests.gateway.fake_services import MODEL
from tests.gateway.made_up_photos import DIMENSIONS, SOURCE

# Nothing listens on this port: it is reserved, and its service is long gone.
NOWHERE = "127.0.0.1:1"


async def test_the_index_tells_its_state(gateway: Gateway, services: Services) -> None:
    services.search.failures += [make_failure(SOURCE, b"a.jpg"), make_failure("scans", b"b.jpg")]

    answer = await gateway.get("/api/v1/index")

    assert answer.status == 200
    assert await answer.json() == {
        "model": MODEL,
        "dimensions": DIMENSIONS,
        "image_count": len(services.photos),
        "state": "ready",
        "state_detail": "",
        "failure_count": 2,
        "sources": [
            {"source": SOURCE, "image_count": len(services.photos), "failure_count": 1},
            {"source": "scans", "image_count": 0, "failure_count": 1},
        ],
        "rebuild": None,
        "backend": "memory",
    }


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (search_pb2.INDEX_STATE_MISSING, "missing"),
        (search_pb2.INDEX_STATE_DEGRADED, "degraded"),
        (search_pb2.INDEX_STATE_UNAVAILABLE, "unavailable"),
        (search_pb2.INDEX_STATE_UNSPECIFIED, "unavailable"),
    ],
)
async def test_every_state_of_an_index_has_a_name(
    gateway: Gateway, services: Services, state: search_pb2.IndexState.ValueType, shown: str
) -> None:
    rebuild = search_pb2.Rebuild(id="r", model="next", image_count=3)
    services.search.index = search_pb2.Index(state=state, state_detail="Why.", rebuild=rebuild)

    index = await (await gateway.get("/api/v1/index")).json()

    assert (index["state"], index["state_detail"]) == (shown, "Why.")
    assert index["rebuild"] == {"id": "r", "model": "next", "image_count": 3}


async def test_the_status_tells_of_both_services(gateway: Gateway, services: Services) -> None:
    services.embedder.model.notice = "It stands in for another one."

    status = await (await gateway.get("/api/v1/status")).json()

    assert status["embedder"] == {
        "state": "ready",
        "detail": "",
        "model": MODEL,
        "name": "made-up",
        "progress": 0.0,
        "notice": "It stands in for another one.",
        "languages": ["en"],
    }
    assert status["index"] == await (await gateway.get("/api/v1/index")).json()
    assert status["upload_limit_bytes"] == 32 * 1024**2
    assert status["model_matches_index"] is True


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (embedder_pb2.MODEL_STATE_LOADING, "loading"),
        (embedder_pb2.MODEL_STATE_DEGRADED, "degraded"),
        (embedder_pb2.MODEL_STATE_FAILED, "failed"),
    ],
)
async def test_every_state_of_a_model_has_a_name(
    gateway: Gateway, services: Services, state: embedder_pb2.ModelState.ValueType, shown: str
) -> None:
    services.embedder.model.state = state
    services.embedder.model.progress = 0.5

    embedder = (await (await gateway.get("/api/v1/status")).json())["embedder"]

    assert (embedder["state"], embedder["progress"]) == (shown, 0.5)


async def test_two_different_models_do_not_match(gateway: Gateway, services: Services) -> None:
    services.search.model = "another@ba9876543210"

    assert (await (await gateway.get("/api/v1/status")).json())["model_matches_index"] is False


async def test_the_status_answers_without_the_services(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(embedder=NOWHERE, search=NOWHERE)

    answer = await gateway.get("/api/v1/status")

    status = await answer.json()
    assert (answer.status, status["model_matches_index"]) == (200, True)
    assert (status["embedder"]["state"], status["index"]["state"]) == ("unreachable", "unreachable")
    assert "GATEWAY_EMBEDDER" in status["embedder"]["detail"]
    assert "GATEWAY_SEARCH" in status["index"]["state_detail"]


async def test_it_is_alive_without_the_services(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(embedder=NOWHERE, search=NOWHERE)

    assert (await gateway.get("/livez")).status == 200


async def test_it_is_ready_with_both_services(gateway: Gateway) -> None:
    answer = await gateway.get("/readyz")

    assert (answer.status, await answer.json()) == (
        200,
        {"status": "ready", "embedder": "serving", "search": "serving"},
    )


async def test_it_is_not_ready_while_a_service_is_not(gateway: Gateway, services: Services) -> None:
    await services.embedder_server.set_serving(False)

    answer = await gateway.get("/readyz")

    assert (answer.status, await answer.json()) == (
        503,
        {"status": "not_ready", "embedder": "not_serving", "search": "serving"},
    )


async def test_it_is_not_ready_without_a_service(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(search=NOWHERE)

    answer = await gateway.get("/readyz")

    assert (answer.status, (await answer.json())["search"]) == (503, "unreachable")


async def test_the_metrics_count_requests_by_route(gateway: Gateway, services: Services) -> None:
    await gateway.get(f"/api/v1/images/{services.photos[0].id}")
    await gateway.get("/no/such/place")

    text = await (await gateway.get("/metrics")).text()

    assert 'gateway_requests_total{method="GET",route="/api/v1/images/{id}",status="200"}' in text
    assert 'route="none",status="404"' in text
    assert services.photos[0].id not in text
