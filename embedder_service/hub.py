"""The model hub: what of it lies in the local cache, whether it answers, and fetching from it."""

import fnmatch
import threading
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from huggingface_hub import HfApi, get_cached_repo_tree, snapshot_download
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils.tqdm import tqdm

from embedder_service.encoder import Report
from embedder_service.errors import ModelFailed

_NEEDED = ("*.json", "*.txt", "*.model", "*.safetensors")
_WITHOUT_SAFETENSORS = ("pytorch_model*.bin",)


class ModelHub(Protocol):
    """Where models are fetched from."""

    def cached(self, repository: str) -> Path | None:
        """The folder of a model that was fetched before, without asking the network."""
        ...

    def answers(self, repository: str) -> bool:
        """Whether this model could be fetched now; known within seconds."""
        ...

    def fetch(self, repository: str, report: Report) -> Path:
        """Fetches what is missing. Raises ModelFailed."""
        ...


class HuggingFaceHub:
    """huggingface.co or what HF_ENDPOINT names, with the cache that all its clients share (HF_HOME).

    A model in the cache is used as it is: only that keeps its vectors comparable with those of an index. To take a
    newer revision, remove it from the cache. What is in `bundled_dir`, a cache that is never written, goes first.
    """

    def __init__(
        self,
        *,
        timeout: float,
        endpoint: str | None = None,
        cache_dir: Path | None = None,
        bundled_dir: Path | None = None,
    ) -> None:
        """`timeout` is in seconds, for `answers`; endpoint and cache default to the library's."""
        self._timeout = timeout
        self._endpoint = endpoint
        self._cache_dir = cache_dir
        self._bundled_dir = bundled_dir

    def cached(self, repository: str) -> Path | None:
        """None as well if a file is missing."""
        if self._bundled_dir and (bundled := self._cached_in(self._bundled_dir, repository)):
            return bundled
        return self._cached_in(self._cache_dir, repository)

    @staticmethod
    def _cached_in(cache_dir: Path | None, repository: str) -> Path | None:
        try:
            tree = get_cached_repo_tree(repository, cache_dir=cache_dir)
            wanted = needed_files(file.path for file in tree)
        except CachedRepoTreeNotFoundError:  # fetched by something older: there is no list to compare with
            wanted = list(_NEEDED)
        try:
            folder = snapshot_download(repository, cache_dir=cache_dir, allow_patterns=wanted, local_files_only=True)
        except LocalEntryNotFoundError:
            return None
        return Path(folder) if _has_weights(Path(folder)) else None

    def answers(self, repository: str) -> bool:
        """True as well if the hub answers that there is no such model: `fetch` then says so."""
        asked = threading.Event()
        answers: list[bool] = []

        def ask() -> None:
            try:
                self._api().model_info(repository, timeout=self._timeout)
                answers.append(True)
            except RepositoryNotFoundError:
                answers.append(True)
            except Exception:  # whatever it is, it is no answer
                answers.append(False)
            asked.set()

        # With a deadline of its own, since looking up the host's name does not keep to the timeout.
        threading.Thread(target=ask, name="hub-probe", daemon=True).start()
        return asked.wait(self._timeout) and answers[0]

    def fetch(self, repository: str, report: Report) -> Path:
        """Reports the share of the bytes."""
        detail = f"Downloading {repository}"
        report(f"{detail}.", 0.0)
        try:
            listed = self._api().model_info(repository).siblings or []
            wanted = needed_files(file.rfilename for file in listed)
            planned = self._snapshot(repository, wanted, dry_run=True)
            progress = _Progress(detail, sum(file.file_size for file in planned if file.will_download), report)
            return Path(self._snapshot(repository, wanted, tqdm_class=progress.bar_class()))
        except GatedRepoError as error:
            raise ModelFailed(
                f"The hub wants you to accept the terms of {repository}: do so on its page there, then set HF_TOKEN."
            ) from error
        except RepositoryNotFoundError as error:
            raise ModelFailed(
                f"The hub knows no public model {repository}. Check the name, or set HF_TOKEN if it is private."
            ) from error
        except Exception as error:
            raise ModelFailed(
                f"{repository} could not be downloaded ({type(error).__name__}: {error}). Check the network and the "
                "disk's space, then start again: what has arrived is kept."
            ) from error

    def _snapshot(self, repository: str, files: list[str], **options: Any) -> Any:
        return snapshot_download(
            repository, endpoint=self._endpoint, cache_dir=self._cache_dir, allow_patterns=files, **options
        )

    def _api(self) -> HfApi:
        return HfApi(endpoint=self._endpoint)


def needed_files(paths: Iterable[str]) -> list[str]:
    """Which of a model's files are needed: settings, vocabularies, and weights in one of the forms they come in."""
    in_module = [path for path in paths if PurePosixPath(path).parts[0] not in ("onnx", "openvino", "coreml", ".git")]
    needed = [path for path in in_module if _matches(path, _NEEDED)]
    folders = {PurePosixPath(path).parent for path in needed if path.endswith(".safetensors")}
    needed += [
        path for path in in_module if _matches(path, _WITHOUT_SAFETENSORS) and PurePosixPath(path).parent not in folders
    ]
    return sorted(needed)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(PurePosixPath(path).name, pattern) for pattern in patterns)


def _has_weights(folder: Path) -> bool:
    return any(_matches(path.name, ("*.safetensors", *_WITHOUT_SAFETENSORS)) for path in folder.rglob("*"))


class _Progress:
    """Hears the library's progress bars and reports the one that counts bytes written."""

    def __init__(self, detail: str, total: int, report: Report) -> None:
        self._detail = detail
        self._total = total
        self._report = report
        self._done = 0
        self._lock = threading.Lock()

    def bar_class(self) -> type[Any]:
        """A tqdm that shows nothing."""
        progress = self

        class Bar(tqdm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self._counts_bytes = kwargs.get("name") == "huggingface_hub.snapshot_download"
                super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

            def update(self, n: float | None = 1) -> bool | None:
                if self._counts_bytes:
                    progress.add(int(n or 0))
                return None

        return Bar

    def add(self, count: int) -> None:
        """So many bytes more are there."""
        with self._lock:
            self._done += count
            share = min(self._done / self._total, 1.0) if self._total else 0.0
        megabytes = f"{self._done / 1e6:,.0f} of {self._total / 1e6:,.0f} MB"
        self._report(f"{self._detail}: {megabytes}.", share)
