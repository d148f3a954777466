"""GET / and /static: the page and its files, and nothing beside them."""

import asyncio

import pytest

from tests.gateway.conftest import Gateway


async def test_the_page_and_its_files_are_served(gateway: Gateway) -> None:
    page = await gateway.get("/")
    script = await gateway.get("/static/app.js")
    again = await gateway.get("/static/app.js", headers={"If-None-Match": script.headers["ETag"]})

    assert (page.content_type, page.headers["Cache-Control"]) == ("text/html", "no-cache")
    assert "<title>Photos</title>" in await page.text()
    assert "javascript" in script.content_type
    assert (again.status, again.headers["Cache-Control"]) == (304, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/%2e%2e%2fsecret.txt",
        "/static//etc/passwd",
        "/static/..\\secret.txt",
        "/static/",
        "/static/none.js",
        "/static/app.js%00",
        "/../secret.txt",
    ],
)
async def test_only_the_pages_own_files_are_served(gateway: Gateway, path: str) -> None:
    request_line = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(request_line.encode())
    answer = await reader.read()
    writer.close()

    assert answer.split(b" ")[1] in {b"400", b"403", b"404"}
    assert b"secret\n" not in answer
    assert b"root:" not in answer
