"""The settings, read from the environment: EMBEDDER_HOST, EMBEDDER_PORT, ...."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from embedder_service.forms.form import Device, Precision
from grpc_runtime.telemetry import LogFormat, LogLevel


class Settings(BaseSettings):
    """What can be set."""

    model_config = SettingsConfigDict(env_prefix="EMBEDDER_", frozen=True, protected_namespaces=())

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(50051, ge=0, le=65535, description="Port of the gRPC service; 0 takes any free one.")
    metrics_port: int = Field(9051, ge=0, le=65535, description="Port of GET /metrics; 0 turns it off.")
    drain_seconds: float = Field(20.0, ge=0, description="How long running calls may take after SIGTERM.")
    log_format: LogFormat = Field("console", description="console for people, json for machines.")
    log_level: LogLevel = Field("info", description="debug, info, warning or error.")

    model: str = Field(
        "clip-vit-b-32",
        description="A preset (clip-vit-b-32, siglip2-base, metaclip2-b-32, concept), a sentence-transformers model as "
        "hub id (owner/name) or folder, or auto: the index's model, else CLIP if it is at hand or the hub answers, "
        "else concept.",
    )
    text_model: str = Field(
        "",
        description="With a hub id or folder in EMBEDDER_MODEL: hub id or folder of another model, in the same space, "
        "that embeds the texts.",
    )
    index_model: str = Field("", description="With auto: the id of the model that the existing index is of.")
    cache_dir: Path = Field(Path("data/models"), description="Where what models compute once is kept.")
    bundled_dir: Path | None = Field(
        None,
        description="A folder with a model that an image carries, which is only read: hub/, a hub cache, and what "
        "EMBEDDER_CACHE_DIR holds.",
    )
    hub_timeout: float = Field(3.0, gt=0, description="Seconds within which the model hub must answer at start.")
    precision: Precision = Field(
        "auto",
        description="What the model computes in: fp32, bf16, int8, or auto for the fastest that stays true to fp32. "
        "GetModel tells what serves and why.",
    )
    device: Device = Field("auto", description="cpu, cuda, or auto: a GPU if there is one.")
    threads: int = Field(0, ge=0, description="Threads that the model computes with; 0 takes one for each core.")

    max_text_bytes: int = Field(16_384, ge=1, description="The longest text, in bytes of UTF-8.")
    max_image_bytes: int = Field(
        48 * 1024 * 1024, ge=1, le=63 * 1024 * 1024, description="The largest encoded picture, in bytes."
    )
    max_text_batch: int = Field(32, ge=1, description="The most texts that are embedded together.")
    max_image_batch: int = Field(64, ge=1, description="The most pictures that are embedded together.")
    max_batch_seconds: float = Field(
        0.1,
        gt=0,
        description="About how long a batch may take: only so many are embedded together, but always one. A person's "
        "text waits for one batch of pictures at most.",
    )
    max_wait_seconds: float = Field(
        10.0,
        gt=0,
        description="A text or single picture that would likely wait longer, or beyond its deadline, is answered "
        "OVERLOADED at once.",
    )
    max_call_bytes: int = Field(
        256 * 1024 * 1024,
        ge=1,
        description="Memory for texts and single pictures in hand; more are answered OVERLOADED.",
    )
    max_stream_bytes: int = Field(
        256 * 1024 * 1024,
        ge=1,
        description="Memory for the pictures of all streams in hand; beyond it no stream is read on.",
    )
    max_unanswered_images: int = Field(
        128, ge=1, description="How many pictures of one stream are read ahead of their answers."
    )
    decode_threads: int = Field(
        0,
        ge=0,
        description="Pictures that are decoded at once; 0 takes one for each core.",
    )
    max_decode_bytes: int = Field(
        512 * 1024 * 1024,
        ge=1024 * 1024,
        description="Memory for pictures that are decoded at once: 11 bytes a pixel, 17 of a WebP, less of a JPEG. One "
        "that takes more than a quarter of it is decoded beside the others, one such at a time: at most 3.4 GB more.",
    )
    text_cache_entries: int = Field(
        1024, ge=0, description="Texts whose vectors are kept for when they are asked again; 0 keeps none."
    )
