import socket
from pathlib import Path

import pytest

from local_run.checks import check_data_folder, check_port_free
from local_run.errors import CannotRun


def test_a_port_in_use_is_named_with_the_setting_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotRun, match=f"Port {port} .*make run GATEWAY_PORT={port + 1}"):
            check_port_free("127.0.0.1", port, "GATEWAY_PORT")


def test_a_free_port_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    check_port_free("127.0.0.1", port, "GATEWAY_PORT")


def test_the_data_folder_is_made(tmp_path: Path) -> None:
    check_data_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CannotRun, match=r"file/data can't be written .* make run DATA="):
        check_data_folder(tmp_path / "file" / "data")
