import subprocess
import sys

_USES_OPENVINO = """
import sys
from embedder_service.clip.openvino_tower import OpenvinoTower
from openvino.tools.ovc.telemetry_utils import tm
print(tm.__name__, sys.modules["openvino_telemetry"])
"""


def test_nobody_is_told_that_openvino_is_used() -> None:
    printed = subprocess.check_output([sys.executable, "-c", _USES_OPENVINO], text=True)

    assert printed.split() == ["openvino.tools.ovc.telemetry_stub", "None"]
