"""Works the forms out in a process of its own, whose memory goes back when it ends."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from embedder_service.forms.cache import unwritable
from embedder_service.forms.form import FormsFailed, this_cpu
from embedder_service.forms.verdict import FormOptions, KeptNames
from embedder_service.sources import ModelSource

WORK_OUT_FORMS = "work-out-forms"
_NICENESS = 10
# It takes some ten seconds on a free machine; beside a service under load, at its low priority, many times that.
MOST_SECONDS = 3600.0


def work_out_in_process(source: ModelSource, options: FormOptions, most_seconds: float = MOST_SECONDS) -> None:
    """Returns when a verdict is kept. Raises FormsFailed: at once where it could not be kept, and after `most_seconds`.

    The process ends with this one, however that ends: it watches its standard input.
    """
    try:
        with options.cache().workspace():
            pass
    except OSError as error:
        raise FormsFailed(unwritable(options.folder, error)) from error
    job = {
        "name": source.name,
        "folders": [os.fspath(source.image_folder), os.fspath(source.text_folder)],
        "precision": options.precision,
        "cache_dir": os.fspath(options.cache_dir),
        "threads": options.threads,
        "bundled_dir": os.fspath(options.bundled_dir) if options.bundled_dir else None,
        "attempts": KeptNames(source, options.precision, this_cpu()).attempts(),
    }
    root = os.fspath(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(  # noqa: S603 the command is our own
        [sys.executable, "-m", "embedder_service", WORK_OUT_FORMS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:
        to, of = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        in_time = threading.Timer(most_seconds, process.kill)
        in_time.start()
        to.write(json.dumps(job) + "\n")
        to.flush()
        said = of.read().strip().splitlines()
        late = not in_time.is_alive()
        in_time.cancel()
    if late:
        raise FormsFailed(f"It was not done after {most_seconds:,.0f} s.")
    if process.returncode:
        raise FormsFailed(
            said[-1] if said and process.returncode > 0 else f"Its process ended with {process.returncode}."
        )


def run_job() -> None:
    """What the process does. Exits with 1 and a sentence if it fails."""
    job = json.loads(sys.stdin.readline())
    bundled = Path(job["bundled_dir"]) if job["bundled_dir"] else None
    options = FormOptions(job["precision"], Path(job["cache_dir"]), job["threads"], bundled)
    threading.Thread(target=_end_with_parent, args=(options.folder / job["attempts"],), daemon=True).start()
    os.nice(_NICENESS)
    _be_killed_first()
    from embedder_service.forms.work_out import work_out  # noqa: PLC0415 takes seconds: the above comes first

    images, texts = map(Path, job["folders"])
    try:
        work_out(ModelSource(job["name"], images, texts), options)
    except FormsFailed as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)
    sys.stdout.flush()
    os._exit(0)  # what is kept is kept; the libraries' threads must not hold up the end


def _end_with_parent(attempts: Path) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    with suppress(OSError):
        attempts.unlink(missing_ok=True)  # it did not fail: the service stopped
    os._exit(1)


def _be_killed_first() -> None:
    """Where memory runs out, this process is to go, not the one that serves."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
