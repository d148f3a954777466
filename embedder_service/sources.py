"""Where a model's files are: presets, hub ids, folders."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from embedder_service.encoder import Report
from embedder_service.errors import ModelFailed
from embedder_service.hub import ModelHub, needed_files


@dataclass(frozen=True)
class Preset:
    """A model by a name of our own; `images` and `texts` are hub ids of two towers that share a space."""

    images: str
    texts: str
    languages: tuple[str, ...]


# fmt: off
_CLIP_LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "gl", "gu", "he", "hi", "hr", "hu",
    "hy", "id", "it", "ja", "ka", "ko", "ku", "lt", "lv", "mk", "mn", "mr", "ms", "my", "nb", "nl", "pl", "pt", "ro",
    "ru", "sk", "sl", "sq", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
)
# fmt: on

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "clip-vit-b-32": Preset(
            images="sentence-transformers/clip-ViT-B-32",
            texts="sentence-transformers/clip-ViT-B-32-multilingual-v1",
            languages=_CLIP_LANGUAGES,
        ),
        # Trained on 109 and on more than 300 languages, which their makers do not list.
        "siglip2-base": Preset(
            images="google/siglip2-base-patch16-224", texts="google/siglip2-base-patch16-224", languages=()
        ),
        "metaclip2-b-32": Preset(
            images="facebook/metaclip-2-worldwide-b32", texts="facebook/metaclip-2-worldwide-b32", languages=()
        ),
    }
)
DEFAULT_PRESET = "clip-vit-b-32"


@dataclass(frozen=True)
class ModelSource:
    """The folders of a model; one and the same where it has both towers."""

    name: str
    image_folder: Path
    text_folder: Path
    languages: tuple[str, ...] = ()

    def id(self) -> str:
        """The name and a hash of all files that decide the space."""
        digest = hashlib.sha256()
        for folder in dict.fromkeys([self.image_folder, self.text_folder]):
            digest.update(self.contents[folder].encode() + b"\n")
        return f"{self.name}@{digest.hexdigest()[:12]}"

    @cached_property
    def contents(self) -> Mapping[Path, str]:
        """The files of each folder that decide the space, a line each, with hashes. Read once: that takes seconds."""
        return {folder: _contents(folder) for folder in {self.image_folder, self.text_folder}}


def locate(model: str, text_model: str, hub: ModelHub, report: Report) -> ModelSource:
    """The files of a preset, hub id or folder, fetched if they are not there yet.

    `text_model` (hub id or folder) embeds the texts in place of a hub id's or folder's own text tower; it may be empty.
    Raises ModelFailed.
    """
    if preset := PRESETS.get(model):
        if text_model:
            raise ModelFailed(
                f"The preset {model} brings its own text model. Unset EMBEDDER_TEXT_MODEL, or set "
                "EMBEDDER_MODEL to a hub id."
            )
        return ModelSource(
            model, _folder(preset.images, hub, report), _folder(preset.texts, hub, report), preset.languages
        )
    image_folder = _folder(model, hub, report)
    text_folder = _folder(text_model, hub, report) if text_model else image_folder
    return ModelSource(_display_name(model), image_folder, text_folder)


def at_hand(preset: str, hub: ModelHub) -> bool:
    """Whether a preset is in the local cache, or what is missing could be fetched now."""
    repositories = (PRESETS[preset].images, PRESETS[preset].texts)
    missing = [repository for repository in repositories if hub.cached(repository) is None]
    return not missing or hub.answers(missing[0])


def _folder(model: str, hub: ModelHub, report: Report) -> Path:
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        return folder.resolve()
    owner, slash, name = model.partition("/")
    if not (owner and slash and name) or "/" in name or owner in (".", "..", "~"):
        raise ModelFailed(
            f"There is no model {model!r}: no such folder, no preset ({', '.join(['concept', *PRESETS])}), "
            "and a hub id has the form owner/name. Correct EMBEDDER_MODEL."
        )
    if (cached := hub.cached(model)) is not None:
        return cached
    if not hub.answers(model):
        raise ModelFailed(
            f"{model} is not in the local cache and the model hub does not answer. Check the network, set "
            "HF_ENDPOINT to a mirror, or take the built-in model: EMBEDDER_MODEL=concept."
        )
    return hub.fetch(model, report)


def _contents(folder: Path) -> str:
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    lines = []
    for path in needed_files(paths):
        with (folder / path).open("rb") as file:
            lines.append(f"{path} {hashlib.file_digest(file, 'sha256').hexdigest()}\n")
    return "".join(lines)


def _display_name(model: str) -> str:
    folder = Path(model).expanduser()
    return folder.resolve().name if folder.is_dir() else model
