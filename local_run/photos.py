"""Which photos are searched: the sources this data folder knows, by name, and the sample photos."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from local_run.errors import CannotRun

SAMPLES_SOURCE = "samples"

# By the package that carries them and the folder in it. Only photographs: the packages also carry test patterns.
_SAMPLES = {
    "skimage:data": (
        "astronaut.png brick.png camera.png chelsea.png clock_motion.png coffee.png coins.png grass.png gravel.png "
        "horse.png hubble_deep_field.jpg moon.png motorcycle_left.png motorcycle_right.png retina.jpg rocket.jpg"
    ),
    "sklearn:datasets/images": "china.jpg flower.jpg",
}


class Sources:
    """The photo roots of a data folder by source name, kept in a file that the gateway reads too."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> dict[str, Path]:
        """All sources that were ever run with this data folder."""
        if not self.file.exists():
            return {}
        try:
            stored: dict[str, str] = json.loads(self.file.read_text(encoding="utf-8"))
            return {name: Path(root) for name, root in stored.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise CannotRun(
                f"{self.file} should be a JSON object that maps each source's name to its folder, but can't be read "
                f"({error}). Correct it, or remove it: the next run makes it anew with the folder it is given."
            ) from error

    def register(self, folder: Path) -> str:
        """The name of the source whose root this folder is: the one it already has, or a new one made of its name."""
        root = folder.resolve()
        known = self.read()
        for name, other in known.items():
            if other == root:
                return name
        name = _free_name(os.fsencode(root.name).decode("utf-8", "replace") or "photos", set(known))
        self._write({**known, name: root})
        return name

    def _write(self, sources: dict[str, Path]) -> None:
        text = json.dumps({name: str(root) for name, root in sources.items()}, ensure_ascii=True, indent=2)
        draft = self.file.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.file)


def check_folder(folder: Path) -> None:
    """Raises CannotRun if this is no folder that can be read."""
    if not folder.exists():
        raise CannotRun(f"There is no folder {folder}. Name one that holds photos: make run PHOTOS=~/Pictures")
    if not folder.is_dir():
        raise CannotRun(f"{folder} is a file. Name the folder that holds it: make run PHOTOS={folder.parent}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CannotRun(f"{folder} may not be read. Allow it (chmod u+rx) or choose another folder.")


def copy_samples(folder: Path) -> Path:
    """Copies the sample photos out of the packages that carry them, those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, names in _SAMPLES.items():
        package, _, inside = place.partition(":")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise CannotRun(f"The package {package}, which carries sample photos, is missing. Run: make setup")
        for name in names.split():
            original = Path(spec.origin).parent / inside / name
            copy = folder / name
            if original.exists() and not copy.exists():
                shutil.copy2(original, copy)
    return folder


def _free_name(wanted: str, taken: set[str]) -> str:
    name = wanted
    number = 2
    while name in taken:
        name = f"{wanted}-{number}"
        number += 1
    return name
