"""An index of the original tool (flask-elastic-image-search): what its mapping says that it holds."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import VECTOR
from search_service.elastic_errors import MissingIndex
from search_service.errors import IndexFormat, ServiceError, StorageUnavailable
from search_service.images import Model

# The fields that are read, and of which type each must be to be of use.
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "image_id": "keyword",
        "image_name": "keyword",
        "relative_path": "keyword",
        "exif.date": "date",
        "exif.location": "geo_point",
    }
)
# With these, the order by score is the order by cosine, and the score is (1 + cosine) / 2.
_SIMILARITIES = ("cosine", "dot_product")
_KNOWN_SECONDS = 10.0

Properties = Mapping[str, Any]


class OriginalIndexMissing(StorageUnavailable):
    """There is no index of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no index {name!r} in Elasticsearch. Correct SEARCH_ELASTICSEARCH_ORIGINAL_INDEX; "
            "GET _cat/indices lists the names. While the original tool indexes, wait until it has made it anew."
        )


class OriginalIndexUnfit(IndexFormat):
    """The index is none of the original tool's."""

    def __init__(self, name: str, why: str, *, expected: str, actual: str) -> None:
        ServiceError.__init__(
            self,
            f"The index {name!r} can't be searched as one of the original tool's: {why}. Correct "
            "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX, or unset it and index the photos anew: python -m indexer FOLDER",
            expected=expected,
            actual=actual,
        )


@dataclass(frozen=True, slots=True)
class OriginalIndex:
    """One that can be searched. `fields`: where each field of the tool is found; where it isn't, a name of none."""

    name: str
    source: str
    model: Model
    index_type: str
    fields: Mapping[str, str]

    def has(self, field: str) -> bool:
        """Whether the index has such a field."""
        return self.fields[field] != _absent(field)


class OriginalIndices:
    """Reads the mapping of the index that the settings name."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._name = settings.original_index
        self._source = settings.original_source or settings.original_index
        self._model = settings.original_model
        self._known: OriginalIndex | None = None
        self._known_until = 0.0

    async def present(self) -> OriginalIndex:
        """The index, as it was some seconds ago.

        Raises OriginalIndexMissing, OriginalIndexUnfit or StorageUnavailable.
        """
        if self._known is None or time.monotonic() > self._known_until:
            self._known = await self.read()
            self._known_until = time.monotonic() + _KNOWN_SECONDS
        return self._known

    async def read(self, **options: Any) -> OriginalIndex:
        """The index, asked anew. The options are those of ElasticClient.call; raises what `present` does."""
        try:
            found = await self._client.call(lambda elastic: elastic.indices.get_mapping(index=self._name), **options)
        except MissingIndex:
            raise OriginalIndexMissing(self._name) from None
        if len(found) != 1:
            why = f"the name stands for {len(found)} indexes ({', '.join(sorted(found))}); name one of them"
            raise OriginalIndexUnfit(self._name, why, expected="1 index", actual=str(len(found)))
        ((_, stored),) = found.items()
        properties = dict(_leaves(stored["mappings"].get("properties", {})))
        vector = self._vector(properties)
        fields = {name: _place(name, kind, properties) for name, kind in _TYPES.items()}
        if fields["relative_path"] == _absent("relative_path"):
            fields["relative_path"] = fields["image_name"]  # in the tool's first version all photos lie in one folder
        return OriginalIndex(
            name=self._name,
            source=self._source,
            model=Model(self._model, vector["dims"]),
            index_type=vector.get("index_options", {}).get("type", "hnsw"),
            fields=fields,
        )

    def _vector(self, properties: Properties) -> Properties:
        """The vectors' mapping. Raises OriginalIndexUnfit unless they can be searched by their cosine."""
        vector: Properties | None = properties.get(VECTOR)
        kind = vector.get("type", "object") if vector else "none"
        if vector is None or kind != "dense_vector":
            raise self._unfit(f"it has no field {VECTOR} of the type dense_vector", "dense_vector", kind)
        if (element := vector.get("element_type", "float")) != "float":
            raise self._unfit(f"its vectors consist of {element}, not of float", "float", element)
        if not vector.get("index", True):
            raise self._unfit("its vectors are not indexed", "index: true", "index: false")
        if (similarity := vector.get("similarity", "cosine")) not in _SIMILARITIES:
            raise self._unfit(f"its vectors are compared by {similarity}, not by cosine", "cosine", similarity)
        if "dims" not in vector:
            raise self._unfit("it holds no vector yet", "dims", "none")
        return vector

    def _unfit(self, why: str, expected: str, actual: str) -> OriginalIndexUnfit:
        return OriginalIndexUnfit(self._name, why, expected=expected, actual=actual)


def _leaves(properties: Properties, prefix: str = "") -> Iterator[tuple[str, Properties]]:
    """The mapping of each field by its whole name, those that are made of others among them."""
    for name, mapping in properties.items():
        yield f"{prefix}{name}", mapping
        for part in ("properties", "fields"):
            yield from _leaves(mapping.get(part, {}), f"{prefix}{name}.")


def _place(name: str, kind: str, properties: Properties) -> str:
    """The field, or the keyword beside a text where Elasticsearch made the mapping by itself."""
    for place in (name, f"{name}.keyword"):
        mapping = properties.get(place, {})
        if mapping.get("type") == kind and mapping.get("index", True) and mapping.get("doc_values", True):
            return place
    return _absent(name)


def _absent(name: str) -> str:
    return f"{name}.absent"
