"""Which index in Elasticsearch serves and which one comes next.

The alias (`images`) names the index that serves, `images-next` the one of a rebuild. All else that must be remembered
is the index's own _meta. Each change is one request that the cluster carries out whole or not at all: a process that is
killed leaves nothing half done, and of two that make the same change at once one wins, as an alias has at most one
write index and can be taken away only once.

Each index has a further alias, its handle, drawn by lot when it is made: the rebuild's id, and the name that the index
is read and written by. An index that takes its place never answers to it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from elasticsearch import ApiError, AsyncElasticsearch

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from search_service.elastic_errors import ForeignIndex, error_reason, error_type
from search_service.elastic_schema import (
    FORMAT,
    REVISION,
    StoredIndex,
    extended_mapping,
    index_mappings,
    index_settings,
    usual_settings,
)
from search_service.errors import IndexMissing, InvalidField, RebuildConflict, RebuildNotFound, StorageUnavailable
from search_service.images import Model

_log = structlog.stdlib.get_logger("elasticsearch")

# Another process may have swapped indexes. It is noticed earlier where the old index is gone.
_KNOWN_SECONDS = 10.0
_TRIES = 20


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the aliases name. `full`: the cluster lets nobody write into the index that serves."""

    serving: StoredIndex | None = None
    next: StoredIndex | None = None
    full: bool = False


class ElasticIndices:
    """The indexes behind one alias."""

    def __init__(self, client: ElasticClient, settings: ElasticSettings) -> None:
        self._client = client
        self._settings = settings
        self._known = StoredState()
        self._known_until = 0.0

    async def state(self, *, fresh: bool = False) -> StoredState:
        """What there is; asked of the cluster if that was not done lately, or if it must be fresh.

        Raises ForeignIndex or StorageUnavailable.
        """
        if fresh or self._known.serving is None or time.monotonic() > self._known_until:
            self._known = await self.read_state()
            self._known_until = time.monotonic() + _KNOWN_SECONDS
        return self._known

    async def read_state(self, **options: Any) -> StoredState:
        """What the cluster says. The options are those of ElasticClient.call."""
        alias, coming = self._settings.alias, self._next_alias
        found = await self._client.call(
            lambda elastic: elastic.indices.get(
                index=[alias, coming],
                ignore_unavailable=True,
                features=["aliases", "mappings", "settings"],
                filter_path="*.aliases,*.mappings._meta,*.settings.index.blocks",
            ),
            **options,
        )
        indexes = dict(found.body)
        blocks = _under(indexes, alias).get("settings", {}).get("index", {}).get("blocks", {})
        return StoredState(
            self._stored(indexes, alias),
            self._stored(indexes, coming),
            full=blocks.get("read_only_allow_delete") == "true",
        )

    async def present(self, *, fresh: bool = False) -> StoredIndex:
        """The index that serves. Raises IndexMissing."""
        serving = (await self.state(fresh=fresh)).serving
        if serving is None:
            raise IndexMissing
        return serving

    async def rebuild(self, rebuild_id: str, *, fresh: bool = False) -> StoredIndex:
        """The index of the rebuild under way. Raises RebuildNotFound."""
        for again in (fresh, True):
            coming = (await self.state(fresh=again)).next
            if coming and coming.handle == rebuild_id:
                return coming
        raise RebuildNotFound(rebuild_id)

    async def create_first(self, model: Model) -> StoredIndex:
        """The index that serves, made now unless another process was quicker."""
        return await self._found_or_made(self._settings.alias, model)

    async def begin_rebuild(self, model: Model) -> StoredIndex:
        """The next index, new or continued. Raises RebuildConflict."""
        coming = await self._found_or_made(self._next_alias, model)
        if coming.model != model:
            raise RebuildConflict(rebuild_id=coming.handle, model=coming.model.name, dimensions=coming.model.dimensions)
        return coming

    async def swap(self, coming: StoredIndex) -> None:
        """Lets the next index serve and removes the present one, in one step. Raises RebuildNotFound."""
        serving = (await self.state(fresh=True)).serving
        alias = self._settings.alias
        actions: list[dict[str, Any]] = [
            {"remove": {"index": coming.name, "alias": self._next_alias, "must_exist": True}},
            {"add": {"index": coming.name, "alias": alias, "is_write_index": True}},
        ]
        if serving:
            actions.append({"remove_index": {"index": serving.name}})
        try:
            await self._client.call(lambda elastic: elastic.indices.update_aliases(actions=actions))
        except StorageUnavailable:
            after = await self.state(fresh=True)
            if after.serving and after.serving.handle == coming.handle:
                return  # done, but the answer was lost
            if after.next is None or after.next.handle != coming.handle:
                raise RebuildNotFound(coming.handle) from None
            raise
        _log.info("swapped", serving=coming.name, removed=serving.name if serving else "")
        self._known_until = 0.0

    async def remove(self, index: StoredIndex) -> None:
        """Drops an index."""
        await self._client.call(lambda elastic: elastic.options(ignore_status=404).indices.delete(index=index.name))
        self._known_until = 0.0
        _log.info("removed", index=index.name)

    async def end_loading(self, index: StoredIndex) -> None:
        """Gives an index that was loaded fast its copies and refreshes."""
        if not index.loading:
            return
        name, settings = index.name, usual_settings(self._settings)
        await self._client.call(lambda elastic: elastic.indices.put_settings(index=name, settings=settings))
        meta = replace(index, loading=False).meta()
        await self._client.call(lambda elastic: elastic.indices.put_mapping(index=name, meta=meta))
        self._known_until = 0.0

    async def extended(self, index: StoredIndex) -> StoredIndex:
        """The index with all fields of this version, which an earlier one may have made without some."""
        if index.revision >= REVISION:
            return index
        extended, mapping = extended_mapping(index)
        await self._client.call(lambda elastic: elastic.indices.put_mapping(index=index.handle, **mapping))
        _log.info("added fields", index=index.name)
        self._known_until = 0.0
        return extended

    def forget(self) -> None:
        """Asks the cluster the next time: an index that was known is gone."""
        self._known_until = 0.0

    @property
    def _next_alias(self) -> str:
        return f"{self._settings.alias}-next"

    async def _found_or_made(self, alias: str, model: Model) -> StoredIndex:
        number = 0
        for _ in range(_TRIES):
            state = await self.state(fresh=True)
            if found := state.next if alias == self._next_alias else state.serving:
                return found
            number = 1 + max(number, *(index.number for index in (state.serving, state.next) if index), 0)
            index = StoredIndex.new(self._settings, model, number)
            await self._client.call(partial(self._make, index=index, alias=alias))
        raise StorageUnavailable(f"No index could be made under the alias {alias!r}: others use the names in question.")

    async def _make(self, elastic: AsyncElasticsearch, *, index: StoredIndex, alias: str) -> None:
        """Makes the index, unless another process was quicker or its name is taken."""
        try:
            await elastic.indices.create(
                index=index.name,
                mappings=index_mappings(index, self._settings),
                settings=index_settings(self._settings),
                aliases={alias: {"is_write_index": True}, index.handle: {}},
            )
        except ApiError as error:
            kind = error_type(error.body)
            if kind == "mapper_parsing_exception":
                raise InvalidField(
                    "embedding.values", f"Elasticsearch can't keep them ({error_reason(error.body)})."
                ) from error
            if kind == "resource_already_exists_exception" or "more than one write index" in error_reason(error.body):
                return
            raise
        _log.info("made an index", index=index.name, alias=alias, model=index.model.name)

    def _stored(self, indexes: Mapping[str, Any], alias: str) -> StoredIndex | None:
        """The index behind an alias. Raises ForeignIndex unless this version made it."""
        named = [name for name, found in indexes.items() if alias in found.get("aliases", {}) or name == alias]
        if not named:
            return None
        if len(named) > 1:
            raise StorageUnavailable(
                f"The alias {alias!r} names several indexes in Elasticsearch ({', '.join(sorted(named))}). Take it "
                "away from all but one."
            )
        meta = indexes[named[0]].get("mappings", {}).get("_meta", {})
        if meta.get("format") != FORMAT:
            raise ForeignIndex(alias, expected=FORMAT, actual=meta.get("format", "unknown"))
        return StoredIndex.from_meta(named[0], meta)


def _under(indexes: Mapping[str, Any], alias: str) -> Mapping[str, Any]:
    return next((found for found in indexes.values() if alias in found.get("aliases", {})), {})
