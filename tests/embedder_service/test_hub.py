import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedder_service.errors import ModelFailed
from embedder_service.hub import HuggingFaceHub
from tests.embedder_service.plain_hub import PlainHub

MODEL = "some/clip"
FILES = {
    "modules.json": b"[]",
    "README.md": b"about",
    "0_CLIPModel/config.json": b"{}",
    "0_CLIPModel/model.safetensors": bytes(3_000_000),
    "0_CLIPModel/pytorch_model.bin": bytes(4_000_000),
}


class Reports:
    """What was reported."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.shares: list[float] = []

    def __call__(self, detail: str, share: float) -> None:
        self.details.append(detail)
        self.shares.append(share)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[PlainHub]:
    for name, content in FILES.items():
        file = tmp_path / "remote" / MODEL / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with PlainHub(tmp_path / "remote") as hub:
        yield hub


@pytest.fixture
def hub(remote: PlainHub, tmp_path: Path) -> HuggingFaceHub:
    return HuggingFaceHub(timeout=5, endpoint=remote.endpoint, cache_dir=tmp_path / "cache")


def test_what_was_fetched_is_in_the_cache_without_the_network(
    hub: HuggingFaceHub, remote: PlainHub, tmp_path: Path
) -> None:
    assert hub.cached(MODEL) is None
    assert hub.answers(MODEL)
    folder = hub.fetch(MODEL, Reports())
    offline = HuggingFaceHub(timeout=1, endpoint="http://127.0.0.1:9", cache_dir=tmp_path / "cache")

    assert offline.cached(MODEL) == folder
    assert (folder / "0_CLIPModel" / "model.safetensors").stat().st_size == 3_000_000


def test_only_what_is_needed_is_fetched(hub: HuggingFaceHub, remote: PlainHub) -> None:
    hub.fetch(MODEL, Reports())

    assert sorted(remote.fetched) == ["config.json", "model.safetensors", "modules.json"]


def test_fetching_tells_how_far_it_is(hub: HuggingFaceHub) -> None:
    reports = Reports()
    hub.fetch(MODEL, reports)

    assert reports.shares[0] == 0
    assert reports.shares == sorted(reports.shares)
    assert reports.shares[-1] == pytest.approx(1)
    assert reports.details[-1] == "Downloading some/clip: 3 of 3 MB."


def test_a_download_that_broke_off_is_not_taken_for_the_model_and_goes_on_later(
    hub: HuggingFaceHub, remote: PlainHub
) -> None:
    remote.breaks_off_after = 1_000_000
    with pytest.raises(ModelFailed, match=r"some/clip could not be downloaded.*start again"):
        hub.fetch(MODEL, Reports())
    assert hub.cached(MODEL) is None

    remote.breaks_off_after = None
    remote.fetched.clear()
    hub.fetch(MODEL, Reports())
    assert hub.cached(MODEL) is not None
    assert remote.fetched == ["model.safetensors"]


def test_a_model_that_the_hub_does_not_know_is_named(hub: HuggingFaceHub) -> None:
    assert hub.answers("some/other")
    with pytest.raises(ModelFailed, match="no public model some/other"):
        hub.fetch("some/other", Reports())


def test_a_hub_that_refuses_connections_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert not HuggingFaceHub(timeout=2, endpoint=address, cache_dir=tmp_path).answers(MODEL)


def test_a_hub_that_hangs_is_given_up_within_the_timeout(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()

        assert not HuggingFaceHub(timeout=0.5, endpoint=address, cache_dir=tmp_path).answers(MODEL)
        assert time.monotonic() - started < 5


def test_a_bundled_model_goes_before_the_cache(hub: HuggingFaceHub, tmp_path: Path) -> None:
    bundled = tmp_path / "bundled"
    carrying = HuggingFaceHub(timeout=1, endpoint="http://127.0.0.1:9", cache_dir=tmp_path / "c", bundled_dir=bundled)
    assert carrying.cached(MODEL) is None

    hub.fetch(MODEL, Reports())
    (tmp_path / "cache").rename(bundled)

    found = carrying.cached(MODEL)
    assert found is not None
    assert found.is_relative_to(bundled)
