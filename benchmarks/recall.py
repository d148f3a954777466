"""How often the right photo is among the first ones.

R@k is the share of searches with at least one relevant photo among the first k. Text to picture: the queries of a
labelled folder (benchmarks/labelled.py says what that is). Picture to picture: each photo that shares a query with
others searches for one of them, itself left out. Chance is what shuffling would reach.

Each photo takes the way of an indexed one: decoded at reduced scale, reduced, encoded, decoded and embedded.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.labelled import LabelledPhotos, NotLabelled, Query, read_labelled_folder
from benchmarks.package_photos import package_photos
from embedder_service.choose import Loaders, ModelRequest, load_model
from embedder_service.encoder import Encoder, LoadedModel, Modality, Report, Vectors
from embedder_service.errors import ModelFailed
from embedder_service.hub import HuggingFaceHub
from embedder_service.sources import ModelSource
from pictures.decode import read_picture
from pictures.errors import PictureError
from pictures.reduce import reduced_picture

DEPTHS = (1, 5, 10)
_BATCH = 8


@dataclass(frozen=True)
class Recall:
    """Of `count` searches the shares that found a relevant photo, for each of DEPTHS, and what chance would give."""

    count: int
    found: Sequence[float]
    chance: Sequence[float]


def run(
    folder: Annotated[
        Path | None, typer.Argument(help="A labelled folder; without it, the photos that two packages carry.")
    ] = None,
    model: Annotated[
        str, typer.Option(envvar="EMBEDDER_MODEL", help="As EMBEDDER_MODEL: a preset, hub id or folder.")
    ] = "concept",
    text_model: Annotated[str, typer.Option(envvar="EMBEDDER_TEXT_MODEL", help="As EMBEDDER_TEXT_MODEL.")] = "",
    cache_dir: Annotated[Path, typer.Option(envvar="EMBEDDER_CACHE_DIR", help="As EMBEDDER_CACHE_DIR.")] = Path(
        "data/models"
    ),
    threads: Annotated[int, typer.Option(help="Threads that the model computes with.")] = 1,
) -> None:
    """Prints R@1, R@5 and R@10 of a model on labelled photos: text to picture, by language, picture to picture."""
    try:
        photos = read_labelled_folder(folder) if folder else package_photos()
        encoder = _load(ModelRequest(model, text_model), cache_dir, threads)
    except (NotLabelled, ModelFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    started = time.perf_counter()
    vectors, unreadable = embed_photos(encoder, photos.files)
    seconds = time.perf_counter() - started
    for path, reason in unreadable:
        typer.echo(f"{path} counts as never found: {reason}", err=True)
    typer.echo(f"model {encoder.card.id}, {encoder.card.runtime}, {threads} threads")
    each = 1000 * seconds / len(photos.files)
    typer.echo(f"{len(photos.files)} photos, {len(photos.queries)} queries, {each:.0f} ms a photo")
    _print_table(list(_rows(encoder, photos, vectors)))


def embed_photos(encoder: Encoder, files: Sequence[Path]) -> tuple[Vectors, list[tuple[Path, str]]]:
    """The vectors (NaN for a photo that can't be read), and what can't be read with the reason."""
    edge = encoder.card.useful_image_edge
    vectors = np.full((len(files), encoder.card.dimensions), np.nan, np.float32)
    unreadable: list[tuple[Path, str]] = []
    for first in range(0, len(files), _BATCH):
        prepared = {}
        for number, path in enumerate(files[first : first + _BATCH], first):
            try:
                sent = reduced_picture(read_picture(path.read_bytes(), useful_edge=edge).image, edge)
                prepared[number] = encoder.prepare_image(read_picture(sent, useful_edge=edge).image)
            except PictureError as error:
                unreadable.append((path, str(error)))
        if prepared:
            vectors[list(prepared)] = encoder.embed_images(list(prepared.values()))
    return vectors, unreadable


def text_recall(encoder: Encoder, queries: Sequence[Query], vectors: Vectors) -> Recall:
    """Each query's text searches among all photos."""
    texts = encoder.embed_texts([query.text for query in queries]).vectors
    ranks = [_best_rank(vectors @ text, query.relevant) for text, query in zip(texts, queries, strict=True)]
    return _recall(ranks, [len(query.relevant) for query in queries], len(vectors))


def picture_recall(queries: Sequence[Query], vectors: Vectors) -> Recall | None:
    """Each photo that shares a query with others searches among all but itself. None if no photo does."""
    partners: dict[int, set[int]] = {}
    for query in queries:
        for number in query.relevant:
            partners.setdefault(number, set()).update(query.relevant - {number})
    searches = {number: others for number, others in partners.items() if others}
    if not searches:
        return None
    ranks = []
    for number, others in searches.items():
        scores = vectors @ vectors[number]
        scores[number] = np.nan
        ranks.append(_best_rank(scores, others))
    return _recall(ranks, [len(others) for others in searches.values()], len(vectors) - 1)


def _load(request: ModelRequest, cache_dir: Path, threads: int) -> Encoder:
    def clip(source: ModelSource, report: Report) -> LoadedModel:
        from embedder_service.clip.reference import load_clip  # noqa: PLC0415 takes seconds to import

        return LoadedModel(load_clip(source, threads, report))

    def concept(report: Report) -> LoadedModel:
        from embedder_service.concept.encoder import load_concept  # noqa: PLC0415 takes seconds to import

        return LoadedModel(load_concept(cache_dir, threads, report))

    hub = HuggingFaceHub(timeout=5.0)
    encoder = load_model(request, hub, Loaders(clip, concept), lambda detail, progress: None).encoder
    if encoder.card.modalities != frozenset(Modality):
        raise ModelFailed(f"{encoder.card.name} does not embed both texts and pictures. Choose one that does.")
    return encoder


def _best_rank(scores: NDArray[np.float32], relevant: Iterable[int]) -> int:
    """The rank of the first relevant photo, from 1. Among equal scores the relevant one comes last.

    A score of NaN is that of a photo that can't be found.
    """
    found = np.nan_to_num(scores, nan=-np.inf)
    numbers = list(relevant)
    best = found[numbers].max()
    if np.isneginf(best):
        return sys.maxsize
    return int((np.delete(found, numbers) >= best).sum()) + 1


def _recall(ranks: Sequence[int], relevant_counts: Sequence[int], photo_count: int) -> Recall:
    found = [float(np.mean([rank <= depth for rank in ranks])) for depth in DEPTHS]
    chance = [
        float(np.mean([1 - comb(photo_count - count, depth) / comb(photo_count, depth) for count in relevant_counts]))
        if depth <= photo_count
        else 1.0
        for depth in DEPTHS
    ]
    return Recall(len(ranks), found, chance)


def _rows(encoder: Encoder, photos: LabelledPhotos, vectors: Vectors) -> Iterable[tuple[str, Recall]]:
    yield "text to picture", text_recall(encoder, photos.queries, vectors)
    languages = sorted({query.language for query in photos.queries})
    if languages != [""]:
        for language in languages:
            of_language = [query for query in photos.queries if query.language == language]
            yield f"  {language or 'no language'}", text_recall(encoder, of_language, vectors)
    if (pictures := picture_recall(photos.queries, vectors)) is not None:
        yield "picture to picture", pictures


def _print_table(rows: Sequence[tuple[str, Recall]]) -> None:
    heads = [*(f"R@{depth}" for depth in DEPTHS), *(f"chance@{depth}" for depth in DEPTHS)]
    typer.echo(f"{'':20}{'searches':>10}" + "".join(f"{head:>11}" for head in heads))
    for title, recall in rows:
        cells = "".join(f"{share:>11.3f}" for share in (*recall.found, *recall.chance))
        typer.echo(f"{title:20}{recall.count:>10}{cells}")
