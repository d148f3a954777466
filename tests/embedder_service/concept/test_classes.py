import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embedder_service.concept.classes import class_vectors
from embedder_service.encoder import Vectors

CLASSES = 6


class TextTower:
    """Made-up text vectors; keeps the texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        rows = np.array([list(hashlib.sha256(text.encode()).digest()) for text in texts], np.float32) - 127.5
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def test_a_class_is_made_of_its_names_prompts_and_description(tmp_path: Path) -> None:
    tower = TextTower()
    vectors = class_vectors(tower, CLASSES, tmp_path / "classes.npz")

    assert vectors.shape == (CLASSES, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert {"tench", "a photo of a tench", "Tinca tinca"} <= set(tower.texts)
    assert any(text.startswith("a photo of a goldfish. ") for text in tower.texts)


def test_the_second_time_they_come_from_the_cache(tmp_path: Path) -> None:
    file = tmp_path / "models" / "classes.npz"
    first = class_vectors(TextTower(), CLASSES, file)
    idle = TextTower()

    assert np.array_equal(class_vectors(idle, CLASSES, file), first)
    assert idle.texts == []


def test_those_that_an_image_carries_are_only_read(tmp_path: Path) -> None:
    own, bundled = tmp_path / "own" / "classes.npz", tmp_path / "bundled"
    carried = class_vectors(TextTower(), CLASSES, bundled / "classes.npz")
    idle = TextTower()

    assert np.array_equal(class_vectors(idle, CLASSES, own, bundled), carried)
    assert idle.texts == []
    assert not own.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_broken_cache_is_made_again(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "classes.npz"
    file.write_bytes(content)
    vectors = class_vectors(TextTower(), CLASSES, file)
    idle = TextTower()

    assert np.array_equal(class_vectors(idle, CLASSES, file), vectors)
    assert idle.texts == []


def test_a_cache_that_can_not_be_written_is_done_without(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "models"
    not_a_folder.write_text("in the way")

    assert len(class_vectors(TextTower(), CLASSES, not_a_folder / "classes.npz")) == CLASSES


def test_several_that_start_together_do_not_disturb_each_other(tmp_path: Path) -> None:
    file = tmp_path / "classes.npz"
    together = threading.Barrier(4)

    def start(_: int) -> Vectors:
        together.wait(30)
        return class_vectors(TextTower(), CLASSES, file)

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(start, range(4)))

    assert all(np.array_equal(result, results[0]) for result in results)
    assert list(tmp_path.iterdir()) == [file]
