"""What `make run` can be told, as NAME=value on its command line or in the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCALHOST = "127.0.0.1"


class LocalRunConfig(BaseSettings):
    """The settings of one run. Those of the services (EMBEDDER_MODEL, GATEWAY_PORT, ...) are passed on to them."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    photos: Path | None = Field(
        None,
        description="The folder to search; without it, the sample photos of two packages, in an index of their own.",
    )
    data: Path = Field(Path("data"), description="Where index, model cache, thumbnails and logs are kept.")
    prune: bool = Field(False, description="1 removes from the index what is gone from the folder.")
    rebuild: bool = Field(False, description="1 builds the index anew, as a change of the model needs.")
    embedder_model: str = Field(
        "auto", description="The model; see docs/models.md. Without make run the embedder takes clip-vit-b-32."
    )
    embedder_port: int = Field(50051, ge=1, le=65535, description="The embedder's port.")
    search_port: int = Field(50052, ge=1, le=65535, description="The search service's port.")
    gateway_host: str = Field("127.0.0.1", description="The address that the page is served on.")
    gateway_port: int = Field(8080, ge=1, le=65535, description="The page's port.")

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Host and port of each service, by the name of the setting of its port."""
        return {
            "SEARCH_PORT": (LOCALHOST, self.search_port),
            "EMBEDDER_PORT": (LOCALHOST, self.embedder_port),
            "GATEWAY_PORT": (self.gateway_host, self.gateway_port),
        }
