import argparse
import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.elastic_tuning import ElasticTuning
from search_service.errors import IndexMissing, StorageUnavailable
from search_service.images import Embedding, Filter, Model, Vector, Window, Write
from search_service.tune import Pair
from search_service.tune_command import NOT_MEASURED, NOT_REACHED, add_arguments, tune
from tests.elasticsearch_node import NEWEST, OLDEST
from tests.search_service.elastic.conftest import Connect
from tests.search_service.elastic_server import GetServer
from tests.search_service.photos import MODEL, photo, random_unit

DIMENSIONS = 64
PHOTOS = {f"photo {number}": random_unit(number, DIMENSIONS) for number in range(300)}


def say(text: str) -> None:
    assert text


async def fill(images: ElasticImages, photos: dict[str, Vector]) -> None:
    writes = [Write(photo(name), Embedding(MODEL, vector)) for name, vector in photos.items()]
    assert await images.write(writes) == [None] * len(writes)
    await images.finish_writing()


def truly_nearest(vector: Vector, count: int) -> list[tuple[str, float]]:
    scores = {name: float(vector.astype(np.float64) @ stored) for name, stored in PHOTOS.items()}
    return sorted(scores.items(), key=lambda one: -one[1])[:count]


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(texts)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("index_type", ["int8_hnsw", "bbq_hnsw", "hnsw", "int8_flat"])
async def test_the_exact_search_finds_the_truth_over_shards_and_parts(
    elastic_server: GetServer, version: str, index_type: Any
) -> None:
    server = elastic_server(version)
    settings = server.settings(index_type=index_type, shards=2)
    async with ElasticImages(settings) as images:
        await fill(images, PHOTOS)
    queries = [random_unit(seed, DIMENSIONS) for seed in range(1_000, 1_030)]

    async with ElasticTuning(settings, photos_in_part=40) as index:
        found = await index.exact(queries, 12, say)
        (copied,) = await index.exact([PHOTOS["photo 1"]], 1, say)

    for query, nearest in zip(queries, found, strict=True):
        expected = truly_nearest(query, 12)
        assert [one.id for one in nearest] == [name for name, _ in expected]
        assert [one.score for one in nearest] == pytest.approx([score for _, score in expected], abs=1e-6)
    assert [one.id for one in copied] == ["photo 1"]
    server.drop(settings.alias)


async def test_it_searches_as_the_service_does(connect: Connect, settings: ElasticSettings) -> None:
    await fill(connect(), PHOTOS)
    vector = random_unit(1_000, DIMENSIONS)
    service = connect(num_candidates=70, oversampling=3.0)

    async with ElasticTuning(settings) as index:
        found = await index.search(vector, Pair(70, 3.0), 20, 15)

    page = await service.search(vector, keep=Filter(), excluded_ids=[], window=Window(20, 70), offset=0, limit=15)
    assert [(one.id, one.score) for one in found] == [(hit.image.id, hit.score) for hit in page.hits]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(("pair", "window", "looked_at"), [(Pair(140, 2.0), 10, 280), (Pair(1, 2.0), 100, 264)])
async def test_a_shard_looks_at_as_many_vectors_as_is_told(
    elastic_server: GetServer, version: str, *, pair: Pair, window: int, looked_at: int
) -> None:
    """Elasticsearch counts comparisons: in the graph at least as many as are looked at, and these by exact vectors."""
    server = elastic_server(version)
    settings = server.settings()
    async with ElasticImages(settings) as images:
        await fill(images, PHOTOS)
    knn = {
        "field": "image_embedding",
        "query_vector": random_unit(1, DIMENSIONS).tolist(),
        "k": window + 32,
        "num_candidates": max(window + 32, pair.num_candidates),
        "rescore_vector": {"oversample": pair.oversampling},
    }

    answer = server.request("POST", f"/{settings.alias}/_search", {"knn": knn, "profile": True, "_source": False})

    (profile,) = answer["profile"]["shards"][0]["dfs"]["knn"]
    assert 2 * looked_at <= profile["vector_operations_count"] <= 1.1 * (looked_at + len(PHOTOS))
    async with ElasticTuning(settings) as index:
        assert index.looked_at(pair, window) == looked_at
    server.drop(settings.alias)


async def test_a_sample_holds_stored_vectors_and_depends_on_the_seed(
    connect: Connect, settings: ElasticSettings
) -> None:
    await fill(connect(), PHOTOS)

    async with ElasticTuning(settings) as index:
        samples = [dict(await index.sample(20, seed)) for seed in (0, 0, 1, 2)]
        everything = await index.sample(1_000, 0)

    assert samples[0].keys() == samples[1].keys()
    assert len({frozenset(sample) for sample in samples}) == 3
    for sample in samples:
        assert len(sample) == 20
        for name, vector in sample.items():
            np.testing.assert_allclose(vector, PHOTOS[name], atol=1e-6)
    assert dict(everything).keys() == PHOTOS.keys()


async def test_photos_that_are_removed_meanwhile_make_the_measurement_void(
    connect: Connect, settings: ElasticSettings
) -> None:
    images = connect()
    await fill(images, PHOTOS)

    async with ElasticTuning(settings) as index:
        await images.delete(["photo 7"])
        with pytest.raises(StorageUnavailable, match="299 of 300"):
            await index.exact([random_unit(1, DIMENSIONS)], 3, say)


async def test_an_index_that_is_replaced_meanwhile_is_told(connect: Connect, settings: ElasticSettings) -> None:
    images = connect()
    await fill(images, PHOTOS)

    async def measure() -> None:
        async with ElasticTuning(settings) as index:
            rebuild = await images.begin_rebuild(Model(MODEL, DIMENSIONS))
            await images.commit_rebuild(rebuild.id, drop_missing_sources=True)
            await index.exact([random_unit(1, DIMENSIONS)], 3, say)

    with pytest.raises(StorageUnavailable, match="replaced while it was measured"):
        await measure()


async def test_it_prints_a_table_and_the_two_settings(
    connect: Connect, settings: ElasticSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(connect(), PHOTOS)
    options = ("--queries", "6", "--num-candidates", "50", "200", "--oversampling", "1", "2", "--window", "20")

    code = await tune(arguments(*options, "--target", "0.5"), settings, 1_000)

    said = capsys.readouterr().out
    assert code == 0
    (now,) = re.findall(r"now +2500 +2 +5000 .*", said)
    assert re.fullmatch(r"(\S+ +){4}(1\.000 +){2}1\.00 +\d+\.\d +\d+\.\d", now)
    assert re.search(r"^ +50 +1 +52 ", said, re.MULTILINE)
    assert "asks for 52 hits" in said
    assert "goes with SEARCH_WINDOW=20" in said
    assert re.search(r"SEARCH_ELASTICSEARCH_NUM_CANDIDATES=\d+\nSEARCH_ELASTICSEARCH_OVERSAMPLING=[12]", said)


async def test_own_queries_are_searched_for(
    connect: Connect, settings: ElasticSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(connect(), PHOTOS)
    np.save(tmp_path / "texts.npy", np.stack([random_unit(seed, DIMENSIONS) for seed in range(5)]))

    code = await tune(arguments("--query-vectors", str(tmp_path / "texts.npy")), settings, 100)

    said = capsys.readouterr().out
    assert code == 0
    assert "5 searches" in said
    assert re.search(r" own +worst ", said)


async def test_without_a_pair_that_reaches_the_target_it_says_what_to_do(
    connect: Connect, settings: ElasticSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = {f"{number}": random_unit(number, 256) for number in range(1_500)}
    await fill(connect(index_type="bbq_hnsw", m=2, ef_construction=5), photos)
    sparse = settings.model_copy(update={"num_candidates": 1})

    options = ("--num-candidates", "1", "--oversampling", "1", "--window", "12", "--queries", "20", "--target", "1")
    code = await tune(arguments(*options), sparse, 1_000)

    said = capsys.readouterr().out
    assert code == NOT_REACHED
    assert "No pair reaches recall@10 1" in said
    assert "SEARCH_ELASTICSEARCH_M=" in said
    assert "--rebuild" in said


async def test_few_photos_and_a_small_window_are_told(
    connect: Connect, settings: ElasticSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(connect(), dict(list(PHOTOS.items())[:10]))

    assert await tune(arguments(), settings, 1_000) == NOT_MEASURED
    assert "10 photos" in capsys.readouterr().err
    assert await tune(arguments("--k", "9"), settings, 9) == NOT_MEASURED
    assert "--k must be below the window, which is 9" in capsys.readouterr().err
    assert await tune(arguments("--k", "9", "--target", "0.5"), settings, 1_000) == 0


async def test_a_missing_and_an_empty_index_are_told(connect: Connect, settings: ElasticSettings) -> None:
    with pytest.raises(IndexMissing):
        await tune(arguments(), settings, 1_000)
    images = connect()
    await fill(images, {"a": random_unit(1)})
    await images.delete(["a"])
    with pytest.raises(IndexMissing):
        await tune(arguments(), settings, 1_000)


async def test_the_embedded_index_needs_no_tuning(capsys: pytest.CaptureFixture[str]) -> None:
    assert await tune(arguments(), None, 1_000) == NOT_MEASURED
    assert "SEARCH_ELASTICSEARCH_HOSTS" in capsys.readouterr().err


async def test_an_index_of_the_original_tool_is_refused(
    settings: ElasticSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    original = settings.model_copy(update={"original_index": "seed"})

    assert await tune(arguments(), original, 1_000) == NOT_MEASURED
    assert "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX" in capsys.readouterr().err


async def test_the_command_reads_the_settings_of_the_service(connect: Connect, settings: ElasticSettings) -> None:
    await fill(connect(), PHOTOS)
    environment = {
        "SEARCH_WINDOW": "30",
        "SEARCH_ELASTICSEARCH_HOSTS": settings.hosts,
        "SEARCH_ELASTICSEARCH_ALIAS": settings.alias,
        "SEARCH_ELASTICSEARCH_USERNAME": settings.username,
        "SEARCH_ELASTICSEARCH_PASSWORD": settings.secret("password") or "",
        "SEARCH_ELASTICSEARCH_CA_FILE": str(settings.ca_file or ""),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "search_service", "tune", "--queries", "2", "--oversampling", "1"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    said, log = await process.communicate()

    assert process.returncode == 0, log.decode()
    assert "window 30" in said.decode()
    assert "SEARCH_ELASTICSEARCH_NUM_CANDIDATES=" in said.decode()
    assert "a password" not in log.decode()
