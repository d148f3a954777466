"""Fixtures that run the programs of docs/clients.md.

python, javascript   the programs of that language, with what they need installed in a folder of its own
programs             each of these
empty_search         a search service without an index, not started
other_embedder       an embedder with another model than the sample photos' index, not started
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.clients.programs import Programs, javascript_programs, python_programs
from tests.integration.processes import Process
from tests.ports import free_port


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return python_programs(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return javascript_programs(tmp_path_factory.mktemp("javascript"))


@pytest.fixture(params=["python", "javascript"])
def programs(request: pytest.FixtureRequest) -> Programs:
    chosen: Programs = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def empty_search(tmp_path: Path) -> Generator[Process, None, None]:
    port = free_port()
    settings = {
        "SEARCH_PORT": str(port),
        "SEARCH_METRICS_PORT": "0",
        "SEARCH_BACKEND": "embedded",
        "SEARCH_EMBEDDED_PATH": str(tmp_path / "index"),
        "SEARCH_DRAIN_SECONDS": "0",
    }
    search = Process("search_service", (), settings, tmp_path / "search.log", port)
    yield search
    search.stop()


@pytest.fixture
def other_embedder(tmp_path: Path) -> Generator[Process, None, None]:
    port = free_port()
    embedder = Process("tests.integration.plain_embedder", (str(port),), {}, tmp_path / "embedder.log", port)
    yield embedder
    embedder.stop()
