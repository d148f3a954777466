"""Whatever a file holds, it is read rightly or refused with a true reason, in bounded memory."""

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pictures.decode import Picture, read_picture
from pictures.errors import PictureError, TooLarge
from tests.pictures.bad_files import LIMITS, BadFile, Fate, bad_files
from tests.pictures.good_files import different_bits, good_files, photo

FILES = bad_files()


def read_or_refusal(file: BadFile) -> Picture | PictureError:
    try:
        return read_picture(file.data, limits=LIMITS)
    except PictureError as error:
        return error


@cache
def whole(good: str) -> Picture:
    return read_picture(good_files()[good])


def is_a_sentence(text: str) -> bool:
    """Whether a person can read it, and it is the same the next time: no addresses, no lines, no names of classes."""
    return bool(re.fullmatch(r"(The|This) [^\n]{10,500}", text)) and not re.search(
        r"0x[0-9a-f]{6}|Error|<|Traceback", text
    )


@pytest.mark.parametrize("good", [name for name in good_files() if name != "HEIC" and not name.endswith("raw")])
def test_every_good_file_shows_the_photo(good: str) -> None:
    picture = whole(good)
    assert (picture.width, picture.height) == photo().size
    assert different_bits(picture.image, photo()) <= 4


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_is_read_rightly_or_refused_with_a_true_reason(file: BadFile) -> None:
    outcome = read_or_refusal(file)
    if isinstance(outcome, PictureError):
        assert file.fate is not Fate.SHOWN, outcome
        assert is_a_sentence(str(outcome)), outcome
        assert re.search(file.reason, str(outcome)), outcome
        assert not isinstance(outcome, TooLarge) or outcome.actual > outcome.limit
        return
    assert file.fate is not Fate.REFUSED
    assert outcome.image.mode == "RGB"
    if file.fate is Fate.SHOWN:
        assert np.array_equal(np.asarray(outcome.image), np.asarray(whole(file.good).image))
    if file.fate is Fate.SHOWN_OR_REFUSED:
        assert outcome.image.size == whole(file.good).image.size


def test_there_are_hundreds_in_all_formats_and_each_has_a_name_of_its_own() -> None:
    assert len(FILES) > 700
    assert len({file.name for file in FILES}) == len(FILES)
    assert set(good_files()) <= set(Counter(file.good for file in FILES))


_READ_ALL = """
import json, sys
from pathlib import Path
from pictures.decode import read_picture
from pictures.errors import PictureError
from pictures.limits import Limits

def line(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024

for path in sorted(Path(sys.argv[1]).iterdir()):
    data = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = line("VmRSS")
    try:
        read_picture(data, limits=Limits(*json.loads(sys.argv[2])))
    except PictureError:
        pass
    print(json.dumps([path.name, line("VmHWM") - before]), flush=True)
"""


def test_no_file_ends_the_process_prints_something_or_takes_much_memory(tmp_path: Path) -> None:
    for number, file in enumerate(FILES):
        (tmp_path / f"{number:04}").write_bytes(file.data)
    limits = json.dumps([LIMITS.max_bytes, LIMITS.max_pixels, LIMITS.max_frames])
    done = subprocess.run(
        [sys.executable, "-c", _READ_ALL, tmp_path, limits], capture_output=True, text=True, check=False
    )
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, FILES[len(read)].name
    assert done.stderr == ""
    peaks = {FILES[int(name)].name: peak for name, peak in read}
    assert len(peaks) == len(FILES)
    assert {name: peak for name, peak in peaks.items() if peak > 30_000_000} == {}
