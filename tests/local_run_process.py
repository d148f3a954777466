"""`make run`'s program as a process of a test, with ports and a data folder of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.ports import free_port

START_SECONDS = 240.0


class LocalRunProcess:
    """One run. Its output is read as it comes."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.home = data if settings.get("PHOTOS") else data / "samples"
        self.gateway_port, self.embedder_port, self.search_port = free_port(), free_port(), free_port()
        self.page = f"http://127.0.0.1:{self.gateway_port}"
        environment = {
            **os.environ,
            "DATA": str(data),
            "EMBEDDER_MODEL": "concept",
            "EMBEDDER_LOG_FORMAT": "json",
            "SEARCH_LOG_FORMAT": "json",
            "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_PORT": str(self.gateway_port),
            "EMBEDDER_PORT": str(self.embedder_port),
            "SEARCH_PORT": str(self.search_port),
            **settings,
        }
        self._output: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local_run"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._output)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match in the output. Fails if the process ends before, or after a long time."""
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            ended = self.process.poll() is not None
            if ended:
                self._reader.join()
            if match := re.search(pattern, self.output):
                return match
            if ended:
                raise AssertionError(f"The run ended with {self.process.returncode}:\n{self.output}{self.logs()}")
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} did not come:\n{self.output}{self.logs()}")

    def wait_for_end(self) -> int:
        """The exit code of a run that ends by itself."""
        code = self.process.wait(START_SECONDS)
        self._reader.join()
        return code

    def interrupt(self) -> int:
        """Ctrl-C: all of the terminal's processes get SIGINT. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.wait_for_end()

    def service_pids(self) -> dict[str, int]:
        """The services' process ids by module."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found: dict[str, int] = {}
        for child in children:
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            found[words[2]] = int(child)
        return found

    def logs(self) -> str:
        """What the services logged."""
        return "".join(
            f"\n--- {log.name}\n{log.read_text(errors='replace')[-3000:]}"
            for log in sorted((self.home / "logs").glob("*.log"))
        )

    def close(self) -> None:
        """Ends it, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
            self.wait_for_end()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._output.append(line)
