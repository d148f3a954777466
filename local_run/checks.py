"""What is looked at before anything starts, so that what is wrong is said in a sentence and not in a log."""

import os
import socket
from pathlib import Path

from local_run.errors import CannotRun


def check_data_folder(data: Path) -> None:
    """Makes the data folder. Raises CannotRun if it can't be written."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".write-test-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise CannotRun(
            f"{data.absolute()} can't be written ({error.strerror}). Allow it, or keep the data elsewhere: "
            "make run DATA=/some/folder"
        ) from error


def check_port_free(host: str, port: int, setting: str) -> None:
    """Raises CannotRun if something else listens on the port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRun(
                f"Port {port} can't be used ({error.strerror}). Stop what uses it, or choose another one: "
                f"make run {setting}={port + 1}"
            ) from error
