"""An Elasticsearch for the benchmark: a node of its own or one that is there, and what an index takes in it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_service.elastic_client import ElasticClient
from search_service.elastic_config import ElasticSettings
from tests.elasticsearch_node import ElasticsearchNode

_MERGE_SECONDS = 7_200.0


@dataclass(frozen=True)
class Sizes:
    """What an index takes, in bytes. `off_heap` are files that Elasticsearch maps into memory to search them.

    `heap` and `resident` are of one node; 0 where they can't be seen. Of what is resident the mapped files' share is
    `resident_files`, which the system takes back when it needs room.
    """

    segments: int
    disk: int
    off_heap: Mapping[str, int]
    heap: int
    heap_limit: int
    resident: int
    resident_files: int


class Cluster:
    """One cluster, and the alias of the index that is measured."""

    def __init__(self, hosts: str, *, alias: str = "", fast_load: bool = False) -> None:
        """Without an alias it takes one that nobody has, and `close` removes the index."""
        self._keeps = bool(alias)
        alias = alias or f"benchmark-{uuid.uuid4().hex[:12]}"
        self.settings = ElasticSettings(hosts=hosts, alias=alias, fast_load=fast_load)
        # The login, the trust and the connections are those of the service, too.
        self.client = ElasticClient(self.settings)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a service that keeps its index here."""
        names = {"BACKEND": "elasticsearch", "ELASTICSEARCH_CLOUD_ID": "", "ELASTICSEARCH_HOSTS": self.settings.hosts}
        names |= {
            "ELASTICSEARCH_ALIAS": self.settings.alias,
            "ELASTICSEARCH_FAST_LOAD": str(self.settings.fast_load),
        }
        return {f"SEARCH_{name}": value for name, value in names.items()}

    async def version(self) -> str:
        """The oldest node's."""
        await self.client.call(lambda elastic: elastic.cluster.health())
        return self.client.version

    async def settle(self) -> None:
        """Returns when no merge of segments is under way."""
        while (await self._stats("merge"))["merges"]["current"]:
            await asyncio.sleep(0.5)

    async def merge(self) -> None:
        """Makes one segment of each shard."""
        alias = self.settings.alias
        await self.client.call(
            lambda elastic: elastic.options(request_timeout=_MERGE_SECONDS).indices.forcemerge(
                index=alias, max_num_segments=1
            ),
            pauses=(),
        )

    async def sizes(self) -> Sizes:
        """What the index takes now."""
        found = await self._stats("store,segments,dense_vector")
        answer = await self.client.call(
            lambda elastic: elastic.nodes.stats(metric="jvm", filter_path="nodes.*.jvm.mem.heap_*")
        )
        nodes = list(answer["nodes"].values())
        heap: dict[str, Any] = nodes[0]["jvm"]["mem"] if len(nodes) == 1 else {}
        resident, files = await self._resident() if len(nodes) == 1 else (0, 0)
        off_heap = found["dense_vector"].get("off_heap", {})
        return Sizes(
            segments=found["segments"]["count"],
            disk=found["store"]["size_in_bytes"],
            off_heap={kind: off_heap.get(f"total_{kind}_size_bytes", 0) for kind in ("vec", "veq", "veb", "vex")},
            heap=heap.get("heap_used_in_bytes", 0),
            heap_limit=heap.get("heap_max_in_bytes", 0),
            resident=resident,
            resident_files=files,
        )

    async def close(self) -> None:
        """Closes the connections, and removes the index unless its alias was given."""
        if not self._keeps:
            await self._drop()
        await self.client.close()

    async def _drop(self) -> None:
        names = await self.client.call(
            lambda elastic: elastic.indices.get(
                index=f"{self.settings.alias}-*", filter_path="*.aliases", ignore_unavailable=True
            )
        )
        for name in dict(names.body):
            await self.client.call(lambda elastic, name=name: elastic.indices.delete(index=name))  # type: ignore[misc]

    async def _stats(self, metric: str) -> Any:
        alias = self.settings.alias
        answer = await self.client.call(lambda elastic: elastic.indices.stats(index=alias, metric=metric))
        return answer["_all"]["primaries"]

    async def _resident(self) -> tuple[int, int]:
        answer = await self.client.call(lambda elastic: elastic.nodes.info(metric="process"))
        return _resident_memory(next(iter(answer["nodes"].values()))["process"]["id"])


@asynccontextmanager
async def open_cluster(
    hosts: str, version: str, heap: str, *, alias: str = "", fast_load: bool = False
) -> AsyncIterator[Cluster]:
    """The cluster at these addresses, or, without any, a node with this version and heap for as long as it takes."""
    node = None if hosts else ElasticsearchNode(version, on_disk=True, heap=heap, java_options="")
    try:
        if node:
            node.start()
        cluster = Cluster(node.url if node else hosts, alias=alias, fast_load=fast_load)
        try:
            yield cluster
        finally:
            await cluster.close()
    finally:
        if node:
            node.close()


def _resident_memory(process: int) -> tuple[int, int]:
    """All of it and the mapped files' part, in bytes; zeros if no Java process of this machine has the id."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    fields = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    if fields.get("Name") != ["java"]:
        return 0, 0
    return 1024 * int(fields["VmRSS"][0]), 1024 * int(fields["RssFile"][0])
