"""docs/http.md describes the API that there is."""

import json
import re
from pathlib import Path

import pytest
from yarl import URL

from gateway.app import MAX_JSON_BYTES, init_app
from gateway.config import Config
from gateway.filter import MAX_FILTER_VALUES
from gateway.problems import STATUS_BY_REASON
from gateway.query import MAX_FACET_VALUES, MAX_FAILURES, MAX_PAGE_SIZE, MAX_TERMS, MAX_TILE_ZOOM
from pictures.derived import Size
from tests.gateway.conftest import Gateway, Services

DOCUMENT = Path("docs/http.md").read_text(encoding="utf-8")


def test_every_route_is_described_and_every_described_route_exists(web_root: Path) -> None:
    routes = {
        f"{route.method} {route.resource.canonical}{'/...' if route.resource.canonical == '/static' else ''}"
        for route in init_app(Config(), web_root).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }

    assert set(re.findall(r"^\| `((?:GET|POST) \S+)` \|", DOCUMENT, re.MULTILINE)) == routes


@pytest.mark.parametrize(
    ("path", "sections", "said_in_words"),
    [
        ("/api/v1/search", ("Search", "Filters"), set()),
        ("/api/v1/failures", ("Files that failed",), set()),
        ("/api/v1/facets", ("Counts", "Filters"), set()),
        ("/api/v1/images", ("Filters",), {"page_size", "page_token", "order"}),
    ],
)
async def test_every_parameter_is_described(
    gateway: Gateway, path: str, sections: tuple[str, ...], said_in_words: set[str]
) -> None:
    refusal = (await (await gateway.get(path, params={"no-such-parameter": ""})).json())["detail"]
    taken = set(re.findall(r"[a-z_]+", refusal.partition("there are ")[2]))

    rows = re.findall(r"^\| ([^|]*) \|", "".join(map(_section, sections)), re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+)`", " ".join(rows))) | said_in_words == taken


async def test_its_examples_are_answered(gateway: Gateway, services: Services) -> None:
    addresses = re.findall(r"^ *curl 'localhost:8080(\S+)'$", DOCUMENT, re.MULTILINE)
    body = re.search(r"-d '(\{.*?\})'$", DOCUMENT, re.MULTILINE | re.DOTALL)
    kept = re.search(r"^    \{\"taken_from\".*?\}$", _section("Filters"), re.MULTILINE | re.DOTALL)
    assert body
    assert kept

    photo = services.photos[0].id
    for address in addresses:
        answer = await gateway.get(URL(address.replace("IMAGE_ID", photo), encoded=True))
        assert answer.status == 200, address
    for members in ({}, {"filter": json.loads(kept[0])}):
        search = json.loads(body[1].replace("IMAGE_ID", photo)) | members
        answer = await gateway.post("/api/v1/search", json=search)
        assert answer.status == 200, await answer.text()
    assert len(addresses) >= 5


def test_every_reason_stands_beside_its_status() -> None:
    described = {
        reason: int(status)
        for status, reasons in re.findall(r"^\| (\d{3}) \| (.*) \|$", DOCUMENT, re.MULTILINE)
        for reason in re.findall(r"`([A-Z_]{4,})`", reasons)
    }

    assert described == {reason: int(status) for reason, status in STATUS_BY_REASON.items()}


def test_its_figures_are_the_codes() -> None:
    assert f"at most {Size.THUMBNAIL.value} pixels" in DOCUMENT
    assert f"{Size.PREVIEW.value:,} pixels" in DOCUMENT
    assert f"1 to {MAX_PAGE_SIZE}," in DOCUMENT
    assert f"1 to {MAX_FAILURES:,}, 100 if absent" in DOCUMENT
    assert f"1 to {MAX_TERMS} terms" in DOCUMENT
    assert f"up to {MAX_FILTER_VALUES} folders" in DOCUMENT
    assert f"`tile_zoom` | 0 to {MAX_TILE_ZOOM}," in DOCUMENT
    assert f"`max_values` | 1 to {MAX_FACET_VALUES:,}," in DOCUMENT
    assert f"{MAX_JSON_BYTES // 1024**2} MiB" in DOCUMENT


def _section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
