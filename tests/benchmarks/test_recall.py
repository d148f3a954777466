from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.labelled import Query
from benchmarks.recall import picture_recall, text_recall
from embedder_service.encoder import EmbeddedTexts, Vectors
from tests.embedder_service.plain_encoder import PlainEncoder


class Pointing(PlainEncoder):
    """The text "3" lies where the third of the axes points."""

    def embed_texts(self, texts: object) -> EmbeddedTexts:
        rows = np.eye(20, dtype=np.float32)[[int(text) for text in texts]]  # type: ignore[attr-defined]
        return EmbeddedTexts(rows, [False] * len(rows))


@pytest.fixture
def ladder() -> Vectors:
    """Photo n is the n-th nearest to the text "0"."""
    vectors = np.eye(20, dtype=np.float32)
    vectors[:, 0] = np.linspace(1, 0.1, 20)
    return vectors


def query(text: str, *relevant: int) -> Query:
    return Query(text, "", frozenset(relevant))


def test_a_search_counts_from_the_rank_of_its_first_relevant_photo_on(ladder: Vectors) -> None:
    queries = [query("0", 0, 19), query("0", 1), query("0", 4), query("0", 5), query("0", 10)]
    recall = text_recall(Pointing(), queries, ladder)

    assert recall.count == 5
    assert recall.found == [0.2, 0.6, 0.8]


def test_chance_is_what_shuffling_would_reach(ladder: Vectors) -> None:
    recall = text_recall(Pointing(), [query("0", 3), query("0", 1, 2)], ladder)

    assert recall.chance[0] == pytest.approx((1 / 20 + 2 / 20) / 2)
    assert recall.chance[1] == pytest.approx((5 / 20 + 1 - (15 * 14) / (20 * 19)) / 2)


def test_equal_scores_are_no_hit() -> None:
    recall = text_recall(Pointing(), [query("0", 3)], np.ones((20, 20), np.float32))

    assert recall.found == [0, 0, 0]


def test_a_photo_that_can_not_be_read_is_never_found(ladder: Vectors) -> None:
    ladder[0] = np.nan
    recall = text_recall(Pointing(), [query("0", 0), query("0", 1)], ladder[:5])

    assert recall.found == [0.5, 0.5, 0.5]


def test_a_photo_searches_for_another_one_of_the_same_label() -> None:
    vectors = np.eye(4, 20, dtype=np.float32)
    vectors[1] = vectors[0]
    recall = picture_recall([query("a", 0, 1), query("b", 2), query("c", 2, 3)], vectors)

    assert recall is not None
    assert recall.count == 4
    assert recall.found[0] == 0.5


def test_labels_of_one_photo_each_give_no_picture_searches() -> None:
    assert picture_recall([query("a", 0), query("b", 1)], np.eye(2, 20, dtype=np.float32)) is None


def test_the_command_prints_recall_by_language(tmp_path: Path) -> None:
    for name in ("red", "green"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.new("RGB", (64 + number, 64), name).save(tmp_path / name / f"{number}.png")
    (tmp_path / "red" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "queries.tsv").write_text("red\ten\tred\nrot\tde\tred\ngreen\ten\tgreen\n")
    cache = Path(".pytest_cache/d/concept")
    result = CliRunner().invoke(app, ["recall", str(tmp_path), "--cache-dir", str(cache)])

    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["text", "to", "picture", "3"] in [line[:4] for line in lines]
    assert {("de", "1"), ("en", "2")} <= {tuple(line[:2]) for line in lines}
    assert "5 photos, 3 queries" in result.output
    assert "broken.png" in result.output


def test_a_folder_without_labels_is_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["recall", str(tmp_path)])

    assert result.exit_code == 1
    assert "no pictures" in result.output
