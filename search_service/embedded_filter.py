"""Filters as the engine's SQL. Every value that comes from outside goes through `literal`."""

from collections.abc import Iterable
from math import cos, radians, sin

from search_service.civil_time import micros
from search_service.images import Filter, FingerprintFilter, Folder, ListOrder, ListPlace, sample_key
from search_service.photo_facts import Camera
from search_service.places import EARTH_RADIUS_METERS, FARTHEST_METERS, BoundingBox, Nearby

EVERYTHING = "true"


def literal(text: str) -> str:
    """A string in SQL. Nothing but the quote has a meaning in it."""
    return "'" + text.replace("'", "''") + "'"


def all_of(*conditions: str) -> str:
    """All conditions that are set, as one."""
    return " AND ".join(f"({condition})" for condition in conditions if condition) or EVERYTHING


def images_sql(keep: Filter) -> str:
    """The photos that the filter keeps; "" for all."""
    conditions = []
    if keep.taken_from:
        conditions.append(f"taken_at_us >= {micros(keep.taken_from)}")
    if keep.taken_before:
        conditions.append(f"taken_at_us < {micros(keep.taken_before)}")
    if keep.folders:
        conditions.append(_any_of(map(_folder_sql, keep.folders)))
    if keep.bounding_box:
        conditions.append(_box_sql(keep.bounding_box))
    if keep.nearby:
        conditions.append(_nearby_sql(keep.nearby))
    if keep.cameras:
        conditions.append(_any_of(map(_camera_sql, keep.cameras)))
    if keep.media_types:
        conditions.append(_one_of("media_type", keep.media_types))
    return all_of(*conditions) if conditions else ""


def fingerprints_sql(keep: FingerprintFilter) -> str:
    """The fingerprints that the filter keeps."""
    return all_of(
        f"source = {literal(keep.source)}" if keep.source else "",
        f"starts_with(relative_path, {literal(keep.path_prefix)})" if keep.path_prefix else "",
        f"sample_key % {keep.shard.count} = {keep.shard.index}" if keep.shard else "",
        _one_of("content_sha256", keep.content_sha256) if keep.content_sha256 else "",
    )


def ids_sql(ids: Iterable[str]) -> str:
    """The photos with these ids."""
    return _one_of("id", ids)


def after_sql(order: ListOrder, place: ListPlace | None) -> str:
    """The photos that follow a place in a list; "" for all."""
    if place is None:
        return ""
    after_id = f"id > {literal(place.id)}"
    if order is ListOrder.SAMPLE:
        key = sample_key(place.id)
        return f"sample_key > {key} OR (sample_key = {key} AND {after_id})"
    if place.taken_at is None:
        return f"taken_at_us IS NULL AND {after_id}"
    time = micros(place.taken_at)
    return f"taken_at_us < {time} OR taken_at_us IS NULL OR (taken_at_us = {time} AND {after_id})"


def _folder_sql(folder: Folder) -> str:
    source = f"source = {literal(folder.source)}"
    if not folder.path:
        return source
    # "0" is the character after "/": strings between the two are those that begin with path and "/".
    return all_of(
        source, f"relative_path >= {literal(folder.path + '/')}", f"relative_path < {literal(folder.path + '0')}"
    )


def _box_sql(box: BoundingBox) -> str:
    return all_of(
        f"latitude >= {box.south!r} AND latitude <= {box.north!r}",
        _any_of(f"longitude >= {west!r} AND longitude <= {east!r}" for west, east in box.longitudes),
    )


def _nearby_sql(nearby: Nearby) -> str:
    """By the haversine formula, without its last step back from the chord to the arc."""
    if nearby.radius_meters >= FARTHEST_METERS:
        return "latitude IS NOT NULL"
    latitude, longitude = nearby.center.latitude, nearby.center.longitude
    limit = sin(nearby.radius_meters / EARTH_RADIUS_METERS / 2) ** 2
    northwards = f"power(sin(radians(latitude - {latitude!r}) / 2), 2)"
    eastwards = f"power(sin(radians(longitude - {longitude!r}) / 2), 2)"
    return f"{northwards} + {cos(radians(latitude))!r} * cos(radians(latitude)) * {eastwards} <= {limit!r}"


def _camera_sql(camera: Camera) -> str:
    return f"camera_make = {literal(camera.make)} AND camera_model = {literal(camera.model)}"


def _any_of(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions)


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(map(literal, values))})"
