"""The settings of the Elasticsearch index, read from the environment: SEARCH_ELASTICSEARCH_HOSTS, ...."""

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

IndexType = Literal["hnsw", "int8_hnsw", "int4_hnsw", "bbq_hnsw", "flat", "int8_flat", "int4_flat", "bbq_flat"]

# How many times the hits of the coarse vectors are compared by the exact ones.
_OVERSAMPLING: dict[str, float] = {"int8": 2.0, "int4": 3.0, "bbq": 3.0}

_MAX_NAME_BYTES = 512
_MODEL_NEEDED = (
    "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX needs SEARCH_ELASTICSEARCH_ORIGINAL_MODEL, the model of its vectors. Start "
    "the embedder with that model (EMBEDDER_MODEL=clip-vit-b-32, unless the tool was changed) and ask it for the id: "
    "grpcurl -plaintext localhost:50051 imagesearch.embedder.v1.EmbedderService/GetModel"
)


class ElasticSettings(BaseSettings):
    """How Elasticsearch is reached, and how the index in it is made. Each secret may come from a file instead."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_ELASTICSEARCH_", frozen=True, env_ignore_empty=True)

    hosts: str = Field("", description="Addresses of the cluster's nodes, separated by commas: https://one:9200,...")
    cloud_id: str = Field("", description="The deployment's Cloud ID, instead of hosts.")
    ca_file: Path | None = Field(None, description="The certificate authority that signed the cluster's certificates.")
    certificate_fingerprint: str = Field(
        "", description="SHA-256 of the cluster's certificate or of its authority's, as hexadecimal digits."
    )
    verify_certificates: bool = Field(
        True, description="0 trusts any certificate: the connection can be read and changed by others."
    )
    username: str = Field("", description="Login name, with the password.")
    password: SecretStr | None = Field(None, description="Password.")
    password_file: Path | None = Field(None, description="File with the password.")
    api_key: SecretStr | None = Field(None, description="API key, encoded as Elasticsearch shows it.")
    api_key_file: Path | None = Field(None, description="File with the API key.")
    bearer_token: SecretStr | None = Field(None, description="Bearer token.")
    bearer_token_file: Path | None = Field(None, description="File with the bearer token.")
    sniff: bool = Field(False, description="1 asks the cluster for its nodes when one fails, and uses all of them.")
    timeout_seconds: float = Field(30.0, gt=0, description="How long one request may take.")
    connections: int = Field(20, ge=1, description="The most connections to one node.")

    alias: str = Field("images", description="Name of the index; the real ones are called alias-model-number.")
    shards: int = Field(1, ge=1, le=1024, description="Shards of a new index: one for each 10 to 20 million photos.")
    replicas: str = Field(
        "0-1",
        description="Further copies of a new index. 0-1: one as soon as there is a second node; or a number, or all.",
    )
    index_type: IndexType = Field(
        "int8_hnsw", description="How a new index keeps vectors; from about 10 million photos on take bbq_hnsw."
    )
    m: int = Field(16, ge=2, le=512, description="Neighbours of a vector in the graph of a new index.")
    ef_construction: int = Field(100, ge=2, le=3200, description="Vectors looked at to find them.")
    fast_load: bool = Field(
        False,
        description="1 fills a new index without copies and refreshes until the first stream or the rebuild ends. "
        "A disk that fails before then takes photos with it that were answered OK.",
    )
    num_candidates: int = Field(
        2_500, ge=1, le=10_000, description="Vectors that each shard looks at in a search; at least as many as hits."
    )
    oversampling: float | None = Field(
        None,
        ge=1,
        le=10,
        description="How many times num_candidates vectors are looked at and compared exactly. Without it: 2 for "
        "int8, 3 for int4 and bbq.",
    )
    bulk_bytes: int = Field(
        5 * 1024**2, ge=1024, le=90 * 1024**2, description="How large a request that writes may be."
    )
    bulk_in_flight: int = Field(2, ge=1, description="How many requests that write may be under way.")
    bulk_patience_seconds: float = Field(
        60.0, ge=0, description="How long a photo is sent again while the cluster says that it is busy."
    )

    original_index: str = Field(
        "",
        description="Name of an index that the original tool (flask-elastic-image-search) made, such as "
        "my-image-embeddings: it is searched instead, and never written. See docs/original-tool.md.",
    )
    original_model: str = Field(
        "", description="The model of that index's vectors, as GetModel of the embedder names it."
    )
    original_source: str = Field(
        "", description="Name of that index's photos, for GATEWAY_SOURCES. Without it: the index's name."
    )

    @field_validator("hosts")
    @classmethod
    def _are_urls(cls, hosts: str) -> str:
        for host in host_list(hosts):
            parts = urlsplit(host)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("each address begins with http:// or https://, as in https://localhost:9200")
            if parts.username or parts.password:
                raise ValueError("put the login into SEARCH_ELASTICSEARCH_USERNAME and _PASSWORD, not into the address")
        return hosts

    @field_validator("certificate_fingerprint")
    @classmethod
    def _is_sha256(cls, fingerprint: str) -> str:
        digits = fingerprint.replace(":", "").lower()
        if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValueError("a SHA-256 has 64 hexadecimal digits")
        return digits

    @field_validator("alias")
    @classmethod
    def _is_index_name(cls, alias: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", alias):
            raise ValueError("use up to 61 lower-case letters, digits, - and _, the first a letter or digit")
        return alias

    @field_validator("original_index")
    @classmethod
    def _is_one_index(cls, name: str) -> str:
        if name and not re.fullmatch(r"[^-_+.A-Z\\/*?\"<>| ,#:][^A-Z\\/*?\"<>| ,#:]{0,254}", name):
            raise ValueError("it names one index, such as my-image-embeddings")
        return name

    @field_validator("original_model", "original_source")
    @classmethod
    def _is_short(cls, name: str) -> str:
        if len(name.encode()) > _MAX_NAME_BYTES:
            raise ValueError(f"it has more than {_MAX_NAME_BYTES} bytes")
        return name

    @field_validator("replicas")
    @classmethod
    def _is_number_or_range(cls, replicas: str) -> str:
        if not re.fullmatch(r"\d{1,2}|\d{1,2}-(\d{1,2}|all)|all", replicas):
            raise ValueError("write a number, or a range such as 0-1")
        return "0-all" if replicas == "all" else replicas

    @field_validator("ca_file", "password_file", "api_key_file", "bearer_token_file")
    @classmethod
    def _can_be_read(cls, file: Path | None) -> Path | None:
        if file is not None:
            try:
                file.read_bytes()
            except OSError as error:
                raise ValueError(f"{file} can't be read ({error.strerror})") from None
        return file

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if bool(self.hosts) == bool(self.cloud_id):
            raise ValueError("set one of SEARCH_ELASTICSEARCH_HOSTS and SEARCH_ELASTICSEARCH_CLOUD_ID")
        if self.certificate_fingerprint and self.cloud_id:
            raise ValueError("a certificate fingerprint goes with hosts, not with a Cloud ID")
        for name in ("password", "api_key", "bearer_token"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise ValueError(f"set one of {name} and {name}_file")
        logins = [self.username, self.api_key or self.api_key_file, self.bearer_token or self.bearer_token_file]
        if sum(map(bool, logins)) > 1:
            raise ValueError("set one login: username with password, API key, or bearer token")
        if bool(self.username) != bool(self.password or self.password_file):
            raise ValueError("username and password belong together")
        if self.original_index and not self.original_model:
            raise ValueError(_MODEL_NEEDED)
        if not self.original_index and (self.original_model or self.original_source):
            raise ValueError(
                "the model and the source of an original index go with SEARCH_ELASTICSEARCH_ORIGINAL_INDEX"
            )
        return self

    def secret(self, name: Literal["password", "api_key", "bearer_token"]) -> str | None:
        """The secret, be it set or in its file."""
        value: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if file is not None:
            return file.read_text(encoding="utf-8").strip()
        return value.get_secret_value() if value else None


def host_list(hosts: str) -> list[str]:
    """The addresses, each with a port."""
    found = []
    for text in (part.strip().rstrip("/") for part in hosts.split(",")):
        parts = urlsplit(text)
        if text:
            found.append(text if parts.port else text.replace(parts.netloc, f"{parts.netloc}:9200", 1))
    return found


def default_oversampling(index_type: str) -> float | None:
    """How many times the hits are compared by their exact vectors; None where the index has only those."""
    return _OVERSAMPLING.get(index_type.partition("_")[0])
