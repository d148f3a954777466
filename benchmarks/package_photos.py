"""The natural photos that scikit-image and scikit-learn carry for demonstrations, with queries in four languages."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from benchmarks.labelled import LabelledPhotos, NotLabelled, Query

LANGUAGES = ("en", "de", "es", "zh")

# For each photo a query in each of LANGUAGES, or none: those photos are only there to be confused with.
QUERIES: Mapping[str, tuple[str, ...]] = {
    "astronaut.png": (
        "an astronaut in a space suit",
        "eine Astronautin im Raumanzug",
        "una astronauta con traje espacial",
        "穿太空服的宇航员",
    ),
    "brick.png": ("a brick wall", "eine Ziegelmauer", "una pared de ladrillos", "砖墙"),
    "camera.png": (
        "a man with a camera on a tripod",
        "ein Fotograf mit Stativ",
        "un fotógrafo con trípode",
        "摄影师和三脚架",
    ),
    "chelsea.png": ("a cat", "eine Katze", "un gato", "一只猫"),
    "china.jpg": ("a chinese temple", "ein chinesischer Tempel", "un templo chino", "中国寺庙"),
    "clock_motion.png": ("a clock", "eine Uhr", "un reloj", "时钟"),
    "coffee.png": ("a cup of coffee", "eine Tasse Kaffee", "una taza de café", "一杯咖啡"),
    "coins.png": (),
    "flower.jpg": ("a flower", "eine Blume", "una flor", "一朵花"),
    "grass.png": (),
    "gravel.png": (),
    "hubble_deep_field.jpg": (),
    "moon.png": (),
    "motorcycle_left.png": ("a motorcycle", "ein Motorrad", "una motocicleta", "摩托车"),
    "rocket.jpg": ("a rocket on the launch pad", "eine Rakete auf der Startrampe", "un cohete", "火箭发射"),
}


def photo_files() -> list[Path]:
    """The photos of QUERIES, in its order. Raises NotLabelled where a package is missing."""
    folders = [_package_folder("skimage") / "data", _package_folder("sklearn") / "datasets" / "images"]
    return [next(folder / name for folder in folders if (folder / name).exists()) for name in QUERIES]


def package_photos() -> LabelledPhotos:
    """The photos and the queries."""
    queries = [
        Query(text, language, frozenset([number]))
        for number, texts in enumerate(QUERIES.values())
        for language, text in zip(LANGUAGES, texts, strict=False)
    ]
    return LabelledPhotos(photo_files(), queries)


def _package_folder(name: str) -> Path:
    package = find_spec(name)
    if package is None or package.origin is None:
        raise NotLabelled(f"The package {name}, which carries the sample photos, is not installed: make setup.")
    return Path(package.origin).parent
