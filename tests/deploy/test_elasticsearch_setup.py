"""scripts/elasticsearch_setup.sh, which makes certificates and passwords."""

import subprocess
from pathlib import Path

import pytest

_SETUP = Path("scripts/elasticsearch_setup.sh").resolve()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    node, client = tmp_path / "node", tmp_path / "client"
    node.mkdir()
    client.mkdir()
    set_up(node, client)
    return node, client


def set_up(node: Path, client: Path) -> None:
    subprocess.run([_SETUP, node, client], check=True, capture_output=True)


def contents(*folders: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for folder in folders for path in folder.iterdir()}


def test_the_node_s_certificate_is_of_the_authority_that_clients_trust(folders: tuple[Path, Path]) -> None:
    node, client = folders

    subprocess.run(["openssl", "verify", "-CAfile", client / "ca.crt", node / "node.crt"], check=True)
    assert set(contents(*folders)) == {"ca.crt", "kibana_password", "node.crt", "node.key", "password"}


def test_what_is_there_stays(folders: tuple[Path, Path]) -> None:
    before = contents(*folders)

    set_up(*folders)

    assert contents(*folders) == before


def test_a_lost_key_is_replaced_and_the_password_stays(folders: tuple[Path, Path]) -> None:
    node, client = folders
    password = (client / "password").read_bytes()
    (node / "node.key").unlink()

    set_up(node, client)

    assert (client / "password").read_bytes() == password
    assert (node / "node.key").stat().st_size > 0
    subprocess.run(["openssl", "verify", "-CAfile", client / "ca.crt", node / "node.crt"], check=True)
