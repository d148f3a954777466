"""What tests of several packages share: the whole system, running on the sample photos."""

from collections.abc import Iterator

import pytest

from tests.local_run_process import LocalRunProcess


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRunProcess]:
    """`make run` without a folder, with the concept model, indexed; nobody changes its index."""
    run = LocalRunProcess(tmp_path_factory.mktemp("sample-run"))
    try:
        run.wait_for("Search your photos at")
        yield run
    finally:
        run.close()
