"""A hash of what a picture looks like: pictures that people take for the same differ in a few bits only.

The method is the DCT hash of Christoph Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
(Hagenberg, 2010), section 3.2.1, also known as pHash: of the brightness at 32 x 32 pixels the 8 x 8 lowest frequencies
without the constant ones, each a bit that tells whether it is above their median.
"""

import math
import operator
import statistics
from array import array

from PIL import Image

_EDGE = 32
_FREQUENCIES = 8
# Levels of 255, scaled as an orthonormal DCT scales them: what compressing a picture changes is about as large. Where
# half of the frequencies are no stronger, chance decides their bits.
_LEAST_STRENGTH = 4.0

_WAVES = [
    [math.sqrt(2 / _EDGE) * math.cos(math.pi * frequency * (2 * place + 1) / (2 * _EDGE)) for place in range(_EDGE)]
    for frequency in range(1, _FREQUENCIES + 1)
]


def perceptual_hash(image: Image.Image) -> int | None:
    """64 bits; None if the picture has too little structure to tell it from others. `image` is upright, in mode RGB."""
    small = _brightness(image)
    rows = [small[start : start + _EDGE] for start in range(0, _EDGE * _EDGE, _EDGE)]
    by_row = [[sum(map(operator.mul, wave, row)) for row in rows] for wave in _WAVES]
    strengths = [sum(map(operator.mul, wave, column)) for wave in _WAVES for column in by_row]
    if statistics.median(map(abs, strengths)) < _LEAST_STRENGTH:
        return None
    median = statistics.median(strengths)
    return sum(1 << bit for bit, strength in enumerate(strengths) if strength > median)


def _brightness(image: Image.Image) -> list[float]:
    # The mean over each of the areas: what reduced decoding of a JPEG and every good resizing approximate.
    grey = image.convert("L").convert("F")
    return [float(value) for value in array("f", grey.resize((_EDGE, _EDGE), Image.Resampling.BOX).tobytes())]
