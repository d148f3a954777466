"""The varied pictures and texts on which a form is compared with the reference. Made, so that no files are needed."""

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, fromarray

# Raise it with every change of the set: what was found with another one is found anew.
SET_VERSION = 1
_SIZES = ((320, 240), (240, 320), (256, 256), (400, 225), (224, 448), (96, 72))

Pixels = NDArray[np.float64]  # shape (height, width, 3), 0 to 1


def fidelity_pictures() -> list[Image]:
    """48 pictures in colour: eight each of six kinds, bright and dark, faint and strong, in several shapes."""
    kinds = (_gradient, _shapes, _pattern, _clouds, _landscape, _page)
    pictures = []
    for number in range(48):
        make = kinds[number % len(kinds)]
        random = np.random.default_rng(number)
        width, height = _SIZES[random.integers(len(_SIZES))]
        pixels = make(height, width, random)
        contrast, brightness = random.uniform(0.3, 1.0), random.uniform(0.0, 1.0)
        exposed = brightness * (1 - contrast) + contrast * np.clip(pixels, 0, 1)
        pictures.append(fromarray((exposed * 255).round().astype(np.uint8)))
    return pictures


def _colours(random: np.random.Generator, count: int) -> Pixels:
    return random.uniform(0, 1, (count, 3))


def _places(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column of each pixel, 0 to 1."""
    rows, columns = np.mgrid[0:height, 0:width]
    return rows / height, columns / width


def _gradient(height: int, width: int, random: np.random.Generator) -> Pixels:
    rows, columns = _places(height, width)
    angle = random.uniform(0, 2 * np.pi)
    way = 0.5 + 0.5 * (np.cos(angle) * (rows - 0.5) + np.sin(angle) * (columns - 0.5))
    first, last = _colours(random, 2)
    pixels: Pixels = way[..., None] * first + (1 - way[..., None]) * last
    return pixels


def _shapes(height: int, width: int, random: np.random.Generator) -> Pixels:
    rows, columns = _places(height, width)
    pixels = np.broadcast_to(_colours(random, 1), (height, width, 3)).copy()
    for colour in _colours(random, int(random.integers(1, 7))):
        row, column, tall, wide = random.uniform(0.1, 0.9, 4)
        across, down = np.abs(columns - column) / wide, np.abs(rows - row) / tall
        inside = across**2 + down**2 < 0.1 if random.random() < 0.5 else np.maximum(across, down) < 0.3
        pixels[inside] = colour
    return pixels


def _pattern(height: int, width: int, random: np.random.Generator) -> Pixels:
    rows, columns = _places(height, width)
    angle, often = random.uniform(0, np.pi), random.uniform(3, 40)
    waves = np.sin(2 * np.pi * often * (np.cos(angle) * rows + np.sin(angle) * columns))
    if random.random() < 0.5:
        waves = np.sign(waves * np.sin(2 * np.pi * often * (np.cos(angle) * columns - np.sin(angle) * rows)))
    way = (waves[..., None] + 1) / 2
    first, last = _colours(random, 2)
    pixels: Pixels = way * first + (1 - way) * last
    return pixels


def _clouds(height: int, width: int, random: np.random.Generator) -> Pixels:
    """Noise with the spectrum of natural photos: amplitude falls with frequency."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    fall = random.uniform(0.8, 1.6)
    noise = np.fft.fft2(random.normal(size=(3, height, width))) / np.maximum(frequency, 1 / max(height, width)) ** fall
    channels = np.fft.ifft2(noise).real
    channels = (channels - channels.mean(axis=(1, 2), keepdims=True)) / channels.std(axis=(1, 2), keepdims=True)
    mixed = np.einsum("ij,jhw->hwi", random.uniform(-0.3, 0.7, (3, 3)), channels)
    pixels: Pixels = 0.5 + 0.25 * mixed
    return pixels


def _landscape(height: int, width: int, random: np.random.Generator) -> Pixels:
    rows, columns = _places(height, width)
    sky, ground = _gradient(height, width, random), _clouds(height, width, random)
    horizon = random.uniform(0.3, 0.8) + 0.1 * np.sin(columns * random.uniform(2, 12) + random.uniform(0, 6))
    pixels = np.where((rows > horizon)[..., None], ground * _colours(random, 1), sky)
    row, column = random.uniform(0.1, 0.4), random.uniform(0.1, 0.9)
    pixels[(rows - row) ** 2 + (columns - column) ** 2 < random.uniform(0.002, 0.02)] = _colours(random, 1)
    return pixels


def _page(height: int, width: int, random: np.random.Generator) -> Pixels:
    """Lines of dark marks on light paper, or the other way round."""
    pixels = np.broadcast_to(0.85 + 0.15 * _colours(random, 1), (height, width, 3)).copy()
    line = int(random.integers(6, 24))
    for top in range(line, height - line, 2 * line):
        left = line
        while left < width - line:
            wide = int(random.integers(2, 4 * line))
            pixels[top : top + line, left : min(left + wide, width - line)] = 0.2 * _colours(random, 1)
            left += wide + int(random.integers(2, line))
    return pixels if random.random() < 0.7 else 1 - pixels


_SENTENCES = (
    "a dog on the beach",
    "Two children build a castle of sand while the tide comes in.",
    "red",
    "sunset over the mountains, seen from the terrace of a small hotel",
    "IMG_2041.jpg",
    "grandmother's birthday cake with 80 candles",
    "  an old bicycle leaning against a green door  ",
    "ein Hund am Strand",
    "Die Brücke über den Fluss im Nebel, früh am Morgen",
    "Weihnachtsmarkt",
    "un chat noir qui dort sur le canapé",
    "La tour Eiffel la nuit",
    "un perro que corre por la playa con una pelota roja",
    "niños jugando al fútbol en la calle",
    "una barca di legno sul lago",
    "pizza con basilico e pomodorini",
    "uma rua de Lisboa com um bonde amarelo",
    "een fiets in de regen",
    "pies bawiący się w śniegu",
    "кошка на подоконнике",
    "Красная площадь зимой, много людей",
    "собака",
    "海边的狗",
    "一群人在山顶上看日出",
    "红色的汽车",
    "桜の木の下でピクニック",
    "電車",
    "눈 덮인 산",
    "바닷가에서 노는 아이들",
    "كلب على الشاطئ",
    "سوق قديم في المدينة",
    "kumsalda bir köpek",
    "İstanbul'da gün batımı",
    "समुद्र तट पर एक कुत्ता",
    "σκύλος στην παραλία",
    "ένα λευκό σπίτι δίπλα στη θάλασσα",
    "כלב על החוף",
    "con chó trên bãi biển",
    "สุนัขบนชายหาด",
    "seekor anjing di pantai",
    "en hund på stranden",
    "koira rannalla",
    "the same street as in 1998, but with the new library",
    "?!",
    "🐶🏖️",
    "A page of handwriting in brown ink with a drawing of a plant, its roots and its seeds, and notes at the margin.",
    "x",
)


def fidelity_texts() -> list[str]:
    """48 texts in some 20 languages, from one character to more than models take."""
    return [*_SENTENCES, " ".join(_SENTENCES) * 4]
