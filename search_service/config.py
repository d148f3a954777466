"""The settings, read from the environment: SEARCH_HOST, SEARCH_PORT, ...."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from grpc_runtime.telemetry import LogFormat, LogLevel


class Settings(BaseSettings):
    """What can be set."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(50052, ge=0, le=65535, description="Port of the gRPC service; 0 takes any free one.")
    metrics_port: int = Field(9052, ge=0, le=65535, description="Port of GET /metrics; 0 turns it off.")
    drain_seconds: float = Field(20.0, ge=0, description="How long running calls may take after SIGTERM.")
    log_format: LogFormat = Field("console", description="console for people, json for machines.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error.")

    backend: Literal["embedded", "elasticsearch"] | None = Field(
        None,
        description="Where the index is kept. embedded: LanceDB in the process, in a folder on disk. elasticsearch: a "
        "cluster. Without it: elasticsearch if SEARCH_ELASTICSEARCH_HOSTS, _CLOUD_ID or _ORIGINAL_INDEX is set.",
    )
    elasticsearch_hosts: str = Field(
        "", description="Addresses of the cluster's nodes, separated by commas: https://one:9200,..."
    )
    elasticsearch_cloud_id: str = Field("", description="The deployment's Cloud ID, instead of hosts.")
    elasticsearch_original_index: str = Field(
        "",
        description="Name of an index that the original tool (flask-elastic-image-search) made, such as "
        "my-image-embeddings: it is searched instead, and never written. See docs/original-tool.md.",
    )
    embedded_path: Path = Field(
        Path("data/index"), description="The folder of the embedded index. One process at a time."
    )
    embedded_vector_index_from: int = Field(
        10_000,
        ge=256,
        description="With fewer photos a search compares all vectors, exactly; from here on there is a vector index.",
    )
    embedded_cache_bytes: int = Field(
        1 << 30, ge=0, description="Memory in which the embedded index keeps what it read."
    )
    window: int = Field(
        1_000, ge=1, le=10_000, description="How many hits the pages of one search have together, at most."
    )
    candidates: int = Field(
        100_000,
        ge=1,
        le=10_000_000,
        description="About how many vectors a search of the embedded index compares once it has a vector index.",
    )

    @property
    def uses_elasticsearch(self) -> bool:
        """Whether the index is kept in Elasticsearch."""
        if self.backend is None:
            return bool(self.elasticsearch_hosts or self.elasticsearch_cloud_id or self.elasticsearch_original_index)
        return self.backend == "elasticsearch"
