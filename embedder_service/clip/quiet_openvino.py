"""openvino without its telemetry: it would tell its makers of each import, unless this package is missing."""

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402

__all__ = ["openvino"]
