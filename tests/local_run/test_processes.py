import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from local_run.errors import CannotRun
from local_run.processes import Supervisor

# Writes its process id for the test to see, and says goodbye when it is asked to end.
RUNS = """
import os, signal, sys, time
def end(*_):
    print("goodbye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with open(os.environ["PIDS"], "a") as pids:
    print(os.getpid(), file=pids, flush=True)
while True:
    time.sleep(0.05)
"""
ENDS_AT_ONCE = 'import sys; print("the port is taken"); sys.exit(1)'


class Place:
    """Modules to run, and what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid_file = folder / "pids"
        self.environment = {"PYTHONPATH": str(folder), "PIDS": str(self.pid_file)}

    def write(self, name: str, code: str) -> None:
        (self.folder / f"{name}.py").write_text(code, encoding="utf-8")

    def pids(self) -> list[int]:
        return [int(line) for line in self.pid_file.read_text().split()] if self.pid_file.exists() else []

    async def ready(self) -> bool:
        return bool(self.pids())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.write("steady", RUNS)
    place.write("hasty", ENDS_AT_ONCE)
    return place


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_leaving_stops_the_service_with_sigterm(place: Place) -> None:
    async with Supervisor(place.folder, say=print) as supervisor:
        await supervisor.start("steady", place.environment, place.ready)
        (pid,) = place.pids()
        assert alive(pid)

    assert not alive(pid)
    assert "goodbye" in (place.folder / "steady.log").read_text()


async def test_a_service_that_is_killed_is_started_again(place: Place) -> None:
    said: list[str] = []
    async with Supervisor(place.folder, say=said.append) as supervisor:
        await supervisor.start("steady", place.environment, place.ready)
        os.kill(place.pids()[0], signal.SIGKILL)
        await until(lambda: len(place.pids()) == 2)
        assert alive(place.pids()[1])

    assert "steady ended unexpectedly" in said[0]
    assert not alive(place.pids()[1])


async def test_a_service_that_ends_at_its_start_is_shown_with_its_log(place: Place) -> None:
    async with Supervisor(place.folder, say=print) as supervisor:
        with pytest.raises(CannotRun, match=r"(?s)hasty ended at its start.*the port is taken"):
            await supervisor.start("hasty", place.environment, place.ready)


async def test_a_service_that_keeps_ending_is_given_up(place: Place) -> None:
    async with Supervisor(place.folder, say=print) as supervisor:
        await supervisor.start("steady", place.environment, place.ready)
        place.write("steady", ENDS_AT_ONCE)
        os.kill(place.pids()[0], signal.SIGKILL)

        failure = await asyncio.wait_for(supervisor.failure(), 20)

    assert "steady keeps ending (exit code 1)" in str(failure)
    assert "the port is taken" in str(failure)


async def test_the_environment_stands_between_defaults_and_what_is_set(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(
        "teller",
        'import os\nprint(*(os.environ["TOLD_" + name] for name in "ABC"), flush=True)\n' + RUNS,
    )
    monkeypatch.setenv("TOLD_A", "outside")
    monkeypatch.setenv("TOLD_B", "outside")
    async with Supervisor(place.folder, say=print) as supervisor:
        await supervisor.start(
            "teller", {**place.environment, "TOLD_B": "set"}, place.ready, {"TOLD_A": "default", "TOLD_C": "default"}
        )

    told = (place.folder / "teller.log").read_text().splitlines()[0]
    assert told == "outside set default"
