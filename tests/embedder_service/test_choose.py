from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from embedder_service.choose import Loaders, ModelRequest, load_model
from embedder_service.encoder import LoadedModel, Report
from embedder_service.errors import ModelFailed
from embedder_service.sources import DEFAULT_PRESET, PRESETS, ModelSource
from tests.embedder_service.plain_encoder import PlainEncoder

PARTS = (PRESETS[DEFAULT_PRESET].images, PRESETS[DEFAULT_PRESET].texts)


class PlainHub:
    """A hub with some models, of which some were fetched before."""

    def __init__(self, folder: Path, *, reachable: bool, cached: Sequence[str] = (), breaks_off: bool = False) -> None:
        self._folder = folder
        self._reachable = reachable
        self._breaks_off = breaks_off
        self.available = set(cached)
        self.asked = 0
        for repository in cached:
            self._write(repository)

    def cached(self, repository: str) -> Path | None:
        return self._folder / repository if repository in self.available else None

    def answers(self, repository: str) -> bool:
        self.asked += 1
        return self._reachable

    def fetch(self, repository: str, report: Report) -> Path:
        if self._breaks_off:
            raise ModelFailed(f"{repository} could not be downloaded.")
        self.available.add(repository)
        return self._write(repository)

    def _write(self, repository: str) -> Path:
        folder = self._folder / repository
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(repository)
        return folder


class Loaded:
    """What was loaded, and how."""

    def __init__(self) -> None:
        self.source: ModelSource | None = None
        self.loaders = Loaders(clip=self._clip, concept=self._concept)

    def _clip(self, source: ModelSource, report: Report) -> LoadedModel:
        self.source = source
        return LoadedModel(named(source.id()))

    def _concept(self, report: Report) -> LoadedModel:
        return LoadedModel(named("concept@0123456789ab"))


def named(model_id: str) -> PlainEncoder:
    encoder = PlainEncoder()
    encoder.card = replace(encoder.card, id=model_id, name=model_id.rpartition("@")[0])
    return encoder


def load(request: ModelRequest, hub: PlainHub, loaded: Loaded | None = None) -> tuple[str, str]:
    """The loaded model's id and why it is degraded."""
    model = load_model(request, hub, (loaded or Loaded()).loaders, lambda detail, progress: None)
    return model.encoder.card.id, model.degraded_because


def test_auto_takes_clip_from_the_cache_without_asking_the_network(tmp_path: Path) -> None:
    hub = PlainHub(tmp_path, reachable=False, cached=PARTS)
    model, degraded = load(ModelRequest("auto"), hub)

    assert model.startswith("clip-vit-b-32@")
    assert degraded == ""
    assert hub.asked == 0


@pytest.mark.parametrize("cached", [(), PARTS[:1]])
def test_auto_fetches_clip_when_the_hub_answers(tmp_path: Path, cached: Sequence[str]) -> None:
    model, degraded = load(ModelRequest("auto"), PlainHub(tmp_path, reachable=True, cached=cached))

    assert model.startswith("clip-vit-b-32@")
    assert degraded == ""


@pytest.mark.parametrize("cached", [(), PARTS[:1]])
def test_auto_takes_concept_when_the_hub_does_not_answer_and_says_so(tmp_path: Path, cached: Sequence[str]) -> None:
    model, degraded = load(ModelRequest("auto"), PlainHub(tmp_path, reachable=False, cached=cached))

    assert model.startswith("concept@")
    assert "clip-vit-b-32" in degraded


def test_auto_takes_concept_when_the_download_breaks_off(tmp_path: Path) -> None:
    model, degraded = load(ModelRequest("auto"), PlainHub(tmp_path, reachable=True, breaks_off=True))

    assert model.startswith("concept@")
    assert "could not be downloaded" in degraded


def test_auto_keeps_to_the_model_of_an_existing_index(tmp_path: Path) -> None:
    hub = PlainHub(tmp_path, reachable=True, cached=PARTS)
    clip, _ = load(ModelRequest("auto"), hub)

    assert load(ModelRequest("auto", index_model="concept@0123456789ab"), hub) == ("concept@0123456789ab", "")
    assert load(ModelRequest("auto", index_model=clip), hub) == (clip, "")


def test_auto_does_not_fall_back_from_the_model_of_an_index(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed, match=r"index is of the model clip-vit-b-32@abc.*REBUILD=1"):
        load(ModelRequest("auto", index_model="clip-vit-b-32@abc"), PlainHub(tmp_path, reachable=False))


def test_an_index_of_another_version_of_the_model_is_named_with_the_way_out(tmp_path: Path) -> None:
    model, degraded = load(ModelRequest("auto", index_model="concept@old"), PlainHub(tmp_path, reachable=False))

    assert model == "concept@0123456789ab"
    assert "concept@old" in degraded
    assert "REBUILD=1" in degraded


def test_a_name_that_was_given_never_falls_back(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed, match=r"does not answer.*EMBEDDER_MODEL=concept"):
        load(ModelRequest("clip-vit-b-32"), PlainHub(tmp_path, reachable=False))


def test_concept_needs_no_hub(tmp_path: Path) -> None:
    hub = PlainHub(tmp_path, reachable=False)

    assert load(ModelRequest("concept"), hub) == ("concept@0123456789ab", "")
    assert hub.asked == 0


def test_a_name_that_was_given_wins_over_the_index(tmp_path: Path) -> None:
    model, _ = load(ModelRequest("concept", index_model="clip-vit-b-32@abc"), PlainHub(tmp_path, reachable=True))

    assert model.startswith("concept@")


def test_a_hub_id_and_another_one_for_its_texts(tmp_path: Path) -> None:
    loaded = Loaded()
    model, _ = load(ModelRequest("some/clip", text_model="some/texts"), PlainHub(tmp_path, reachable=True), loaded)

    assert model.startswith("some/clip@")
    assert loaded.source is not None
    assert loaded.source.image_folder == tmp_path / "some/clip"
    assert loaded.source.text_folder == tmp_path / "some/texts"


@pytest.mark.parametrize("model", ["auto", "concept", "clip-vit-b-32"])
def test_a_text_model_beside_a_model_that_brings_its_own_is_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(ModelFailed, match="EMBEDDER_TEXT_MODEL"):
        load(ModelRequest(model, text_model="some/texts"), PlainHub(tmp_path, reachable=True))


@pytest.mark.parametrize("model", ["no-such-model", "", "/no/such/folder", "a/b/c", "../x", "./x"])
def test_a_name_that_can_be_no_model_is_refused_with_what_can(tmp_path: Path, model: str) -> None:
    hub = PlainHub(tmp_path, reachable=True)

    with pytest.raises(ModelFailed, match=r"clip-vit-b-32.*owner/name"):
        load(ModelRequest(model), hub)
    assert hub.asked == 0
