"""Real Elasticsearch nodes for tests and benchmarks. They listen on this machine only."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.request
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.elasticsearch_distribution import ServerUnavailable, distribution, java_home, run
from tests.ports import free_port

NEWEST, OLDEST = "9.2.4", "8.19.7"
_NOBODY = 65534
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 2 * 1024**3
_START_SECONDS = 120


@dataclass
class ElasticsearchNode:
    """One node, or one of a cluster: `cluster` maps the names of all its nodes to their transport ports."""

    version: str = NEWEST
    name: str = "one"
    secure: bool = False
    password: str = "a password"
    on_disk: bool = False  # else its data are in memory where there is room: a test need not wait for the disk
    heap: str = "512m"
    java_options: str = "-XX:TieredStopAtLevel=1"  # quick to start; a benchmark sets ""
    cluster: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._home = distribution(self.version)
        self._java = java_home(21 if self.version.startswith("9") else 17)
        parent = None if self.on_disk else _folder_in_memory()
        self.folder = Path(tempfile.mkdtemp(prefix=f"elasticsearch-{self.version}-", dir=parent))
        self.folder.chmod(0o755)
        self.port = free_port()
        self._transport_port = self.cluster.get(self.name) or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._configure()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate authority of a secure node."""
        return self.folder / "conf" / "ca.crt"

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it and removes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *, wait: bool = True) -> Self:
        """Starts it with the data that it has."""
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": str(self._java),
            "ES_PATH_CONF": str(self.folder / "conf"),
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_OPTS": f"-Xms{self.heap} -Xmx{self.heap} {self.java_options}",
        }
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*_as_nobody(), str(self._home / "bin" / "elasticsearch")],
                env=environment,
                cwd=self.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self.wait() if wait else self

    def wait(self) -> Self:
        """Waits until it answers and its cluster has a master."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                raise ServerUnavailable(f"Elasticsearch {self.version} ended at its start:\n{self._last_lines()}")
            try:
                self.request("GET", f"/_cluster/health?wait_for_nodes=>={max(1, len(self.cluster))}&timeout=5s")
            except OSError:
                time.sleep(0.25)
            else:
                return self
        self.kill()
        raise ServerUnavailable(f"Elasticsearch {self.version} did not start in time:\n{self._last_lines()}")

    def stop(self) -> None:
        """Ends it as a shutdown does."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a power failure does."""
        self._signal(signal.SIGKILL)

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """An answer of its HTTP interface, as the user elastic. Raises OSError."""
        return ask(f"{self.url}{path}", method, body, password=self.password, ca_file=self.ca_file)

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self.runs:
            os.killpg(self._process.pid, number)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def _configure(self) -> None:
        conf = self.folder / "conf"
        shutil.copytree(self._home / "config", conf)
        (self.folder / "tmp").mkdir()
        lines = {
            "cluster.name": "imagesearch-tests",
            "node.name": self.name,
            "network.host": "127.0.0.1",
            "http.port": str(self.port),
            "transport.port": str(self._transport_port),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "xpack.security.enabled": str(self.secure).lower(),
            # A test must not depend on how full this machine's disk is.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **self._discovery(),
            **(_tls_settings(conf) if self.secure else {}),
            **self.settings,
        }
        text = "".join(f"{name}: {value}\n" for name, value in lines.items())
        (conf / "elasticsearch.yml").write_text(text, encoding="utf-8")
        if self.secure:
            self._keystore("add", "--force", "--stdin", "bootstrap.password", stdin=self.password)
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)

    def _discovery(self) -> dict[str, str]:
        if not self.cluster:
            return {"discovery.type": "single-node"}
        addresses = ", ".join(f'"127.0.0.1:{port}"' for port in self.cluster.values())
        return {
            "discovery.seed_hosts": f"[{addresses}]",
            "cluster.initial_master_nodes": f"[{', '.join(self.cluster)}]",
        }

    def _keystore(self, *arguments: str, stdin: str = "") -> None:
        subprocess.run(
            [str(self._home / "bin" / "elasticsearch-keystore"), *arguments],
            env={**os.environ, "ES_JAVA_HOME": str(self._java), "ES_PATH_CONF": str(self.folder / "conf")},
            input=stdin.encode(),
            check=True,
            capture_output=True,
        )

    def _last_lines(self) -> str:
        return "\n".join((self.folder / "output").read_text(errors="replace").splitlines()[-20:])


def ask(
    url: str, method: str = "GET", body: object = None, *, password: str = "", ca_file: Path | None = None
) -> dict[str, Any]:
    """An answer of Elasticsearch's HTTP interface, read as JSON. Raises OSError."""
    data = None if body is None else json.dumps(body).encode()
    login = {"Authorization": f"Basic {b64encode(f'elastic:{password}'.encode()).decode()}"} if password else {}
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **login}, method=method)
    context = ssl.create_default_context(cafile=str(ca_file)) if url.startswith("https") else None
    with urllib.request.urlopen(request, timeout=30, context=context) as answer:
        content: dict[str, Any] = json.loads(answer.read() or b"{}")
        return content


def cluster_of(count: int, version: str = NEWEST) -> list[ElasticsearchNode]:
    """The nodes of a new cluster, not yet started: start each with wait=False, then wait for each."""
    ports = {f"node{number}": free_port() for number in range(count)}
    return [ElasticsearchNode(version, name, cluster=ports) for name in ports]


def _folder_in_memory() -> Path | None:
    """None where there is not enough room."""
    fits = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED
    return _MEMORY if fits else None


def _tls_settings(conf: Path) -> dict[str, str]:
    """Makes an authority and a certificate of it for this machine."""
    ca, node = conf / "ca", conf / "node"
    _openssl("req", "-x509", "-newkey", "ec", *_CURVE, "-nodes", "-days", "2", "-subj", "/CN=a test's authority",
             "-keyout", f"{ca}.key", "-out", f"{ca}.crt")  # fmt: skip
    _openssl("req", "-newkey", "ec", *_CURVE, "-nodes", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", f"{node}.key", "-out", f"{node}.csr")  # fmt: skip
    _openssl("x509", "-req", "-in", f"{node}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial",
             "-days", "2", "-copy_extensions", "copy", "-out", f"{node}.pem")  # fmt: skip
    # As Elasticsearch itself does, it sends its authority's certificate too.
    Path(f"{node}.crt").write_bytes(Path(f"{node}.pem").read_bytes() + Path(f"{ca}.crt").read_bytes())
    files = {"key": "node.key", "certificate": "node.crt", "certificate_authorities": "ca.crt"}
    return {
        f"xpack.security.{layer}.ssl.{name}": value
        for layer in ("http", "transport")
        for name, value in {"enabled": "true", **files}.items()
    } | {"xpack.security.transport.ssl.verification_mode": "certificate"}


_CURVE = ("-pkeyopt", "ec_paramgen_curve:P-256")


def _openssl(*arguments: str) -> None:
    run("openssl", *arguments)


def _as_nobody() -> list[str]:
    if os.getuid():
        return []
    if shutil.which("setpriv") is None:
        raise ServerUnavailable("Elasticsearch does not run as root, and setpriv is missing. Install util-linux.")
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
