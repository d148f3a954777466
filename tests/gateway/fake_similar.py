"""Of photos that look alike only the best one, found by comparing each with each."""

from collections.abc import Sequence

from imagesearch.search.v1 import search_pb2
from imagesearch.type.v1 import image_pb2

_MOST_BITS = 6
_MOST_IDS = 100


def hide_similar(hits: Sequence[search_pb2.SearchHit]) -> list[search_pb2.SearchHit]:
    """The hits that look like no better one, each with those that it stands for."""
    kept: list[search_pb2.SearchHit] = []
    for hit in hits:
        better = next((one for one in kept if _alike(one.image, hit.image)), None)
        if better is None:
            kept.append(hit)
            continue
        better.similar_count += 1
        if len(better.similar_ids) < _MOST_IDS:
            better.similar_ids.append(hit.image.id)
    return kept


def _alike(one: image_pb2.Image, other: image_pb2.Image) -> bool:
    if one.content_sha256 == other.content_sha256:
        return True
    if not (one.HasField("perceptual_hash") and other.HasField("perceptual_hash")):
        return False
    return (one.perceptual_hash ^ other.perceptual_hash).bit_count() <= _MOST_BITS
