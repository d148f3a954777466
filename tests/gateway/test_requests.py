"""What holds for every request: its id, deadlines, cancelling, errors and headers."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.middlewares import SECURITY_HEADERS
from gateway.problems import STATUS_BY_REASON
from grpc_runtime.errors import STATUS_CODES
from grpc_runtime.server import Server
from imagesearch.embedder.v1 import embedder_pb2_grpc
from imagesearch.type.v1 import error_reason_pb2
from tests.gateway.conftest import Gateway, Services, StartGateway
from tests.gateway.fake_services import EMBEDDER, refusal
from tests.gateway.made_up_photos import draw, encoded

# Nothing listens on this port: it is reserved, and its service is long gone.
NOWHERE = "127.0.0.1:1"


async def _problem(answer: aiohttp.ClientResponse) -> Any:
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert problem["status"] == answer.status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_a_request_keeps_its_id_through_both_services(gateway: Gateway, services: Services) -> None:
    answer = await gateway.get("/api/v1/search?q=red", headers={"X-Request-Id": "from-the-browser"})

    assert answer.headers["X-Request-Id"] == "from-the-browser"
    assert services.embedder.calls.request_ids == ["from-the-browser"]
    assert services.search.calls.request_ids == ["from-the-browser"]


async def test_a_request_without_an_id_gets_one_of_its_own(gateway: Gateway, services: Services) -> None:
    ids = [(await gateway.get("/api/v1/search?q=red")).headers["X-Request-Id"] for _ in range(2)]

    assert len(set(ids)) == 2
    assert services.search.calls.request_ids == ids


@pytest.mark.parametrize("sent", ["", "x" * 200, "é"])
async def test_an_id_that_logs_should_not_hold_is_replaced(gateway: Gateway, sent: str) -> None:
    answer = await gateway.get("/livez", headers={"X-Request-Id": sent})

    assert answer.headers["X-Request-Id"] not in {"", sent}


async def test_every_call_has_a_deadline(start_gateway: StartGateway, services: Services) -> None:
    gateway = await start_gateway(call_timeout_seconds=7)
    photo = services.photos[0].id

    await gateway.get("/api/v1/search?q=red")
    await gateway.get("/api/v1/images")
    await gateway.get("/api/v1/facets")
    await gateway.get(f"/api/v1/images/{photo}/thumbnail")
    await _upload(gateway)

    left = services.embedder.calls.time_left + services.search.calls.time_left
    assert len(left) == 7
    assert [seconds for seconds in left if seconds is None or not 0 < seconds < 8] == []


@pytest.mark.parametrize("slow", ["embedder", "search"])
async def test_a_service_that_takes_too_long_is_told(
    start_gateway: StartGateway, services: Services, slow: str
) -> None:
    getattr(services, slow).calls.hold = asyncio.Event()
    gateway = await start_gateway(call_timeout_seconds=1)

    answer = await gateway.get("/api/v1/search?q=red")

    problem = await _problem(answer)
    assert (answer.status, problem["reason"]) == (504, "TIMEOUT")
    assert slow in problem["detail"]


@pytest.mark.parametrize("slow", ["embedder", "search"])
async def test_a_browser_that_went_away_cancels_the_call(gateway: Gateway, services: Services, slow: str) -> None:
    calls = getattr(services, slow).calls
    calls.hold = asyncio.Event()
    asking = asyncio.create_task(gateway.get("/api/v1/search?q=red"))
    await calls.entered.wait()

    asking.cancel()

    async with asyncio.timeout(10):
        await calls.cancelled.wait()


async def test_a_browser_that_went_away_cancels_an_uploads_call(gateway: Gateway, services: Services) -> None:
    services.embedder.calls.hold = asyncio.Event()
    asking = asyncio.create_task(_upload(gateway))
    await services.embedder.calls.entered.wait()

    asking.cancel()

    async with asyncio.timeout(10):
        await services.embedder.calls.cancelled.wait()


@pytest.mark.parametrize(
    ("missing", "path", "reason"),
    [
        ("embedder", "/api/v1/search?q=red", "EMBEDDER_UNREACHABLE"),
        ("search", "/api/v1/search?q=red", "SEARCH_UNREACHABLE"),
        ("search", "/api/v1/images", "SEARCH_UNREACHABLE"),
        ("search", "/api/v1/facets", "SEARCH_UNREACHABLE"),
        ("search", "/api/v1/images/a/thumbnail", "SEARCH_UNREACHABLE"),
        ("search", "/api/v1/index", "SEARCH_UNREACHABLE"),
    ],
)
async def test_a_service_that_is_not_there_is_named(
    start_gateway: StartGateway, missing: str, path: str, reason: str
) -> None:
    gateway = await start_gateway(**{missing: NOWHERE}, call_timeout_seconds=1)

    answer = await gateway.get(path)

    problem = await _problem(answer)
    assert (answer.status, problem["reason"]) == (503, reason)
    assert NOWHERE in problem["detail"]
    assert f"GATEWAY_{missing.upper()}" in problem["detail"]
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("how", ["text", "upload"])
async def test_a_search_waits_for_a_service_that_restarts(
    start_gateway: StartGateway, services: Services, how: str
) -> None:
    port = services.embedder_server.port
    await services.embedder_server.grpc.stop(None)
    gateway = await start_gateway()
    asking = asyncio.ensure_future(gateway.get("/api/v1/search?q=red") if how == "text" else _upload(gateway))
    await asyncio.sleep(0.5)
    assert not asking.done()

    restarted = Server(f"127.0.0.1:{port}", [EMBEDDER], drain_seconds=0)
    embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(services.embedder, restarted.grpc)
    async with restarted:
        assert (await asking).status == 200


async def test_what_needs_no_embedder_works_without_it(start_gateway: StartGateway, services: Services) -> None:
    gateway = await start_gateway(embedder=NOWHERE)
    photo = services.photos[0].id

    for path in (f"/api/v1/search?like={photo}", "/api/v1/images", f"/api/v1/images/{photo}/thumbnail"):
        assert (await gateway.get(path)).status == 200


async def test_an_overloaded_service_tells_when_to_come_back(gateway: Gateway, services: Services) -> None:
    services.embedder.calls.refuse_with = refusal("OVERLOADED", "64 requests wait already.", retry_after=2.5)

    answer = await gateway.get("/api/v1/search?q=red")

    problem = await _problem(answer)
    assert (answer.status, problem["reason"], answer.headers["Retry-After"]) == (503, "OVERLOADED", "3")
    assert problem["type"] == "urn:imagesearch:error:OVERLOADED"


async def test_a_fault_of_a_service_shows_nothing_of_its_inside(gateway: Gateway, services: Services) -> None:
    services.search.photos = {"broken": None}  # type: ignore[dict-item]

    answer = await gateway.get("/api/v1/search?q=red")

    problem = await _problem(answer)
    assert (answer.status, problem["reason"]) == (500, "INTERNAL")
    assert "NoneType" not in problem["detail"]


async def test_metadata_never_replaces_what_a_problem_says_of_itself(gateway: Gateway, services: Services) -> None:
    services.search.calls.refuse_with = refusal("MODEL_MISMATCH", "Another model.", status="200", title="")

    assert (await _problem(await gateway.get("/api/v1/images")))["reason"] == "MODEL_MISMATCH"


def test_every_reason_of_the_contract_has_a_status() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }

    assert set(STATUS_BY_REASON) == names == set(STATUS_CODES)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v2/search", 404),
        ("GET", "/api/v1/images/", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/v1/search", 405),
        ("POST", "/api/v1/images", 405),
        ("PUT", "/", 405),
    ],
)
async def test_what_does_not_exist_is_a_problem_too(gateway: Gateway, method: str, path: str, status: int) -> None:
    answer = await gateway.request(method, path)

    problem = await _problem(answer)
    assert (answer.status, problem["reason"], problem["type"]) == (status, "", "about:blank")
    assert path in problem["detail"]
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/v1/images", "/livez", "/metrics", "/api/v1/nothing"])
async def test_every_answer_carries_the_headers_of_safety(gateway: Gateway, path: str) -> None:
    answer = await gateway.get(path)

    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS)
    assert "Server" not in answer.headers
    assert answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/api/v1/images", "/api/v1/status", "/livez", "/metrics"])
async def test_head_answers_as_get_without_the_body(gateway: Gateway, path: str) -> None:
    answer = await gateway.head(path)

    assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("192.168.1.5", 200),
        ("photos.example", 200),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
async def test_a_foreign_name_can_not_point_here(
    start_gateway: StartGateway, listening: str, host: str, status: int
) -> None:
    gateway = await start_gateway(host=listening, allowed_hosts="Photos.example, nas")

    answer = await gateway.get("/api/v1/images", headers={"Host": host})

    assert answer.status == status


async def test_a_gateway_for_the_network_goes_by_any_name_unless_told(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(host="0.0.0.0")

    assert (await gateway.get("/api/v1/images", headers={"Host": "photos.example"})).status == 200


async def test_bad_requests_cost_the_next_ones_nothing(gateway: Gateway) -> None:
    bad = ["/api/v1/search?q=", "/api/v1/search?page_size=x", "/api/v1/images/none/preview", "/nothing"]
    await asyncio.gather(*(gateway.get(path) for path in bad * 20))
    await asyncio.gather(*(gateway.post("/api/v1/search", data=b"\xff") for _ in range(20)))

    assert (await gateway.get("/api/v1/search?q=red")).status == 200


@pytest.mark.parametrize("encoded_text", ["%FF", "%ED%A0%80", "%00", "%C3", "%F0%9F%90%B6", "%"])
async def test_no_bytes_of_an_address_break_a_service(gateway: Gateway, encoded_text: str) -> None:
    paths = ["search?q=", "search?like=", "search?q=a&page_token=", "search?q=a&source=", "images/", "images?source="]
    paths += [f"facets?{name}=" for name in ("bbox", "near", "radius", "camera_make", "camera_model", "media_type")]
    statuses = [(await gateway.get(URL(f"/api/v1/{path}{encoded_text}", encoded=True))).status for path in paths]

    assert set(statuses) <= {200, 400, 404}


async def test_any_method_is_counted_under_a_known_name(gateway: Gateway) -> None:
    await gateway.request("INVENTED", "/")

    assert "INVENTED" not in await (await gateway.get("/metrics")).text()


async def test_problems_are_json_that_other_programs_read(gateway: Gateway) -> None:
    answer = await gateway.get("/api/v1/images/ä“%0A")

    assert json.loads(await answer.text())["image_id"] == "ä“\n"


async def _upload(gateway: Gateway) -> aiohttp.ClientResponse:
    form = aiohttp.FormData()
    form.add_field("image", encoded(draw("red", "ring")), filename="a.jpg")
    return await gateway.post("/api/v1/search", data=form)
