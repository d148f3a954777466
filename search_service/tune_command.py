"""The command line of `tune`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from search_service.elastic_config import ElasticSettings
from search_service.errors import IndexMissing
from search_service.images import MAX_WINDOW
from search_service.tune import Query, cheapest, measure, pairs_to_measure
from search_service.tune_queries import queries_of_file, queries_of_photos
from search_service.tune_report import floor, no_proposal, proposal, table

if TYPE_CHECKING:
    from search_service.elastic_tuning import ElasticTuning

_Number = TypeVar("_Number", int, float)

NOT_MEASURED = 1
NOT_REACHED = 3
_PROGRESS_SECONDS = 2.0

_DESCRIPTION = """\
Measures the index in Elasticsearch that the settings name: how many of the truly nearest photos a search finds, and how
long it takes, for several values of SEARCH_ELASTICSEARCH_NUM_CANDIDATES and _OVERSAMPLING. Then proposes the cheapest
pair that reaches the target. It only reads.

Without --query-vectors it searches for vectors made of the index's own photos: `near` ones, as searches for similar
pictures are, and `far` ones in the place of texts. Those are a guess; the vectors of texts that people search for are
the better measure. Both kinds must reach the target."""

_NO_NEED = (
    "The embedded index needs no tuning: tune is for Elasticsearch. Set SEARCH_ELASTICSEARCH_HOSTS to measure an "
    "index there."
)
_ORIGINAL = (
    "tune measures the indexes that this service makes, not those of the original tool. Unset "
    "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the command."""
    parser.description = _DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--target", type=_within(float, 0.01, 1.0), default=0.95, metavar="RECALL", help="the recall to reach (0.95)"
    )
    parser.add_argument("--k", type=_within(int, 1, 100), default=10, help="how many first photos count (10)")
    parser.add_argument(
        "--queries",
        type=_within(int, 1, 1_000),
        default=100,
        metavar="N",
        help="how many searches (100); fewer take less time",
    )
    parser.add_argument(
        "--query-vectors", type=Path, metavar="FILE.npy", help="vectors to search for, of the index's model, one a row"
    )
    parser.add_argument(
        "--num-candidates",
        type=_within(int, 1, 10_000),
        nargs="+",
        metavar="N",
        default=[100, 300, 1_000, 3_000, 10_000],
    )
    parser.add_argument(
        "--oversampling", type=_within(float, 1.0, 10.0), nargs="+", metavar="X", default=[1.0, 2.0, 3.0]
    )
    parser.add_argument(
        "--window", type=_within(int, 1, MAX_WINDOW), metavar="N", help="another SEARCH_WINDOW than the one that is set"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws other photos")


async def tune(arguments: argparse.Namespace, settings: ElasticSettings | None, window: int) -> int:
    """Measures and prints. `window` is SEARCH_WINDOW. Returns the exit code. Raises ServiceError."""
    if settings is None:
        return _refused(_NO_NEED)
    if settings.original_index:
        return _refused(_ORIGINAL)
    from search_service.elastic_search import asked_hits  # noqa: PLC0415 takes seconds, and serving does without
    from search_service.elastic_tuning import ElasticTuning  # noqa: PLC0415

    k, window = arguments.k, arguments.window or window
    if k >= window:
        return _refused(f"--k must be below the window, which is {window}.")
    async with ElasticTuning(settings) as index:
        if not index.photo_count:
            raise IndexMissing
        if index.photo_count <= k:
            return _refused(
                f"The index holds {index.photo_count} photos; to measure recall@{k} it needs at least {k + 1}. Index "
                "more, or pass a smaller --k."
            )
        progress = _Progress()
        queries = await _queries(arguments, index)
        present = index.present
        oversamplings = arguments.oversampling if present.oversampling is not None else [None]
        pairs = pairs_to_measure(index, present, arguments.num_candidates, oversamplings, window)
        measured = await measure(index, queries, pairs, window=window, k=k, progress=progress)
    heading = f"{index.description}; recall@{k} of {len(queries)} searches, window {window}"
    print(heading, table(measured, present), floor(asked_hits(window)), sep="\n\n", end="\n\n")  # noqa: T201
    best = cheapest(measured, arguments.target, present)
    now = next(one for one in measured if one.pair == present)
    print(proposal(best, now, k) if best else no_proposal(measured, arguments.target, k))  # noqa: T201
    if arguments.window:
        print(f"All of this goes with SEARCH_WINDOW={window}.")  # noqa: T201
    return 0 if best else NOT_REACHED


async def _queries(arguments: argparse.Namespace, index: ElasticTuning) -> list[Query]:
    if arguments.query_vectors:
        return queries_of_file(arguments.query_vectors, index.dimensions, arguments.queries, arguments.seed)
    return queries_of_photos(await index.sample(arguments.queries, arguments.seed), arguments.seed)


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return NOT_MEASURED


def _within(kind: Callable[[str], _Number], least: _Number, most: _Number) -> Callable[[str], _Number]:
    def number(text: str) -> _Number:
        if not least <= kind(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} does not lie between {least} and {most}")
        return kind(text)

    return number


class _Progress:
    """Says on stderr how far it is, now and then."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def __call__(self, text: str) -> None:
        if time.monotonic() > self._said_at + _PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            print(text, file=sys.stderr)  # noqa: T201
