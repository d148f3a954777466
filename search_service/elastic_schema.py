"""How an index is made: its mapping, its settings, and what it remembers of itself."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Self

import orjson

from search_service.elastic_config import ElasticSettings
from search_service.elastic_document import VECTOR
from search_service.images import Model

FORMAT = 2
# Counts the fields that were added to the format: an index of an earlier revision gets them before it is written.
REVISION = 2
REFRESH_INTERVAL = "10s"
_MAX_SLUG_LENGTH = 60
# Facets find the folders under another by its whole path.
_MAX_REGEX_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """One index. `loading`: it is being filled without copies and refreshes. `revision`: of its mapping."""

    name: str
    handle: str
    model: Model
    number: int
    index_type: str
    loading: bool
    revision: int

    @classmethod
    def new(cls, settings: ElasticSettings, model: Model, number: int) -> Self:
        """One to be made."""
        slug = re.sub(r"[^a-z0-9]+", "-", model.name.lower()).strip("-")[:_MAX_SLUG_LENGTH].strip("-") or "model"
        name = f"{settings.alias}-{slug}-{number}"
        handle = f"{name}.{secrets.token_hex(4)}"
        return cls(name, handle, model, number, settings.index_type, settings.fast_load, REVISION)

    @classmethod
    def from_meta(cls, name: str, meta: Mapping[str, Any]) -> Self:
        """One that there is, of this version's format."""
        model = Model(meta["model"], meta["dimensions"])
        revision = meta.get("revision", 1)
        return cls(name, meta["handle"], model, meta["number"], meta["index_type"], meta["loading"], revision)

    def meta(self) -> dict[str, Any]:
        """What its _meta says."""
        return {
            "format": FORMAT,
            "revision": self.revision,
            "handle": self.handle,
            "model": self.model.name,
            "dimensions": self.model.dimensions,
            "number": self.number,
            "index_type": self.index_type,
            "loading": self.loading,
        }


def index_mappings(index: StoredIndex, settings: ElasticSettings) -> dict[str, Any]:
    """mapping.json, with what depends on the model and the settings."""
    mappings: dict[str, Any] = orjson.loads(files(__package__).joinpath("mapping.json").read_bytes())
    options: dict[str, Any] = {"type": index.index_type}
    if index.index_type.endswith("hnsw"):
        options |= {"m": settings.m, "ef_construction": settings.ef_construction}
    mappings["properties"][VECTOR] |= {"dims": index.model.dimensions, "index_options": options}
    return {**mappings, "_meta": index.meta()}


def extended_mapping(index: StoredIndex) -> tuple[StoredIndex, dict[str, Any]]:
    """An index of an earlier revision as one of this one, and the mapping that makes it that."""
    extended = replace(index, revision=REVISION)
    mappings: dict[str, Any] = orjson.loads(files(__package__).joinpath("mapping.json").read_bytes())
    fields = {name: field for name, field in mappings["properties"].items() if name != VECTOR}
    return extended, {"properties": fields, "meta": extended.meta()}


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
