"""Page tokens: small, opaque to clients, of no use for another query. They hold places, never vectors or texts."""

import base64
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from search_service.civil_time import from_micros, micros
from search_service.errors import StalePageToken
from search_service.failures import FailureFilter, FailurePlace
from search_service.images import MAX_WINDOW, Embedding, Filter, ListOrder, ListPlace, SearchOrder, Window
from search_service.query_vector import Term

_VERSION = 1
_SEARCH = struct.Struct(">BB8sHIH")  # version, kind, digest, window, candidates, offset
_LIST = struct.Struct(">BB8s?q")  # version, kind, digest, has a time, microseconds since 1970; the id follows
_FAILURES = struct.Struct(">BB8sHH")  # version, kind, digest, sizes of source and path; these and the id follow
_SEARCH_KIND, _LIST_KIND, _FAILURES_KIND = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SearchPlace:
    """Where a page of a search begins. The window stays that of the first page: another would repeat and drop hits."""

    window: Window
    offset: int


def search_digest(terms: Sequence[Term], keep: Filter, order: SearchOrder, *, hide_similar: bool = False) -> bytes:
    """Tells searches apart, 8 bytes."""
    digest = _Digest()
    digest.add("search", order.value, hide_similar, len(terms))
    for term in terms:
        digest.add(term.weight)
        if isinstance(term.target, Embedding):
            digest.add("embedding", term.target.model, term.target.values.tobytes())
        else:
            digest.add("image", term.target.image_id)
    digest.add_filter(keep)
    return digest.value()


def list_digest(order: ListOrder, keep: Filter) -> bytes:
    """Tells lists apart, 8 bytes."""
    digest = _Digest()
    digest.add("list", order.value)
    digest.add_filter(keep)
    return digest.value()


def write_search_token(digest: bytes, place: SearchPlace) -> str:
    """The token of a search's page."""
    window = place.window
    return _encode(_SEARCH.pack(_VERSION, _SEARCH_KIND, digest, window.size, window.candidates, place.offset))


def read_search_token(token: str, digest: bytes) -> SearchPlace:
    """The place that the token names. Raises StalePageToken unless it was written for the same search."""
    data = _decode(token)
    if len(data) != _SEARCH.size:
        raise StalePageToken
    version, kind, own_digest, size, candidates, offset = _SEARCH.unpack(data)
    if (version, kind, own_digest) != (_VERSION, _SEARCH_KIND, digest):
        raise StalePageToken
    if not 0 < offset < size <= MAX_WINDOW or not candidates:
        raise StalePageToken
    return SearchPlace(Window(size, candidates), offset)


def write_list_token(digest: bytes, place: ListPlace) -> str:
    """The token of a list's page."""
    time = 0 if place.taken_at is None else micros(place.taken_at)
    head = _LIST.pack(_VERSION, _LIST_KIND, digest, place.taken_at is not None, time)
    return _encode(head + place.id.encode())


def read_list_token(token: str, digest: bytes) -> ListPlace:
    """The place that the token names. Raises StalePageToken unless it was written for the same list."""
    data = _decode(token)
    if len(data) <= _LIST.size:
        raise StalePageToken
    version, kind, own_digest, has_time, time = _LIST.unpack_from(data)
    if (version, kind, own_digest) != (_VERSION, _LIST_KIND, digest):
        raise StalePageToken
    try:
        image_id = data[_LIST.size :].decode()
        return ListPlace(image_id, from_micros(time) if has_time else None)
    except (UnicodeDecodeError, OverflowError) as error:
        raise StalePageToken from error


def failures_digest(keep: FailureFilter) -> bytes:
    """Tells lists of failures apart, 8 bytes."""
    digest = _Digest()
    digest.add("failures", keep.source, keep.path_prefix)
    digest.add(*((keep.shard.index, keep.shard.count) if keep.shard else (None,)))
    return digest.value()


def write_failures_token(digest: bytes, place: FailurePlace) -> str:
    """The token of a page of failures."""
    source, path, failure_id = place.source.encode(), place.relative_path.encode(), place.id.encode()
    head = _FAILURES.pack(_VERSION, _FAILURES_KIND, digest, len(source), len(path))
    return _encode(head + source + path + failure_id)


def read_failures_token(token: str, digest: bytes) -> FailurePlace:
    """The place that the token names. Raises StalePageToken unless it was written for the same list."""
    data = _decode(token)
    if len(data) <= _FAILURES.size:
        raise StalePageToken
    version, kind, own_digest, source_size, path_size = _FAILURES.unpack_from(data)
    if (version, kind, own_digest) != (_VERSION, _FAILURES_KIND, digest):
        raise StalePageToken
    path_start = _FAILURES.size + source_size
    id_start = path_start + path_size
    try:
        parts = [data[_FAILURES.size : path_start], data[path_start:id_start], data[id_start:]]
        return FailurePlace(*(part.decode() for part in parts))
    except UnicodeDecodeError as error:
        raise StalePageToken from error


class _Digest:
    """Hashes parts so that neither their order nor their borders can be mistaken."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, *parts: str | bytes | float | None) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else repr(part).encode()
            self._hash.update(len(data).to_bytes(8, "big") + data)

    def add_filter(self, keep: Filter) -> None:
        for time in (keep.taken_from, keep.taken_before):
            self.add(time.isoformat() if time else None)
        self.add(len(keep.folders))
        for folder in keep.folders:
            self.add(folder.source, folder.path)
        box, nearby = keep.bounding_box, keep.nearby
        self.add(*((box.south, box.west, box.north, box.east) if box else (None,)))
        self.add(*((nearby.center.latitude, nearby.center.longitude, nearby.radius_meters) if nearby else (None,)))
        self.add(len(keep.cameras))
        for camera in keep.cameras:
            self.add(camera.make, camera.model)
        self.add(len(keep.media_types), *keep.media_types)

    def value(self) -> bytes:
        return self._hash.digest()[:8]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(token: str) -> bytes:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise StalePageToken from error
    if _encode(data) != token:
        raise StalePageToken
    return data
