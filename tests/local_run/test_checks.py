import socket
from pathlib import Path

import pytest

from local_run.checks import check_data_folder, check_ports, only_run_on
from local_run.errors import CannotRun

LOCALHOST = "127.0.0.1"


def test_a_port_in_use_is_named_with_a_free_one_and_the_setting() -> None:
    with socket.create_server((LOCALHOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotRun, match=rf"Port {port} can't be used .* add GATEWAY_PORT=(\d+) ") as caught:
            check_ports({"SEARCH_PORT": (LOCALHOST, port + 1), "GATEWAY_PORT": (LOCALHOST, port)})

    suggested = int(str(caught.value).rpartition("=")[2].split()[0])
    assert suggested not in {port, port + 1}
    check_ports({"GATEWAY_PORT": (LOCALHOST, suggested)})


def test_free_ports_pass() -> None:
    with socket.create_server((LOCALHOST, 0)) as taken:
        port = taken.getsockname()[1]

    check_ports({"GATEWAY_PORT": (LOCALHOST, port)})


def test_two_services_on_one_port_are_named() -> None:
    with pytest.raises(CannotRun, match="EMBEDDER_PORT and SEARCH_PORT are both 5000"):
        check_ports({"EMBEDDER_PORT": (LOCALHOST, 5000), "SEARCH_PORT": (LOCALHOST, 5000)})


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    with pytest.raises(CannotRun, match=rf"{host} is no address of this machine. Set GATEWAY_HOST"):
        check_ports({"GATEWAY_PORT": (host, 8080)})


def test_a_data_folder_belongs_to_one_run(tmp_path: Path) -> None:
    with only_run_on(tmp_path), pytest.raises(CannotRun, match="Another make run uses"), only_run_on(tmp_path):
        pass

    with only_run_on(tmp_path):
        pass


def test_the_data_folder_is_made(tmp_path: Path) -> None:
    check_data_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CannotRun, match=r"file/data can't be written .* DATA="):
        check_data_folder(tmp_path / "file" / "data")
