"""The options that the benchmarks of the embedder share, and the model that they take without any."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self, cast, get_args

import typer

from benchmarks.embedder.machine import Cores, parse_cores
from embedder_service.forms import form as forms

Model = Annotated[
    str,
    typer.Option(
        envvar="EMBEDDER_MODEL",
        help="As EMBEDDER_MODEL. Without it, a CLIP ViT-B/32 of full size with random weights, which is made once in "
        "the cache (1.1 GB).",
    ),
]
TextModel = Annotated[str, typer.Option(envvar="EMBEDDER_TEXT_MODEL", help="As EMBEDDER_TEXT_MODEL.")]
CacheDir = Annotated[Path, typer.Option(help="As EMBEDDER_CACHE_DIR: where the forms of the models are kept.")]
Precisions = Annotated[str, typer.Option("--precision", help="As EMBEDDER_PRECISION; several, separated by commas.")]
Precision = Annotated[forms.Precision, typer.Option(help="As EMBEDDER_PRECISION.")]
Device = Annotated[forms.Device, typer.Option(help="As EMBEDDER_DEVICE.")]
CoreNumbers = Annotated[
    str, typer.Option("--cores", help="What is measured keeps to these, as 0 or 0,1; the load comes from the others.")
]

CACHE = Path("data/benchmarks")
ALL_PRECISIONS = "fp32,bf16,int8"
FIRST_CORE = str(min(os.sched_getaffinity(0)))


@dataclass(frozen=True)
class EmbedderOptions:
    """How an embedder is run."""

    model: str
    text_model: str
    cache_dir: Path
    cores: Cores
    precision: forms.Precision = "auto"
    device: forms.Device = "cpu"

    @classmethod
    def make(cls, model: str, text_model: str, cache_dir: Path, cores: str, device: forms.Device = "cpu") -> Self:
        """From the options of a command. Writes the model with random weights, if no other is named."""
        try:
            numbers = parse_cores(cores)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--cores") from error
        if not model:
            model, text_model = replica(cache_dir / "replica-full", "full")
        return cls(model, text_model, cache_dir, numbers, device=device)

    def with_precision(self, precision: forms.Precision) -> Self:
        """The same in another form."""
        return replace(self, precision=precision)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the service."""
        threads = str(len(self.cores))
        return {
            "EMBEDDER_MODEL": self.model,
            "EMBEDDER_TEXT_MODEL": self.text_model,
            "EMBEDDER_CACHE_DIR": os.fspath(self.cache_dir),
            "EMBEDDER_PRECISION": self.precision,
            "EMBEDDER_DEVICE": self.device,
            "EMBEDDER_THREADS": threads,
            "EMBEDDER_DECODE_THREADS": threads,
            "EMBEDDER_LOG_LEVEL": "warning",
        }


def parse_precisions(text: str) -> list[forms.Precision]:
    """Those in a list separated by commas."""
    known = get_args(forms.Precision)
    chosen = text.split(",")
    if unknown := set(chosen) - set(known):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(known)}", param_hint="--precision")
    return [cast("forms.Precision", each) for each in chosen]


def replica(folder: Path, size: str) -> tuple[str, str]:
    """The folders of a CLIP with random weights and of its text model, written if they are not there."""
    from tests.clip_replica import CLIP, MULTILINGUAL, write_replica  # noqa: PLC0415 takes seconds

    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_replica(folder, size)
        done.touch()
    return os.fspath(folder / CLIP), os.fspath(folder / MULTILINGUAL)
