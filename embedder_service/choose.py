"""Which model is loaded: the one that was named, or what `auto` finds."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from embedder_service.encoder import LoadedModel, Report
from embedder_service.errors import ModelFailed
from embedder_service.hub import ModelHub
from embedder_service.sources import DEFAULT_PRESET, ModelSource, at_hand, locate

AUTO = "auto"
CONCEPT = "concept"


@dataclass(frozen=True)
class ModelRequest:
    """What was asked for; the fields are the settings of the same names."""

    model: str
    text_model: str = ""
    index_model: str = ""


@dataclass(frozen=True)
class Loaders:
    """How models are loaded."""

    clip: Callable[[ModelSource, Report], LoadedModel]
    concept: Callable[[Report], LoadedModel]


def load_model(request: ModelRequest, hub: ModelHub, loaders: Loaders, report: Report) -> LoadedModel:
    """A name that was given is loaded or fails; only `auto` chooses another. Raises ModelFailed."""
    if request.model != AUTO:
        return _load_named(request.model, request.text_model, hub, loaders, report)
    if request.text_model:
        raise ModelFailed(
            "EMBEDDER_TEXT_MODEL goes with a hub id or folder in EMBEDDER_MODEL, not with auto. Unset one."
        )
    if request.index_model:
        return _load_for_index(request.index_model, hub, loaders, report)
    report(f"Looking for {DEFAULT_PRESET}.", 0.0)
    because = "it is not in the local cache and the model hub does not answer"
    if at_hand(DEFAULT_PRESET, hub):
        try:
            return _load_named(DEFAULT_PRESET, "", hub, loaders, report)
        except ModelFailed as error:
            because = error.message.rstrip(".")
    because = f"The built-in model {CONCEPT} stands in for {DEFAULT_PRESET}: {because}."
    return replace(loaders.concept(report), degraded_because=because)


def _load_named(model: str, text_model: str, hub: ModelHub, loaders: Loaders, report: Report) -> LoadedModel:
    if model == CONCEPT:
        if text_model:
            raise ModelFailed("The model concept brings its own text model. Unset EMBEDDER_TEXT_MODEL.")
        return loaders.concept(report)
    return loaders.clip(locate(model, text_model, hub, report), report)


def _load_for_index(index_model: str, hub: ModelHub, loaders: Loaders, report: Report) -> LoadedModel:
    name = index_model.rpartition("@")[0] or index_model
    rebuild = f"build the index anew with the built-in model: `make run ... EMBEDDER_MODEL={CONCEPT} REBUILD=1`."
    try:
        model = _load_named(name, "", hub, loaders, report)
    except ModelFailed as error:
        raise ModelFailed(f"The index is of the model {index_model}. {error.message} Or {rebuild}") from error
    if model.encoder.card.id == index_model:
        return model
    because = (
        f"The index is of the model {index_model}, but {name} is now {model.encoder.card.id}, and the two can't be "
        f"compared. Build the index anew: `make run ... EMBEDDER_MODEL={name} REBUILD=1`."
    )
    return replace(model, degraded_because=because)
