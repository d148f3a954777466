"""What is looked at before anything starts, so that what is wrong is said in a sentence and not in a log."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
        reason = "it is a file" if data.is_file() else error.strerror
        raise CannotRun(
            f"{data.absolute()} can't be written ({reason}). Allow it, or keep the data elsewhere by adding "
            "DATA=/some/folder to the command."
        ) from error


@contextmanager
def only_run_on(data: Path) -> Iterator[None]:
    """Keeps the data folder to this run, until it ends in whatever way. Raises CannotRun if another run has it."""
    with (data / "run.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun(
                f"Another make run uses {data.absolute()}. Stop it, or keep this one's data elsewhere by adding "
                "DATA=/some/folder to the command."
            ) from error
        yield


def check_ports(ports: Mapping[str, tuple[str, int]]) -> None:
    """Raises CannotRun if two of the ports are the same, or one can't be listened on.

    `ports` maps the name of each port's setting to host and port.
    """
    taken: dict[int, str] = {}
    for setting, (host, port) in ports.items():
        if port in taken:
            raise CannotRun(f"{taken[port]} and {setting} are both {port}. Give each a port of its own.")
        taken[port] = setting
        _check_port(host, port, setting, set(ports.values()))


def _check_port(host: str, port: int, setting: str, others: set[tuple[str, int]]) -> None:
    error = _error_of_listening(host, port)
    if error is None:
        return
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        host_setting = setting.replace("PORT", "HOST")
        raise CannotRun(f"{host} is no address of this machine. Set {host_setting} to one that is, such as 0.0.0.0.")
    if isinstance(error, PermissionError):
        raise CannotRun(f"Port {port} is kept for programs of the system. Add {setting}={port + 8000} to the command.")
    in_use = {number for _, number in others}
    free = next((p for p in range(port + 1, port + 200) if p not in in_use and not _error_of_listening(host, p)), 0)
    raise CannotRun(
        f"Port {port} can't be used ({error.strerror}). Stop what uses it, or add {setting}={free} to the command."
    )


def _error_of_listening(host: str, port: int) -> OSError | None:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = addresses[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        return error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
    return None
