"""docs/http.md describes the API that there is."""

import re
from pathlib import Path

from gateway.app import MAX_JSON_BYTES, init_app
from gateway.config import Config
from gateway.problems import STATUS_BY_REASON
from gateway.query import MAX_PAGE_SIZE, MAX_TERMS
from gateway.thumbnails import Size

DOCUMENT = Path("docs/http.md").read_text(encoding="utf-8")


def test_every_route_is_described_and_every_described_route_exists(web_root: Path) -> None:
    routes = {
        f"{route.method} {route.resource.canonical}{'/...' if route.resource.canonical == '/static' else ''}"
        for route in init_app(Config(), web_root).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }

    assert set(re.findall(r"^\| `((?:GET|POST) \S+)` \|", DOCUMENT, re.MULTILINE)) == routes


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
    assert f"1 to {MAX_TERMS} terms" in DOCUMENT
    assert f"{MAX_JSON_BYTES // 1024**2} MiB" in DOCUMENT
