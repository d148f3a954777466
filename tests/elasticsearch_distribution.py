"""The Elasticsearch that Elastic publishes for integration tests, and a Java that runs it."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

_JDK_FOLDERS = ("/usr/lib/jvm", "/opt/java", "/Library/Java/JavaVirtualMachines")


class ServerUnavailable(Exception):
    """No server can be had here. Its text says what is missing."""


class ServerMissing(ServerUnavailable):
    """This machine lacks what a server is made of. The text says what to install."""


def distribution(version: str) -> Path:
    """The folder of the unpacked server, fetched and unpacked at the first call. Raises ServerUnavailable."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imagesearch"
    # Another user, whom the server runs as, can't look into root's home.
    cache = Path("/var/cache/imagesearch") if os.getuid() == 0 and not _is_open(cache) else cache
    folder = cache / f"elasticsearch-{version}"
    if not folder.exists():
        archive = _archive(version)
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as unpacking:
            run("unzip", "-q", str(archive), "-d", unpacking)
            unpacked = Path(unpacking) / f"elasticsearch-{version}"
            run("chmod", "-R", "a+rX", str(unpacked))
            if not folder.exists():  # another run may have been quicker
                unpacked.rename(folder)
    return folder


def java_home(oldest: int) -> Path:
    """A JDK of this version or newer: the newest there is. Raises ServerMissing."""
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    folders = [entry for root in _JDK_FOLDERS if Path(root).is_dir() for entry in Path(root).iterdir()]
    homes = [home for folder in folders for home in (folder, folder / "Contents" / "Home")]
    versions = {home: _java_version(home) for home in (*named, *homes)}
    fitting = [home for home in named if versions[home] >= oldest]
    fitting += sorted((home for home in homes if versions[home] >= oldest), key=lambda home: -versions[home])
    if not fitting:
        raise ServerMissing(
            f"Elasticsearch needs a JDK {oldest} or newer, and there is none in ES_JAVA_HOME, JAVA_HOME or "
            f"{', '.join(_JDK_FOLDERS)}. Install one, or set TEST_ELASTICSEARCH_URL to the address of a server."
        )
    return fitting[0]


def _java_version(home: Path) -> int:
    """The major version, 0 if this is no JDK."""
    release = home / "release"
    if not (home / "bin" / "java").exists() or not release.exists():
        return 0
    found = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', release.read_text(encoding="utf-8", errors="replace"))
    return int(found.group(1)) if found else 0


def _archive(version: str) -> Path:
    """The distribution in Maven's repository, fetched where it is missing."""
    artifact = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{version}:zip"
    folder = "org/elasticsearch/distribution/integ-test-zip/elasticsearch"
    archive = Path.home() / ".m2" / "repository" / folder / version / f"elasticsearch-{version}.zip"
    if not archive.exists():
        run("mvn", "-q", "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false")
    return archive


def run(program: str, *arguments: str) -> None:
    """Raises ServerMissing if the program is missing, ServerUnavailable if it fails."""
    if shutil.which(program) is None:
        raise ServerMissing(
            f"These tests start a real Elasticsearch, and {program!r} is missing for it. Install maven, unzip and a "
            "JDK (21 or newer), or set TEST_ELASTICSEARCH_URL to the address of a server that may be written to."
        )
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ServerUnavailable(
            f"{program} {' '.join(arguments)} failed:\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}"
        )


def _is_open(folder: Path) -> bool:
    """Whether any user may look into the folder."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents) if parent.exists())
