"""What is made up for the embedder's benchmarks must be what they say it is."""

import hashlib
import io
from pathlib import Path

from PIL import Image

from benchmarks.embedder.inputs import query_text, sent_pictures, small_pictures, write_photos
from pictures.decode import read_picture


def test_photos_are_jpegs_of_12_megapixels_and_of_a_cameras_size_that_all_differ(tmp_path: Path) -> None:
    files = write_photos(tmp_path / "photos", 10)
    pictures = [file.read_bytes() for file in files]

    assert len({hashlib.sha256(picture).digest() for picture in pictures}) == 10
    assert all(2_500_000 < len(picture) < 6_000_000 for picture in pictures)
    whole = read_picture(pictures[9])
    assert (whole.width, whole.height) == (4000, 3000)


def test_sent_pictures_are_as_large_as_the_indexer_sends_them() -> None:
    pictures = sent_pictures()

    assert len(set(pictures)) == len(pictures) > 10
    assert {Image.open(io.BytesIO(picture)).size for picture in pictures} == {(597, 448)}
    assert 60_000 < sum(map(len, pictures)) / len(pictures) < 200_000


def test_small_pictures_can_be_read() -> None:
    assert {read_picture(picture).image.size for picture in small_pictures()} == {(64, 48)}


def test_no_text_repeats_and_later_ones_are_not_longer() -> None:
    texts = [query_text(number) for number in range(20_000)]

    assert len(set(texts)) == 20_000
    assert {len(text.split()) for text in texts[:1_000]} == {len(text.split()) for text in texts[-1_000:]}
