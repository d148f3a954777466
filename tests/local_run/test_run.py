"""The whole system as `make run` starts it: real processes, real photos."""

import json
import os
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import skimage
import sklearn

from local_run.services import answers_http
from tests.local_run_process import LocalRunProcess

PACKAGES_PHOTOS = [
    Path(skimage.__file__).parent / "data" / "chelsea.png",
    Path(skimage.__file__).parent / "data" / "rocket.jpg",
    Path(sklearn.__file__).parent / "datasets" / "images" / "flower.jpg",
]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "My photos"
    folder.mkdir()
    for photo in PACKAGES_PHOTOS:
        shutil.copy(photo, folder)
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., LocalRunProcess]]:
    """Starts runs that share a data folder; all are ended after the test."""
    runs: list[LocalRunProcess] = []

    def start_one(**settings: str) -> LocalRunProcess:
        run = LocalRunProcess(tmp_path / "data", **settings)
        runs.append(run)
        return run

    yield start_one
    for run in runs:
        run.close()


def get_json(url: str, request_id: str = "") -> Any:
    request = urllib.request.Request(url, headers={"X-Request-Id": request_id} if request_id else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_folder_is_searched_a_killed_service_comes_back_and_ctrl_c_ends_all(
    start: Callable[..., LocalRunProcess], photos: Path
) -> None:
    run = start(PHOTOS=str(photos))
    run.wait_for(r"3 embedded and written")
    run.wait_for("Search your photos at")
    found = get_json(f"{run.page}/api/v1/search?q=a+cat")["results"]
    assert found[0]["image"]["name"] == "chelsea.png"
    assert found[0]["image"]["source"] == "My photos"

    before = run.service_pids()
    assert set(before) == {"search_service", "embedder_service", "gateway"}
    os.kill(before["gateway"], signal.SIGKILL)
    run.wait_for("gateway ended unexpectedly")
    limit = time.monotonic() + 30
    while not await answers_http(f"{run.page}/livez"):
        assert time.monotonic() < limit
    assert len(get_json(f"{run.page}/api/v1/search?q=a+cat")["results"]) == 3

    pids = run.service_pids()
    assert run.interrupt() == 0
    assert [name for name, pid in pids.items() if exists(pid)] == []
    assert "Traceback" not in run.output

    again = start(PHOTOS=str(photos))
    again.wait_for(r"0 embedded and written, 3 unchanged")
    again.wait_for("Search your photos at")
    assert get_json(f"{again.page}/api/v1/index")["image_count"] == 3
    assert again.interrupt() == 0


def test_the_request_id_is_in_the_logs_of_all_three_services(sample_run: LocalRunProcess) -> None:
    get_json(f"{sample_run.page}/api/v1/search?q=a+rocket", request_id="seen-everywhere")

    for service in ("gateway", "embedder_service", "search_service"):
        lines = (sample_run.home / "logs" / f"{service}.log").read_text(encoding="utf-8").splitlines()
        assert any(json.loads(line).get("request_id") == "seen-everywhere" for line in lines), service


def test_the_sample_photos_are_all_there(sample_run: LocalRunProcess) -> None:
    index = get_json(f"{sample_run.page}/api/v1/index")

    assert index["sources"] == [{"source": "samples", "image_count": 18, "failure_count": 0}]
    assert index["model"].startswith("concept@")


def test_a_port_in_use_is_said_before_anything_starts(start: Callable[..., LocalRunProcess]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = start(GATEWAY_PORT=str(port))

        assert run.wait_for_end() == 1

    assert f"Port {port} can't be used" in run.output
    assert "add GATEWAY_PORT=" in run.output
    assert "Traceback" not in run.output


def test_a_missing_folder_is_said_before_anything_starts(start: Callable[..., LocalRunProcess], tmp_path: Path) -> None:
    run = start(PHOTOS=str(tmp_path / "nowhere"))

    assert run.wait_for_end() == 1
    assert "There is no folder" in run.output
    assert "Traceback" not in run.output


def test_a_setting_that_makes_no_sense_is_named(start: Callable[..., LocalRunProcess]) -> None:
    run = start(GATEWAY_PORT="eighty")

    assert run.wait_for_end() == 1
    assert "GATEWAY_PORT" in run.output
    assert "Traceback" not in run.output


def test_a_model_that_cannot_be_loaded_ends_the_run_with_the_reason(
    start: Callable[..., LocalRunProcess], photos: Path, tmp_path: Path
) -> None:
    run = start(PHOTOS=str(photos), EMBEDDER_MODEL=str(tmp_path / "no-model-here"))

    assert run.wait_for_end() == 1
    assert "no-model-here" in run.output
    assert "Traceback" not in run.output
