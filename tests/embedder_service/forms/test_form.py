from pathlib import Path

import pytest

from embedder_service.forms.form import BF16, FP32, INT8, Cpu, Form, Precision, forms_to_try, this_cpu

WITH_BF16 = Cpu("x86_64", frozenset({"avx2", "avx512_vnni", "avx512_bf16"}))
WITHOUT = Cpu("x86_64", frozenset({"avx2"}))


@pytest.mark.parametrize(
    ("precision", "forms"),
    [("auto", [INT8, BF16, FP32]), ("int8", [INT8, BF16, FP32]), ("bf16", [BF16, FP32]), ("fp32", [FP32])],
)
def test_the_fastest_form_comes_first_and_what_is_asked_for_before_it(precision: Precision, forms: list[Form]) -> None:
    assert forms_to_try(precision, WITH_BF16) == forms


@pytest.mark.parametrize("precision", ["auto", "int8", "bf16"])
def test_bf16_is_not_tried_where_it_would_be_emulated(precision: Precision) -> None:
    assert BF16 not in forms_to_try(precision, WITHOUT)
    assert forms_to_try(precision, WITHOUT)[-1] == FP32


@pytest.mark.parametrize(
    ("cpuinfo", "bf16"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_vnni amx_bf16 amx_tile\n", True),
        ("processor : 0\nflags\t\t: fpu avx2 avx512_vnni\n", False),
        ("processor : 0\nFeatures\t: fp asimd bf16\n", False),  # openvino computes that only on x86
        ("", False),
    ],
)
def test_a_cpu_is_known_by_its_features(tmp_path: Path, cpuinfo: str, *, bf16: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)

    assert this_cpu(file).has_bf16 == bf16


def test_a_system_that_does_not_tell_has_a_cpu_too(tmp_path: Path) -> None:
    assert this_cpu(tmp_path / "none").features == frozenset()


def test_cpus_that_compute_differently_have_different_keys(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("flags : avx2 fpu\n")
    plain = this_cpu(file)
    file.write_text("flags : avx2 sse4_1\n")
    alike = this_cpu(file)
    file.write_text("flags : avx2 avx512_vnni\n")

    assert plain.key() == alike.key() != this_cpu(file).key()


def test_products_of_int8_overflow_without_vnni() -> None:
    assert WITHOUT.saturates
    assert not WITH_BF16.saturates
    assert not Cpu("aarch64", frozenset()).saturates
