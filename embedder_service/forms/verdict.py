"""Which form of each tower serves, and by what figures: worked out once for a model on a kind of CPU, then read."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from embedder_service.encoder import FormCheck, Modality, ModelCard
from embedder_service.forms import fidelity
from embedder_service.forms.cache import FormCache, key, slug
from embedder_service.forms.fidelity_set import SET_VERSION
from embedder_service.forms.form import EXPORT_VERSION, INT8, Cpu, Form, Precision
from embedder_service.sources import ModelSource

_FORMS = "forms"
_EXPORTERS = ("onnx", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class FormOptions:
    """The settings that concern forms."""

    precision: Precision
    cache_dir: Path
    threads: int
    bundled_dir: Path | None = None

    @property
    def folder(self) -> Path:
        """Where forms are kept."""
        return self.cache_dir / _FORMS

    def cache(self) -> FormCache:
        """What is kept there, and in `bundled_dir`."""
        return FormCache(self.folder, self.bundled_dir / _FORMS if self.bundled_dir else None)


@dataclass(frozen=True)
class Verdict:
    """What was found. `detail` says in a sentence why a better form does not serve; it may be empty."""

    forms: dict[Modality, Form]
    checks: tuple[FormCheck, ...]
    detail: str
    dimensions: int
    useful_image_edge: int

    def card(self, source: ModelSource) -> ModelCard:
        """The model's card, but for what its towers tell."""
        return ModelCard(
            id=source.id(),
            name=source.name,
            dimensions=self.dimensions,
            modalities=frozenset(self.forms),
            useful_image_edge=self.useful_image_edge,
            runtime="",
            precision="",
            languages=source.languages,
            form_checks=self.checks,
            form_detail=self.detail,
        )

    def to_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(
            {
                **asdict(self),
                "forms": {modality.name: asdict(form) for modality, form in self.forms.items()},
                "checks": [{**asdict(check), "modality": check.modality.name} for check in self.checks],
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> "Verdict":
        """Raises ValueError, KeyError or TypeError for what it is not."""
        fields = json.loads(text)
        fields["forms"] = {Modality[name]: Form(**form) for name, form in fields["forms"].items()}
        fields["checks"] = tuple(
            FormCheck(**{**check, "modality": Modality[check["modality"]]}) for check in fields["checks"]
        )
        return cls(**fields)


class KeptNames:
    """Under which names a model's forms are kept: another weight, version or option gives another name."""

    def __init__(self, source: ModelSource, precision: Precision, cpu: Cpu) -> None:
        self._contents = {
            Modality.IMAGE: source.contents[source.image_folder],
            Modality.TEXT: source.contents[source.text_folder],
        }
        self.cpu = cpu
        self._precision = precision
        self._versions = {name: version(name) for name in _EXPORTERS}
        self.prefix = f"{slug(source.name)}-"

    def tower(self, modality: Modality, form: Form) -> str:
        """An exported tower; bf16 is computed from the one in fp32."""
        return self._tower(modality, "int8" if form == INT8 else "fp32", seven_bits=form == INT8 and self.cpu.saturates)

    def _tower(self, modality: Modality, numbers: str, *, seven_bits: bool) -> str:
        options = {"export": EXPORT_VERSION, "seven_bits": seven_bits}
        parts = {"weights": self._contents[modality], "versions": self._versions, "options": options}
        return f"{self.prefix}{modality.value}-{numbers}-{key(parts)}"

    def inputs(self) -> str:
        """What prepares pictures and texts."""
        parts = {"weights": sorted(self._contents.values()), "versions": self._versions, "export": EXPORT_VERSION}
        return f"{self.prefix}inputs-{key(parts)}"

    def verdict(self) -> str:
        """The verdict's file."""
        return f"{self._verdicts()}-{self.cpu.key()}-{self._precision}.json"

    def attempts(self) -> str:
        """Where attempts to find the verdict are counted."""
        return f"{self.verdict()}.attempts"

    def of_any_cpu(self) -> tuple[str, ...]:
        """How the names begin of all that these weights and versions may have on any CPU, in any precision."""
        towers = (("fp32", False), ("int8", False), ("int8", True))
        return (
            self._verdicts(),
            self.inputs(),
            *(self._tower(each, numbers, seven_bits=seven) for each in Modality for numbers, seven in towers),
        )

    def _verdicts(self) -> str:
        limits = (fidelity.MIN_MEAN_COSINE, fidelity.MIN_WORST_COSINE, fidelity.MIN_OVERLAP, fidelity.TOP, fidelity.TIE)
        parts = {
            "weights": [self._contents[modality] for modality in Modality],
            "versions": {**self._versions, "openvino": version("openvino")},
            "check": [SET_VERSION, EXPORT_VERSION, *limits],
        }
        return f"{self.prefix}verdict-{key(parts)}"
