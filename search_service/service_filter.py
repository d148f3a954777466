"""The filters of the contract, to the domain. Part of service.py, as service_messages.py is."""

from datetime import datetime
from typing import Any

from imagesearch.search.v1 import search_pb2
from search_service.errors import InvalidField
from search_service.filter_rules import check_filter
from search_service.image_rules import check_count, check_sha256
from search_service.images import Filter, FingerprintFilter, Folder, Shard
from search_service.photo_facts import Camera, Location
from search_service.places import BoundingBox, Nearby
from search_service.service_messages import read_civil_time


def read_filter(message: search_pb2.Filter) -> Filter:
    """Which photos may be found. Raises InvalidField."""
    keep = Filter(
        taken_from=_read_bound(message.taken_from, "filter.taken_from") if message.HasField("taken_from") else None,
        taken_before=_read_bound(message.taken_before, "filter.taken_before")
        if message.HasField("taken_before")
        else None,
        folders=tuple(
            _read_folder(folder, f"filter.folders[{position}]") for position, folder in enumerate(message.folders)
        ),
        bounding_box=_read_bounding_box(message.bounding_box) if message.HasField("bounding_box") else None,
        nearby=_read_nearby(message.nearby) if message.HasField("nearby") else None,
        cameras=tuple(Camera(camera.make, camera.model) for camera in message.cameras),
        media_types=tuple(message.media_types),
    )
    check_filter(keep)
    return keep


def read_fingerprint_filter(request: search_pb2.ListFingerprintsRequest) -> FingerprintFilter:
    """Which fingerprints are asked for. Raises InvalidField."""
    if not request.source and not request.content_sha256:
        raise InvalidField("source", "It is required unless content_sha256 is set.")
    check_count("content_sha256", len(request.content_sha256))
    for position, text in enumerate(request.content_sha256):
        check_sha256(f"content_sha256[{position}]", text)
    return FingerprintFilter(
        source=request.source,
        path_prefix=request.path_prefix,
        shard=read_shard(request),
        content_sha256=tuple(request.content_sha256),
        rebuild_id=request.rebuild_id,
    )


def read_shard(request: search_pb2.ListFingerprintsRequest | search_pb2.ListFailuresRequest) -> Shard | None:
    """Which shard is asked for. Raises InvalidField."""
    if not request.HasField("shard"):
        return None
    shard = Shard(request.shard.index, request.shard.count)
    if not 0 <= shard.index < shard.count:
        raise InvalidField("shard", "The count is at least 1, and the index below it and not negative.")
    return shard


def _read_folder(message: search_pb2.Folder, field: str) -> Folder:
    if not message.source:
        raise InvalidField(f"{field}.source", "It is required.")
    if message.path.startswith("/") or message.path.endswith("/"):
        raise InvalidField(f"{field}.path", "It has no slash at either end.")
    return Folder(message.source, message.path)


def _read_bounding_box(message: search_pb2.BoundingBox) -> BoundingBox:
    return BoundingBox(message.south, message.west, message.north, message.east)


def _read_nearby(message: search_pb2.Nearby) -> Nearby:
    if not message.HasField("center"):
        raise InvalidField("filter.nearby.center", "It is required.")
    return Nearby(Location(message.center.latitude, message.center.longitude), message.radius_meters)


def _read_bound(message: Any, field: str) -> datetime:
    return read_civil_time(message, field, partial=True)
