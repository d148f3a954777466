"""The gateway's settings, from environment variables GATEWAY_*."""

from ipaddress import ip_address
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from grpc_runtime.telemetry import LogFormat, LogLevel


class Config(BaseSettings):
    """All settings. An invalid one raises pydantic.ValidationError."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 opens the photos to the network.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    allowed_hosts: str = Field(
        "",
        description="Names, separated by commas, that the page is opened by; all others are refused, except "
        "localhost and IP addresses. Without it any name will do, unless GATEWAY_HOST is this machine itself.",
    )
    embedder: str = Field("127.0.0.1:50051", description="HOST:PORT of the embedder service.")
    search: str = Field("127.0.0.1:50052", description="HOST:PORT of the search service.")
    call_timeout_seconds: float = Field(
        30, gt=0, description="How long a call to one of these may take, including the wait for one that restarts."
    )
    sources: dict[str, str] = Field(
        default_factory=dict,
        description="JSON object: the name of each source and the folder that its photos are in, or its URL in an "
        "object store (s3://, gs://, az://).",
    )
    sources_file: Path | None = Field(
        None, description="File with a JSON object as in GATEWAY_SOURCES; it is read again when it changes."
    )
    cache_dir: Path = Field(Path("data/cache"), description="Folder for thumbnails and previews.")
    cache_max_bytes: int = Field(
        2 * 1024**3, ge=0, description="How much of the disk thumbnails and previews may take; 0 keeps none."
    )
    thumbnails: str = Field(
        "", description="Folder, or URL in an object store, with the thumbnails that indexers wrote (--thumbnails)."
    )
    picture_threads: int = Field(2, ge=1, description="How many pictures are decoded at once.")
    max_upload_bytes: int = Field(32 * 1024**2, ge=1, description="The largest picture that may be searched with.")
    drain_seconds: float = Field(20, ge=0, description="How long running requests may take after SIGTERM.")
    linger_seconds: float = Field(
        0,
        ge=0,
        description="How long new requests are still taken after SIGTERM, each as the last of its connection: for "
        "proxies that learn late of the end.",
    )
    log_format: LogFormat = Field("console", description="console for people, json for machines.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error.")

    @property
    def host_names(self) -> frozenset[str]:
        """The names in allowed_hosts, and localhost, in lower case."""
        return frozenset({"localhost", *(name.strip().lower() for name in self.allowed_hosts.split(","))} - {""})

    @property
    def checks_names(self) -> bool:
        """Whether requests under foreign names are refused."""
        return self.local_only or bool(self.allowed_hosts)

    @property
    def local_only(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
