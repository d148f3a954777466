"""An index in Elasticsearch as one whose search can be measured. It is only read.

The exact search needs no scripts, which a cluster may forbid. The photos are divided by their sample keys into parts
so small that a filtered kNN search returns all of a part, and rescoring compares the exact vectors. How many photos
each search returned shows whether one was left out.
"""

import math
import time
from collections.abc import Sequence
from typing import Any, Self

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings, default_oversampling
from search_service.elastic_errors import MissingIndex, raise_if_failed
from search_service.elastic_indices import ElasticIndices
from search_service.elastic_knn import MOST_HITS, cosine_of, knn_clause
from search_service.elastic_search import ElasticReader, asked_hits
from search_service.errors import StorageUnavailable
from search_service.images import Filter, ListOrder, ListPlace, Vector, Window
from search_service.tune import Neighbour, Pair, Progress

_SAMPLE_KEYS = 2**56  # so many there are, see images.sample_key
# Parts differ by some hundreds; none may have more than MOST_HITS.
_PHOTOS_IN_PART = 8_000
_AT_ONCE = 25


class ElasticTuning:
    """Implements tune.TunableIndex for the index that serves when it is entered. Raises StorageUnavailable."""

    def __init__(self, settings: ElasticSettings, *, photos_in_part: int = _PHOTOS_IN_PART) -> None:
        """`photos_in_part`: on average, of the exact search's parts."""
        self._settings = settings
        self._photos_in_part = photos_in_part
        self._client = ElasticClient(settings)
        self._readers: dict[float | None, ElasticReader] = {}

    async def __aenter__(self) -> Self:
        """Raises IndexMissing or IndexFormat too."""
        try:
            self._index = await ElasticIndices(self._client, self._settings).present()
            self.photo_count = sum((await self._reader(None).source_counts(self._index)).values())
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._client.close()
        if isinstance(error, MissingIndex):
            raise StorageUnavailable("The index was replaced while it was measured. Start again.") from None

    @property
    def description(self) -> str:
        """The index in a few words."""
        return f"{self._index.name}: {self._index.index_type}, {self.photo_count:,} photos"

    @property
    def dimensions(self) -> int:
        """Of its vectors."""
        return self._index.model.dimensions

    @property
    def present(self) -> Pair:
        """The settings as they are."""
        return Pair(self._settings.num_candidates, self._oversampling)

    async def sample(self, count: int, seed: int) -> list[tuple[str, Vector]]:
        """Ids and vectors of photos drawn by lot, at most `count`."""
        place = ListPlace(f"seed {seed}")
        drawn = await self._list(place, count)
        if len(drawn) < count:  # on from the first one
            drawn = list(dict.fromkeys([*drawn, *await self._list(None, count)]))[:count]
        vectors = await self._reader(None).vectors(self._index, drawn)
        return list(vectors.items())

    async def exact(self, vectors: Sequence[Vector], limit: int, progress: Progress) -> list[list[Neighbour]]:
        """As in TunableIndex, among the photos that can be found by now."""
        parts = math.ceil(self.photo_count / self._photos_in_part)
        nearest: list[list[Neighbour]] = [[] for _ in vectors]
        compared = [0] * len(vectors)
        started = time.monotonic()
        for part in range(parts):
            for first in range(0, len(vectors), _AT_ONCE):
                some = vectors[first : first + _AT_ONCE]
                for number, answer in enumerate(await self._exact_in_part(some, part, parts, limit), first):
                    found = [_neighbour(hit) for hit in answer["hits"]["hits"]]
                    nearest[number] = sorted([*nearest[number], *found], key=lambda one: (-one.score, one.id))[:limit]
                    compared[number] += answer["hits"]["total"]["value"]
            left = (time.monotonic() - started) / (part + 1) * (parts - part - 1)
            progress(f"exact search: part {part + 1} of {parts}, {_duration(left)} left")
        if min(compared) < self.photo_count:
            raise StorageUnavailable(
                f"The exact search could compare only {min(compared):,} of {self.photo_count:,} photos: some were "
                "removed meanwhile. Start again when nothing is being written."
            )
        return nearest

    async def search(self, vector: Vector, pair: Pair, window: int, limit: int) -> list[Neighbour]:
        """As in TunableIndex."""
        page = await self._reader(pair.oversampling).nearest(
            self._index,
            vector,
            keep=Filter(),
            excluded_ids=[],
            window=Window(window, pair.num_candidates),
            offset=0,
            limit=limit,
        )
        return [Neighbour(hit.image.id, hit.score) for hit in page.hits]

    def looked_at(self, pair: Pair, window: int) -> int:
        """As in TunableIndex."""
        # A search at the top level asks each shard for num_candidates hits, and oversampling multiplies these.
        candidates = max(asked_hits(window), pair.num_candidates)
        return min(math.ceil(candidates * (pair.oversampling or 1)), MOST_HITS)

    @property
    def _oversampling(self) -> float | None:
        usual = default_oversampling(self._index.index_type)
        return None if usual is None else self._settings.oversampling or usual

    def _reader(self, oversampling: float | None) -> ElasticReader:
        if oversampling not in self._readers:
            settings = self._settings.model_copy(update={"oversampling": oversampling})
            self._readers[oversampling] = ElasticReader(self._client, settings)
        return self._readers[oversampling]

    async def _list(self, after: ListPlace | None, count: int) -> list[str]:
        images = await self._reader(None).list_page(
            self._index, ListOrder.SAMPLE, keep=Filter(), after=after, limit=count
        )
        return [image.id for image in images]

    async def _exact_in_part(self, vectors: Sequence[Vector], part: int, parts: int, limit: int) -> list[Any]:
        header = {"index": self._index.handle, "allow_partial_search_results": False}
        bounds = {"gte": part * _SAMPLE_KEYS // parts, "lt": (part + 1) * _SAMPLE_KEYS // parts}
        query = {"range": {"sample_key": bounds}}
        index_type = self._index.index_type
        searches = [
            knn_clause(one, query, k=MOST_HITS, candidates=MOST_HITS, index_type=index_type, oversampling=1)
            for one in vectors
        ]
        body = {
            "sort": [{"_score": "desc"}, {"image_id": "asc"}],
            "size": limit,
            "_source": False,
            "stored_fields": "_none_",
            "track_total_hits": True,
        }
        lines = [line for knn in searches for line in (header, {"knn": knn, **body})]
        answer = await self._client.call(lambda elastic: elastic.msearch(searches=lines))
        raise_if_failed(answer["responses"])
        return list(answer["responses"])


def _neighbour(hit: Any) -> Neighbour:
    return Neighbour(hit["sort"][1], cosine_of(hit))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
