"""The forms in which a model can be computed on a CPU, and which of them are worth a try on this one."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# Raise it when export.py writes something else.
EXPORT_VERSION = 1

Precision = Literal["auto", "fp32", "bf16", "int8"]
Device = Literal["auto", "cpu", "cuda"]
Runtime = Literal["torch", "onnxruntime", "openvino"]


class FormsFailed(Exception):
    """No faster form could be worked out; the message says why in a sentence."""


@dataclass(frozen=True)
class Form:
    """A precision and what computes in it."""

    precision: Literal["fp32", "bf16", "int8"]
    runtime: Runtime

    def __str__(self) -> str:
        return f"{self.precision} by {self.runtime}"


REFERENCE = Form("fp32", "torch")
FP32 = Form("fp32", "onnxruntime")
BF16 = Form("bf16", "openvino")
INT8 = Form("int8", "onnxruntime")


@dataclass(frozen=True)
class Cpu:
    """What decides how a form computes on this CPU."""

    machine: str
    features: frozenset[str]

    @property
    def has_bf16(self) -> bool:
        """Whether bf16 is in the instructions; else it would be emulated, slower than fp32."""
        return bool(self.features & {"avx512_bf16", "amx_bf16"})

    @property
    def saturates(self) -> bool:
        """Whether products of int8 are added up in 16 bits, which overflow, so weights must keep to 7 bits."""
        return self.machine == "x86_64" and not self.features & {"avx512_vnni", "avx_vnni"}

    def key(self) -> str:
        """The same for CPUs that compute alike."""
        return hashlib.sha256(f"{self.machine} {sorted(self.features)}".encode()).hexdigest()[:12]


# Those by which the runtimes choose how they compute.
_FEATURES = frozenset(
    (
        *("avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx_vnni", "avx512_bf16"),
        *("avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve"),
    )
)


def this_cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> Cpu:
    """Where the system doesn't tell, a CPU without any of the features."""
    words: set[str] = set()
    try:
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("flags", "Features"):
                words = set(value.split())
                break
    except OSError:
        pass
    return Cpu(platform.machine(), frozenset(words & _FEATURES))


def forms_to_try(precision: Precision, cpu: Cpu) -> list[Form]:
    """In the order of preference; the reference stands behind them all. One that is asked for may not be among them."""
    forms = {"auto": [INT8, BF16, FP32], "int8": [INT8, BF16, FP32], "bf16": [BF16, FP32], "fp32": [FP32]}[precision]
    return [form for form in forms if form is not BF16 or cpu.has_bf16]
