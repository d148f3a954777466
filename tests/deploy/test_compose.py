"""The whole system under `docker compose`, really built and really run: make verify-compose.

Needs an engine (DOCKER_HOST), compose 2.24 or newer, and Chromium. The settings of .env.example can be given in the
environment; BUILD=0 takes the images that are there.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from local_run.photos import copy_samples
from tests.deploy.load import Load, gap_seconds, search
from tests.e2e.conftest import browser, page
from tests.ports import free_port

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3600)]

__all__ = ["browser", "page"]

SERVICES = ["gateway", "embedder", "search", "elasticsearch"]


class Compose:
    """docker compose for a project of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self.address = f"http://{environment['GATEWAY_ADDRESS']}"

    def run(self, *arguments: str) -> str:
        """What the command printed."""
        return self._done(*arguments).stdout

    def _done(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "--project-name", "imagesearch-verify", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done

    def inside(self, service: str, script: str) -> str:
        return self.run("exec", "--no-TTY", service, "sh", "-c", script).strip()

    def index(self) -> str:
        """What the indexer says."""
        return self._done("run", "--rm", "--no-TTY", "indexer").stderr

    def container(self, service: str) -> dict[str, Any]:
        container_id = self.run("ps", "--quiet", service).strip()
        found: list[dict[str, Any]] = json.loads(subprocess.check_output(["docker", "inspect", container_id]))
        return found[0]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_samples(tmp_path_factory.mktemp("photos"))
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def compose(photos: Path) -> Iterator[Compose]:
    if shutil.which("docker") is None:
        pytest.fail("There is no docker command.")
    address = f"127.0.0.1:{free_port()}"
    started = Compose(
        {"EMBEDDER_MODEL": "concept", "MEM_LIMIT": "2g", "PHOTOS": str(photos), "GATEWAY_ADDRESS": address}
    )
    started.run("--profile", "index", "down", "--volumes", "--remove-orphans")
    if os.environ.get("BUILD", "1") == "1":
        started.run("--profile", "index", "build", "--quiet")
    started.run("up", "--detach", "--wait", "--wait-timeout", "900")
    started.index()
    yield started
    started.run("--profile", "index", "down", "--volumes", "--remove-orphans")


def names_found(compose: Compose, text: str) -> list[str]:
    return [result["image"]["name"] for result in json.loads(search(compose.address, quote(text)))["results"]]


def test_photos_are_found_over_the_published_port(compose: Compose) -> None:
    assert "chelsea.png" in names_found(compose, "eine Katze")


@pytest.mark.asyncio(loop_scope="session")
async def test_the_page_shows_photos(compose: Compose, page: Page) -> None:
    await page.goto(f"{compose.address}/?q=a+cat")

    await expect(page.locator("#results img").first).to_be_visible()


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_can_do_no_more_than_it_must(compose: Compose, service: str) -> None:
    uid = compose.inside(service, "id -u")
    capabilities = compose.inside(service, "grep CapEff /proc/1/status")
    new_privileges = compose.inside(service, "grep NoNewPrivs /proc/1/status")
    written = compose.inside(service, "touch /written 2>/dev/null && echo yes || echo no")

    assert uid == ("1000" if service == "elasticsearch" else "10001")
    assert capabilities.split()[1].strip("0") == ""
    assert new_privileges.split()[1] == "1"
    assert written == "no"
    assert compose.container(service)["HostConfig"]["Memory"] > 0


@pytest.mark.parametrize("service", ["gateway", "embedder", "search"])
def test_an_image_holds_its_own_service_and_no_compiler(compose: Compose, service: str) -> None:
    held = compose.inside(service, "ls /app").split()
    compilers = compose.inside(service, "command -v gcc cc g++ make || true")

    assert {"gateway", "embedder_service", "search_service", "indexer"} & set(held) == {
        {"embedder": "embedder_service", "search": "search_service"}.get(service, service)
    }
    assert compilers == ""


def test_only_the_gateway_is_published_and_on_loopback(compose: Compose) -> None:
    published = {
        service: [
            binding["HostIp"]
            for bindings in compose.container(service)["NetworkSettings"]["Ports"].values()
            for binding in bindings or []
        ]
        for service in SERVICES
    }

    assert published == {"gateway": ["127.0.0.1"], "embedder": [], "search": [], "elasticsearch": []}


def test_elasticsearch_takes_nobody_without_the_password_that_was_made(compose: Compose) -> None:
    ask = "curl --silent --output /dev/null --write-out '%{http_code}' --cacert /run/elasticsearch/client/ca.crt"
    url = "https://localhost:9200/_cluster/health"

    assert compose.inside("elasticsearch", f"{ask} {url}") == "401"
    assert compose.inside("elasticsearch", f"{ask} --user elastic:changeme {url}") == "401"
    assert len(compose.inside("search", "cat /run/elasticsearch/client/password")) == 48


@pytest.mark.parametrize("service", ["embedder", "search"])
def test_searches_wait_for_a_service_that_is_restarted(compose: Compose, service: str) -> None:
    texts = iter(range(1_000_000))  # the gateway remembers texts: each is a new one

    with Load(lambda: search(compose.address, f"cat+{next(texts)}")) as load:
        compose.run("restart", service)
        compose.run("up", "--detach", "--wait", "--no-build")

    print(f"\nrestart of {service}: {load.outcomes}")
    assert load.outcomes.failures == []
    assert load.outcomes.seconds


def test_the_gateway_comes_back(compose: Compose) -> None:
    gap = gap_seconds(compose.address, lambda: compose.run("restart", "gateway"))

    print(f"\nrestart of gateway: nobody answers for {gap:.1f} s")
    assert "chelsea.png" in names_found(compose, "a cat")


def test_a_second_run_of_the_indexer_embeds_nothing(compose: Compose, photos: Path) -> None:
    assert f"{len(list(photos.iterdir()))} unchanged" in compose.index()


def test_what_was_indexed_outlives_the_containers(compose: Compose) -> None:
    before = names_found(compose, "a rocket")

    compose.run("down")
    compose.run("up", "--detach", "--wait", "--wait-timeout", "900", "--no-build")

    assert names_found(compose, "a rocket") == before
