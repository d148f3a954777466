"""How an index is made: its mapping, its settings, and what it remembers of itself."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

import orjson

from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import VECTOR
from search_service.images import Model

FORMAT = 2
REFRESH_INTERVAL = "10s"
_MAX_SLUG_LENGTH = 60
# Facets find the folders under another by its whole path.
_MAX_REGEX_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """One index. `loading`: it is being filled without copies and refreshes."""

    name: str
    handle: str
    model: Model
    number: int
    index_type: str
    loading: bool

    @classmethod
    def new(cls, settings: ElasticSettings, model: Model, number: int) -> Self:
        """One to be made."""
        slug = re.sub(r"[^a-z0-9]+", "-", model.name.lower()).strip("-")[:_MAX_SLUG_LENGTH].strip("-") or "model"
        name = f"{settings.alias}-{slug}-{number}"
        return cls(name, f"{name}.{secrets.token_hex(4)}", model, number, settings.index_type, settings.fast_load)

    @classmethod
    def from_meta(cls, name: str, meta: Mapping[str, Any]) -> Self:
        """One that there is, of this version's format."""
        model = Model(meta["model"], meta["dimensions"])
        return cls(name, meta["handle"], model, meta["number"], meta["index_type"], meta["loading"])

    def meta(self, *, loading: bool) -> dict[str, Any]:
        """What its _meta says."""
        return {
            "format": FORMAT,
            "handle": self.handle,
            "model": self.model.name,
            "dimensions": self.model.dimensions,
            "number": self.number,
            "index_type": self.index_type,
            "loading": loading,
        }


def index_mappings(index: StoredIndex, settings: ElasticSettings) -> dict[str, Any]:
    """mapping.json, with what depends on the model and the settings."""
    mappings: dict[str, Any] = orjson.loads(files(__package__).joinpath("mapping.json").read_bytes())
    options: dict[str, Any] = {"type": index.index_type}
    if index.index_type.endswith("hnsw"):
        options |= {"m": settings.m, "ef_construction": settings.ef_construction}
    mappings["properties"][VECTOR] |= {"dims": index.model.dimensions, "index_options": options}
    return {**mappings, "_meta": index.meta(loading=index.loading)}


def index_settings(settings: ElasticSettings) -> dict[str, Any]:
    """Shards, copies and refreshes of a new index."""
    made: dict[str, Any] = {"number_of_shards": settings.shards, "max_regex_length": _MAX_REGEX_LENGTH}
    if settings.fast_load:
        return {**made, "refresh_interval": "-1", "number_of_replicas": 0}
    return {**made, **usual_settings(settings)}


def usual_settings(settings: ElasticSettings) -> dict[str, Any]:
    """Copies and refreshes of an index that is not being loaded fast."""
    replicas = settings.replicas
    copies: dict[str, Any] = (
        {"auto_expand_replicas": replicas} if "-" in replicas else {"number_of_replicas": int(replicas)}
    )
    return {"refresh_interval": REFRESH_INTERVAL, **copies}
